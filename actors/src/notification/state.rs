//! What is known of a message, a template and an address.

use kontor_messages::{
    EntityId, Timestamp,
    notification::{
        ChannelKind, Failure, FailureKind, NotificationEvent, SkipReason, SuppressReason, Template,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entity of the notification domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotificationState {
    /// Nothing is known, or it was removed.
    #[default]
    Blank,
    /// A message.
    Notification(NotificationDocument),
    /// A tenant's own text.
    Template(TemplateDocument),
    /// An address that is not written to.
    Address(AddressDocument),
}

/// A message to one recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationDocument {
    /// Where it stands.
    #[serde(flatten)]
    pub phase: Phase,
    /// Which text.
    pub template: String,
    /// How it travels.
    pub channel: ChannelKind,
    /// To whom.
    pub recipient: String,
    /// The recipient's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the text speaks of; gone once it is sent, the journal has it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    /// The order that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<EntityId>,
    /// Attempts since it was queued, or since a person had it tried again.
    pub attempts: u32,
    /// Of these, how many ended without anybody knowing how.
    pub attempts_ambiguous: u32,
    /// The name of the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<EntityId>,
    /// Why the last failed attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// When it was queued.
    pub queued_at: Timestamp,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Phase {
    /// To be sent now.
    Queued,
    /// An attempt is under way.
    Sending {
        /// By when its outcome is known.
        until: Timestamp,
    },
    /// To be sent again later.
    Waiting {
        /// When.
        until: Timestamp,
    },
    /// The provider took it.
    Sent {
        /// When that was recorded.
        at: Timestamp,
        /// The provider's id for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_id: Option<String>,
    },
    /// A person must look.
    GivenUp {
        /// Since when.
        at: Timestamp,
    },
    /// Stays unsent, and nothing is wrong.
    Skipped {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: SkipReason,
    },
    /// A person left it unsent.
    Dismissed {
        /// Since when.
        at: Timestamp,
    },
}

impl Phase {
    /// The status as lists name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending { .. } => "sending",
            Self::Waiting { .. } => "waiting",
            Self::Sent { .. } => "sent",
            Self::GivenUp { .. } => "given_up",
            Self::Skipped { .. } => "skipped",
            Self::Dismissed { .. } => "dismissed",
        }
    }
}

/// A tenant's own text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TemplateDocument {
    /// All of it.
    #[serde(flatten)]
    pub template: Template,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// An address that is not written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddressDocument {
    /// Why.
    pub reason: SuppressReason,
    /// The message that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<EntityId>,
    /// Since when.
    pub since: Timestamp,
}

/// Carries an event into a state.
pub fn apply(state: &mut NotificationState, event: &NotificationEvent, at: Timestamp) {
    match event {
        NotificationEvent::Queued { .. } => queue(state, event, at),
        NotificationEvent::TemplatePut { template } => {
            let template = template.clone();
            *state = NotificationState::Template(TemplateDocument { template, changed_at: at });
        }
        NotificationEvent::AddressSuppressed { reason, because } => {
            *state = NotificationState::Address(AddressDocument {
                reason: *reason,
                because: because.clone(),
                since: at,
            });
        }
        NotificationEvent::TemplateRemoved | NotificationEvent::AddressReleased => {
            *state = NotificationState::Blank;
        }
        NotificationEvent::Skipped { .. }
        | NotificationEvent::AttemptStarted { .. }
        | NotificationEvent::AttemptFailed { .. }
        | NotificationEvent::Due
        | NotificationEvent::Sent { .. }
        | NotificationEvent::GivenUp { .. }
        | NotificationEvent::Retried
        | NotificationEvent::Dismissed => {
            if let NotificationState::Notification(message) = state {
                advance(message, event, at);
            }
        }
    }
}

fn queue(state: &mut NotificationState, event: &NotificationEvent, at: Timestamp) {
    let NotificationEvent::Queued { template, channel, recipient, language, data, about } = event
    else {
        return;
    };
    *state = NotificationState::Notification(NotificationDocument {
        phase: Phase::Queued,
        template: template.clone(),
        channel: *channel,
        recipient: recipient.clone(),
        language: language.clone(),
        data: data.clone(),
        about: about.clone(),
        attempts: 0,
        attempts_ambiguous: 0,
        last_attempt: None,
        last_failure: None,
        queued_at: at,
    });
}

fn advance(message: &mut NotificationDocument, event: &NotificationEvent, at: Timestamp) {
    match event {
        NotificationEvent::AttemptStarted { attempt, until } => {
            message.attempts += 1;
            message.last_attempt = Some(attempt.clone());
            message.phase = Phase::Sending { until: *until };
        }
        NotificationEvent::AttemptFailed { failure, next_attempt_at } => {
            fail(message, failure);
            message.phase = Phase::Waiting { until: *next_attempt_at };
        }
        NotificationEvent::GivenUp { failure } => {
            fail(message, failure);
            message.phase = Phase::GivenUp { at };
        }
        NotificationEvent::Sent { provider_id } => {
            message.data = serde_json::Value::Null;
            message.phase = Phase::Sent { at, provider_id: provider_id.clone() };
        }
        NotificationEvent::Retried => {
            message.attempts = 0;
            message.attempts_ambiguous = 0;
            message.phase = Phase::Queued;
        }
        NotificationEvent::Due => message.phase = Phase::Queued,
        NotificationEvent::Dismissed => message.phase = Phase::Dismissed { at },
        NotificationEvent::Skipped { reason } => {
            message.phase = Phase::Skipped { at, reason: *reason };
        }
        NotificationEvent::Queued { .. }
        | NotificationEvent::TemplatePut { .. }
        | NotificationEvent::TemplateRemoved
        | NotificationEvent::AddressSuppressed { .. }
        | NotificationEvent::AddressReleased => {}
    }
}

fn fail(message: &mut NotificationDocument, failure: &Failure) {
    if failure.kind == FailureKind::Ambiguous {
        message.attempts_ambiguous += 1;
    }
    message.last_failure = Some(failure.clone());
}
