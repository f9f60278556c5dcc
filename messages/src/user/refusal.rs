//! How users are told no.

use crate::{Refusal, RefusalKind, Timestamp};

/// How users are told no. The edge says less of it to people who have proved nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UserRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The address belongs to another account.
    #[error("there is an account with this {0} already")]
    Taken(&'static str),
    /// Too many failures: nothing counts for a while.
    #[error("too many failed attempts: locked until {until}")]
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// Too many failures from this address.
    #[error("too many failed attempts from this address: try again after {until}")]
    AddressBlocked {
        /// Until when.
        until: Timestamp,
    },
    /// The operator keeps the user out.
    #[error("the account is disabled")]
    Disabled,
    /// The first proof is right; a code of the authenticator or a recovery code is needed too.
    #[error("a code of the authenticator or a recovery code is needed too")]
    SecondFactorNeeded,
    /// What was checked has changed meanwhile: check again.
    #[error("the password has changed meanwhile")]
    Stale,
    /// The ticket was used, replaced, or is too old.
    #[error("this link or code was used already, or is too old")]
    TicketSpent,
    /// The session has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// What is asked does not fit how the user stands.
    #[error("{0}")]
    WrongState(&'static str),
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for UserRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Taken(_) => "user_exists",
            Self::Locked { .. } => "user_locked",
            Self::AddressBlocked { .. } => "address_blocked",
            Self::Disabled => "user_disabled",
            Self::SecondFactorNeeded => "second_factor_required",
            Self::Stale => "stale",
            Self::TicketSpent => "ticket_spent",
            Self::SessionEnded => "session_ended",
            Self::WrongState(_) => "wrong_state",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Invalid { .. } => RefusalKind::Invalid,
            Self::Taken(_)
            | Self::Locked { .. }
            | Self::AddressBlocked { .. }
            | Self::Disabled
            | Self::SecondFactorNeeded
            | Self::Stale
            | Self::TicketSpent
            | Self::SessionEnded
            | Self::WrongState(_) => RefusalKind::Conflict,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
