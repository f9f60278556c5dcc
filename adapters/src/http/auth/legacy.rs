//! Routes of the system that was before, with its shapes: `{user, accessToken, refreshToken}`.
//!
//! Nobody gets tokens for an address alone here either: the routes that did are not here. What was
//! unknown in a body was let through there, and is here. Registering gives tokens at once, so here,
//! and nowhere else, who has an account is told: by 409, slowed like a login, and to the owner too.

use super::{
    client::{Asked, Client},
    flow::{self, Contact, Shown, ShownSecond, phone_of, plain_email},
    register, roles,
    view::{Tokens, UserView},
};
use crate::{
    http::{Api, Problem, json},
    identity::refresh::unguessable,
};
use axum::response::Response;
use http::StatusCode;
use kontor_actors::{request::Denied, user::UserStatus};
use kontor_messages::{
    Timestamp,
    user::{
        NewUser, PlatformRole, TicketId, TicketPurpose, UserCommand, UserId, UserRefusal,
        user_entity,
    },
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
    /// The telephone number, with its country. It is kept as told: it lets nobody in.
    #[serde(default)]
    #[schema(max_length = 30)]
    phone: Option<String>,
}

/// What one comes in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyLogin {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, max_length = 128)]
    password: SecretString,
    /// A code of the authenticator, if there is one: 401 `second_factor_required` asks for it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    totp: Option<SecretString>,
    /// The same by another name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    code: Option<SecretString>,
    /// A recovery code instead.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    recovery_code: Option<SecretString>,
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
    /// Their telephone number.
    phone: Option<String>,
    /// How they are reached, the first way first.
    #[schema(max_items = 2)]
    contact_info: Vec<LegacyContact>,
    /// Their name.
    name: String,
    /// The first name.
    first_name: String,
    /// The last name.
    last_name: String,
    /// What they are.
    user_type: LegacyKind,
    /// `global:superadmin` for the platform's operator, `app:<tenant>:<role>` for a member. A token
    /// has the same, as far as there is room in it.
    #[schema(max_items = 201)]
    roles: Vec<String>,
    /// Whether they may come in.
    is_active: bool,
    /// Whether the mail address, or the number if there is none, is known to be theirs.
    is_verified: bool,
    /// When they last came in.
    last_activity: Option<Timestamp>,
    /// Since when they are here.
    created_at: Timestamp,
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LegacyKind {
    /// Somebody's customer.
    EndUser,
    /// A member of a tenant.
    Staff,
    /// The platform's operator.
    Admin,
}

/// A way to reach a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyContact {
    /// `email` or `phone`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The address or number.
    value: String,
    /// Whether it is the first one.
    is_primary: bool,
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
        let user_type = match user.platform_role {
            PlatformRole::Operator => LegacyKind::Admin,
            PlatformRole::None if user.tenants.is_empty() => LegacyKind::EndUser,
            PlatformRole::None => LegacyKind::Staff,
        };
        let is_verified = match user.email {
            Some(_) => user.email_verified,
            None => user.phone_verified,
        };
        Self {
            id: user.id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            contact_info: contacts(&user),
            roles: roles::all(user.platform_role, &user.tenants),
            user_type,
            email: user.email,
            phone: user.phone,
            is_active: user.status == UserStatus::Active,
            is_verified,
            last_activity: user.last_login_at,
            created_at: user.created_at,
            name: user.name,
        }
    }
}

fn contacts(user: &UserView) -> Vec<LegacyContact> {
    let all = [("email", &user.email), ("phone", &user.phone)];
    let known = all.into_iter().filter_map(|(kind, value)| Some((kind, value.clone()?)));
    let ways = known.enumerate().map(|(place, (kind, value))| LegacyContact {
        kind,
        value,
        is_primary: place == 0,
    });
    ways.collect()
}

impl From<Tokens> for LegacyTokens {
    fn from(tokens: Tokens) -> Self {
        let Tokens { user, access_token, refresh_token, .. } = tokens;
        Self { user: user.into(), access_token, refresh_token }
    }
}

/// Becomes a user and comes in. The token tells no address until that is proved. An address that has
/// an account already is answered 409 `user_exists`, and its owner is written to.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = LegacyRegister,
    responses((status = CREATED, body = LegacyTokens)))]
async fn sign_up(client: Client, Asked(asked): Asked<LegacyRegister>) -> Result<Response, Problem> {
    client.may_try()?;
    let email = plain_email(&asked.email);
    // An empty one is what forms send when nothing was typed.
    let phone = asked.phone.filter(|phone| !phone.trim().is_empty());
    let phone = phone.as_deref().map(phone_of).transpose()?;
    let names = [asked.first_name, asked.last_name];
    let name: Vec<String> = names.into_iter().flatten().collect();
    let name = name.join(" ").trim().to_owned();
    let password = asked.password.clone();
    let new = register::with_password(&client, email.clone(), asked.password, name, None).await?;
    let new = NewUser { phone, ..new };
    let known = flow::find(&client, &email).await?;
    if known.is_some_and(|(_, user)| !user.email_verified) {
        // Nobody owns the account yet, but somebody may use it: it is not taken over here.
        return Err(taken());
    }
    let ticket = unguessable().map(TicketId).map_err(flow::no_chance)?;
    let user = register::fresh_user()?;
    let ticket = Some((ticket, TicketPurpose::VerifyEmail));
    let done = match client.ask(UserCommand::Register { user, new, ticket }).await {
        Ok(done) => done,
        Err(Denied::Refused(UserRefusal::Taken(_))) => return Err(taken()),
        Err(denied) => return Err(denied.into()),
    };
    // Somebody has it: they have been written that somebody else asked.
    if done.subject != user_entity(user) {
        return Err(taken());
    }
    let (contact, shown) = (Contact::Email(email), Shown::Password(password));
    let tokens = flow::log_in(&client, &contact, shown, ShownSecond::default()).await?;
    Ok(json(StatusCode::CREATED, &LegacyTokens::from(tokens)))
}

/// Comes in with a password, and with a code of the authenticator if there is one.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LegacyLogin,
    responses((status = OK, body = LegacyTokens)))]
async fn login(client: Client, Asked(login): Asked<LegacyLogin>) -> Result<Response, Problem> {
    let LegacyLogin { email, password, totp, code, recovery_code } = login;
    let second = ShownSecond { totp: totp.or(code), recovery_code };
    let contact = Contact::Email(plain_email(&email));
    let tokens = flow::log_in(&client, &contact, Shown::Password(password), second).await?;
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
