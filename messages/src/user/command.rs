//! What one may ask of users.

use super::{
    PlatformRole, Proof, RegisteredVia, RevokeReason, SecondFactor, SessionId, TicketId,
    TicketPurpose, UserId,
};
use crate::TenantId;
use serde::{Deserialize, Serialize};

/// Who is to become a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewUser {
    /// Their mail address, lower case.
    pub email: Option<String>,
    /// Their telephone number, E.164.
    pub phone: Option<String>,
    /// Their name.
    pub name: String,
    /// BCP 47 language of what is written to them.
    pub language: Option<String>,
    /// The hash of their password, as a PHC string or bcrypt's own form.
    pub password: Option<String>,
    /// What they may do on the platform itself.
    pub role: PlatformRole,
    /// How they came.
    pub via: RegisteredVia,
    /// Whether the addresses are known to be theirs.
    pub verified: bool,
}

/// What one may ask of users. The edge does all hashing, and tells what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserCommand {
    /// Somebody is to become a user. An account whose address nobody has proved yet is taken over
    /// by who registers with a password later; a ticket is opened if one is named.
    Register {
        /// Their id.
        user: UserId,
        /// Who they are.
        new: NewUser,
        /// A ticket that is opened with it.
        ticket: Option<(TicketId, TicketPurpose)>,
    },
    /// Somebody wants to come in.
    LogIn {
        /// Who they say they are.
        user: UserId,
        /// What they showed.
        proof: Proof,
        /// What they showed besides.
        second: Option<SecondFactor>,
        /// The session that begins.
        session: SessionId,
        /// SHA-256 of its refresh token's secret, in hex.
        secret_hash: String,
        /// What they come with: the user agent.
        device: String,
        /// From where.
        address: String,
        /// The hash of that address.
        address_hash: String,
    },
    /// Somebody wanted to come in as nobody we know.
    RecordStranger {
        /// The hash of their address.
        address_hash: String,
    },
    /// A session's refresh token is shown, for a new one.
    Refresh {
        /// Whose.
        user: UserId,
        /// Which session.
        session: SessionId,
        /// Which of its tokens.
        generation: u32,
        /// SHA-256 of the secret that was shown, in hex.
        shown_hash: String,
        /// SHA-256 of the next secret, in hex.
        next_hash: String,
    },
    /// A session ends.
    Revoke {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
        /// Why.
        reason: RevokeReason,
    },
    /// All sessions end but one.
    RevokeAll {
        /// Whose.
        user: UserId,
        /// The one that stays.
        except: Option<SessionId>,
    },
    /// A ticket is wanted: what it lets do is sent to the user. Asked again at once, nothing
    /// happens.
    OpenTicket {
        /// Whose.
        user: UserId,
        /// Its id.
        ticket: TicketId,
        /// What for.
        purpose: TicketPurpose,
    },
    /// Somebody showed the token of a `verify_email` ticket.
    VerifyEmail {
        /// Who.
        user: UserId,
        /// The ticket.
        ticket: TicketId,
    },
    /// Somebody showed the token of a `reset_password` or `set_password` ticket.
    ResetPassword {
        /// Who.
        user: UserId,
        /// The ticket.
        ticket: TicketId,
        /// The hash of the new password.
        password: String,
    },
    /// A user wants another password.
    ChangePassword {
        /// Who.
        user: UserId,
        /// The session that stays.
        session: SessionId,
        /// What the old one came to.
        proof: Proof,
        /// The hash of the new password.
        password: String,
    },
    /// A user changes what is written about them; what is absent stays.
    Update {
        /// Who.
        user: UserId,
        /// Their name.
        name: Option<String>,
        /// Their language.
        language: Option<String>,
    },
    /// A user wants an authenticator; it counts once it is confirmed.
    EnrolTotp {
        /// Who.
        user: UserId,
        /// Its secret, sealed.
        sealed: String,
    },
    /// A user shows the first code of the authenticator.
    ConfirmTotp {
        /// Who.
        user: UserId,
        /// The step whose code it is, if it is one's.
        step: Option<i64>,
        /// SHA-256 of each recovery code, in hex.
        recovery: Vec<String>,
    },
    /// A user wants new recovery codes.
    RenewRecovery {
        /// Who.
        user: UserId,
        /// A code of the authenticator.
        second: SecondFactor,
        /// SHA-256 of each recovery code, in hex.
        recovery: Vec<String>,
    },
    /// A user does without an authenticator.
    DisableTotp {
        /// Who.
        user: UserId,
        /// A last code.
        second: SecondFactor,
    },
    /// The operator says what somebody may do on the platform itself.
    SetRole {
        /// Who.
        user: UserId,
        /// What they may do.
        role: PlatformRole,
    },
    /// The operator keeps somebody out.
    Disable {
        /// Who.
        user: UserId,
        /// Why, for people.
        reason: String,
    },
    /// The operator lets somebody in again.
    Enable {
        /// Who.
        user: UserId,
    },
    /// Somebody is a member of a tenant, or in another role.
    RecordMembership {
        /// Who.
        user: UserId,
        /// Of which tenant.
        tenant: TenantId,
        /// In which role.
        role: String,
    },
    /// Somebody is a member of a tenant no longer.
    RecordMembershipEnded {
        /// Who.
        user: UserId,
        /// Of which tenant.
        tenant: TenantId,
    },
    /// A user keeps a view of a tenant's orders under a name; one of that name is replaced.
    SaveView {
        /// Who.
        user: UserId,
        /// Of whose orders.
        tenant: TenantId,
        /// What it is called.
        name: String,
        /// What the list is narrowed by, as the query of an address.
        query: String,
    },
    /// A user needs a view no longer.
    RemoveView {
        /// Who.
        user: UserId,
        /// Of whose orders.
        tenant: TenantId,
        /// What it is called.
        name: String,
    },
    /// A session's time is over.
    WakeSession {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
    },
    /// An address has been quiet for long.
    WakeAddress {
        /// Its hash.
        address_hash: String,
    },
}
