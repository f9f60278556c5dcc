//! Notifications as providers send them: each kept once under its id, and carried into its
//! payment in the same decision. One whose payment is not known waits for it, and is looked at
//! again by schedule; nothing that a provider has sent is lost.

use super::{
    Payment,
    decide::Answer,
    draft::Draft,
    record::observe,
    schedule::{MATCHES_MAX, next_match},
    state::PaymentState,
};
use crate::{
    domain::{Decision, Key},
    world::{Missing, World},
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{Notification, PaymentEvent, QueryReason, inbox_entity, provider_key},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxStatus {
    /// Its payment is not known yet.
    Unmatched,
    /// It was carried into its payment.
    Matched,
    /// Nobody looks for its payment any more.
    Abandoned,
}

/// A notification that a provider sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InboxDocument {
    /// The provider.
    pub provider: String,
    /// The account.
    pub account: String,
    /// The provider's id of it.
    pub event_id: String,
    /// What kind it is, in the provider's words.
    pub kind: String,
    /// How it stands.
    pub status: InboxStatus,
    /// Its payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<EntityId>,
    /// What came, as long as its payment is not known; afterwards the journal has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Box<Notification>>,
    /// How often its payment was looked for.
    pub tries: u32,
    /// When its payment is looked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// When it came.
    pub received_at: Timestamp,
}

/// A provider sent something.
pub fn received(
    world: &World<'_, Payment>,
    notification: Box<Notification>,
    now: Timestamp,
) -> Answer {
    let id = inbox_entity(&notification.provider, &notification.account, &notification.event_id);
    if *world.get(&id)? != PaymentState::Blank {
        return Ok(Decision::nothing(id));
    }
    let found = ready(world, &notification)?;
    let mut events = Vec::new();
    if let Some(payment) = &found {
        events = carry(world, payment, &notification, now)?;
    }
    let received = PaymentEvent::NotificationReceived { notification, payment: found };
    events.insert(0, (id.clone(), received));
    Ok(Decision { subject: id, events })
}

/// Its payment is looked for again.
pub fn look_again(world: &World<'_, Payment>, id: EntityId, now: Timestamp) -> Answer {
    let PaymentState::Notification(inbox) = world.get(&id)? else {
        return Ok(Decision::nothing(id));
    };
    let (Some(notification), Some(next)) = (&inbox.notification, inbox.next) else {
        return Ok(Decision::nothing(id));
    };
    if now < next {
        return Ok(Decision::nothing(id));
    }
    if let Some(payment) = ready(world, notification)? {
        let mut events = carry(world, &payment, notification, now)?;
        events.insert(0, (id.clone(), PaymentEvent::NotificationMatched { payment }));
        return Ok(Decision { subject: id, events });
    }
    let tries = inbox.tries + 1;
    let event = if tries >= MATCHES_MAX {
        PaymentEvent::NotificationAbandoned
    } else {
        PaymentEvent::NotificationUnmatched { next: next_match(tries, now) }
    };
    Ok(Decision::of(id, vec![event]))
}

/// Carries an event into a notification.
pub fn apply(state: &mut PaymentState, event: &PaymentEvent, at: Timestamp) {
    if let PaymentEvent::NotificationReceived { notification, payment } = event {
        let matched = payment.is_some();
        *state = PaymentState::Notification(Box::new(InboxDocument {
            provider: notification.provider.clone(),
            account: notification.account.clone(),
            event_id: notification.event_id.clone(),
            kind: notification.kind.clone(),
            status: if matched { InboxStatus::Matched } else { InboxStatus::Unmatched },
            payment: payment.clone(),
            notification: (!matched).then(|| notification.clone()),
            tries: 0,
            next: (!matched).then(|| next_match(0, at)),
            received_at: notification.received_at,
        }));
        return;
    }
    let PaymentState::Notification(inbox) = state else { return };
    match event {
        PaymentEvent::NotificationMatched { payment } => {
            inbox.status = InboxStatus::Matched;
            inbox.payment = Some(payment.clone());
            inbox.notification = None;
            inbox.next = None;
        }
        PaymentEvent::NotificationUnmatched { next } => {
            inbox.tries += 1;
            inbox.next = Some(*next);
        }
        PaymentEvent::NotificationAbandoned => {
            inbox.status = InboxStatus::Abandoned;
            inbox.notification = None;
            inbox.next = None;
        }
        _ => {}
    }
}

/// The payment that a notification is about: of this tenant, and at this account of the provider.
fn find(
    world: &World<'_, Payment>,
    notification: &Notification,
) -> Result<Option<EntityId>, Missing> {
    if notification.tenant.as_ref().is_some_and(|tenant| tenant != world.tenant()) {
        return Ok(None);
    }
    let at_account = |id: &EntityId| -> Result<bool, Missing> {
        Ok(world.get(id)?.payment().is_some_and(|payment| {
            payment.attempts.iter().any(|attempt| {
                attempt.provider == notification.provider && attempt.account == notification.account
            })
        }))
    };
    if let Some(named) = &notification.payment
        && at_account(named)?
    {
        return Ok(Some(named.clone()));
    }
    for reference in &notification.references {
        let value = provider_key(&notification.provider, &notification.account, reference);
        if let Some(owner) = world.find(&Key::new("provider_ref", value))? {
            return Ok(Some(owner.clone()));
        }
    }
    Ok(None)
}

/// The payment, once the notification can be carried in: where the provider has to be asked, it must
/// have named the payment, which it has not while the answer to the opening is under way.
fn ready(
    world: &World<'_, Payment>,
    notification: &Notification,
) -> Result<Option<EntityId>, Missing> {
    let Some(id) = find(world, notification)? else { return Ok(None) };
    let told = notification.signature_ok && notification.observation.is_some();
    let named = world.get(&id)?.payment().is_some_and(|payment| {
        payment.attempts.iter().any(|attempt| {
            attempt.provider == notification.provider
                && attempt.account == notification.account
                && (attempt.by_hand || !attempt.references.is_empty())
        })
    });
    Ok((told || named).then_some(id))
}

/// What a notification does to its payment.
fn carry(
    world: &World<'_, Payment>,
    payment: &EntityId,
    notification: &Notification,
    now: Timestamp,
) -> Result<Vec<(EntityId, PaymentEvent)>, Missing> {
    let Some(mut draft) = Draft::of(world, payment, now)? else { return Ok(Vec::new()) };
    let mut here = draft.document.attempts.iter().rev().filter(|attempt| {
        attempt.provider == notification.provider && attempt.account == notification.account
    });
    let named = notification.observation.as_ref().and_then(|told| told.attempt);
    let attempt = here
        .clone()
        .find(|attempt| {
            let by_name = notification
                .references
                .iter()
                .any(|reference| attempt.references.contains(reference));
            named == Some(attempt.attempt) || (named.is_none() && by_name)
        })
        .or_else(|| here.next())
        .map(|attempt| attempt.attempt);
    let Some(attempt) = attempt else { return Ok(Vec::new()) };
    match notification.observation.as_deref().filter(|_| notification.signature_ok) {
        Some(told) => {
            let mut told = told.clone();
            told.attempt = Some(attempt);
            told.provider_event.get_or_insert_with(|| notification.event_id.clone());
            observe(&mut draft, told)?;
        }
        None => {
            draft.query(attempt, QueryReason::Doubt, None);
        }
    }
    Ok(draft.finished().into_iter().map(|event| (payment.clone(), event)).collect())
}
