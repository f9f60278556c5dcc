//! Routes of the system that was before, with its shapes: `{user, accessToken, refreshToken}`.
//!
//! Nobody gets tokens for an address alone here either: the routes that did are not here.

use super::{
    client::{Asked, Client},
    flow::{self, Shown, ShownSecond, plain_email},
    register,
    view::{Tokens, UserView},
};
use crate::{
    http::{Api, Problem, json},
    identity::refresh::unguessable,
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::user::UserStatus;
use kontor_messages::{
    Timestamp,
    user::{TicketId, TicketPurpose, UserCommand, UserId, user_entity},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(validate))
}

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyRegister {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    password: SecretString,
    /// The first name.
    #[serde(default)]
    #[schema(max_length = 99)]
    first_name: Option<String>,
    /// The last name.
    #[serde(default)]
    #[schema(max_length = 99)]
    last_name: Option<String>,
}

/// What one comes in with.
#[derive(Deserialize, ToSchema)]
struct LegacyLogin {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, max_length = 128)]
    password: SecretString,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyRefresh {
    /// The token; it counts once.
    #[schema(value_type = String, max_length = 300)]
    refresh_token: SecretString,
}

/// An access token.
#[derive(Deserialize, ToSchema)]
struct LegacyToken {
    /// The token.
    #[schema(value_type = String, max_length = 4096)]
    token: SecretString,
}

/// A user as that system showed them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyUser {
    /// Their id.
    id: UserId,
    /// Their mail address.
    email: Option<String>,
    /// The first name.
    first_name: String,
    /// The last name.
    last_name: String,
    /// Whether they may come in.
    is_active: bool,
    /// Whether the mail address is known to be theirs.
    is_verified: bool,
    /// When they last came in.
    last_activity: Option<Timestamp>,
    /// Since when they are here.
    created_at: Timestamp,
}

/// A way in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyTokens {
    /// Who came in.
    user: LegacyUser,
    /// A JWT.
    access_token: String,
    /// Gets the next access token, once.
    refresh_token: String,
}

/// A token that counts.
#[derive(Serialize, ToSchema)]
struct LegacyValid {
    /// `true`.
    valid: bool,
    /// Whose it is.
    user: LegacyUser,
}

impl From<UserView> for LegacyUser {
    fn from(user: UserView) -> Self {
        let (first, last) = user.name.split_once(' ').unwrap_or((&user.name, ""));
        Self {
            id: user.id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: user.email,
            is_active: user.status == UserStatus::Active,
            is_verified: user.email_verified,
            last_activity: user.last_login_at,
            created_at: user.created_at,
        }
    }
}

impl From<Tokens> for LegacyTokens {
    fn from(tokens: Tokens) -> Self {
        let Tokens { user, access_token, refresh_token, .. } = tokens;
        Self { user: user.into(), access_token, refresh_token }
    }
}

/// Becomes a user and comes in. The token tells no address until that is proved.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = LegacyRegister,
    responses((status = CREATED, body = LegacyTokens)))]
async fn sign_up(client: Client, Asked(asked): Asked<LegacyRegister>) -> Result<Response, Problem> {
    client.may_try()?;
    let email = plain_email(&asked.email);
    let names = [asked.first_name, asked.last_name];
    let name: Vec<String> = names.into_iter().flatten().collect();
    let name = name.join(" ").trim().to_owned();
    let password = asked.password.clone();
    let new = register::with_password(&client, email.clone(), asked.password, name, None).await?;
    // That system told so too: its callers rely on it.
    if flow::find(&client, &email).await?.is_some() {
        return Err(taken());
    }
    let ticket = unguessable().map(TicketId).map_err(flow::no_chance)?;
    let user = register::fresh_user()?;
    let ticket = Some((ticket, TicketPurpose::VerifyEmail));
    let done = client.ask(UserCommand::Register { user, new, ticket }).await?;
    if done.subject != user_entity(user) {
        return Err(taken());
    }
    let shown = Shown::Password(password);
    let tokens = flow::log_in(&client, &email, shown, ShownSecond::default()).await?;
    Ok(json(StatusCode::CREATED, &LegacyTokens::from(tokens)))
}

/// Comes in with a password.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LegacyLogin,
    responses((status = OK, body = LegacyTokens)))]
async fn login(client: Client, Asked(login): Asked<LegacyLogin>) -> Result<Response, Problem> {
    let shown = Shown::Password(login.password);
    let tokens = flow::log_in(&client, &login.email, shown, ShownSecond::default()).await?;
    Ok(json(StatusCode::OK, &LegacyTokens::from(tokens)))
}

/// Gets the next tokens.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = LegacyRefresh,
    responses((status = OK, body = LegacyTokens)))]
async fn refresh(client: Client, Asked(shown): Asked<LegacyRefresh>) -> Result<Response, Problem> {
    let tokens = flow::refresh(&client, shown.refresh_token.expose_secret()).await?;
    Ok(json(StatusCode::OK, &LegacyTokens::from(tokens)))
}

/// Says whose an access token is.
#[utoipa::path(post, path = "/auth/validate", tag = "auth", request_body = LegacyToken,
    responses((status = OK, body = LegacyValid)))]
async fn validate(client: Client, Asked(shown): Asked<LegacyToken>) -> Result<Response, Problem> {
    let (bearer, user) = client.bearer(shown.token.expose_secret()).await?;
    let user = UserView::of(bearer.user, &user).into();
    Ok(json(StatusCode::OK, &LegacyValid { valid: true, user }))
}

fn taken() -> Problem {
    let detail = "there is an account with this e-mail already";
    Problem::new(StatusCode::CONFLICT, "user_exists", detail)
}
