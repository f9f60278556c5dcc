//! What is shown of users and sessions: no hashes, no sealed secrets.

use kontor_actors::user::{Membership, SessionDocument, UserDocument, UserStatus};
use kontor_messages::{
    Timestamp,
    user::{PlatformRole, SessionId, UserId},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub(in crate::http) struct UserView {
    /// Their id.
    pub(in crate::http) id: UserId,
    /// Their mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// Whether it is known to be theirs.
    pub(super) email_verified: bool,
    /// Their telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    /// Whether it is known to be theirs.
    pub(super) phone_verified: bool,
    /// Their name.
    pub(super) name: String,
    /// BCP 47 language of what is written to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// Where they stand.
    pub(super) status: UserStatus,
    /// Whether they have a password.
    has_password: bool,
    /// Whether a code of an authenticator is asked for.
    totp: bool,
    /// How many recovery codes are left.
    recovery_codes_left: usize,
    /// What they may do on the platform itself.
    pub(super) platform_role: PlatformRole,
    /// The tenants that they are members of.
    #[schema(max_items = 100)]
    pub(super) tenants: Vec<Membership>,
    /// Since when they are here.
    pub(super) created_at: Timestamp,
    /// When they last came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_login_at: Option<Timestamp>,
}

impl UserView {
    pub(in crate::http) fn of(id: UserId, user: &UserDocument) -> Self {
        let totp = user.totp.as_ref().filter(|totp| totp.confirmed);
        Self {
            id,
            email: user.email.clone(),
            email_verified: user.email_verified,
            phone: user.phone.clone(),
            phone_verified: user.phone_verified,
            name: user.name.clone(),
            language: user.language.clone(),
            status: user.status,
            has_password: user.password.is_some(),
            totp: totp.is_some(),
            recovery_codes_left: totp.map_or(0, |totp| totp.recovery.len()),
            platform_role: user.role,
            tenants: user.tenants.clone(),
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// A way in.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// Who came in.
    pub(super) user: UserView,
    /// A JWT, signed with a key of `/.well-known/jwks.json`.
    pub(super) access_token: String,
    /// `Bearer`.
    pub(super) token_type: &'static str,
    /// Seconds for which the access token counts.
    pub(super) expires_in: u64,
    /// Gets the next access token, once.
    pub(super) refresh_token: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// Its id.
    id: SessionId,
    /// The user agent.
    device: String,
    /// From where it was opened.
    address: String,
    /// Since when.
    created_at: Timestamp,
    /// When it was last refreshed.
    last_used_at: Timestamp,
    /// When it ends if nobody uses it.
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    pub(super) fn of(id: SessionId, session: &SessionDocument, current: SessionId) -> Self {
        Self {
            id,
            device: session.device.clone(),
            address: session.address.clone(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            current: id == current,
        }
    }
}

/// It was taken in. Says the same whether there is such an account or not.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// `accepted`.
    pub(super) status: &'static str,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub(super) struct Settled {
    /// What: `verified`, `changed`.
    pub(super) status: &'static str,
}
