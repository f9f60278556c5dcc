//! The vocabulary of users: people who log in, their sessions, and the addresses they come from.
//!
//! Users belong to the whole platform: their domain lives in the tenant [`TenantId::platform`].
//! Entities: `user/<id>`, `session/<user>/<session>`, `views/<user>/<tenant>`, `address/<hash>`
//! (failures by client address, named by a keyed hash). No password, token or code is ever in here, only what checks them.
//!
//! [`TenantId::platform`]: crate::TenantId::platform

mod command;
mod event;
mod refusal;

pub use command::{NewUser, UserCommand};
pub use event::UserEvent;
pub use refusal::UserRefusal;

use crate::{EntityId, TenantId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! identity {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

identity! {
    /// The identity of a user.
    UserId
}
identity! {
    /// The identity of a session; nobody can guess one.
    SessionId
}
identity! {
    /// The identity of a ticket; nobody can guess one.
    TicketId
}

/// The entity of a user.
pub fn user_entity(user: UserId) -> EntityId {
    EntityId::named(format!("user/{user}"))
}

/// The entity of a session.
pub fn session_entity(user: UserId, session: SessionId) -> EntityId {
    EntityId::named(format!("session/{user}/{session}"))
}

/// The entity of a client address, by its hash.
pub fn address_entity(hash: &str) -> EntityId {
    EntityId::named(format!("address/{hash}"))
}

/// The entity of the views that a user keeps of a tenant's lists.
pub fn views_entity(user: UserId, tenant: &TenantId) -> EntityId {
    EntityId::named(format!("views/{user}/{tenant}"))
}

/// The user of an entity's name, if it is a user's.
pub fn user_of(entity: &EntityId) -> Option<UserId> {
    entity.as_str().strip_prefix("user/")?.parse().ok()
}

/// What somebody may do on the platform itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlatformRole {
    /// Nothing.
    #[default]
    None,
    /// Everything, as the platform's operator.
    Operator,
}

/// How somebody came to be a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredVia {
    /// With a password of their own.
    Password,
    /// By a code that was sent to them.
    Code,
    /// From another system.
    Import,
    /// By the platform's operator.
    Operator,
}

/// What a ticket lets its bearer do, once.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TicketPurpose {
    /// Prove that a mail address is theirs.
    VerifyEmail,
    /// Set a new password.
    ResetPassword,
    /// Set the first password of an account that somebody else made.
    SetPassword,
    /// Log in with a short code, sent by mail.
    LoginCode,
    /// Log in with a short code, sent to a telephone.
    PhoneCode,
}

impl TicketPurpose {
    /// The word in names and texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::SetPassword => "set_password",
            Self::LoginCode => "login_code",
            Self::PhoneCode => "phone_code",
        }
    }
}

/// How a user proved to be who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By a password.
    Password,
    /// By a code that was sent to them.
    Code,
}

/// What the edge found when it checked what somebody showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Proof {
    /// A password, checked against the hash of this version.
    Password {
        /// Whether it is right.
        right: bool,
        /// Which of the user's passwords it was checked against.
        version: u32,
        /// The right password under today's hash, if the one that is kept is of an older kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehash: Option<String>,
    },
    /// The code of a ticket.
    Code {
        /// Which ticket.
        ticket: TicketId,
        /// Whether it is right.
        right: bool,
    },
}

impl Proof {
    /// Which way it is.
    pub fn method(&self) -> Method {
        match self {
            Self::Password { .. } => Method::Password,
            Self::Code { .. } => Method::Code,
        }
    }
}

/// What the edge found of the second thing that somebody showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SecondFactor {
    /// A code of their authenticator.
    Totp {
        /// The step of time whose code it is; `None` if it is no step's near now.
        step: Option<i64>,
    },
    /// A recovery code, as its hash.
    Recovery {
        /// SHA-256 of the code, in hex.
        hash: String,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// Its user logged out.
    LoggedOut,
    /// Its user ended it from another one.
    ByUser,
    /// The password was changed or reset.
    PasswordChanged,
    /// A refresh token was shown a second time: somebody has a copy.
    TokenReused,
    /// The user was disabled.
    Disabled,
    /// There were too many; it was the oldest.
    TooMany,
    /// Nobody used it for long.
    Expired,
    /// Somebody proved the address to be theirs: what was before was another's.
    Superseded,
}
