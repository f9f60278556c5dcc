//! The payment domain: one payment through its attempts, ledger, refunds and disputes, the
//! notifications that providers send about it, and the tenant's books over all payments.
//!
//! The intent is recorded before the provider is called, and what the call did comes back as a
//! fact. What was told (`facts`) is kept apart from what follows from it (`follow`), so order and
//! repetition of the telling make no difference. No provider is named here.

mod apply;
mod birth;
mod called;
mod decide;
mod draft;
mod facts;
mod fallback;
mod follow;
mod inbox;
mod ledger;
mod record;
mod schedule;
mod second;
mod shown;
mod standing;
mod state;
#[cfg(test)]
mod tests;
mod validate;
mod wake;

pub use inbox::{InboxDocument, InboxStatus};
pub use ledger::{Balance, LedgerDocument};
pub use second::SecondRecord;
pub use state::{
    Attempt, Call, CallState, Closed, DisputeRecord, PaymentDocument, PaymentState, RefundRecord,
    Seen, Watch,
};

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{PaymentCommand, PaymentEvent, PaymentRefusal, provider_key},
};

/// The payment domain.
pub struct Payment;

impl Domain for Payment {
    const NAME: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Refusal = PaymentRefusal;
    type State = PaymentState;

    fn decide(
        world: &World<'_, Self>,
        command: PaymentCommand,
        now: Timestamp,
    ) -> Result<Decision<PaymentEvent>, Stop<PaymentRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(entity: &EntityId, state: &mut PaymentState, event: &Event<'_, Self>) {
        if entity != event.entity {
            return ledger::apply(state, event.event);
        }
        if let PaymentState::Payment(document) = state {
            return apply::apply(document, event.event, event.at);
        }
        if let Some(mut document) = birth::blank_document(event.event) {
            apply::apply(&mut document, event.event, event.at);
            *state = PaymentState::Payment(Box::new(document));
            return;
        }
        inbox::apply(state, event.event, event.at);
    }

    fn event_name(event: &PaymentEvent) -> &'static str {
        event.name()
    }

    fn touches(event: &PaymentEvent) -> Vec<EntityId> {
        ledger::touches(event)
    }

    fn keys(state: &PaymentState) -> Vec<Key> {
        let Some(document) = state.payment() else { return Vec::new() };
        let mut keys = Vec::new();
        for attempt in &document.attempts {
            for reference in &attempt.references {
                let value = provider_key(&attempt.provider, &attempt.account, reference);
                let key = Key::new("provider_ref", value);
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    fn status(state: &PaymentState) -> Option<&'static str> {
        match state {
            PaymentState::Blank | PaymentState::Ledger(_) => None,
            PaymentState::Payment(document) if second::is_waiting(document) => {
                Some("second_payment")
            }
            PaymentState::Payment(document) => Some(draft::word(document.status)),
            PaymentState::Notification(inbox) => match inbox.status {
                InboxStatus::Unmatched => Some("unmatched"),
                InboxStatus::Abandoned => Some("abandoned"),
                InboxStatus::Matched => None,
            },
        }
    }

    fn due(state: &PaymentState) -> Option<Timestamp> {
        match state {
            PaymentState::Blank | PaymentState::Ledger(_) => None,
            PaymentState::Payment(document) => schedule::due(document),
            PaymentState::Notification(inbox) => inbox.next,
        }
    }

    fn wake(entity: &EntityId, _state: &PaymentState) -> Option<PaymentCommand> {
        Some(PaymentCommand::Wake { payment: entity.clone() })
    }
}
