//! A user's own account: what is written about them, their sessions and their authenticator.

use super::{
    client::{Asked, Client, Signed},
    flow::{ShownSecond, check_second, no_chance, step, totp_context, wrong},
    view::{SessionView, UserView},
};
use crate::{
    http::{Api, Problem, json, path::Named},
    identity::totp,
};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kontor_actors::{request::Denied, user::User};
use kontor_messages::user::{RevokeReason, SessionId, UserCommand, UserEvent, UserRefusal};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get, patch))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
        .routes(routes!(enrol))
        .routes(routes!(confirm))
        .routes(routes!(disable))
        .routes(routes!(renew))
}

/// What changes; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Changes {
    /// The name.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// BCP 47 language of what is written to them.
    #[serde(default)]
    #[schema(max_length = 35)]
    language: Option<String>,
}

/// The sessions that are open.
#[derive(Serialize, ToSchema)]
struct Sessions {
    /// Oldest first.
    #[schema(max_items = 20)]
    items: Vec<SessionView>,
}

/// What an authenticator needs.
#[derive(Serialize, ToSchema)]
struct Enrolled {
    /// The secret in base32. Shown this once.
    secret: String,
    /// The same as authenticators read it, mostly from a picture.
    uri: String,
}

/// The authenticator's first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstCode {
    /// Six digits.
    #[schema(value_type = String, max_length = 20)]
    code: SecretString,
}

/// A code of the authenticator, or one that stands in for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondCode {
    /// A code of the authenticator.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    totp: Option<SecretString>,
    /// A recovery code instead.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    recovery_code: Option<SecretString>,
}

/// Codes that stand in for the authenticator, each once. Shown this once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// The codes.
    #[schema(max_items = 20)]
    recovery_codes: Vec<String>,
}

/// Who asks.
#[utoipa::path(get, path = "/v1/auth/me", tag = "auth", responses((status = OK, body = UserView)))]
async fn get(signed: Signed) -> Response {
    json(StatusCode::OK, &UserView::of(signed.bearer.user, &signed.user))
}

/// Changes what is written about who asks.
#[utoipa::path(patch, path = "/v1/auth/me", tag = "auth", request_body = Changes,
    responses((status = OK, body = UserView)))]
async fn patch(signed: Signed, Asked(changes): Asked<Changes>) -> Result<Response, Problem> {
    let (user, Changes { name, language }) = (signed.bearer.user, changes);
    let done = signed.client.ask(UserCommand::Update { user, name, language }).await?;
    let known = done.state.user().ok_or_else(|| Problem::not_found("user"))?;
    Ok(json(StatusCode::OK, &UserView::of(user, known)))
}

/// The sessions that are open.
#[utoipa::path(get, path = "/v1/auth/sessions", tag = "auth",
    responses((status = OK, body = Sessions)))]
async fn sessions(signed: Signed) -> Result<Response, Problem> {
    let Signed { client, bearer, user } = signed;
    let mut items = Vec::with_capacity(user.sessions.len());
    for session in &user.sessions {
        let known = client.session(bearer.user, *session).await?;
        items.extend(known.map(|known| SessionView::of(*session, &known, bearer.session)));
    }
    Ok(json(StatusCode::OK, &Sessions { items }))
}

/// Ends a session.
#[utoipa::path(delete, path = "/v1/auth/sessions/{session}", tag = "auth",
    params(("session" = String, Path, max_length = 36)), responses((status = NO_CONTENT)))]
async fn end_session(signed: Signed, Named(session): Named<String>) -> Result<Response, Problem> {
    let session: SessionId = session.parse().map_err(|_| Problem::not_found("session"))?;
    let (user, reason) = (signed.bearer.user, RevokeReason::ByUser);
    signed.client.ask(UserCommand::Revoke { user, session, reason }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Begins with an authenticator; it counts once its first code was shown.
#[utoipa::path(post, path = "/v1/auth/totp", tag = "auth",
    responses((status = OK, body = Enrolled)))]
async fn enrol(signed: Signed) -> Result<Response, Problem> {
    let Signed { client, bearer, user } = signed;
    let secret = totp::secret().map_err(no_chance)?;
    let vault = client.api.identity().vault();
    let sealed = vault.seal(&totp_context(bearer.user), &*secret).map_err(|fault| {
        tracing::error!(%fault, "an authenticator's secret cannot be sealed");
        Problem::unavailable("no authenticator can be made now")
    })?;
    client.ask(UserCommand::EnrolTotp { user: bearer.user, sealed }).await?;
    let account = user.email.unwrap_or_else(|| bearer.user.to_string());
    let (uri, secret) = (totp::uri(&*secret, &account), totp::base32(&*secret));
    Ok(json(StatusCode::OK, &Enrolled { secret, uri }))
}

/// Shows the first code; from now on one is asked for.
#[utoipa::path(post, path = "/v1/auth/totp/confirm", tag = "auth", request_body = FirstCode,
    responses((status = OK, body = RecoveryCodes)))]
async fn confirm(signed: Signed, Asked(shown): Asked<FirstCode>) -> Result<Response, Problem> {
    let (client, user) = (&signed.client, signed.bearer.user);
    may_try(&signed)?;
    let step = match &signed.user.totp {
        Some(totp) => step(client, user, &totp.sealed, &shown.code)?,
        None => None,
    };
    let (codes, recovery) = totp::recovery().map_err(no_chance)?;
    settle(client, UserCommand::ConfirmTotp { user, step, recovery }).await?;
    Ok(json(StatusCode::OK, &RecoveryCodes { recovery_codes: codes }))
}

/// Goes on without an authenticator.
#[utoipa::path(post, path = "/v1/auth/totp/disable", tag = "auth", request_body = SecondCode,
    responses((status = NO_CONTENT)))]
async fn disable(signed: Signed, Asked(shown): Asked<SecondCode>) -> Result<Response, Problem> {
    let second = second(&signed, shown)?;
    let user = signed.bearer.user;
    settle(&signed.client, UserCommand::DisableTotp { user, second }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gets new recovery codes; the old ones count no longer.
#[utoipa::path(post, path = "/v1/auth/recovery-codes", tag = "auth", request_body = SecondCode,
    responses((status = OK, body = RecoveryCodes)))]
async fn renew(signed: Signed, Asked(shown): Asked<SecondCode>) -> Result<Response, Problem> {
    let second = second(&signed, shown)?;
    let (codes, recovery) = totp::recovery().map_err(no_chance)?;
    let user = signed.bearer.user;
    settle(&signed.client, UserCommand::RenewRecovery { user, second, recovery }).await?;
    Ok(json(StatusCode::OK, &RecoveryCodes { recovery_codes: codes }))
}

fn may_try(signed: &Signed) -> Result<(), Problem> {
    signed.client.may_try()?;
    signed.client.may_try_at(&signed.bearer.user.to_string())
}

fn second(
    signed: &Signed,
    shown: SecondCode,
) -> Result<kontor_messages::user::SecondFactor, Problem> {
    may_try(signed)?;
    let SecondCode { totp, recovery_code } = shown;
    let shown = ShownSecond { totp, recovery_code };
    let checked = check_second(&signed.client, signed.bearer.user, &signed.user, shown)?;
    checked.ok_or_else(|| Problem::invalid("/totp", "expected a code"))
}

/// Asks for something that needs a code; a wrong one is counted, and answered as wrong.
async fn settle(client: &Client, command: UserCommand) -> Result<(), Problem> {
    let done: kontor_actors::request::Done<User> = match client.ask(command).await {
        Ok(done) => done,
        Err(Denied::Refused(UserRefusal::Locked { .. })) => return Err(wrong()),
        Err(denied) => return Err(denied.into()),
    };
    let failed =
        done.events.iter().any(|(.., event)| matches!(event, UserEvent::LoginFailed { .. }));
    if failed { Err(wrong()) } else { Ok(()) }
}
