//! The way in, as all routes share it: what was shown is checked here, what follows from it is
//! decided by the user domain, and whoever has proved nothing learns nothing.

use super::{
    client::{Client, no_token},
    pace::too_many,
    roles,
    view::{Tokens, UserView},
};
use crate::{
    http::Problem,
    identity::{
        Bearer, passwords::HashFault, refresh, refresh::Fresh, tickets, tokens::ACCESS_FOR, totp,
    },
};
use http::StatusCode;
use kontor_actors::{
    chance::NoChance,
    request::Denied,
    user::{EMAIL, PHONE, User, UserDocument},
    words::plain_phone,
};
use kontor_messages::{
    TenantId, Timestamp,
    user::{
        Proof, SecondFactor, SessionId, TicketPurpose, UserCommand, UserEvent, UserId, UserRefusal,
        address_entity, session_entity, user_of,
    },
};
use secrecy::{ExposeSecret, SecretString};

/// What somebody shows to come in.
pub(super) enum Shown {
    Password(SecretString),
    Code(SecretString),
}

/// What somebody shows besides.
#[derive(Default)]
pub(super) struct ShownSecond {
    pub(super) totp: Option<SecretString>,
    pub(super) recovery_code: Option<SecretString>,
}

/// By what somebody is found.
pub(super) enum Contact {
    /// A mail address, as it is kept.
    Email(String),
    /// A telephone number, as it is kept.
    Phone(String),
}

impl Contact {
    /// What was given: a mail address or a telephone number, and not both.
    pub(super) fn of(email: Option<&str>, phone: Option<&str>) -> Result<Self, Problem> {
        match (email, phone) {
            (Some(email), None) => Ok(Self::Email(plain_email(email))),
            (None, Some(phone)) => phone_of(phone).map(Self::Phone),
            (None, None) => {
                Err(Problem::invalid("/email", "expected a mail address, or /phone instead"))
            }
            (Some(_), Some(_)) => {
                let expected = "expected a mail address or a telephone number, not both";
                Err(Problem::invalid("/phone", expected))
            }
        }
    }

    /// The name and the value of the key that finds them.
    pub(super) fn key(&self) -> (&'static str, &str) {
        match self {
            Self::Email(email) => (EMAIL, email),
            Self::Phone(phone) => (PHONE, phone),
        }
    }
}

/// A telephone number as it is kept.
pub(super) fn phone_of(phone: &str) -> Result<String, Problem> {
    plain_phone(phone).ok_or_else(|| {
        let expected = "expected a number with its country, such as +420602123456";
        Problem::invalid("/phone", expected)
    })
}

/// A mail address as it is kept.
pub(super) fn plain_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The user with this mail address.
pub(super) async fn find(
    client: &Client,
    email: &str,
) -> Result<Option<(UserId, UserDocument)>, Problem> {
    find_by(client, (EMAIL, email)).await
}

/// The user with this key.
async fn find_by(
    client: &Client,
    (name, value): (&str, &str),
) -> Result<Option<(UserId, UserDocument)>, Problem> {
    let platform = TenantId::platform();
    let found = client.api.intake().find::<User>(&platform, name, value).await?;
    let Some(id) = found.as_ref().and_then(user_of) else { return Ok(None) };
    Ok(client.user(id).await?.map(|user| (id, user)))
}

/// Lets somebody in who shows the right things.
pub(super) async fn log_in(
    client: &Client,
    contact: &Contact,
    shown: Shown,
    second: ShownSecond,
) -> Result<Tokens, Problem> {
    client.may_try()?;
    client.may_try_at(contact.key().1)?;
    let address_hash = client.address_hash();
    let ((), known) =
        tokio::try_join!(not_blocked(client, &address_hash), find_by(client, contact.key()))?;
    let purpose = match contact {
        Contact::Email(_) => TicketPurpose::LoginCode,
        Contact::Phone(_) => TicketPurpose::PhoneCode,
    };
    let proof = check(client, known.as_ref(), (shown, purpose)).await?;
    let (Some((user, document)), Some(proof)) = (known, proof) else {
        client.ask(UserCommand::RecordStranger { address_hash }).await?;
        return Err(wrong());
    };
    let second = check_second(client, user, &document, second)?;
    let (session, fresh) = new_session()?;
    let command = UserCommand::LogIn {
        user,
        proof,
        second,
        session,
        secret_hash: fresh.hash(),
        device: client.device.clone(),
        address: client.address.clone(),
        address_hash,
    };
    let done = client.begin(command, session_entity(user, session)).await.map_err(told)?;
    let opened =
        done.events.iter().any(|(.., event)| matches!(event, UserEvent::SessionOpened { .. }));
    if !opened {
        return Err(wrong());
    }
    let user_now = client.user(user).await?.ok_or_else(wrong)?;
    tokens(client, user, &user_now, session, fresh.token(user, session, 1)).await
}

/// What was shown, against what is kept; `None` if there is nothing to hold it against.
async fn check(
    client: &Client,
    known: Option<&(UserId, UserDocument)>,
    (shown, purpose): (Shown, TicketPurpose),
) -> Result<Option<Proof>, Problem> {
    let identity = client.api.identity();
    match shown {
        Shown::Password(password) => {
            let kept = known.and_then(|(_, user)| user.password.as_deref());
            let checked = identity.passwords().check(password, kept).await.map_err(busy)?;
            Ok(known.map(|(_, user)| Proof::Password {
                right: checked.right,
                version: user.password_version,
                rehash: checked.rehash,
            }))
        }
        Shown::Code(code) => Ok(known.and_then(|(id, user)| {
            let ticket = user.ticket(purpose, Timestamp::now())?.ticket;
            let shown = code.expose_secret().trim();
            let right = tickets::is_code(identity.vault(), *id, ticket, purpose, shown);
            Some(Proof::Code { ticket, right })
        })),
    }
}

/// What the second factor came to, if one was shown.
pub(super) fn check_second(
    client: &Client,
    user: UserId,
    document: &UserDocument,
    shown: ShownSecond,
) -> Result<Option<SecondFactor>, Problem> {
    if let Some(code) = shown.totp {
        let Some(totp) = &document.totp else {
            return Ok(Some(SecondFactor::Totp { step: None }));
        };
        let step = step(client, user, &totp.sealed, &code)?;
        return Ok(Some(SecondFactor::Totp { step }));
    }
    let hash = shown.recovery_code.map(|code| totp::recovery_hash(code.expose_secret()));
    Ok(hash.map(|hash| SecondFactor::Recovery { hash }))
}

/// The step whose code was shown.
pub(super) fn step(
    client: &Client,
    user: UserId,
    sealed: &str,
    code: &SecretString,
) -> Result<Option<i64>, Problem> {
    let opened = client.api.identity().vault().open(&totp_context(user), sealed);
    let secret = opened.map_err(|fault| {
        tracing::error!(%fault, "an authenticator's secret does not open: is the secret another?");
        Problem::unavailable("codes of authenticators cannot be checked now")
    })?;
    Ok(totp::step(&secret, code.expose_secret().trim(), Timestamp::now()))
}

/// What an authenticator's secret is sealed as.
pub(super) fn totp_context(user: UserId) -> String {
    format!("totp/{user}")
}

/// Exchanges a refresh token for a new one.
pub(super) async fn refresh(client: &Client, shown: &str) -> Result<Tokens, Problem> {
    let shown = refresh::read(shown).ok_or_else(no_refresh)?;
    let fresh = Fresh::new().map_err(no_chance)?;
    let (user, session) = (shown.user, shown.session);
    let command = UserCommand::Refresh {
        user,
        session,
        generation: shown.generation,
        shown_hash: shown.hash,
        next_hash: fresh.hash(),
    };
    let done = match client.ask(command).await {
        Ok(done) => done,
        Err(Denied::Refused(_)) => return Err(no_refresh()),
        Err(denied) => return Err(denied.into()),
    };
    let generation = done.events.iter().find_map(|(.., event)| match event {
        UserEvent::SessionRefreshed { generation, .. } => Some(*generation),
        _ => None,
    });
    let Some(generation) = generation else {
        tracing::warn!(%user, %session, "a refresh token was used twice: the session is ended");
        return Err(no_refresh());
    };
    let document = client.user(user).await?.ok_or_else(no_refresh)?;
    tokens(client, user, &document, session, fresh.token(user, session, generation)).await
}

/// A new session's id and its first secret.
fn new_session() -> Result<(SessionId, Fresh), Problem> {
    let session = refresh::unguessable().map(SessionId).map_err(no_chance)?;
    Ok((session, Fresh::new().map_err(no_chance)?))
}

async fn tokens(
    client: &Client,
    user: UserId,
    document: &UserDocument,
    session: SessionId,
    refresh_token: String,
) -> Result<Tokens, Problem> {
    let bearer = Bearer {
        user,
        session,
        platform_role: document.role,
        // What nobody has proved is nothing to rely on.
        email: document.email.clone().filter(|_| document.email_verified),
        roles: roles::in_token(document),
        expires_at: Timestamp::now().plus(ACCESS_FOR),
    };
    let access_token = client.api.identity().sign(&bearer).await.map_err(no_token)?;
    Ok(Tokens {
        user: UserView::of(user, document),
        access_token,
        token_type: "Bearer",
        expires_in: ACCESS_FOR.as_secs(),
        refresh_token,
    })
}

async fn not_blocked(client: &Client, hash: &str) -> Result<(), Problem> {
    let (platform, entity) = (TenantId::platform(), address_entity(hash));
    let now = Timestamp::now();
    match client.api.intake().read::<User>(&platform, &entity).await? {
        Some((state, _)) => state.blocked(now).map_or(Ok(()), |until| Err(blocked(until, now))),
        None => Ok(()),
    }
}

fn blocked(until: Timestamp, now: Timestamp) -> Problem {
    too_many("from this address", until.since(now).as_secs().saturating_add(1))
}

/// A refusal to come in: most say no more than that something was wrong.
fn told(denied: Denied<UserRefusal>) -> Problem {
    match denied {
        Denied::Refused(UserRefusal::AddressBlocked { until }) => blocked(until, Timestamp::now()),
        Denied::Refused(refusal @ UserRefusal::SecondFactorNeeded) => {
            let detail = refusal.to_string();
            Problem::new(StatusCode::UNAUTHORIZED, "second_factor_required", detail)
        }
        Denied::Refused(_) => wrong(),
        denied => denied.into(),
    }
}

/// The one answer to everything that is wrong.
pub(super) fn wrong() -> Problem {
    let detail = "what was shown is wrong, or counts no longer";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", detail)
}

fn no_refresh() -> Problem {
    let detail = "the refresh token does not count, or counts no longer: log in again";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_refresh_token", detail)
}

pub(super) fn no_chance(fault: NoChance) -> Problem {
    tracing::error!(%fault, "no secret can be made");
    Problem::unavailable("no secret can be made now")
}

pub(super) fn busy(fault: HashFault) -> Problem {
    match fault {
        HashFault::Busy => Problem::unavailable("too many passwords are being checked: try again"),
        HashFault::Broken => {
            tracing::error!("a password could not be hashed");
            Problem::unavailable("passwords cannot be checked now")
        }
    }
}
