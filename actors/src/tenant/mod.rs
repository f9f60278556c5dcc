//! The tenant domain: who trades here, with which keys and through which accounts.
//!
//! It decides on settings only. What is allowed while a tenant is suspended is asked of
//! [`allows`] at the door.

mod decide;
pub mod key;
mod state;
#[cfg(test)]
mod tests;

pub use state::{AccountDocument, KeyDocument, TenantDocument, TenantState};

use crate::{
    domain::{Decision, Domain, Event, Stop},
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{AccountMode, TenantCommand, TenantEvent, TenantRefusal, TenantStatus},
};

/// The domain of tenants.
pub struct Tenant;

/// Whether a tenant that stands so may read, or write.
pub fn allows(status: TenantStatus, write: bool) -> bool {
    match status {
        TenantStatus::Active => true,
        TenantStatus::Suspended | TenantStatus::Archived => !write,
    }
}

impl Domain for Tenant {
    const NAME: &'static str = "tenant";

    type Command = TenantCommand;
    type Event = TenantEvent;
    type Refusal = TenantRefusal;
    type State = TenantState;

    fn decide(
        world: &World<'_, Self>,
        command: TenantCommand,
        now: Timestamp,
    ) -> Result<Decision<TenantEvent>, Stop<TenantRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, state: &mut TenantState, event: &Event<'_, Self>) {
        state::apply(state, event.event, event.at);
    }

    fn event_name(event: &TenantEvent) -> &'static str {
        match event {
            TenantEvent::Created { .. } => "tenant.created",
            TenantEvent::Configured { .. } => "tenant.configured",
            TenantEvent::Suspended { .. } => "tenant.suspended",
            TenantEvent::Resumed => "tenant.resumed",
            TenantEvent::Archived => "tenant.archived",
            TenantEvent::KeyCreated { .. } => "tenant.key_created",
            TenantEvent::KeyRevoked => "tenant.key_revoked",
            TenantEvent::AccountPut { .. } => "tenant.account_put",
            TenantEvent::AccountRemoved => "tenant.account_removed",
        }
    }

    fn status(state: &TenantState) -> Option<&'static str> {
        match state {
            TenantState::Blank => None,
            TenantState::Tenant(tenant) => Some(match tenant.status {
                TenantStatus::Active => "active",
                TenantStatus::Suspended => "suspended",
                TenantStatus::Archived => "archived",
            }),
            TenantState::Key(key) if key.revoked_at.is_some() => Some("revoked"),
            TenantState::Key(_) => Some("active"),
            TenantState::Account(account) => Some(match account.mode {
                AccountMode::Test => "test",
                AccountMode::Live => "live",
            }),
        }
    }
}
