//! A domain of a tenant that is paused: it takes up nothing until it goes on. It is kept here, and
//! the hosts are told of it when a node begins.

use super::{
    Tenant, TenantDocument, TenantState,
    decide::{Answer, about_tenant, invalid, known},
};
use crate::{
    domain::{Domain, Stop, refuse},
    host::Hosts,
    signing::Signing,
    store::{Store, StoreFault},
    user::User,
    words::is_word,
    world::World,
};
use kontor_messages::{
    Timestamp,
    tenant::{TenantCommand, TenantEvent, TenantRefusal, TenantStatus, tenant_entity},
};

/// Without these nobody could sign in, or let anything go on again.
const NEVER: [&str; 3] = [Tenant::NAME, User::NAME, Signing::NAME];
/// Domains of one tenant that are paused at most; there are fewer.
const PAUSED_MAX: usize = 64;
/// Tenants that are read at once.
const PAGE: u32 = 500;

/// Pauses a domain. Again: nothing.
pub(super) fn pause(world: &World<'_, Tenant>, domain: String) -> Answer {
    let tenant = there(world, &domain)?;
    if tenant.paused.contains_key(&domain) {
        return about_tenant(None);
    }
    if PAUSED_MAX <= tenant.paused.len() {
        return refuse(TenantRefusal::TooMany("domains that are paused"));
    }
    about_tenant(Some(TenantEvent::DomainPaused { domain }))
}

/// Lets a domain go on. Again: nothing.
pub(super) fn resume(world: &World<'_, Tenant>, domain: String) -> Answer {
    let paused = there(world, &domain)?.paused.contains_key(&domain);
    about_tenant(paused.then_some(TenantEvent::DomainResumed { domain }))
}

fn there<'a>(
    world: &World<'a, Tenant>,
    domain: &str,
) -> Result<&'a TenantDocument, Stop<TenantRefusal>> {
    if !is_word(domain, "_-", 40) {
        return invalid("/domain", "the name of a domain");
    }
    if NEVER.contains(&domain) {
        return refuse(TenantRefusal::NotPausable(domain.to_owned()));
    }
    let tenant = known(world)?;
    match tenant.status {
        TenantStatus::Deleted => refuse(TenantRefusal::NotFound("tenant")),
        _ => Ok(tenant),
    }
}

/// The command that pauses a domain, or lets it go on.
pub fn pausing(domain: &str, pause: bool) -> TenantCommand {
    let domain = domain.to_owned();
    match pause {
        true => TenantCommand::PauseDomain { domain },
        false => TenantCommand::ResumeDomain { domain },
    }
}

/// Tells the hosts of a node that begins what is paused: before anything is started.
pub async fn load_pauses(store: &dyn Store, hosts: &Hosts) -> Result<(), StoreFault> {
    let entity = tenant_entity();
    let mut after = None;
    loop {
        let found = store.list_across(Tenant::NAME, entity.as_str(), after.as_ref(), PAGE).await?;
        for row in found.iter().filter(|row| row.state.contains("\"paused\"")) {
            let state: TenantState = serde_json::from_str(&row.state)
                .map_err(|broken| StoreFault(format!("{}: {broken}", row.tenant)))?;
            let TenantState::Tenant(tenant) = state else { continue };
            for (domain, since) in &tenant.paused {
                hosts.pause(domain, &row.tenant, *since);
            }
        }
        let full = found.len() >= PAGE as usize;
        match found.into_iter().last().filter(|_| full) {
            Some(last) => after = Some(last.tenant),
            None => return Ok(()),
        }
    }
}

/// Carries a pause, or its end, into the tenant.
pub(super) fn apply(tenant: &mut TenantDocument, event: &TenantEvent, at: Timestamp) {
    match event {
        TenantEvent::DomainPaused { domain } => {
            tenant.paused.insert(domain.clone(), at);
        }
        TenantEvent::DomainResumed { domain } => {
            tenant.paused.remove(domain);
        }
        _ => {}
    }
}
