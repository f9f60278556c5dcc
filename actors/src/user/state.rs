//! What is known of users, sessions and addresses.

use kontor_messages::{
    TenantId, Timestamp,
    user::{PlatformRole, RegisteredVia, RevokeReason, SessionId, TicketId, TicketPurpose},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entity of the user domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UserState {
    /// Nothing is known, or it is forgotten.
    #[default]
    Blank,
    /// A user.
    User(Box<UserDocument>),
    /// A session.
    Session(SessionDocument),
    /// An address that somebody failed from.
    Address(AddressDocument),
    /// What a user keeps of a tenant's lists.
    Views(ViewsDocument),
}

/// Where a user stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May come in.
    #[default]
    Active,
    /// Is kept out.
    Disabled,
}

/// A user. Holds hashes and sealed secrets: the edge shows a view of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserDocument {
    /// The mail address, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether it is known to be theirs.
    pub email_verified: bool,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether it is known to be theirs.
    pub phone_verified: bool,
    /// The name.
    pub name: String,
    /// BCP 47 language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The password's hash, if there is a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How many passwords there were.
    pub password_version: u32,
    /// The authenticator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpDocument>,
    /// Where they stand.
    pub status: UserStatus,
    /// Why they are kept out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What they may do on the platform itself.
    pub role: PlatformRole,
    /// How they came.
    pub via: RegisteredVia,
    /// Failures since the last time that all was right.
    pub failures: u32,
    /// Until when nothing counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
    /// Tickets that were opened and not used.
    pub tickets: Vec<Ticket>,
    /// Sessions that are open, oldest first.
    pub sessions: Vec<SessionId>,
    /// The tenants that they are members of.
    pub tenants: Vec<Membership>,
    /// Since when they are here.
    pub created_at: Timestamp,
    /// When they last came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// When they were last told that somebody registered with their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

/// An authenticator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TotpDocument {
    /// Its secret, sealed.
    pub sealed: String,
    /// Whether its first code was shown.
    pub confirmed: bool,
    /// The step whose code was used last; that and earlier ones count no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<i64>,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
}

/// Something that may be done once, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub ticket: TicketId,
    /// What for.
    pub purpose: TicketPurpose,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How often a wrong code may be shown yet.
    pub tries: u32,
}

/// A tenant that a user is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// Which.
    pub tenant: TenantId,
    /// In which role.
    #[schema(max_length = 60)]
    pub role: String,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionDocument {
    /// The user agent.
    pub device: String,
    /// From where it was opened.
    pub address: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// Which of its refresh tokens counts.
    pub generation: u32,
    /// SHA-256 of that token's secret.
    pub secret_hash: String,
    /// When it ends if nobody uses it.
    pub expires_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RevokeReason>,
}

/// An address that somebody failed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressDocument {
    /// How often.
    pub failures: u32,
    /// Until when nobody may try from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_until: Option<Timestamp>,
    /// When that is forgotten.
    pub forget_at: Timestamp,
}

/// The views that a user keeps of a tenant's orders, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewsDocument {
    /// 20 at most.
    pub views: Vec<SavedView>,
}

/// A list under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedView {
    /// What it is called.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// What the list of orders is narrowed by, as the query of `GET /v1/orders`.
    #[schema(min_length = 1, max_length = 500, example = "status=confirmed&channel=web")]
    pub query: String,
}

impl UserState {
    /// The views, if it is some.
    pub fn views(&self) -> &[SavedView] {
        match self {
            Self::Views(kept) => &kept.views,
            Self::Blank | Self::User(_) | Self::Session(_) | Self::Address(_) => &[],
        }
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<&UserDocument> {
        match self {
            Self::User(user) => Some(user),
            Self::Blank | Self::Session(_) | Self::Address(_) | Self::Views(_) => None,
        }
    }

    /// The session, if it is one.
    pub fn session(&self) -> Option<&SessionDocument> {
        match self {
            Self::Session(session) => Some(session),
            Self::Blank | Self::User(_) | Self::Address(_) | Self::Views(_) => None,
        }
    }

    /// Until when nobody may try from this address, if it is one and that is later than `now`.
    pub fn blocked(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Address(address) => address.blocked_until.filter(|until| now < *until),
            Self::Blank | Self::User(_) | Self::Session(_) | Self::Views(_) => None,
        }
    }
}

impl UserDocument {
    /// The ticket of a purpose that may still be used.
    pub fn ticket(&self, purpose: TicketPurpose, now: Timestamp) -> Option<&Ticket> {
        self.tickets.iter().find(|open| open.purpose == purpose && open.counts_at(now))
    }

    /// The ticket by whose code they may come in, if it may still be used.
    pub fn code_ticket(&self, ticket: TicketId, now: Timestamp) -> Option<&Ticket> {
        let codes = [TicketPurpose::LoginCode, TicketPurpose::PhoneCode];
        let mut open = codes.into_iter().filter_map(|purpose| self.ticket(purpose, now));
        open.find(|open| open.ticket == ticket)
    }

    /// Whether their telephone number leads to them: it is proved, or all that is known of them.
    pub fn is_reached_by_phone(&self) -> bool {
        self.phone.is_some() && (self.phone_verified || self.email.is_none())
    }

    /// Whether a code of an authenticator is asked for.
    pub fn has_totp(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }

    /// Until when nothing that is shown counts, if that is later than `now`.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }
}

impl Ticket {
    /// Whether it may be used at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        now < self.until && self.tries > 0
    }
}

impl SessionDocument {
    /// Whether it is open at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}
