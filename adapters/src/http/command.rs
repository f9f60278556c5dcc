//! Commands over HTTP: body, idempotency key, expected version and dry run, and the answer.

use super::{
    Api,
    access::Access,
    body,
    document::{Kind, Public, Versioned},
    problem::Problem,
    query::Asked,
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kontor_actors::{
    domain::Domain,
    gate::RequestKey,
    intake::{Caller, Entrance},
    request::{Done, Terms},
};
use kontor_messages::EntityId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

/// The header of the caller's key.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says that an answer was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How a command may be asked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct HowAsked {
    /// Say what would happen, and change nothing.
    pub(super) dry_run: bool,
}

/// A body that says nothing: `{}`, or no body at all.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A command as it came: its body, and how it is to be carried out.
pub(super) struct Command<T> {
    pub(super) body: T,
    pub(super) terms: Terms,
    pub(super) api: Api,
}

/// The same, for a caller with a tenant.
pub(super) struct Ordered<T> {
    /// What is asked.
    pub(super) body: T,
    /// How, and by whom.
    pub(super) asking: Asking,
}

/// How something is asked, and by whom.
pub(super) struct Asking {
    pub(super) api: Api,
    pub(super) access: Access,
    pub(super) terms: Terms,
}

/// What a command has come to.
pub(super) struct Outcome<D: Domain> {
    pub(super) done: Done<D>,
    pub(super) replayed: bool,
    pub(super) dry_run: bool,
}

/// What would happen.
#[derive(Serialize)]
pub(super) struct DryRun<T> {
    /// The events, in order.
    pub(super) would: Vec<WouldHappen>,
    /// How the subject would stand.
    pub(super) result: T,
}

/// An event that would happen.
#[derive(Serialize, ToSchema)]
pub(super) struct WouldHappen {
    /// The event's public name.
    #[serde(rename = "type")]
    #[schema(example = "order.created")]
    name: &'static str,
    /// The entity that would own it.
    entity: EntityId,
    /// What it would say.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

impl<T: DeserializeOwned> FromRequest<Api> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Asked(how) = Asked::<HowAsked>::from_request_parts(&mut parts, api).await?;
        let limit = api.settings().body_limit_bytes;
        let bytes = body::read(&parts.headers, body, limit).await?;
        let asked = if bytes.is_empty() && parts.headers.get(header::CONTENT_TYPE).is_none() {
            body::parse(b"{}").map_err(|_| missing_body())?
        } else {
            body::expect_json(&parts.headers)?;
            body::parse(&bytes)?
        };
        let parts_of = [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &bytes];
        let key = match parts.method {
            Method::POST => idempotency_key(&parts.headers)?,
            _ => None,
        };
        let terms = Terms {
            key: key.map(|key| RequestKey::new(key, &parts_of)),
            dry_run: how.dry_run,
            if_version: if_match(&parts.headers)?,
            ..Terms::default()
        };
        Ok(Self { body: asked, terms, api: api.clone() })
    }
}

impl<T: DeserializeOwned> FromRequest<Api> for Ordered<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, api: &Api) -> Result<Self, Problem> {
        let access = request.extensions_mut().remove::<Access>();
        let command = Command::from_request(request, api).await?;
        let Some(access) = access else {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "no access"));
        };
        let Command { body, terms, api } = command;
        Ok(Self { body, asking: Asking { api, access, terms } })
    }
}

impl Asking {
    /// Asks a domain once, and waits until the answer is durable.
    pub(super) async fn ask<D: Domain>(self, command: D::Command) -> Result<Outcome<D>, Problem> {
        ask::<D>(&self.api, self.access.caller(), self.terms, command).await
    }

    /// Asks about a thing, and shows it as it stands then.
    pub(super) async fn change<K: Kind>(
        self,
        command: <K::Domain as Domain>::Command,
    ) -> Result<Response, Problem> {
        self.ask::<K::Domain>(command).await?.show::<K>(StatusCode::OK)
    }

    /// Asks for a new thing, and shows it.
    pub(super) async fn create<K: Kind>(
        self,
        command: <K::Domain as Domain>::Command,
    ) -> Result<Response, Problem> {
        self.ask::<K::Domain>(command).await?.show::<K>(StatusCode::CREATED)
    }
}

/// Asks a domain once a key, and waits until the answer is durable.
pub(super) async fn ask<D: Domain>(
    api: &Api,
    caller: &Caller,
    terms: Terms,
    command: D::Command,
) -> Result<Outcome<D>, Problem> {
    let (intake, dry_run) = (api.intake(), terms.dry_run);
    let _permit = intake.admit::<D::Refusal>(caller)?;
    let pass = match intake.enter::<D>(caller, &terms).await? {
        Entrance::Free(pass) => pass,
        Entrance::Answered(done) => {
            return Ok(Outcome { done: *done, replayed: true, dry_run: false });
        }
    };
    match intake.tell::<D>(caller, command, terms).await {
        Ok(done) => Ok(Outcome { done, replayed: false, dry_run }),
        Err(denied) => {
            let done = intake.seen::<D, _>(pass.as_deref(), &denied).await.ok_or(denied)??;
            Ok(Outcome { done, replayed: true, dry_run: false })
        }
    }
}

impl<D: Domain + Public> Outcome<D> {
    /// The answer: the thing with its version, or what would happen.
    pub(super) fn show<K: Kind<Domain = D>>(self, status: StatusCode) -> Result<Response, Problem> {
        let id = K::id(&self.done.subject).to_owned();
        self.show_as::<K>(status, id)
    }

    /// The same, for a thing that is not called after its entity.
    pub(super) fn show_as<K: Kind<Domain = D>>(
        self,
        status: StatusCode,
        id: String,
    ) -> Result<Response, Problem> {
        let document = K::document(&self.done.state);
        let document = document.ok_or_else(|| Problem::not_found(K::WHAT))?;
        let location = format!("{}/{}", K::PATH, super::path::escape(&id));
        let shown = Versioned { id, version: self.done.version, document: &*document };
        if self.dry_run {
            return Ok(self.would(shown));
        }
        let mut response = super::json(status, &shown);
        self.label(&mut response);
        if status == StatusCode::CREATED
            && let Ok(location) = HeaderValue::from_str(&location)
        {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    /// The answer of a removal: nothing is left to be shown.
    pub(super) fn gone(self) -> Response {
        if self.dry_run {
            return self.would(serde_json::json!({}));
        }
        StatusCode::NO_CONTENT.into_response()
    }

    /// Says which version it is, and whether it was answered before.
    pub(super) fn label(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag(self.done.version));
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
    }

    /// What would happen.
    pub(super) fn would<T: Serialize>(&self, result: T) -> Response {
        let would = self.done.events.iter().map(|(_, entity, event)| WouldHappen {
            name: D::event_name(event),
            entity: entity.clone(),
            data: D::public_event(event),
        });
        super::json(StatusCode::OK, &DryRun { would: would.collect(), result })
    }
}

/// A version as an entity tag.
pub(super) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The caller's key, if there is one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let fits = (1..=255).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if fits => Ok(Some(key)),
        _ => Err(Problem::parameter("Idempotency-Key", "expected 1 to 255 visible characters")),
    }
}

/// The version that the caller expects. A weak tag is taken too: compression makes strong ones weak.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let version =
        tag.trim_start_matches("W/").strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    match version.and_then(|version| version.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::parameter("If-Match", "expected one ETag of an earlier answer")),
    }
}

fn missing_body() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", "expected a JSON body")
}
