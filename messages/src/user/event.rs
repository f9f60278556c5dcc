//! What has become of users.

use super::{
    Method, PlatformRole, RegisteredVia, RevokeReason, SessionId, TicketId, TicketPurpose, UserId,
};
use crate::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// What has become of users. Hashes and sealed secrets only; never a password, token or code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserEvent {
    /// `user.registered`.
    Registered {
        /// Their mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// Their telephone number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        /// Their name.
        name: String,
        /// Their language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// The hash of their password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// What they may do on the platform itself.
        role: PlatformRole,
        /// How they came.
        via: RegisteredVia,
        /// Whether the addresses are known to be theirs.
        verified: bool,
    },
    /// `user.ticket_opened`: what it lets do is to be sent.
    TicketOpened {
        /// Its id; what its bearer shows is derived from it.
        ticket: TicketId,
        /// What for.
        purpose: TicketPurpose,
        /// Until when.
        until: Timestamp,
        /// The address or number to send it to; absent if it is handed over by other means.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Their language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// `user.known_already`: somebody registered with an address that is proved.
    KnownAlready {
        /// Where to say so.
        to: String,
        /// Their language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// `user.verified`: the mail address is theirs, or the telephone number.
    Verified {
        /// By which ticket, and so which of the two.
        ticket: TicketId,
        /// A password that was set before, by whoever, counts no longer.
        forget_password: bool,
    },
    /// `user.logged_in`.
    LoggedIn {
        /// Into which session.
        session: SessionId,
        /// How.
        method: Method,
        /// The ticket that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<TicketId>,
        /// The step of the authenticator that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<i64>,
        /// The recovery code that is used up, by its hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<String>,
        /// The password under a newer hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehash: Option<String>,
    },
    /// `user.login_failed`: what was shown is wrong.
    LoginFailed {
        /// What was shown first.
        method: Method,
        /// The ticket whose code it should have been.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<TicketId>,
        /// Whether it was the second factor that was wrong.
        second: bool,
    },
    /// `user.locked`: nothing that is shown counts for a while.
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// `user.password_changed`; open tickets end with it.
    PasswordChanged {
        /// The hash of the new one.
        password: String,
        /// By which ticket, if it was forgotten; that proves the mail address too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<TicketId>,
    },
    /// `user.updated`.
    Updated {
        /// Their name.
        name: String,
        /// Their language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// `user.totp_enrolled`: waits for its first code.
    TotpEnrolled {
        /// The secret, sealed.
        sealed: String,
    },
    /// `user.totp_confirmed`: from now on it is asked for.
    TotpConfirmed {
        /// The step that is used up.
        step: i64,
        /// Hashes of the recovery codes.
        recovery: Vec<String>,
    },
    /// `user.recovery_renewed`.
    RecoveryRenewed {
        /// The step that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<i64>,
        /// Hashes of the recovery codes.
        recovery: Vec<String>,
    },
    /// `user.totp_disabled`.
    TotpDisabled,
    /// `user.role_set`.
    RoleSet {
        /// What they may do on the platform itself.
        role: PlatformRole,
    },
    /// `user.disabled`.
    Disabled {
        /// Why, for people.
        reason: String,
    },
    /// `user.enabled`.
    Enabled,
    /// `user.membership_recorded`.
    MembershipRecorded {
        /// Of which tenant.
        tenant: TenantId,
        /// In which role.
        role: String,
    },
    /// `user.membership_ended`.
    MembershipEnded {
        /// Of which tenant.
        tenant: TenantId,
    },
    /// `user.view_saved`.
    ViewSaved {
        /// What it is called.
        name: String,
        /// What the list is narrowed by.
        query: String,
    },
    /// `user.view_removed`.
    ViewRemoved {
        /// What it was called.
        name: String,
    },
    /// `user.session_opened`.
    SessionOpened {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
        /// The user agent.
        device: String,
        /// From where.
        address: String,
        /// SHA-256 of the refresh token's secret.
        secret_hash: String,
        /// When it ends if nobody uses it.
        until: Timestamp,
    },
    /// `user.session_refreshed`.
    SessionRefreshed {
        /// Which of its tokens counts now.
        generation: u32,
        /// SHA-256 of its secret.
        secret_hash: String,
        /// When it ends if nobody uses it.
        until: Timestamp,
    },
    /// `user.session_revoked`.
    SessionRevoked {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
        /// Why.
        reason: RevokeReason,
    },
    /// `user.address_failed`: somebody failed from this address.
    AddressFailed {
        /// Until when nobody may try from there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked_until: Option<Timestamp>,
        /// When that is forgotten.
        forget_at: Timestamp,
    },
    /// `user.address_forgotten`.
    AddressForgotten,
}
