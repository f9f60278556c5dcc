//! What is known of a tenant, a key and an account.

use super::pausing;
use super::routing::PaymentRoutesDocument;
use super::team::{self, InvitationDocument, MemberDocument, RoleDocument, Team};
use kontor_messages::{
    AddressRange, EntityId, Timestamp,
    tenant::{
        AccountMode, AccountSettings, Scope, TenantEvent, TenantSettings, TenantStatus, team_entity,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use utoipa::ToSchema;

/// That a key was used is kept once in so long.
const USE_EVERY: Duration = Duration::from_secs(5 * 60);

/// One entity of the tenant domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TenantState {
    /// Nothing is known, or it was removed.
    #[default]
    Blank,
    /// The tenant itself.
    Tenant(TenantDocument),
    /// An API key.
    Key(KeyDocument),
    /// A gateway account.
    Account(AccountDocument),
    /// A member.
    Member(MemberDocument),
    /// A role of the tenant's own.
    Role(RoleDocument),
    /// An invitation.
    Invitation(InvitationDocument),
    /// The counts over them.
    Team(Team),
    /// Which account takes which payment.
    PaymentRoutes(PaymentRoutesDocument),
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TenantDocument {
    /// Where it stands.
    pub status: TenantStatus,
    /// Why it is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is set on it.
    pub settings: TenantSettings,
    /// Since when it is here.
    pub created_at: Timestamp,
    /// When it is deleted, if it is kept no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_at: Option<Timestamp>,
    /// Where it stood before its deletion was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_before: Option<TenantStatus>,
    /// Its domains that are paused, each since when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paused: BTreeMap<String, Timestamp>,
}

impl TenantDocument {
    /// When it has to be deleted, if that is waited for.
    pub fn deletion_due(&self) -> Option<Timestamp> {
        self.delete_at.filter(|_| self.status == TenantStatus::Deleting)
    }
}

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeyDocument {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret part's text, in hex; not in answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(ignore)]
    pub hash: String,
    /// Since when it counts.
    pub created_at: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// From where it counts; from everywhere if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub allowed_addresses: Vec<AddressRange>,
    /// When it was last used, to within a few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// From which address that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 45)]
    pub last_used_from: Option<String>,
}

/// An account at a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountDocument {
    /// The provider's word.
    pub provider: String,
    /// The account's name.
    pub name: String,
    /// Whether it is real.
    pub mode: AccountMode,
    /// The provider's settings; in answers with secrets as `***`.
    pub settings: AccountSettings,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

impl TenantState {
    /// The state as it may leave the program: no settings of accounts, no hashes of keys.
    pub fn public_view(&self) -> Self {
        let mut view = self.clone();
        match &mut view {
            Self::Key(key) => key.hash.clear(),
            Self::Account(account) => account.settings = account.settings.public_view(),
            Self::Blank
            | Self::Tenant(_)
            | Self::Member(_)
            | Self::Role(_)
            | Self::Invitation(_)
            | Self::PaymentRoutes(_)
            | Self::Team(_) => {}
        }
        view
    }
}

impl KeyDocument {
    /// Whether the key counts at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the key counts from an address; from one that is not known, only if it may be used
    /// from everywhere.
    pub fn counts_from(&self, address: Option<IpAddr>) -> bool {
        self.allowed_addresses.is_empty()
            || address.is_some_and(|from| self.allowed_addresses.iter().any(|r| r.contains(from)))
    }

    /// Whether it is worth keeping that the key is used at an instant.
    pub fn is_use_news(&self, now: Timestamp) -> bool {
        let over = |last: Timestamp| last.plus(USE_EVERY) <= now;
        self.counts_at(now) && self.last_used_at.is_none_or(over)
    }

    /// Whether the key lets its bearer read, or write, a resource.
    pub fn grants(&self, resource: &str, write: bool) -> bool {
        self.scopes.iter().any(|scope| scope.grants(resource, write))
    }
}

/// Carries an event into the state of its owner, or into the counts.
pub fn apply(entity: &EntityId, state: &mut TenantState, event: &TenantEvent, at: Timestamp) {
    if *entity == team_entity() {
        return team::apply_counts(state, event, at);
    }
    match (event, &mut *state) {
        (TenantEvent::Created { settings }, _) => {
            *state = TenantState::Tenant(TenantDocument {
                status: TenantStatus::Active,
                reason: None,
                settings: settings.clone(),
                created_at: at,
                delete_at: None,
                status_before: None,
                paused: BTreeMap::new(),
            });
        }
        (TenantEvent::Configured { settings }, TenantState::Tenant(tenant)) => {
            tenant.settings = settings.clone();
        }
        (TenantEvent::Suspended { reason }, TenantState::Tenant(tenant)) => {
            tenant.status = TenantStatus::Suspended;
            tenant.reason = Some(reason.clone());
        }
        (TenantEvent::Resumed, TenantState::Tenant(tenant)) => {
            tenant.status = TenantStatus::Active;
            tenant.reason = None;
        }
        (TenantEvent::Archived, TenantState::Tenant(tenant)) => {
            tenant.status = TenantStatus::Archived;
        }
        (TenantEvent::DeletionScheduled { at }, TenantState::Tenant(tenant)) => {
            tenant.status_before = Some(tenant.status);
            (tenant.status, tenant.delete_at) = (TenantStatus::Deleting, Some(*at));
        }
        (TenantEvent::DeletionCancelled, TenantState::Tenant(tenant)) => {
            tenant.status = tenant.status_before.take().unwrap_or_default();
            tenant.delete_at = None;
        }
        (TenantEvent::Deleted, TenantState::Tenant(tenant)) => {
            tenant.status = TenantStatus::Deleted;
            tenant.status_before = None;
            tenant.paused.clear();
        }
        (
            TenantEvent::DomainPaused { .. } | TenantEvent::DomainResumed { .. },
            TenantState::Tenant(tenant),
        ) => pausing::apply(tenant, event, at),
        (TenantEvent::KeyCreated { name, scopes, hash, expires_at, allowed_addresses }, _) => {
            *state = TenantState::Key(KeyDocument {
                name: name.clone(),
                scopes: scopes.clone(),
                hash: hash.clone(),
                created_at: at,
                expires_at: *expires_at,
                revoked_at: None,
                allowed_addresses: allowed_addresses.clone(),
                last_used_at: None,
                last_used_from: None,
            });
        }
        (TenantEvent::KeyRevoked, TenantState::Key(key)) => key.revoked_at = Some(at),
        (TenantEvent::KeyUsed { address }, TenantState::Key(key)) => {
            key.last_used_at = Some(at);
            key.last_used_from.clone_from(address);
        }
        (TenantEvent::AccountPut { provider, name, mode, settings }, _) => {
            *state = TenantState::Account(AccountDocument {
                provider: provider.clone(),
                name: name.clone(),
                mode: *mode,
                settings: settings.clone(),
                changed_at: at,
            });
        }
        (TenantEvent::AccountRemoved, _) => *state = TenantState::Blank,
        (TenantEvent::PaymentRoutesPut { rules }, _) => {
            *state = TenantState::PaymentRoutes(PaymentRoutesDocument { rules: rules.clone() });
        }
        _ => team::apply(state, event, at),
    }
}
