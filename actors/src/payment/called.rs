//! The record of a provider's call. It goes into the journal with what the call brought, in one
//! decision, and the payment itself keeps no more of it than which one was the last.

use super::{
    Payment,
    decide::{Answer, decide},
};
use crate::{domain::Decision, world::World};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{PaymentCommand as C, PaymentEvent, ProviderCall},
};

/// A provider was called.
pub fn called(
    world: &World<'_, Payment>,
    payment: EntityId,
    call: Box<ProviderCall>,
    told: C,
    now: Timestamp,
) -> Answer {
    let mut decision = if is_about(&told, &payment) {
        decide(world, told, now)?
    } else {
        Decision::nothing(payment.clone())
    };
    let Some(document) = world.get(&payment)?.payment() else { return Ok(decision) };
    let known = document.attempt(call.attempt);
    // An attempt's calls are made one after another: one that is recorded already is the last one.
    if known.is_none_or(|attempt| attempt.last_call == Some(call.id)) {
        return Ok(decision);
    }
    let event = PaymentEvent::Called { order: document.order.clone(), call };
    decision.events.insert(0, (payment, event));
    Ok(decision)
}

/// Whether it is what may come of a call of this payment.
fn is_about(told: &C, id: &EntityId) -> bool {
    match told {
        C::RecordOpened { payment, .. }
        | C::RecordCallFailed { payment, .. }
        | C::RecordObservation { payment, .. } => payment == id,
        _ => false,
    }
}
