//! The tenant domain: who trades here, with which keys, through which accounts, and who works for
//! them in which role.
//!
//! It decides on settings only. What is allowed while a tenant is suspended is asked of
//! [`allows`] at the door.

mod decide;
mod deletion;
mod giving;
mod invitations;
pub mod key;
mod members;
mod pausing;
pub mod routing;
mod state;
mod team;
#[cfg(test)]
mod tests;

pub use invitations::INVITATION_SPAN;
pub use pausing::{load_pauses, pausing};
pub use routing::PaymentRoutesDocument;
pub use state::{AccountDocument, KeyDocument, TenantDocument, TenantState};
pub use team::{InvitationDocument, InvitationStatus, MemberDocument, RoleDocument, Team};

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    store::ERASED,
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    tenant::{
        AccountMode, TenantCommand, TenantEvent, TenantRefusal, TenantStatus, team_entity,
        tenant_entity,
    },
};

/// The domain of tenants.
pub struct Tenant;

/// Whether a tenant that stands so may read, or write.
pub fn allows(status: TenantStatus, write: bool) -> bool {
    match status {
        TenantStatus::Active => true,
        TenantStatus::Suspended | TenantStatus::Archived | TenantStatus::Deleting => !write,
        TenantStatus::Deleted => false,
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

    fn apply(entity: &EntityId, state: &mut TenantState, event: &Event<'_, Self>) {
        state::apply(entity, state, event.event, event.at);
    }

    fn touches(event: &TenantEvent) -> Vec<EntityId> {
        if team::is_counted(event) { vec![team_entity()] } else { Vec::new() }
    }

    fn keys(state: &TenantState) -> Vec<Key> {
        match state {
            TenantState::Invitation(known)
                if known.status == InvitationStatus::Open && known.email != ERASED =>
            {
                vec![invitations::address_key(&known.email)]
            }
            _ => Vec::new(),
        }
    }

    fn event_name(event: &TenantEvent) -> &'static str {
        match event {
            TenantEvent::Created { .. } => "tenant.created",
            TenantEvent::Configured { .. } => "tenant.configured",
            TenantEvent::Suspended { .. } => "tenant.suspended",
            TenantEvent::Resumed => "tenant.resumed",
            TenantEvent::Archived => "tenant.archived",
            TenantEvent::DeletionScheduled { .. } => "tenant.deletion_scheduled",
            TenantEvent::DeletionCancelled => "tenant.deletion_cancelled",
            TenantEvent::Deleted => "tenant.deleted",
            TenantEvent::DomainPaused { .. } => "tenant.domain_paused",
            TenantEvent::DomainResumed { .. } => "tenant.domain_resumed",
            TenantEvent::KeyCreated { .. } => "tenant.key_created",
            TenantEvent::KeyUsed { .. } => "tenant.key_used",
            TenantEvent::KeyRevoked => "tenant.key_revoked",
            TenantEvent::AccountPut { .. } => "tenant.account_put",
            TenantEvent::AccountRemoved => "tenant.account_removed",
            TenantEvent::PaymentRoutesPut { .. } => "tenant.payment_routes_put",
            TenantEvent::MemberAdded { .. } => "tenant.member_added",
            TenantEvent::MemberChanged { .. } => "tenant.member_changed",
            TenantEvent::MemberRemoved { .. } => "tenant.member_removed",
            TenantEvent::RoleCreated { .. } => "tenant.role_created",
            TenantEvent::RoleChanged { .. } => "tenant.role_changed",
            TenantEvent::RoleRemoved => "tenant.role_removed",
            TenantEvent::Invited { .. } => "tenant.invited",
            TenantEvent::InvitationRenewed { .. } => "tenant.invitation_renewed",
            TenantEvent::InvitationAccepted { .. } => "tenant.invitation_accepted",
            TenantEvent::InvitationRevoked { .. } => "tenant.invitation_revoked",
            TenantEvent::InvitationExpired { .. } => "tenant.invitation_expired",
        }
    }

    fn status(state: &TenantState) -> Option<&'static str> {
        match state {
            TenantState::Blank
            | TenantState::Member(_)
            | TenantState::Role(_)
            | TenantState::PaymentRoutes(_)
            | TenantState::Team(_) => None,
            TenantState::Invitation(invitation) => Some(invitation.status.word()),
            TenantState::Tenant(tenant) => Some(match tenant.status {
                TenantStatus::Active => "active",
                TenantStatus::Suspended => "suspended",
                TenantStatus::Archived => "archived",
                TenantStatus::Deleting => "deleting",
                TenantStatus::Deleted => "deleted",
            }),
            TenantState::Key(key) if key.revoked_at.is_some() => Some("revoked"),
            TenantState::Key(_) => Some("active"),
            TenantState::Account(account) => Some(match account.mode {
                AccountMode::Test => "test",
                AccountMode::Live => "live",
            }),
        }
    }

    fn due(state: &TenantState) -> Option<Timestamp> {
        match state {
            TenantState::Invitation(known) if known.status == InvitationStatus::Open => {
                Some(known.expires_at)
            }
            TenantState::Tenant(tenant) => tenant.deletion_due(),
            _ => None,
        }
    }

    fn wake(entity: &EntityId, state: &TenantState) -> Option<TenantCommand> {
        Self::due(state)?;
        if *entity == tenant_entity() {
            return Some(TenantCommand::WakeTenant);
        }
        let id = entity.as_str().strip_prefix("invitation/")?;
        Some(TenantCommand::WakeInvitation { invitation: EntityId::named(id) })
    }
}
