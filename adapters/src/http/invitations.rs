//! Invitations by mail. What an invitation is accepted with is in its mail and nowhere else.

use super::{
    Api,
    access::{self, Access, SignedIn},
    command::{Command, HowAsked, Nothing, Ordered, Outcome, ask},
    document::{Invitations, Kind, Members, Versioned},
    path::{Named, known_id},
    problem::Problem,
    query,
    read::{self, Page, StatusPaging},
};
use crate::invitation;
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kontor_actors::tenant::{InvitationDocument, MemberDocument, Tenant};
use kontor_messages::{EntityId, TenantId, Timestamp, tenant::TenantCommand};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// Whom. They accept signed in with this address.
    #[schema(min_length = 3, max_length = 254, example = "jana@example.com")]
    email: String,
    /// As what, with no more permissions than whoever asks has.
    #[schema(min_length = 1, max_length = 40, example = "support")]
    role: String,
    /// In which language to write; the tenant's if absent.
    #[serde(default)]
    #[schema(max_length = 35, example = "cs")]
    language: Option<String>,
}

/// What came with the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// The invitation as the mail has it.
    #[schema(min_length = 1, max_length = 200)]
    token: String,
}

/// A membership that began.
#[derive(Serialize, ToSchema)]
struct Joined {
    /// Of which tenant; to be named in `X-Kontor-Tenant` from now on.
    tenant: TenantId,
    /// The user's id.
    id: String,
    /// How many changes it has seen.
    version: i64,
    /// The membership.
    #[serde(flatten)]
    document: MemberDocument,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(resend))
        .routes(routes!(revoke))
}

pub(super) fn for_users() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(accept))
}

/// Who was invited.
#[utoipa::path(get, path = "/v1/invitations", tag = "members", params(StatusPaging),
    responses((status = OK, body = Page<Versioned<InvitationDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(paging): query::Asked<StatusPaging>,
) -> Result<Response, Problem> {
    read::many::<Invitations>(&api, &access, paging.try_into()).await
}

/// Invites somebody by mail, for a week. Whoever is invited already is invited anew.
#[utoipa::path(post, path = "/v1/invitations", tag = "members", params(HowAsked),
    request_body = NewInvitation,
    responses((status = CREATED, body = Versioned<InvitationDocument>)))]
async fn create(ordered: Ordered<NewInvitation>) -> Result<Response, Problem> {
    let Ordered { body: NewInvitation { email, role, language }, asking } = ordered;
    can_invite(&asking.api)?;
    let (invitation, by) = (EntityId::fresh(Timestamp::now()), asking.access.giver());
    asking
        .create::<Invitations>(TenantCommand::Invite { invitation, email, role, language, by })
        .await
}

/// An invitation.
#[utoipa::path(get, path = "/v1/invitations/{invitation}", tag = "members",
    params(("invitation" = String, Path, max_length = 60)),
    responses((status = OK, body = Versioned<InvitationDocument>)))]
async fn get(
    State(api): State<Api>,
    access: Access,
    Named(invitation): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::one::<Invitations>(&api, &access, &headers, &invitation).await
}

/// Writes once more, with a new deadline.
#[utoipa::path(post, path = "/v1/invitations/{invitation}/resend", tag = "members",
    params(("invitation" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<InvitationDocument>)))]
async fn resend(
    Named(invitation): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    can_invite(&asking.api)?;
    let (invitation, by) = (known_id(&invitation, "invitation")?, asking.access.giver());
    asking.change::<Invitations>(TenantCommand::ResendInvitation { invitation, by }).await
}

/// Takes an invitation back; from the answer on it counts no longer.
#[utoipa::path(post, path = "/v1/invitations/{invitation}/revoke", tag = "members",
    params(("invitation" = String, Path, max_length = 60), HowAsked),
    request_body(content = Option<Nothing>),
    responses((status = OK, body = Versioned<InvitationDocument>)))]
async fn revoke(
    Named(invitation): Named<String>,
    ordered: Ordered<Nothing>,
) -> Result<Response, Problem> {
    let asking = ordered.asking;
    let (invitation, by) = (known_id(&invitation, "invitation")?, asking.access.giver());
    asking.change::<Invitations>(TenantCommand::RevokeInvitation { invitation, by }).await
}

/// Takes an invitation up, as the user who is signed in. Again: the same membership.
#[utoipa::path(post, path = "/v1/invitations/accept", tag = "members", params(HowAsked),
    request_body = Acceptance,
    responses((status = OK, body = Joined)))]
async fn accept(user: SignedIn, command: Command<Acceptance>) -> Result<Response, Problem> {
    let Command { body: Acceptance { token }, terms, api } = command;
    let unknown = || Problem::not_found("invitation");
    let presented = invitation::parse(&token).ok_or_else(unknown)?;
    if !presented.is_genuine(api.secrets().ok_or_else(unknown)?) {
        return Err(unknown());
    }
    let known = api.known().tenant(&presented.tenant, None).await?.ok_or_else(unknown)?;
    access::open(&known.tenant, true)?;
    let Some(email) = user.bearer.email.clone() else {
        let detail = "confirm your e-mail address first";
        return Err(Problem::new(StatusCode::FORBIDDEN, "email_not_confirmed", detail));
    };
    let (tenant, invitation) = (presented.tenant.clone(), EntityId::named(presented.invitation));
    let asked =
        TenantCommand::AcceptInvitation { invitation, user: user.bearer.user.clone(), email };
    let outcome: Outcome<Tenant> = ask(&api, &user.on(tenant.clone()), terms, asked).await?;
    let document = Members::document(&outcome.done.state).ok_or_else(unknown)?.into_owned();
    let id = Members::id(&outcome.done.subject).to_owned();
    let joined = Joined { tenant, id, version: outcome.done.version, document };
    if outcome.dry_run {
        return Ok(outcome.would(joined));
    }
    let mut response = super::json(StatusCode::OK, &joined);
    outcome.label(&mut response);
    Ok(response)
}

/// Refuses to invite where no mail could hold what an invitation is accepted with.
fn can_invite(api: &Api) -> Result<(), Problem> {
    match api.secrets() {
        Some(_) => Ok(()),
        None => Err(Problem::unavailable("this node has no secret to derive invitations from")),
    }
}
