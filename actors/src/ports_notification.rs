//! The port to whoever carries messages to people.

use async_trait::async_trait;
use kontor_messages::{
    EntityId,
    notification::{Failure, FailureKind},
};
use std::{fmt, time::Duration};

/// A way to send. One attempt per call: whoever calls retries, limits and logs.
#[async_trait]
pub trait NotificationChannel: Send + Sync {
    /// Hands the message over; `Ok` means that the other side took responsibility for it.
    async fn send(&self, message: &OutgoingMessage) -> Result<Accepted, SendFault>;
}

/// A rendered message to one recipient. `Debug` prints nothing of what it says or to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The notification's id; the same at each attempt, so that a receiver can drop a second one.
    pub notification: EntityId,
    /// To whom: one address.
    pub recipient: String,
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// The language of subject and text.
    pub language: String,
}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMessage")
            .field("notification", &self.notification)
            .finish_non_exhaustive()
    }
}

/// The other side took the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Its id for the message, if it named one.
    pub provider_id: Option<String>,
}

/// The message did not go out, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", failure.code, failure.message)]
pub struct SendFault {
    /// What happened, and what it means for the next attempt.
    pub failure: Failure,
    /// The delay that the other side named.
    pub retry_after: Option<Duration>,
}

impl SendFault {
    /// A fault with a code and a few words, shortened to what a state may hold.
    pub fn new(kind: FailureKind, code: impl Into<String>, message: &str) -> Self {
        let code = crate::words::excerpt(&code.into(), 60);
        let message = crate::words::excerpt(message, 500);
        Self { failure: Failure { kind, code, message }, retry_after: None }
    }
}
