//! Coming in and going out: `/v1/auth/login`, `refresh`, `validate`, `logout`, and codes.

use super::{
    client::{Asked, Client, Signed},
    flow::{self, Contact, Shown, ShownSecond, plain_email},
    register,
    view::{Accepted, Tokens, UserView},
};
use crate::{
    http::{Api, Problem, json},
    identity::refresh as tokens,
};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kontor_messages::user::{
    PlatformRole, RegisteredVia, RevokeReason, TicketPurpose, UserCommand,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(validate))
        .routes(routes!(logout))
        .routes(routes!(logout_everywhere))
        .routes(routes!(ask_code))
        .routes(routes!(verify_code))
}

/// What one comes in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, max_length = 128)]
    password: SecretString,
    /// A code of the authenticator, if there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    totp: Option<SecretString>,
    /// A recovery code instead.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    recovery_code: Option<SecretString>,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The token; it counts once.
    #[schema(value_type = String, max_length = 300)]
    refresh_token: SecretString,
}

/// An access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Validate {
    /// The token.
    #[schema(value_type = String, max_length = 4096)]
    token: SecretString,
}

/// A token that counts.
#[derive(Serialize, ToSchema)]
struct Valid {
    /// `true`.
    valid: bool,
    /// Whose it is.
    user: UserView,
}

/// To whom a code is to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeWanted {
    /// The mail address.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The telephone number instead, with its country.
    #[serde(default)]
    #[schema(max_length = 30)]
    phone: Option<String>,
    /// The name of somebody new.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The language of somebody new.
    #[serde(default)]
    #[schema(max_length = 35)]
    language: Option<String>,
}

/// A code that was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeShown {
    /// The mail address that it was sent to.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The telephone number that it was sent to.
    #[serde(default)]
    #[schema(max_length = 30)]
    phone: Option<String>,
    /// The six digits.
    #[schema(value_type = String, max_length = 20)]
    code: SecretString,
    /// A code of the authenticator, if there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    totp: Option<SecretString>,
    /// A recovery code instead.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    recovery_code: Option<SecretString>,
}

/// Comes in with a password.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", request_body = Login,
    responses((status = OK, body = Tokens)))]
async fn login(client: Client, Asked(login): Asked<Login>) -> Result<Response, Problem> {
    let Login { email, password, totp, recovery_code } = login;
    let second = ShownSecond { totp, recovery_code };
    let contact = Contact::Email(plain_email(&email));
    let tokens = flow::log_in(&client, &contact, Shown::Password(password), second).await?;
    Ok(json(StatusCode::OK, &tokens))
}

/// Gets the next tokens. A refresh token that was used before ends its session.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", request_body = Refresh,
    responses((status = OK, body = Tokens)))]
async fn refresh(client: Client, Asked(shown): Asked<Refresh>) -> Result<Response, Problem> {
    use secrecy::ExposeSecret;
    let tokens = flow::refresh(&client, shown.refresh_token.expose_secret()).await?;
    Ok(json(StatusCode::OK, &tokens))
}

/// Says whose an access token is, if it counts and its session is open.
#[utoipa::path(post, path = "/v1/auth/validate", tag = "auth", request_body = Validate,
    responses((status = OK, body = Valid)))]
async fn validate(client: Client, Asked(shown): Asked<Validate>) -> Result<Response, Problem> {
    use secrecy::ExposeSecret;
    let (bearer, user) = client.bearer(shown.token.expose_secret()).await?;
    let user = UserView::of(bearer.user, &user);
    Ok(json(StatusCode::OK, &Valid { valid: true, user }))
}

/// Ends the session of a refresh token. One that does not count changes nothing.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", request_body = Refresh,
    responses((status = NO_CONTENT)))]
async fn logout(client: Client, Asked(shown): Asked<Refresh>) -> Result<Response, Problem> {
    use secrecy::ExposeSecret;
    let Some(shown) = tokens::read(shown.refresh_token.expose_secret()) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (user, session) = (shown.user, shown.session);
    let known = client.session(user, session).await?;
    let right =
        known.is_some_and(|known| known.secret_hash.as_bytes().ct_eq(shown.hash.as_bytes()).into());
    if right {
        let reason = RevokeReason::LoggedOut;
        client.ask(UserCommand::Revoke { user, session, reason }).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends all sessions, this one too.
#[utoipa::path(post, path = "/v1/auth/logout-everywhere", tag = "auth",
    responses((status = NO_CONTENT)))]
async fn logout_everywhere(signed: Signed) -> Result<Response, Problem> {
    let command = UserCommand::RevokeAll { user: signed.bearer.user, except: None };
    signed.client.ask(command).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Has a code sent to come in with, by mail or to a telephone; somebody new becomes a user by showing it.
#[utoipa::path(post, path = "/v1/auth/codes", tag = "auth", request_body = CodeWanted,
    responses((status = ACCEPTED, body = Accepted)))]
async fn ask_code(client: Client, Asked(wanted): Asked<CodeWanted>) -> Result<Response, Problem> {
    let contact = Contact::of(wanted.email.as_deref(), wanted.phone.as_deref())?;
    client.may_try()?;
    client.may_try_at(contact.key().1)?;
    if let Contact::Phone(phone) = &contact {
        client.may_text(phone)?;
    }
    let (email, phone, purpose) = match contact {
        Contact::Email(email) => (Some(email), None, TicketPurpose::LoginCode),
        Contact::Phone(phone) => (None, Some(phone), TicketPurpose::PhoneCode),
    };
    let new = kontor_messages::user::NewUser {
        email,
        phone,
        name: wanted.name.unwrap_or_default(),
        language: wanted.language,
        password: None,
        role: PlatformRole::None,
        via: RegisteredVia::Code,
        verified: false,
    };
    register::register(&client, new, purpose).await
}

/// Comes in with a code.
#[utoipa::path(post, path = "/v1/auth/codes/verify", tag = "auth", request_body = CodeShown,
    responses((status = OK, body = Tokens)))]
async fn verify_code(client: Client, Asked(shown): Asked<CodeShown>) -> Result<Response, Problem> {
    let CodeShown { email, phone, code, totp, recovery_code } = shown;
    let second = ShownSecond { totp, recovery_code };
    let contact = Contact::of(email.as_deref(), phone.as_deref())?;
    let tokens = flow::log_in(&client, &contact, Shown::Code(code), second).await?;
    Ok(json(StatusCode::OK, &tokens))
}
