//! The end of a user's own account: nobody comes in by it any more, and what it said of a person is
//! erased like any other person's data.

use super::client::Signed;
use crate::{
    http::{Api, Problem},
    store::sealed::Known,
};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kontor_actors::{
    admission::Lane,
    erasure::Erasure,
    intake::Caller,
    request::{Denied, Terms},
    tenant::Tenant,
};
use kontor_messages::{
    EntityId, TenantId, Timestamp,
    erasure::ErasureCommand,
    tenant::{Giver, TenantCommand, TenantRefusal},
    user::UserCommand,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What people are told of it.
const REASON: &str = "the user closed the account";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(close))
}

/// Closes who asks' account for good: it leaves its tenants, its sessions end, and name, addresses
/// and devices are erased, in the journal too. The last owner of a tenant makes another one first.
#[utoipa::path(delete, path = "/v1/auth/me", tag = "auth", responses((status = NO_CONTENT)))]
async fn close(signed: Signed) -> Result<Response, Problem> {
    let (id, user) = (signed.bearer.user.to_string(), &signed.user);
    let tenants: Vec<_> = user.tenants.iter().map(|member| member.tenant.clone()).collect();
    // First whether all of them let go, then for good.
    for dry_run in [true, false] {
        for tenant in &tenants {
            leave(&signed, tenant, dry_run).await?;
        }
    }
    let known = Known::User(&id).person();
    let invited = user.email.as_deref().map(|email| Known::Invited(email).person());
    for tenant in tenants {
        let persons = std::iter::once(known.clone()).chain(invited.clone()).collect();
        forget(&signed, tenant, persons).await?;
    }
    // Letters to the user are the platform's.
    let email = user.email.as_deref().map(|email| Known::Email(email).person());
    let phone = user.phone.as_deref().map(|phone| Known::Phone(phone).person());
    let persons = std::iter::once(known).chain(email).chain(phone).collect();
    forget(&signed, TenantId::platform(), persons).await?;
    let (user, reason) = (signed.bearer.user, REASON.to_owned());
    signed.client.ask(UserCommand::Disable { user, reason }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn caller(signed: &Signed, tenant: TenantId) -> Caller {
    Caller { tenant, meta: signed.client.meta.clone(), lane: Lane::Interactive }
}

/// Leaves a tenant; one that is not there any more, or that was left before, is left.
async fn leave(signed: &Signed, tenant: &TenantId, dry_run: bool) -> Result<(), Problem> {
    let user = EntityId::named(signed.bearer.user.to_string());
    let command = TenantCommand::RemoveMember { user: user.clone(), by: Giver::User(user) };
    let (intake, terms) = (signed.client.api.intake(), Terms { dry_run, ..Terms::default() });
    match intake.ask::<Tenant>(&caller(signed, tenant.clone()), command, terms).await {
        Ok(_) | Err(Denied::Refused(TenantRefusal::NotFound(_) | TenantRefusal::Archived)) => {
            Ok(())
        }
        Err(denied) => Err(denied.into()),
    }
}

async fn forget(signed: &Signed, tenant: TenantId, persons: Vec<String>) -> Result<(), Problem> {
    let erasure = EntityId::fresh(Timestamp::now());
    let command = ErasureCommand::Request { erasure, persons, reason: Some(REASON.to_owned()) };
    let intake = signed.client.api.intake();
    intake.ask::<Erasure>(&caller(signed, tenant), command, Terms::default()).await?;
    Ok(())
}
