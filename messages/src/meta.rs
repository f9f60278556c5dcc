//! What rides with every event: who asked, and because of what.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who did it: `user:<id>`, `key:<id>`, `operator`, `system`, `policy:<name>`, `provider:<name>`, `timer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Actor(pub String);

/// Provenance of an event, stored beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// Who did it.
    pub actor: Actor,
    /// The event id, request id or message id that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// W3C `traceparent` of the request that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The client's address, where a person or program asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Meta {
    /// Provenance of something that `actor` did, with no cause named yet.
    pub fn by(actor: impl Into<String>) -> Self {
        Self { actor: Actor(actor.into()), cause: None, trace: None, address: None }
    }

    /// The same, because of `cause`.
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same, as part of the trace.
    pub fn traced(mut self, trace: Option<String>) -> Self {
        self.trace = trace;
        self
    }

    /// The same, asked from an address.
    pub fn asked_from(mut self, address: Option<String>) -> Self {
        self.address = address;
        self
    }
}
