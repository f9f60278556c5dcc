//! Who asks on the routes of users: a client, of which only the address is known, or a user who
//! shows an access token.

use crate::{
    http::{
        Api, Problem, access, body,
        client_address::{ClientAddress, household},
        credentials,
        rates::Tally,
    },
    identity::{Bearer, TokenFault},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use http::{StatusCode, header};
use kontor_actors::{
    admission::Lane,
    intake::{Caller, Intake},
    request::{Denied, Done, Terms},
    store::StoreFault,
    user::{DEVICE_LEN_MAX, SessionDocument, User, UserDocument, UserStatus},
    words::excerpt,
};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    user::{UserCommand, UserRefusal, session_entity, user_entity},
};
use serde::de::DeserializeOwned;
use std::net::{IpAddr, Ipv4Addr};

/// Bytes of a body on these routes.
const BODY_MAX: usize = 16 * 1024;

/// Whoever asks.
pub(super) struct Client {
    pub(super) api: Api,
    /// The address, as text.
    pub(super) address: String,
    /// What counts as one client.
    pub(super) household: String,
    /// The user agent.
    pub(super) device: String,
    pub(super) meta: Meta,
    /// What is left of its limits.
    tally: Tally,
}

/// A body of JSON.
pub(super) struct Asked<T>(pub(super) T);

/// A user whose session is open.
pub(super) struct Signed {
    pub(super) client: Client,
    pub(super) bearer: Bearer,
    pub(super) user: UserDocument,
}

impl Client {
    /// Lets a try begin.
    pub(super) fn may_try(&self) -> Result<(), Problem> {
        self.api.pace().address(&self.tally, &self.household)
    }

    /// Lets a try at an account begin.
    pub(super) fn may_try_at(&self, account: &str) -> Result<(), Problem> {
        self.api.pace().account(&self.tally, account)
    }

    /// Lets a code go to a telephone.
    pub(super) fn may_text(&self, phone: &str) -> Result<(), Problem> {
        self.api.pace().text(&self.tally, &self.household, phone)
    }

    /// The hash of the client's address: entities are not named after people's addresses.
    pub(super) fn address_hash(&self) -> String {
        let derived = self.api.identity().vault().derive("address", &self.household);
        hex::encode(&derived[..16])
    }

    /// Asks the domain of users.
    pub(super) async fn ask(
        &self,
        command: UserCommand,
    ) -> Result<Done<User>, Denied<UserRefusal>> {
        ask(&self.api, self.meta.clone(), command).await
    }

    /// Asks the domain of users to begin something under an id that was made just now.
    pub(super) async fn begin(
        &self,
        command: UserCommand,
        fresh: EntityId,
    ) -> Result<Done<User>, Denied<UserRefusal>> {
        let terms = Terms { fresh: Some(fresh), ..Terms::default() };
        ask_so(&self.api, self.meta.clone(), command, terms).await
    }

    pub(super) async fn user(
        &self,
        id: kontor_messages::user::UserId,
    ) -> Result<Option<UserDocument>, Problem> {
        let found = self.api.intake().read::<User>(&TenantId::platform(), &user_entity(id)).await?;
        Ok(found.and_then(|(state, _)| state.user().cloned()))
    }

    pub(super) async fn session(
        &self,
        user: kontor_messages::user::UserId,
        session: kontor_messages::user::SessionId,
    ) -> Result<Option<SessionDocument>, Problem> {
        let entity = session_entity(user, session);
        let found = self.api.intake().read::<User>(&TenantId::platform(), &entity).await?;
        Ok(found.and_then(|(state, _)| state.session().cloned()))
    }

    /// The user who shows a token, if the session is open and the user may come in.
    pub(super) async fn bearer(&self, token: &str) -> Result<(Bearer, UserDocument), Problem> {
        let now = Timestamp::now();
        let bearer = self.api.identity().verify(token, now).await.map_err(no_token)?;
        match stands(self.api.intake(), &bearer, now).await? {
            Some(user) => Ok((bearer, user)),
            None => Err(no_token(TokenFault::Expired)),
        }
    }
}

/// The user of a token, if the session that it was made in is open and the user may come in.
pub(in crate::http) async fn stands(
    intake: &Intake,
    bearer: &Bearer,
    now: Timestamp,
) -> Result<Option<UserDocument>, StoreFault> {
    let platform = TenantId::platform();
    let session = session_entity(bearer.user, bearer.session);
    let session = intake.read::<User>(&platform, &session).await?;
    let open = session
        .is_some_and(|(state, _)| state.session().is_some_and(|session| session.counts_at(now)));
    let user = intake.read::<User>(&platform, &user_entity(bearer.user)).await?;
    let user = user.and_then(|(state, _)| state.user().cloned());
    Ok(user.filter(|user| open && user.status == UserStatus::Active))
}

/// Asks the domain of users, in the platform's own tenant.
pub(in crate::http) async fn ask(
    api: &Api,
    meta: Meta,
    command: UserCommand,
) -> Result<Done<User>, Denied<UserRefusal>> {
    ask_so(api, meta, command, Terms::default()).await
}

async fn ask_so(
    api: &Api,
    meta: Meta,
    command: UserCommand,
    terms: Terms,
) -> Result<Done<User>, Denied<UserRefusal>> {
    let caller = Caller { tenant: TenantId::platform(), meta, lane: Lane::Interactive };
    api.intake().ask::<User>(&caller, command, terms).await
}

/// Why a token does not count.
pub(in crate::http) fn no_token(fault: TokenFault) -> Problem {
    match fault {
        TokenFault::Unavailable => Problem::unavailable("tokens cannot be made or checked now"),
        TokenFault::Expired => Problem::new(
            StatusCode::UNAUTHORIZED,
            "token_expired",
            "the access token has expired, or its session has ended: refresh it, or log in",
        ),
        TokenFault::Invalid => Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "expected the header Authorization: Bearer <access token>",
        ),
    }
}

impl FromRequestParts<Api> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        // Nothing is asked by parameters here, not even whether it would be done.
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(Problem::parameter("", "expected no parameters"));
        }
        let address = parts.extensions.get::<ClientAddress>().copied().unwrap_or_default();
        // Calls inside the process have none.
        let address = address.0.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self {
            api: api.clone(),
            address: address.to_string(),
            household: household(address),
            device: excerpt(agent.unwrap_or_default(), DEVICE_LEN_MAX),
            meta: access::meta("anonymous".to_owned(), parts),
            tally: Tally::of(&parts.extensions),
        })
    }
}

impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let mut client = Client::from_request_parts(parts, api).await?;
        let token = credentials::bearer(&parts.headers);
        let token = token.ok_or_else(|| no_token(TokenFault::Invalid))?;
        let (bearer, user) = client.bearer(token).await?;
        client.meta = access::meta(format!("user:{}", bearer.user), parts);
        Ok(Self { client, bearer, user })
    }
}

impl<T: DeserializeOwned> FromRequest<Api> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, whole) = request.into_parts();
        let limit = api.settings().body_limit_bytes.min(BODY_MAX);
        let bytes = body::read(&parts.headers, whole, limit).await?;
        body::expect_json(&parts.headers)?;
        body::parse(&bytes).map(Self)
    }
}
