//! The rules of payments, each as a sentence.

mod attempts;
mod called;
mod calls;
mod choices;
mod disputes;
mod fallback;
mod inbox;
mod ledger;
mod observations;
mod pinned;
mod properties;
mod refunds;
mod settling;
mod watch;

use super::{Payment, PaymentDocument, PaymentState, draft::call_key};
use crate::testing::{NOW, Stage, given, tenant};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{
        Backoff, CallFault, CaptureMode, Observation, ObservationSource, ObservedStatus, Operation,
        PaymentCommand as C, PaymentEvent as E, PaymentPlan, PaymentStatus as S, Problem,
        RefundSeen, RefundStatus,
    },
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn id() -> EntityId {
    EntityId::named("01977e4e-0000-7000-8000-000000000001")
}

fn order() -> EntityId {
    EntityId::named("01977e4e-0000-7000-8000-00000000000a")
}

fn czk(amount: i64) -> Money {
    Money::new(amount, Currency::CZK)
}

fn later(span: Duration) -> Timestamp {
    NOW.plus(span)
}

/// 1000 CZK by Stripe's main account, to be paid within an hour.
fn request() -> C {
    request_with(CaptureMode::Automatic)
}

fn request_with(capture: CaptureMode) -> C {
    C::Request {
        payment: id(),
        order: Some(order()),
        amount: czk(1000),
        provider: "stripe".into(),
        account: "main".into(),
        capture,
        return_url: Some("https://shop.example/thanks?s={CHECKOUT_SESSION_ID}".into()),
        cancel_url: Some("https://shop.example/basket".into()),
        description: "Order 2026-000001".into(),
        until: later(HOUR),
        customer_email: Some("ann@example.com".into()),
        plan: PaymentPlan::default(),
    }
}

/// The provider has the attempt and calls it `cs_<attempt>` and `pi_<attempt>`.
fn opened(attempt: u32) -> C {
    C::RecordOpened {
        payment: id(),
        attempt,
        provider_ref: format!("cs_{attempt}"),
        references: vec![format!("pi_{attempt}")],
        redirect_url: Some("https://pay.example/cs".into()),
        transfer: None,
        client: None,
        expires_at: Some(later(HOUR)),
        by_hand: false,
    }
}

fn key(attempt: u32, operation: Operation, sequence: u32) -> String {
    call_key(&tenant(), &id(), attempt, operation, sequence).key
}

fn told(status: Option<ObservedStatus>) -> Observation {
    Observation {
        attempt: Some(1),
        references: Vec::new(),
        status,
        amount: None,
        authorized: None,
        captured: None,
        refunded: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        problem: None,
        source: ObservationSource::Webhook,
        provider_event: None,
        observed_at: NOW,
    }
}

fn tell(observation: Observation) -> C {
    C::RecordObservation { payment: id(), observation: Box::new(observation) }
}

fn status(status: ObservedStatus) -> C {
    tell(told(Some(status)))
}

fn paid(amount: Money) -> Observation {
    Observation { captured: Some(amount), ..told(Some(ObservedStatus::Paid)) }
}

fn polled(observation: Observation, at: Timestamp) -> C {
    tell(Observation { source: ObservationSource::Poll, observed_at: at, ..observation })
}

fn held(amount: Money) -> Observation {
    Observation { authorized: Some(amount), ..told(Some(ObservedStatus::Authorized)) }
}

fn refund(name: &str, amount: i64) -> C {
    C::Refund {
        payment: id(),
        refund: EntityId::named(name),
        amount: czk(amount),
        key: name.to_owned(),
        reason: None,
    }
}

fn refund_seen(name: &str, amount: i64, status: RefundStatus) -> Observation {
    let seen = RefundSeen {
        refund: Some(EntityId::named(name)),
        reference: format!("re_{name}"),
        amount: czk(amount),
        status,
        problem: None,
        transfer: None,
    };
    Observation { refunds: vec![seen], ..told(None) }
}

fn failed(operation: Operation, key: &str, fault: CallFault) -> C {
    C::RecordCallFailed {
        payment: id(),
        operation,
        attempt: 1,
        key: key.to_owned(),
        fault,
        problem: Problem::new("no_answer", "none came"),
        jitter_permille: 0,
        backoff: Backoff::default(),
    }
}

fn retry() -> CallFault {
    CallFault::Retry { at: None, fresh_key: false }
}

fn ask_first() -> CallFault {
    CallFault::AskFirst { fresh_key: false }
}

/// A stage on which all of this was asked and told, and nothing refused.
fn after(commands: impl IntoIterator<Item = C>) -> Stage<Payment> {
    let mut stage = given::<Payment>([]);
    for command in commands {
        let answer = stage.obey(command.clone());
        assert!(answer.is_ok(), "{command:?}: {answer:?}");
    }
    stage
}

fn paid_stage() -> Stage<Payment> {
    after([request(), opened(1), tell(paid(czk(1000)))])
}

fn document(stage: &Stage<Payment>) -> PaymentDocument {
    match stage.state(&id()) {
        PaymentState::Payment(document) => *document,
        other => panic!("no payment but {other:?}"),
    }
}

fn names(events: &[(EntityId, E)]) -> Vec<&'static str> {
    events.iter().map(|(_, event)| event.name()).collect()
}
