//! Where gateways find the settings of a tenant's account: in the tenant domain.

use async_trait::async_trait;
use kontor_actors::{
    intake::Intake,
    ports::{AccountConfig, AccountSettings},
    tenant::{Tenant, TenantState},
};
use kontor_messages::{TenantId, tenant::account_entity};

/// Accounts as tenants have set them up.
pub struct TenantAccounts {
    intake: Intake,
}

impl TenantAccounts {
    /// Accounts that are read through `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

#[async_trait]
impl AccountSettings for TenantAccounts {
    async fn account(
        &self,
        tenant: &TenantId,
        provider: &str,
        name: &str,
    ) -> Option<AccountConfig> {
        let entity = account_entity(provider, name);
        // An answer that does not come is no account for now: the call is tried again later.
        match self.intake.read::<Tenant>(tenant, &entity).await {
            Ok(Some((TenantState::Account(account), _))) => Some(AccountConfig {
                provider: account.provider,
                mode: account.mode,
                settings: account.settings.0,
            }),
            Ok(_) => None,
            Err(fault) => {
                tracing::warn!(%tenant, provider, %fault, "an account cannot be read");
                None
            }
        }
    }
}
