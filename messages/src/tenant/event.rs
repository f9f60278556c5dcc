//! What has become of a tenant.

use super::{AccountMode, AccountSettings, Giver, PaymentRule, Scope, TenantSettings};
use crate::{AddressRange, EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of a tenant. Not for consumers: an account's settings hold secrets, see
/// [`TenantEvent::public_view`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TenantEvent {
    /// `tenant.created`.
    Created {
        /// All settings.
        settings: TenantSettings,
    },
    /// `tenant.configured`.
    Configured {
        /// All settings.
        settings: TenantSettings,
    },
    /// `tenant.suspended`.
    Suspended {
        /// Why.
        reason: String,
    },
    /// `tenant.resumed`.
    Resumed,
    /// `tenant.archived`.
    Archived,
    /// `tenant.deletion_scheduled`: it may read only, until then.
    DeletionScheduled {
        /// When it is deleted.
        at: Timestamp,
    },
    /// `tenant.deletion_cancelled`: it stands as it stood before.
    DeletionCancelled,
    /// `tenant.deleted`: it is not there any more; nobody reads its people's data.
    Deleted,
    /// `tenant.domain_paused`: it takes up nothing until it goes on.
    DomainPaused {
        /// Which.
        domain: String,
    },
    /// `tenant.domain_resumed`.
    DomainResumed {
        /// Which.
        domain: String,
    },
    /// `tenant.key_created`.
    KeyCreated {
        /// What it is for.
        name: String,
        /// What it may do.
        scopes: Vec<Scope>,
        /// SHA-256 of its secret, in hex.
        hash: String,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
        /// From where it counts; from everywhere if there is none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        allowed_addresses: Vec<AddressRange>,
    },
    /// `tenant.key_used`.
    KeyUsed {
        /// From where, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// `tenant.key_revoked`.
    KeyRevoked,
    /// `tenant.account_put`.
    AccountPut {
        /// The provider's word.
        provider: String,
        /// The account's name.
        name: String,
        /// Whether it is real.
        mode: AccountMode,
        /// The provider's settings.
        settings: AccountSettings,
    },
    /// `tenant.account_removed`.
    AccountRemoved,
    /// `tenant.payment_routes_put`.
    PaymentRoutesPut {
        /// All rules, in order.
        rules: Vec<PaymentRule>,
    },
    /// `tenant.member_added`.
    MemberAdded {
        /// Who.
        user: EntityId,
        /// The address that others know the member by.
        email: String,
        /// As what.
        role: String,
        /// Who made it so.
        invited_by: Giver,
    },
    /// `tenant.member_changed`.
    MemberChanged {
        /// Who.
        user: EntityId,
        /// The role from now on.
        role: String,
        /// The role until now.
        before: String,
    },
    /// `tenant.member_removed`.
    MemberRemoved {
        /// Who.
        user: EntityId,
        /// The role until now.
        role: String,
    },
    /// `tenant.role_created`.
    RoleCreated {
        /// Its name.
        name: String,
        /// What its members may do.
        permissions: Vec<Scope>,
        /// What it is for.
        description: String,
    },
    /// `tenant.role_changed`.
    RoleChanged {
        /// What its members may do.
        permissions: Vec<Scope>,
        /// What it is for.
        description: String,
    },
    /// `tenant.role_removed`.
    RoleRemoved,
    /// `tenant.invited`.
    Invited {
        /// Whom.
        email: String,
        /// As what.
        role: String,
        /// In which language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// Who invites.
        invited_by: Giver,
        /// Until when it may be accepted.
        expires_at: Timestamp,
    },
    /// `tenant.invitation_renewed`: invited anew, with a new mail.
    InvitationRenewed {
        /// Whom.
        email: String,
        /// As what.
        role: String,
        /// As what until now.
        before: String,
        /// In which language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// Who invites.
        invited_by: Giver,
        /// Until when it may be accepted.
        expires_at: Timestamp,
    },
    /// `tenant.invitation_accepted`.
    InvitationAccepted {
        /// By whom.
        user: EntityId,
        /// As what.
        role: String,
    },
    /// `tenant.invitation_revoked`.
    InvitationRevoked {
        /// As what they would have come.
        role: String,
    },
    /// `tenant.invitation_expired`.
    InvitationExpired {
        /// As what they would have come.
        role: String,
    },
}

impl TenantEvent {
    /// The event as it may leave the program: no settings of accounts, no hashes of keys.
    pub fn public_view(&self) -> Self {
        let mut view = self.clone();
        match &mut view {
            Self::AccountPut { settings, .. } => *settings = settings.public_view(),
            Self::KeyCreated { hash, .. } => hash.clear(),
            _ => {}
        }
        view
    }
}
