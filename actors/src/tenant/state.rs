//! What is known of a tenant, a key and an account.

use kontor_messages::{
    Timestamp,
    tenant::{AccountMode, AccountSettings, Scope, TenantEvent, TenantSettings, TenantStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
            Self::Blank | Self::Tenant(_) => {}
        }
        view
    }
}

impl KeyDocument {
    /// Whether the key counts at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the key lets its bearer read, or write, a resource.
    pub fn grants(&self, resource: &str, write: bool) -> bool {
        self.scopes.iter().any(|scope| scope.grants(resource, write))
    }
}

/// Carries an event into a state.
pub fn apply(state: &mut TenantState, event: &TenantEvent, at: Timestamp) {
    match (event, &mut *state) {
        (TenantEvent::Created { settings }, _) => {
            *state = TenantState::Tenant(TenantDocument {
                status: TenantStatus::Active,
                reason: None,
                settings: settings.clone(),
                created_at: at,
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
        (TenantEvent::KeyCreated { name, scopes, hash, expires_at }, _) => {
            *state = TenantState::Key(KeyDocument {
                name: name.clone(),
                scopes: scopes.clone(),
                hash: hash.clone(),
                created_at: at,
                expires_at: *expires_at,
                revoked_at: None,
            });
        }
        (TenantEvent::KeyRevoked, TenantState::Key(key)) => key.revoked_at = Some(at),
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
        (
            TenantEvent::Configured { .. }
            | TenantEvent::Suspended { .. }
            | TenantEvent::Resumed
            | TenantEvent::Archived
            | TenantEvent::KeyRevoked,
            _,
        ) => {}
    }
}
