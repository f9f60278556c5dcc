//! Users, for the platform's operator; and the keys that sign their tokens.

use super::{
    Api,
    access::Operator,
    auth::{client::no_token, register::fresh_user, view::UserView},
    command::{Command, HowAsked, Nothing, Outcome, ask},
    path::Named,
    problem::{Fault, Problem},
    query,
    read::{self, Paging},
};
use crate::identity::{passwords, refresh::unguessable, tickets};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    request::{Denied, Terms},
    store::{ListQuery, StoreFault},
    user::{EMAIL, User, UserState},
};
use kontor_messages::{
    Refusal, TenantId,
    user::{
        NewUser, PlatformRole, RegisteredVia, TicketId, TicketPurpose, UserCommand, UserId,
        UserRefusal, user_entity, user_of,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Users that one import may bring.
const IMPORT_MAX: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(import))
        .routes(routes!(get))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(set_role))
        .routes(routes!(rotate_keys))
}

/// Somebody whom the operator makes a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserWanted {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The name.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// BCP 47 language of what is written to them.
    #[serde(default)]
    #[schema(max_length = 35)]
    language: Option<String>,
    /// What they may do on the platform itself.
    #[serde(default)]
    platform_role: PlatformRole,
}

/// A user with what sets their first password.
#[derive(Serialize, ToSchema)]
struct MadeUser {
    /// The user.
    #[serde(flatten)]
    user: UserView,
    /// Sets their first password, once, within a week. Shown this once; a repeated request does not
    /// show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The same as a link, if there is a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// Users of another system.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserImport {
    /// The users.
    #[schema(min_items = 1, max_items = 500)]
    users: Vec<Imported>,
}

/// A user of another system.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Imported {
    /// The mail address.
    #[schema(max_length = 254)]
    email: String,
    /// The password's hash: bcrypt, or argon2id as a PHC string.
    #[serde(default)]
    #[schema(max_length = 300)]
    password_hash: Option<String>,
    /// The name.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The telephone number, E.164.
    #[serde(default)]
    #[schema(max_length = 20)]
    phone: Option<String>,
    /// Whether the addresses are known to be theirs.
    #[serde(default)]
    verified: bool,
}

/// What an import came to.
#[derive(Serialize, ToSchema)]
struct ImportDone {
    /// Users that are new.
    imported: usize,
    /// Users that were here already; nothing about them changed.
    unchanged: usize,
    /// What is wrong, by place and member: `/users/3/email`.
    #[schema(max_items = 500)]
    errors: Vec<Fault>,
}

/// Users.
#[derive(Serialize, ToSchema)]
struct UserPage {
    /// The users, newest first.
    items: Vec<UserView>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Why a user is kept out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reason {
    /// For people.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// What a user may do on the platform itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Role {
    /// It.
    platform_role: PlatformRole,
}

/// How keys are to be rotated.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Not to wait until verifiers can know the next key: for when somebody else has the present
    /// one. Its tokens count until they expire.
    #[serde(default)]
    at_once: bool,
}

/// Which keys sign.
#[derive(Serialize, ToSchema)]
struct Ring {
    /// The key that signs.
    active: Option<String>,
    /// The key that signs next.
    next: Option<String>,
    /// Whether the next one signs as soon as it has been published for long enough.
    rotation_asked: bool,
}

/// All users, newest first.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(Paging),
    responses((status = OK, body = UserPage)))]
async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let asked = read::Asked::try_from(paging)?;
    let query = ListQuery {
        tenant: TenantId::platform(),
        domain: User::NAME.to_owned(),
        prefix: "user/".to_owned(),
        status: None,
        label: None,
        from: None,
        before: asked.cursor.map(|cursor| format!("user/{cursor}")),
        limit: asked.limit as u32 + 1,
    };
    let rows = api.store().list(&query).await?;
    let mut items = Vec::with_capacity(asked.limit);
    for row in rows.iter().take(asked.limit) {
        let state: UserState = serde_json::from_str(&row.state)
            .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))?;
        let known = user_of(&row.entity).zip(state.user());
        items.extend(known.map(|(id, user)| UserView::of(id, user)));
    }
    let more = asked.limit < rows.len();
    let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(super::json(StatusCode::OK, &UserPage { items, next_cursor }))
}

/// Makes somebody a user, and a token that sets their first password.
#[utoipa::path(post, path = "/v1/users", tag = "users", params(HowAsked),
    request_body = UserWanted,
    responses((status = CREATED, body = MadeUser)))]
async fn create(operator: Operator, command: Command<UserWanted>) -> Result<Response, Problem> {
    let Command { body: wanted, terms, api } = command;
    if !api.identity().at_home().await.map_err(no_token)? {
        return Err(Problem::unavailable("identity.secret is not the one of the platform's nodes"));
    }
    let (user, ticket) = (fresh_user()?, ticket()?);
    let new = NewUser {
        email: Some(wanted.email.trim().to_lowercase()),
        phone: None,
        name: wanted.name.unwrap_or_default(),
        language: wanted.language,
        password: None,
        role: wanted.platform_role,
        via: RegisteredVia::Operator,
        verified: false,
    };
    let purpose = TicketPurpose::SetPassword;
    let asked = UserCommand::Register { user, new, ticket: Some((ticket, purpose)) };
    let caller = operator.on(TenantId::platform());
    let Outcome { done, replayed, dry_run } = ask::<User>(&api, &caller, terms, asked).await?;
    let known = done.state.user().zip(user_of(&done.subject));
    let (known, user) = known.ok_or_else(|| Problem::not_found("user"))?;
    let token = tickets::token(api.identity().vault(), user, ticket, purpose);
    let token = Some(token).filter(|_| !replayed && !dry_run);
    let link = token.as_ref().and_then(|token| api.identity().link("reset-password", token));
    let made = MadeUser { user: UserView::of(user, known), token, link };
    if dry_run {
        return Ok(super::json(StatusCode::OK, &made));
    }
    Ok(super::json(StatusCode::CREATED, &made))
}

/// Takes over users of another system with their passwords' hashes. Who is here already stays as
/// they are, so it can be asked again; what is wrong keeps nothing else from being done.
#[utoipa::path(post, path = "/v1/users/import", tag = "users", params(HowAsked),
    request_body = UserImport,
    responses((status = OK, body = ImportDone)))]
async fn import(operator: Operator, command: Command<UserImport>) -> Result<Response, Problem> {
    let Command { body: UserImport { users }, terms, api } = command;
    let dry_run = terms.dry_run;
    if !(1..=IMPORT_MAX).contains(&users.len()) {
        return Err(Problem::invalid("/users", format!("expected 1 to {IMPORT_MAX} users")));
    }
    let mut done = ImportDone { imported: 0, unchanged: 0, errors: Vec::new() };
    for (place, row) in users.into_iter().enumerate() {
        match import_one(&api, &operator, row, dry_run).await? {
            Row::New => done.imported += 1,
            Row::Known => done.unchanged += 1,
            Row::Wrong(member, detail) => {
                done.errors.push(Fault { pointer: format!("/users/{place}{member}"), detail });
            }
        }
    }
    Ok(super::json(StatusCode::OK, &done))
}

/// What became of one user of an import.
enum Row {
    New,
    Known,
    Wrong(String, String),
}

async fn import_one(
    api: &Api,
    operator: &Operator,
    row: Imported,
    dry_run: bool,
) -> Result<Row, Problem> {
    let Imported { email, password_hash, name, phone, verified } = row;
    if let Some(hash) = &password_hash
        && let Err(expected) = passwords::check_form(hash)
    {
        return Ok(Row::Wrong("/password_hash".to_owned(), format!("expected {expected}")));
    }
    let email = email.trim().to_lowercase();
    if !email.is_empty()
        && api.intake().find::<User>(&TenantId::platform(), EMAIL, &email).await?.is_some()
    {
        return Ok(Row::Known);
    }
    let new = NewUser {
        email: Some(email),
        phone,
        name: name.unwrap_or_default(),
        language: None,
        password: password_hash,
        role: PlatformRole::None,
        via: RegisteredVia::Import,
        verified,
    };
    let asked = UserCommand::Register { user: fresh_user()?, new, ticket: None };
    let terms = Terms { dry_run, ..Terms::default() };
    let caller = operator.on(TenantId::platform());
    match api.intake().ask::<User>(&caller, asked, terms).await {
        Ok(_) => Ok(Row::New),
        Err(Denied::Refused(UserRefusal::Taken("e-mail"))) => Ok(Row::Known),
        Err(Denied::Refused(refusal)) => {
            let member = match &refusal {
                UserRefusal::Taken(_) => Some("/phone".to_owned()),
                refusal => refusal.pointer(),
            };
            Ok(Row::Wrong(member.unwrap_or_default(), refusal.to_string()))
        }
        Err(denied) => Err(denied.into()),
    }
}

/// A user.
#[utoipa::path(get, path = "/v1/users/{user}", tag = "users",
    params(("user" = String, Path, max_length = 36)), responses((status = OK, body = UserView)))]
async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Named(user): Named<String>,
) -> Result<Response, Problem> {
    let id = user_id(&user)?;
    let found = api.intake().read::<User>(&TenantId::platform(), &user_entity(id)).await?;
    let known = found.as_ref().and_then(|(state, _)| state.user());
    let known = known.ok_or_else(|| Problem::not_found("user"))?;
    Ok(super::json(StatusCode::OK, &UserView::of(id, known)))
}

/// Keeps a user out; all sessions end.
#[utoipa::path(post, path = "/v1/users/{user}/disable", tag = "users",
    params(("user" = String, Path, max_length = 36), HowAsked), request_body = Reason,
    responses((status = OK, body = UserView)))]
async fn disable(
    operator: Operator,
    Named(user): Named<String>,
    command: Command<Reason>,
) -> Result<Response, Problem> {
    let Command { body: Reason { reason }, terms, api } = command;
    let user = user_id(&user)?;
    tell(&api, &operator, terms, user, UserCommand::Disable { user, reason }).await
}

/// Lets a user in again.
#[utoipa::path(post, path = "/v1/users/{user}/enable", tag = "users",
    params(("user" = String, Path, max_length = 36), HowAsked),
    request_body(content = Option<Nothing>), responses((status = OK, body = UserView)))]
async fn enable(
    operator: Operator,
    Named(user): Named<String>,
    command: Command<Nothing>,
) -> Result<Response, Problem> {
    let Command { terms, api, .. } = command;
    let user = user_id(&user)?;
    tell(&api, &operator, terms, user, UserCommand::Enable { user }).await
}

/// Says what a user may do on the platform itself.
#[utoipa::path(put, path = "/v1/users/{user}/role", tag = "users",
    params(("user" = String, Path, max_length = 36), HowAsked), request_body = Role,
    responses((status = OK, body = UserView)))]
async fn set_role(
    operator: Operator,
    Named(user): Named<String>,
    command: Command<Role>,
) -> Result<Response, Problem> {
    let Command { body: Role { platform_role: role }, terms, api } = command;
    let user = user_id(&user)?;
    tell(&api, &operator, terms, user, UserCommand::SetRole { user, role }).await
}

/// Has the next key sign access tokens, as soon as verifiers can know it.
#[utoipa::path(post, path = "/v1/identity/rotate-keys", tag = "users",
    request_body(content = Option<Rotation>),
    responses((status = OK, body = Ring)))]
async fn rotate_keys(operator: Operator, command: Command<Rotation>) -> Result<Response, Problem> {
    let Command { terms, api, body: Rotation { at_once } } = command;
    if terms.dry_run {
        return Err(Problem::parameter("dry_run", "expected none: this is done, or not asked"));
    }
    let ring = api.identity().rotate_keys(operator.on(TenantId::platform()).meta, at_once).await;
    let ring = ring.map_err(no_token)?;
    let kid = |key: &Option<kontor_actors::signing::KeyInRing>| {
        key.as_ref().map(|key| key.key.kid.clone())
    };
    let (active, next) = (kid(&ring.active), kid(&ring.next));
    let shown = Ring { active, next, rotation_asked: ring.rotation_asked };
    Ok(super::json(StatusCode::OK, &shown))
}

async fn tell(
    api: &Api,
    operator: &Operator,
    terms: Terms,
    user: UserId,
    command: UserCommand,
) -> Result<Response, Problem> {
    let caller = operator.on(TenantId::platform());
    let Outcome { done, .. } = ask::<User>(api, &caller, terms, command).await?;
    let known = done.state.user().ok_or_else(|| Problem::not_found("user"))?;
    Ok(super::json(StatusCode::OK, &UserView::of(user, known)))
}

fn ticket() -> Result<TicketId, Problem> {
    let chance = unguessable().map(TicketId);
    chance.map_err(|_| Problem::unavailable("no secret can be made now"))
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| Problem::not_found("user"))
}
