//! The vocabulary of messages to people.
//!
//! Entities: a notification under its own id (a UUID, derived from the fact that it tells of),
//! `template/<name>/<language>` (a tenant's own text), `address/<hash>` (whether a recipient may
//! be written to; named by a hash, so that names of entities hold no personal data).

use crate::{EntityId, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity of a tenant's own template.
pub fn template_entity(name: &str, language: &str) -> EntityId {
    EntityId::named(format!("template/{name}/{language}"))
}

/// How a message travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// By mail.
    #[default]
    Email,
    /// By a text message to a telephone.
    Sms,
    /// Into the program's log only: for trying things out.
    Log,
}

/// What a failed attempt means for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The provider named a delay.
    RetryAfter,
    /// It may work later.
    RetryBackoff,
    /// Nobody knows whether the message went out.
    Ambiguous,
    /// This address will never work: nothing is written to it any more.
    RejectRecipient,
    /// The text or the template is at fault.
    RejectMessage,
    /// Credentials, sender or settings are at fault.
    RejectConfig,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What it means.
    pub kind: FailureKind,
    /// The provider's code, such as `450` or `5.1.1`, or a word of ours.
    #[schema(max_length = 60)]
    pub code: String,
    /// What the provider said, shortened, without the recipient.
    #[schema(max_length = 500)]
    pub message: String,
}

/// Why a message was not sent though nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The address is suppressed.
    Suppressed,
}

/// Why an address is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuppressReason {
    /// It does not exist.
    Bounced,
    /// Its owner complained.
    Complained,
    /// Its owner does not want messages.
    OptedOut,
}

/// A tenant's own text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What it tells of, such as `order_confirmation`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,59}$")]
    pub name: String,
    /// BCP 47 language, lower case but for the region: `cs`, `de-AT`.
    #[schema(max_length = 35)]
    pub language: String,
    /// The subject, one line.
    #[schema(min_length = 1, max_length = 500)]
    pub subject: String,
    /// The plain text.
    #[schema(min_length = 1, max_length = 65_536)]
    pub text: String,
    /// The same as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 131_072)]
    pub html: Option<String>,
}

/// What one may ask of messages. The `Record...` variants bring facts and are never refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum NotificationCommand {
    /// A message is to be sent. The same id a second time changes nothing, whatever it says.
    Queue {
        /// Its id; a fact and a recipient always give the same one.
        notification: EntityId,
        /// Which text.
        #[schema(pattern = "^[a-z][a-z0-9_]{0,59}$")]
        template: String,
        /// How it travels.
        #[serde(default)]
        channel: ChannelKind,
        /// To whom: one address.
        #[schema(min_length = 3, max_length = 254)]
        recipient: String,
        /// The recipient's language.
        #[serde(default)]
        #[schema(max_length = 35)]
        language: Option<String>,
        /// What the text speaks of, 64 KiB at most.
        #[serde(default)]
        #[schema(value_type = Object)]
        data: serde_json::Value,
        /// The order that it is about.
        #[serde(default)]
        about: Option<EntityId>,
    },
    /// A sender is about to send: it may, if the state names its attempt afterwards.
    RecordAttempt {
        /// The message.
        notification: EntityId,
        /// A fresh name of this attempt.
        attempt: EntityId,
    },
    /// The provider took it.
    RecordSent {
        /// The message.
        notification: EntityId,
        /// The provider's id for it.
        #[serde(default)]
        provider_id: Option<String>,
    },
    /// An attempt failed.
    RecordFailure {
        /// The message.
        notification: EntityId,
        /// Which attempt.
        attempt: EntityId,
        /// Why.
        failure: Failure,
        /// The delay that the provider named, in seconds.
        #[serde(default)]
        retry_after_s: Option<u32>,
        /// 0 to 1000 thousandths of the spread that is added to the delay.
        #[serde(default)]
        #[schema(maximum = 1000)]
        jitter: u16,
    },
    /// A person has the message tried again.
    Retry {
        /// The message.
        notification: EntityId,
    },
    /// A person leaves the message unsent.
    Dismiss {
        /// The message.
        notification: EntityId,
    },
    /// The message's deadline has passed.
    Wake {
        /// The message.
        notification: EntityId,
    },
    /// Creates or changes the tenant's own text. It was tried on sample data before.
    PutTemplate {
        /// All of it.
        template: Template,
    },
    /// Goes back to the text that comes with the program.
    RemoveTemplate {
        /// What it tells of.
        name: String,
        /// Its language.
        language: String,
    },
    /// Nothing is to be written to an address any more.
    Suppress {
        /// The address.
        recipient: String,
        /// Why.
        reason: SuppressReason,
    },
    /// An address may be written to again.
    Unsuppress {
        /// The address.
        recipient: String,
    },
}

/// What has become of messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotificationEvent {
    /// `notification.queued`: to be sent now.
    Queued {
        /// Which text.
        template: String,
        /// How it travels.
        channel: ChannelKind,
        /// To whom.
        recipient: String,
        /// The recipient's language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// What the text speaks of.
        #[schema(value_type = Object)]
        data: serde_json::Value,
        /// The order that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<EntityId>,
    },
    /// `notification.skipped`: it stays unsent, and nothing is wrong.
    Skipped {
        /// Why.
        reason: SkipReason,
    },
    /// `notification.attempt_started`: from now on it may have gone out.
    AttemptStarted {
        /// Which attempt.
        attempt: EntityId,
        /// By when its outcome is known; then it counts as ambiguous.
        until: Timestamp,
    },
    /// `notification.attempt_failed`: it is tried again later.
    AttemptFailed {
        /// Why.
        failure: Failure,
        /// When it is tried again.
        next_attempt_at: Timestamp,
    },
    /// `notification.due`: to be sent again now.
    Due,
    /// `notification.sent`: the provider took it.
    Sent {
        /// The provider's id for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_id: Option<String>,
    },
    /// `notification.given_up`: a person must look.
    GivenUp {
        /// Why the last attempt failed.
        failure: Failure,
    },
    /// `notification.retried`: a person has it sent again now.
    Retried,
    /// `notification.dismissed`: a person leaves it unsent.
    Dismissed,
    /// `notification.template_put`.
    TemplatePut {
        /// All of it.
        template: Template,
    },
    /// `notification.template_removed`.
    TemplateRemoved,
    /// `notification.address_suppressed`.
    AddressSuppressed {
        /// Why.
        reason: SuppressReason,
        /// The message that showed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<EntityId>,
    },
    /// `notification.address_released`.
    AddressReleased,
}

/// How messages say no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotificationRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What is asked does not fit where the message stands.
    #[error("a message that is {status} cannot be {action}")]
    WrongStatus {
        /// Where it stands.
        status: &'static str,
        /// What was asked.
        action: &'static str,
    },
    /// Its recipient is not written to.
    #[error("the address is suppressed")]
    Suppressed,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for NotificationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::WrongStatus { .. } => "wrong_status",
            Self::Suppressed => "address_suppressed",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::WrongStatus { .. } | Self::Suppressed => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
