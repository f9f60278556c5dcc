//! How a tenant says no.

use super::Scope;
use crate::{Refusal, RefusalKind};

/// How a tenant says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TenantRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It is there already, and differs.
    #[error("the {0} exists and differs")]
    Exists(&'static str),
    /// The name is the platform's own.
    #[error("the name platform is reserved: nobody can trade under it")]
    Reserved,
    /// Without this domain nobody could let anything go on again.
    #[error("{0} cannot be paused: without it nobody could let anything go on again")]
    NotPausable(String),
    /// The tenant's books are closed.
    #[error("the tenant is archived")]
    Archived,
    /// Whoever gives, changes or ends something must be able to give it.
    #[error("you have no scope {0}, so you can neither give it nor take it away")]
    Lacking(Scope),
    /// Only an owner makes, changes or ends another.
    #[error("only an owner may do this to an owner")]
    OwnersOnly,
    /// Whoever asks is no longer what they were.
    #[error("whoever asks may do so no longer")]
    NoGiver,
    /// Nobody would be left to let others in.
    #[error("the last owner stays")]
    LastOwner,
    /// The role comes with the program.
    #[error("the role comes with the program and cannot be changed")]
    RoleReserved,
    /// Members have the role, or are invited to it.
    #[error("the role is in use")]
    RoleInUse,
    /// It was accepted, taken back, or its time is over.
    #[error("the invitation counts no longer")]
    InvitationClosed,
    /// The invitation went to another address.
    #[error("the invitation is for another e-mail address")]
    OtherEmail,
    /// A list is as long as it may be.
    #[error("there are as many {0} as there may be")]
    TooMany(&'static str),
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for TenantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Exists(_) => "exists",
            Self::Reserved => "tenant_reserved",
            Self::NotPausable(_) => "not_pausable",
            Self::Archived => "tenant_archived",
            Self::Lacking(_) => "missing_scope",
            Self::OwnersOnly => "owners_only",
            Self::NoGiver => "no_giver",
            Self::LastOwner => "last_owner",
            Self::RoleReserved => "role_reserved",
            Self::RoleInUse => "role_in_use",
            Self::InvitationClosed => "invitation_closed",
            Self::OtherEmail => "other_email",
            Self::TooMany(_) => "too_many",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Exists(_)
            | Self::Reserved
            | Self::NotPausable(_)
            | Self::Archived
            | Self::LastOwner
            | Self::RoleReserved
            | Self::RoleInUse
            | Self::InvitationClosed
            | Self::TooMany(_) => RefusalKind::Conflict,
            Self::Lacking(_) | Self::OwnersOnly | Self::NoGiver | Self::OtherEmail => {
                RefusalKind::Forbidden
            }
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
