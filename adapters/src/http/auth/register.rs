//! Becoming a user, proving an address, and new passwords. Says the same to everybody who has
//! proved nothing.

use super::{
    client::{Asked, Client, Signed},
    flow::{busy, no_chance, plain_email, wrong},
    view::{Accepted, Settled},
};
use crate::{
    http::{Api, Problem, json},
    identity::{passwords, refresh::unguessable, tickets},
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::request::Denied;
use kontor_messages::{
    Timestamp,
    user::{
        NewUser, PlatformRole, Proof, RegisteredVia, TicketId, TicketPurpose, UserCommand,
        UserEvent, UserId, UserRefusal,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(verify_email))
        .routes(routes!(forgot))
        .routes(routes!(reset))
        .routes(routes!(change))
}

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignUp {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    password: SecretString,
    /// The name.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// BCP 47 language of what is written to them.
    #[serde(default)]
    #[schema(max_length = 35)]
    language: Option<String>,
}

/// The token of a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LetterToken {
    /// The token.
    #[schema(value_type = String, max_length = 300)]
    token: SecretString,
}

/// Who forgot a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgot {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
}

/// A new password, with the token of a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// The token.
    #[schema(value_type = String, max_length = 300)]
    token: SecretString,
    /// The new password.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    password: SecretString,
}

/// A new password instead of the old one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The old one.
    #[schema(value_type = String, max_length = 128)]
    current_password: SecretString,
    /// The new one.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    password: SecretString,
}

/// Becomes a user, once the address is proved. Who has an account already is written so.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth", request_body = SignUp,
    responses((status = ACCEPTED, body = Accepted)))]
async fn sign_up(client: Client, Asked(asked): Asked<SignUp>) -> Result<Response, Problem> {
    client.may_try()?;
    let SignUp { email, password, name, language } = asked;
    let email = plain_email(&email);
    let new = with_password(&client, email, password, name.unwrap_or_default(), language).await?;
    register(&client, new, TicketPurpose::VerifyEmail).await
}

/// Somebody new with a password of their own.
pub(super) async fn with_password(
    client: &Client,
    email: String,
    password: SecretString,
    name: String,
    language: Option<String>,
) -> Result<NewUser, Problem> {
    client.may_try_at(&email)?;
    check_new("/password", &password, Some(&email))?;
    let password = client.api.identity().passwords().hash(password).await.map_err(busy)?;
    Ok(NewUser {
        email: Some(email),
        phone: None,
        name,
        language,
        password: Some(password),
        role: PlatformRole::None,
        via: RegisteredVia::Password,
        verified: false,
    })
}

/// Has somebody become a user; answers the same if they are one already.
pub(super) async fn register(
    client: &Client,
    new: NewUser,
    purpose: TicketPurpose,
) -> Result<Response, Problem> {
    let ticket = unguessable().map(TicketId).map_err(no_chance)?;
    let command =
        UserCommand::Register { user: fresh_user()?, new, ticket: Some((ticket, purpose)) };
    match client.ask(command).await {
        Ok(_) | Err(Denied::Refused(UserRefusal::Taken(_))) => Ok(accepted()),
        Err(denied) => Err(denied.into()),
    }
}

/// A new user's id; it sorts by time.
pub(in crate::http) fn fresh_user() -> Result<UserId, Problem> {
    let id = kontor_messages::EntityId::fresh(Timestamp::now());
    let id = id.as_str().parse();
    id.map_err(|_| Problem::unavailable("no id can be made now"))
}

/// Proves that a mail address is one's own.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "auth", request_body = LetterToken,
    responses((status = OK, body = Settled)))]
async fn verify_email(
    client: Client,
    Asked(letter): Asked<LetterToken>,
) -> Result<Response, Problem> {
    client.may_try()?;
    let (user, ticket) = read(&client, &letter.token, &[TicketPurpose::VerifyEmail])?;
    spend(&client, UserCommand::VerifyEmail { user, ticket }, "verified").await
}

/// Has a letter sent by which a new password can be set.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "auth", request_body = Forgot,
    responses((status = ACCEPTED, body = Accepted)))]
async fn forgot(client: Client, Asked(asked): Asked<Forgot>) -> Result<Response, Problem> {
    client.may_try()?;
    let email = plain_email(&asked.email);
    client.may_try_at(&email)?;
    let known = super::flow::find(&client, &email).await?;
    let command = match known {
        Some((user, _)) => {
            let ticket = unguessable().map(TicketId).map_err(no_chance)?;
            UserCommand::OpenTicket { user, ticket, purpose: TicketPurpose::ResetPassword }
        }
        // So that it takes as long; and who asks for many that are not there, has to wait.
        None => UserCommand::RecordStranger { address_hash: client.address_hash() },
    };
    match client.ask(command).await {
        Ok(_) | Err(Denied::Refused(_)) => Ok(accepted()),
        Err(denied) => Err(denied.into()),
    }
}

/// Sets a new password by a letter's token. All sessions end.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "auth", request_body = Reset,
    responses((status = OK, body = Settled)))]
async fn reset(client: Client, Asked(asked): Asked<Reset>) -> Result<Response, Problem> {
    client.may_try()?;
    let purposes = [TicketPurpose::ResetPassword, TicketPurpose::SetPassword];
    let (user, ticket) = read(&client, &asked.token, &purposes)?;
    let document = client.user(user).await?.ok_or_else(no_letter)?;
    check_new("/password", &asked.password, document.email.as_deref())?;
    let password = client.api.identity().passwords().hash(asked.password).await;
    let password = password.map_err(busy)?;
    spend(&client, UserCommand::ResetPassword { user, ticket, password }, "changed").await
}

/// Sets a new password instead of the old one. All other sessions end.
#[utoipa::path(post, path = "/v1/auth/password/change", tag = "auth", request_body = PasswordChange,
    responses((status = OK, body = Settled)))]
async fn change(signed: Signed, Asked(asked): Asked<PasswordChange>) -> Result<Response, Problem> {
    let Signed { client, bearer, user } = signed;
    client.may_try()?;
    client.may_try_at(&bearer.user.to_string())?;
    check_new("/password", &asked.password, user.email.as_deref())?;
    let passwords = client.api.identity().passwords();
    let kept = user.password.as_deref();
    let checked = passwords.check(asked.current_password, kept).await.map_err(busy)?;
    let password = passwords.hash(asked.password).await.map_err(busy)?;
    let proof =
        Proof::Password { right: checked.right, version: user.password_version, rehash: None };
    let (user, session) = (bearer.user, bearer.session);
    let command = UserCommand::ChangePassword { user, session, proof, password };
    let done = match client.ask(command).await {
        Ok(done) => done,
        Err(Denied::Refused(_)) => return Err(wrong()),
        Err(denied) => return Err(denied.into()),
    };
    let changed =
        done.events.iter().any(|(.., event)| matches!(event, UserEvent::PasswordChanged { .. }));
    if changed { Ok(json(StatusCode::OK, &Settled { status: "changed" })) } else { Err(wrong()) }
}

/// Whose letter a token is of.
fn read(
    client: &Client,
    token: &SecretString,
    purposes: &[TicketPurpose],
) -> Result<(UserId, TicketId), Problem> {
    let (vault, token) = (client.api.identity().vault(), token.expose_secret().trim());
    let found = purposes.iter().find_map(|purpose| tickets::read(vault, token, *purpose));
    found.ok_or_else(no_letter)
}

async fn spend(
    client: &Client,
    command: UserCommand,
    status: &'static str,
) -> Result<Response, Problem> {
    match client.ask(command).await {
        Ok(_) => Ok(json(StatusCode::OK, &Settled { status })),
        Err(Denied::Refused(_)) => Err(no_letter()),
        Err(denied) => Err(denied.into()),
    }
}

fn no_letter() -> Problem {
    let detail = "expected the token of a letter that was not used and is not too old";
    Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "invalid_token", "/token", detail)
}

/// Refuses a new password that is too short, too long, or the mail address.
pub(super) fn check_new(
    pointer: &str,
    password: &SecretString,
    email: Option<&str>,
) -> Result<(), Problem> {
    passwords::check_new(password.expose_secret(), email)
        .map_err(|expected| Problem::invalid(pointer, expected))
}

pub(super) fn accepted() -> Response {
    json(StatusCode::ACCEPTED, &Accepted { status: "accepted" })
}
