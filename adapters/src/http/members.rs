//! Who works for the tenant, and as what. Others come by invitation.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Members, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kontor_actors::tenant::{MemberDocument, Tenant};
use kontor_messages::tenant::TenantCommand;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberBody {
    /// As what: a role that comes with the program, or one of the tenant's own.
    #[schema(min_length = 1, max_length = 40, example = "support")]
    role: String,
    /// The address that others know a new member by; for the platform's operator, who makes
    /// members without an invitation.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, remove))
}

/// The tenant's members.
#[utoipa::path(get, path = "/v1/members", tag = "members", params(Paging),
    responses((status = OK, body = Page<Versioned<MemberDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<Members>(&api, &access, paging.try_into()).await
}

/// A member.
#[utoipa::path(get, path = "/v1/members/{user}", tag = "members",
    params(("user" = String, Path, max_length = 60)),
    responses((status = OK, body = Versioned<MemberDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(user): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Members>(&api, &access, &headers, &user).await
}

/// Gives a member another role, with no more permissions than whoever asks has.
#[utoipa::path(put, path = "/v1/members/{user}", tag = "members",
    params(("user" = String, Path, max_length = 60), HowAsked),
    request_body = MemberBody,
    responses((status = OK, body = Versioned<MemberDocument>)))]
async fn put(
    Named(user): Named<String>,
    ordered: Ordered<MemberBody>,
) -> Result<Response, Problem> {
    let Ordered { body: MemberBody { role, email }, asking } = ordered;
    let (user, by) = (known_id(&user, "member")?, asking.access.giver());
    asking.change::<Members>(TenantCommand::PutMember { user, role, email, by }).await
}

/// Ends a membership; from the answer on it counts no longer. The last owner stays.
#[utoipa::path(delete, path = "/v1/members/{user}", tag = "members",
    params(("user" = String, Path, max_length = 60), HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named(user): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    let (user, by) = (known_id(&user, "member")?, asking.access.giver());
    Ok(asking.ask::<Tenant>(TenantCommand::RemoveMember { user, by }).await?.gone())
}
