//! The fixed list of permissions, the roles that come with the program, and a tenant's own.

use super::{
    Api,
    access::Access,
    command::{HowAsked, Nothing, Ordered},
    document::{Roles, Versioned},
    path::Named,
    problem::Problem,
    query,
    read::{self, Page, Paging},
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::tenant::{RoleDocument, Tenant};
use kontor_messages::tenant::{BuiltIn, Scope, TenantCommand, lacking};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A role as it is written; its name is in the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// What its members may do; no more than whoever asks.
    #[schema(min_items = 1, max_items = 28)]
    permissions: Vec<Scope>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
}

/// All permissions there are.
#[derive(Serialize, ToSchema)]
struct Permissions {
    /// The permissions.
    items: Vec<Permission>,
    /// The roles that come with the program.
    roles: Vec<BuiltInRole>,
}

/// A permission.
#[derive(Serialize, ToSchema)]
struct Permission {
    /// As keys and roles name it.
    permission: Scope,
    /// What it allows.
    allows: &'static str,
    /// The roles that come with the program and have it.
    #[schema(value_type = Vec<String>)]
    roles: Vec<&'static str>,
}

/// A role that comes with the program.
#[derive(Serialize, ToSchema)]
struct BuiltInRole {
    /// Its name.
    name: &'static str,
    /// What it is for.
    description: &'static str,
    /// What its members may do.
    permissions: Vec<Scope>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(permissions))
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

/// What keys and roles may be allowed, and the roles that come with the program.
#[utoipa::path(get, path = "/v1/permissions", tag = "roles",
    responses((status = OK, body = Permissions)))]
async fn permissions(_access: Access) -> Response {
    let items = Scope::all().map(|permission| Permission {
        permission,
        allows: permission.about(),
        roles: having(permission).collect(),
    });
    let roles = BuiltIn::ALL.into_iter().map(|role| BuiltInRole {
        name: role.as_str(),
        description: role.about(),
        permissions: role.scopes(),
    });
    let all = Permissions { items: items.collect(), roles: roles.collect() };
    super::json(StatusCode::OK, &all)
}

/// The roles that come with the program and have a permission.
fn having(permission: Scope) -> impl Iterator<Item = &'static str> {
    let has = move |role: &BuiltIn| lacking(&role.scopes(), &[permission]).is_none();
    BuiltIn::ALL.into_iter().filter(has).map(BuiltIn::as_str)
}

/// The same list as a page for people: `docs/permissions.md`.
pub fn permissions_page() -> String {
    let mut page = String::from(
        "# Permissions\n\n\
        What an API key or a member of a tenant may do, from a fixed list, and which of the roles\n\
        that come with the program have it. A role of a tenant's own (`PUT /v1/roles/{role}`) names\n\
        permissions from this list, without `*`. Nobody gives more than they have; only an owner\n\
        makes another owner. Writing does not include reading.\n\n\
        This page is written by the program; a test says how when it is out of date.\n\n\
        | permission | allows | owner | admin | operator | support | viewer |\n\
        | --- | --- | :-: | :-: | :-: | :-: | :-: |\n",
    );
    for permission in Scope::all() {
        let roles: Vec<_> = having(permission).collect();
        let marks = BuiltIn::ALL.map(|role| if roles.contains(&role.as_str()) { "✓" } else { "" });
        let marks = marks.join(" | ");
        page.push_str(&format!("| `{permission}` | {} | {marks} |\n", permission.about()));
    }
    page.push_str("\n| role | |\n| --- | --- |\n");
    for role in BuiltIn::ALL {
        page.push_str(&format!("| `{}` | {} |\n", role.as_str(), role.about()));
    }
    page
}

/// The tenant's own roles.
#[utoipa::path(get, path = "/v1/roles", tag = "roles", params(Paging),
    responses((status = OK, body = Page<Versioned<RoleDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    read::many::<Roles>(&api, &access, paging.try_into()).await
}

/// A role of the tenant's own.
#[utoipa::path(get, path = "/v1/roles/{role}", tag = "roles",
    params(("role" = String, Path, max_length = 40)),
    responses((status = OK, body = Versioned<RoleDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(role): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Roles>(&api, &access, &headers, &role).await
}

/// Writes a role of the tenant's own. It counts at once, for whoever has it.
#[utoipa::path(put, path = "/v1/roles/{role}", tag = "roles",
    params(("role" = String, Path, max_length = 40), HowAsked),
    request_body = RoleBody,
    responses((status = OK, body = Versioned<RoleDocument>)))]
async fn put(Named(name): Named<String>, ordered: Ordered<RoleBody>) -> Result<Response, Problem> {
    let Ordered { body: RoleBody { permissions, description }, asking } = ordered;
    let by = asking.access.giver();
    let command = TenantCommand::PutRole { name, permissions, description, by };
    asking.change::<Roles>(command).await
}

/// Forgets a role that nobody has or is invited to.
#[utoipa::path(delete, path = "/v1/roles/{role}", tag = "roles",
    params(("role" = String, Path, max_length = 40), HowAsked),
    responses((status = NO_CONTENT)))]
async fn remove(
    Named(name): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let by = ordered.asking.access.giver();
    Ok(ordered.asking.ask::<Tenant>(TenantCommand::RemoveRole { name, by }).await?.gone())
}
