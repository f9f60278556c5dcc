//! The end of a tenant: asked for, waited for, carried out.

use super::{
    Tenant, TenantDocument, TenantState,
    decide::{Answer, invalid},
};
use crate::{
    domain::{Decision, refuse},
    world::World,
};
use kontor_messages::{
    Timestamp,
    tenant::{TenantEvent, TenantRefusal, TenantStatus, tenant_entity},
};
use std::time::Duration;

/// Days that a deletion may be waited for.
const DAYS_MAX: u32 = 365;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The tenant will be deleted after so many days; until then it reads, and can be kept.
pub(super) fn schedule(world: &World<'_, Tenant>, days: u32, now: Timestamp) -> Answer {
    if !(1..=DAYS_MAX).contains(&days) {
        return invalid("/days", "1 to 365 days");
    }
    match known(world)? {
        None => refuse(TenantRefusal::NotFound("tenant")),
        Some(tenant) if tenant.status == TenantStatus::Deleted => refuse(TenantRefusal::Archived),
        Some(tenant) if tenant.status == TenantStatus::Deleting => of(None),
        Some(_) => of(Some(TenantEvent::DeletionScheduled { at: now.plus(DAY * days) })),
    }
}

/// The tenant is kept after all, as it was before.
pub(super) fn cancel(world: &World<'_, Tenant>) -> Answer {
    match known(world)? {
        None => refuse(TenantRefusal::NotFound("tenant")),
        Some(tenant) if tenant.status == TenantStatus::Deleted => refuse(TenantRefusal::Archived),
        Some(tenant) => {
            let deleting = tenant.status == TenantStatus::Deleting;
            of(deleting.then_some(TenantEvent::DeletionCancelled))
        }
    }
}

/// The time that was waited for has come.
pub(super) fn wake(world: &World<'_, Tenant>, now: Timestamp) -> Answer {
    let due = known(world)?.and_then(TenantDocument::deletion_due);
    of(due.is_some_and(|due| due <= now).then_some(TenantEvent::Deleted))
}

fn known<'a>(
    world: &World<'a, Tenant>,
) -> Result<Option<&'a TenantDocument>, crate::domain::Stop<TenantRefusal>> {
    Ok(match world.get(&tenant_entity())? {
        TenantState::Tenant(tenant) => Some(tenant),
        _ => None,
    })
}

fn of(event: Option<TenantEvent>) -> Answer {
    Ok(Decision::of(tenant_entity(), event.into_iter().collect()))
}
