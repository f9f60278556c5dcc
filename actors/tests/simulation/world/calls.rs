//! What a call's answer means to the payment domain, in its own words.

use super::provider::{Ask, What};
use kontor_actors::{domain::Domain, payment::PaymentDocument, store::StoredEvent};
use kontor_messages::{
    Timestamp,
    payment::{CaptureMode, Observation, ObservationSource, Operation, PaymentCommand, RefundSeen},
};

/// A journal row's event.
pub fn event<D: Domain>(stored: &StoredEvent) -> D::Event {
    serde_json::from_str(&stored.payload).expect("what was written can be read")
}

/// What is asked to make an attempt payable.
pub fn opening(document: &PaymentDocument, number: u32) -> Option<What> {
    let attempt = document.attempt(number)?;
    let wanted = attempt.closed.is_none() && !attempt.cancel_asked;
    let hold = document.capture == CaptureMode::Manual;
    let open = What::Open { amount: document.amount_minor, hold, until: attempt.until };
    Some(if wanted { open } else { What::Withdrawn })
}

/// What was asked, as the domain calls it.
pub fn operation(what: &What) -> Operation {
    match what {
        What::Open { .. } | What::Withdrawn => Operation::Open,
        What::Capture { .. } => Operation::Capture,
        What::Cancel => Operation::Cancel,
        What::Refund { .. } => Operation::Refund,
        What::Query => Operation::Query,
    }
}

/// It can be paid.
pub fn opened(ask: &Ask, provider_ref: String, expires_at: Timestamp) -> PaymentCommand {
    PaymentCommand::RecordOpened {
        payment: ask.payment.clone(),
        attempt: ask.attempt,
        provider_ref,
        references: Vec::new(),
        redirect_url: Some("https://bank.example/pay".to_owned()),
        transfer: None,
        client: None,
        expires_at: Some(expires_at),
        by_hand: false,
    }
}

/// Money has gone back.
pub fn refunded(ask: &Ask, seen: RefundSeen, now: Timestamp) -> PaymentCommand {
    let observation = Observation {
        attempt: Some(ask.attempt),
        references: Vec::new(),
        status: None,
        amount: None,
        authorized: None,
        captured: None,
        refunded: None,
        refunds: vec![seen],
        disputes: Vec::new(),
        problem: None,
        source: ObservationSource::Answer,
        provider_event: None,
        observed_at: now,
    };
    let (payment, observation) = (ask.payment.clone(), Box::new(observation));
    PaymentCommand::RecordObservation { payment, observation }
}
