//! The port to tenants' own endpoints.

use async_trait::async_trait;
use kontor_messages::{
    EventId, Timestamp,
    webhook::{CallbackKey, SigningSecret},
};
use std::{fmt, time::Duration};

/// Posts to endpoints. One attempt per call: whoever calls retries and records.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts once and says how it went.
    async fn post(&self, post: &WebhookPost) -> PostOutcome;
}

/// One event for one endpoint. `Debug` prints nothing of what it says.
#[derive(Clone, PartialEq)]
pub struct WebhookPost {
    /// Where to.
    pub url: String,
    /// What to sign with: the present secret, and the one before while both count.
    pub secrets: Vec<SigningSecret>,
    /// The event; the receiver drops a second one of the same id.
    pub event: EventId,
    /// The event's public name.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// What is posted.
    pub content: PostContent,
}

/// What is posted.
#[derive(Clone, PartialEq)]
pub enum PostContent {
    /// What the event says, in an envelope with its name and time.
    Event(serde_json::Value),
    /// A payment's callback.
    Callback {
        /// The whole body, as it is to be posted.
        body: String,
        /// What it shows in `x-api-key`.
        api_key: Option<CallbackKey>,
    },
}

impl fmt::Debug for WebhookPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookPost")
            .field("event", &self.event)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How a post went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    /// 2xx.
    Delivered {
        /// What it answered.
        status: u16,
        /// How long it took.
        duration: Duration,
    },
    /// Anything else.
    Failed {
        /// What it answered, if it answered.
        status: Option<u16>,
        /// What went wrong, in a few words.
        error: String,
        /// The delay that it named.
        retry_after: Option<Duration>,
        /// How long it took.
        duration: Duration,
    },
}
