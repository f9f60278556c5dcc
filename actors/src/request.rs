//! A command on its way to a domain actor, and what comes back.

use crate::{
    admission::{Lane, Permit},
    domain::Domain,
    gate::{Pass, RequestKey},
    journal::{CommitFault, Incarnation},
};
use kontor_messages::{EntityId, EventId, Meta};
use std::sync::Arc;
use tokio::sync::oneshot;
use tracing::Span;

/// A command with all that rides along.
pub struct Request<D: Domain> {
    /// What is asked.
    pub command: D::Command,
    /// Who asks, and because of what.
    pub meta: Meta,
    /// How it is asked.
    pub terms: Terms,
    /// How urgent it is.
    pub lane: Lane,
    /// Given back when the answer is sent.
    pub permit: Option<Permit>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Answer<D>>,
    /// What deciding and keeping it is recorded under.
    pub span: Span,
}

/// How a command is asked.
#[derive(Clone, Default)]
pub struct Terms {
    /// The caller's key, kept with the effect.
    pub key: Option<RequestKey>,
    /// Say what would happen, and change nothing.
    pub dry_run: bool,
    /// Only if the subject has this version.
    pub if_version: Option<i64>,
    /// Answer as soon as it is decided. For a step whose next step waits to be durable.
    pub early: bool,
    /// The decision that this one stands on: if that is not written, neither is this.
    pub after: Option<Arc<Incarnation>>,
    /// An id that was made just now: nothing can be known of it, so it is not looked up.
    pub fresh: Option<EntityId>,
    /// Holds the key until the command is settled, even if its asker goes away meanwhile.
    pub pass: Option<Arc<Pass>>,
}

/// What comes back.
pub type Answer<D> = Result<Done<D>, Denied<<D as Domain>::Refusal>>;

/// A command was carried out, and that is durable (unless asked for early or as a dry run).
pub struct Done<D: Domain> {
    /// The entity that the command was about.
    pub subject: EntityId,
    /// How many changes it has seen.
    pub version: i64,
    /// How it stands.
    pub state: Arc<D::State>,
    /// What happened, with the events' identities; empty if nothing changed. What is only told
    /// ([`Domain::aside`]) comes after it, without an identity.
    pub events: Vec<(EventId, EntityId, D::Event)>,
    /// Who decided; for a next step that stands on this one.
    pub owner: Arc<Incarnation>,
}

impl<D: Domain> Clone for Done<D> {
    fn clone(&self) -> Self {
        Self {
            subject: self.subject.clone(),
            version: self.version,
            state: Arc::clone(&self.state),
            events: self.events.clone(),
            owner: Arc::clone(&self.owner),
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Denied<R> {
    /// The domain says no.
    #[error("{0}")]
    Refused(R),
    /// The subject has another version than the caller expected.
    #[error("version {actual} is not the expected {expected}")]
    OtherVersion {
        /// What the caller expected.
        expected: i64,
        /// What it is.
        actual: i64,
    },
    /// The request key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Too much is under way for this tenant; ask again after so many seconds.
    #[error("too many requests of this tenant are under way")]
    TenantBusy {
        /// When to ask again.
        retry_after_s: u32,
    },
    /// Too much is under way on this node; ask again after so many seconds.
    #[error("the node is busy")]
    NodeBusy {
        /// When to ask again.
        retry_after_s: u32,
    },
    /// The tenant's domain crashes again and again; an operator has to release it.
    #[error("this part of the tenant is out of service: {reason}")]
    Quarantined {
        /// Why.
        reason: String,
    },
    /// An operator paused the tenant's domain; ask again when it goes on.
    #[error("this part of the tenant is paused")]
    Paused,
    /// A bug: the command is kept as a dead letter under this id.
    #[error("an internal error; the request is kept as {letter}")]
    Crashed {
        /// The dead letter.
        letter: String,
    },
    /// Not written, or not known to be; ask again with the same key.
    #[error("{0}")]
    Fault(String),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

impl<R> Denied<R> {
    /// Whether asking again later can help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::TenantBusy { .. }
            | Self::NodeBusy { .. }
            | Self::Fault(_)
            | Self::Stopping
            | Self::Quarantined { .. }
            | Self::Paused
            | Self::Crashed { .. } => true,
            Self::Refused(_) | Self::OtherVersion { .. } | Self::KeyReused => false,
        }
    }

    /// The same, for a domain whose refusals are told otherwise.
    pub fn map<T>(self, told: impl FnOnce(R) -> T) -> Denied<T> {
        match self {
            Self::Refused(refusal) => Denied::Refused(told(refusal)),
            Self::OtherVersion { expected, actual } => Denied::OtherVersion { expected, actual },
            Self::KeyReused => Denied::KeyReused,
            Self::TenantBusy { retry_after_s } => Denied::TenantBusy { retry_after_s },
            Self::NodeBusy { retry_after_s } => Denied::NodeBusy { retry_after_s },
            Self::Quarantined { reason } => Denied::Quarantined { reason },
            Self::Paused => Denied::Paused,
            Self::Crashed { letter } => Denied::Crashed { letter },
            Self::Fault(reason) => Denied::Fault(reason),
            Self::Stopping => Denied::Stopping,
        }
    }
}

impl<R> From<CommitFault> for Denied<R> {
    fn from(fault: CommitFault) -> Self {
        Self::Fault(fault.to_string())
    }
}
