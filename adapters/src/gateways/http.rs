//! The HTTP client that all providers share: they build requests and read replies, and nothing
//! else. It tells a call that was not made from one whose outcome nobody knows, calls no address
//! that [`guard`] refuses, follows no redirects, reads no more than a mebibyte, and logs nothing.

use super::{
    guard::{self, GuardedResolver, Unsafe},
    record, retry_after,
    turns::{Turn, Turns},
};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{
    Timestamp,
    payment::{CallFault, Problem},
};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::{
    sync::{Arc, Once},
    time::Duration,
};
use url::{Url, form_urlencoded};

/// To reach the provider at all.
const CONNECT: Duration = Duration::from_secs(5);
/// For the whole exchange.
const TOTAL: Duration = Duration::from_secs(30);
/// Of a reply's body.
const BODY_MAX: usize = 1024 * 1024;
/// No provider is left alone longer for having asked for patience.
const PATIENCE_MAX: Duration = Duration::from_secs(24 * 3600);
/// The code of a call that was not made because of where it would have gone.
pub const ADDRESS_REFUSED: &str = "address_refused";

static CRYPTO: Once = Once::new();

/// The shared client.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    turns: Turns,
    allow_private: bool,
}

/// A request that is being built.
pub struct Call {
    request: RequestBuilder,
    refused: Option<Unsafe>,
}

/// A reply. Its body is never printed.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What went wrong with an exchange.
#[derive(Debug)]
pub enum HttpFault {
    /// It would have gone where nothing of ours goes.
    Refused(Unsafe),
    /// No byte of the request reached the provider.
    NotSent(String),
    /// The request went out, and no whole reply came.
    Unknown(String),
    /// A reply came with another status than success.
    Status(Box<Reply>),
}

impl Http {
    /// The client with Kontor's limits. `allow_private` lets it call private addresses, and without
    /// TLS.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        Self::with_timeouts(CONNECT, TOTAL, allow_private)
    }

    /// A client of the same kind for addresses that the operator has set, which may be private.
    pub fn of_operator() -> Result<Client, String> {
        Self::new(true).map(|http| http.client)
    }

    /// The client with other timeouts.
    pub fn with_timeouts(
        connect: Duration,
        total: Duration,
        allow_private: bool,
    ) -> Result<Self, String> {
        CRYPTO.call_once(|| {
            // Somebody else may have chosen before us; then theirs is used.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = Client::builder()
            .connect_timeout(connect)
            .timeout(total)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver { allow_private }))
            .user_agent(concat!("kontor/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| chain(&error))?;
        Ok(Self { client, turns: Turns::default(), allow_private })
    }

    /// The turn of those who call under this name.
    pub fn turn(&self, name: &str) -> Turn {
        self.turns.of(name)
    }

    /// Whether private addresses are called.
    pub fn allows_private(&self) -> bool {
        self.allow_private
    }

    /// A GET.
    pub fn get(&self, url: Url) -> Call {
        self.call(Method::GET, url)
    }

    /// A POST.
    pub fn post(&self, url: Url) -> Call {
        self.call(Method::POST, url)
    }

    /// A PUT.
    pub fn put(&self, url: Url) -> Call {
        self.call(Method::PUT, url)
    }

    /// A DELETE.
    pub fn delete(&self, url: Url) -> Call {
        self.call(Method::DELETE, url)
    }

    /// An address in a URL is seen by no resolver, so it is looked at here.
    fn call(&self, method: Method, url: Url) -> Call {
        let refused = guard::check(&url, &[], self.allow_private).err();
        Call { request: self.client.request(method, url), refused }
    }
}

impl Call {
    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Waits so long for the whole exchange, where the usual time is too short.
    pub fn within(self, total: Duration) -> Self {
        Self { request: self.request.timeout(total), ..self }
    }

    /// Says who we are.
    pub fn bearer(self, secret: &SecretString) -> Self {
        Self { request: self.request.bearer_auth(secret.expose_secret()), ..self }
    }

    /// Says who we are, by name and password.
    pub fn basic(self, name: &str, secret: &SecretString) -> Self {
        Self { request: self.request.basic_auth(name, Some(secret.expose_secret())), ..self }
    }

    /// The body, as it is.
    pub fn body(self, content_type: &str, body: Vec<u8>) -> Self {
        Self { request: self.request.header("content-type", content_type).body(body), ..self }
    }

    /// The body, as a form.
    pub fn form(self, pairs: &[(String, String)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = self.request.header("content-type", "application/x-www-form-urlencoded");
        Self { request: request.body(body), ..self }
    }

    /// The body, as JSON.
    pub fn json<T: serde::Serialize + ?Sized>(self, body: &T) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// Sends it, and leaves the reply's body to be read; whatever the status.
    pub async fn open(self) -> Result<Opened, HttpFault> {
        if let Some(refused) = self.refused {
            return Err(HttpFault::Refused(refused));
        }
        let response = self.request.send().await.map_err(|error| fault(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Opened { status, headers, response })
    }

    /// Sends it, and reads all of the reply. Whoever records the call at hand learns of both.
    pub async fn send(self) -> Result<Reply, HttpFault> {
        let (client, request) = self.request.build_split();
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                return Err(self.refused.map_or_else(|| fault(&error), HttpFault::Refused));
            }
        };
        let watched = record::begin(&request);
        let (answer, timed_out) = match self.refused {
            Some(refused) => (Err(HttpFault::Refused(refused)), false),
            None => exchange(&client, request).await,
        };
        if let Some(watched) = watched {
            watched.end(&answer, timed_out);
        }
        answer
    }
}

/// The exchange, and whether it ended for want of time.
async fn exchange(client: &Client, request: reqwest::Request) -> (Result<Reply, HttpFault>, bool) {
    let mut response = match client.execute(request).await {
        Ok(response) => response,
        Err(error) => return (Err(fault(&error)), error.is_timeout()),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_MAX => {
                return (Err(HttpFault::Unknown("the reply is too large".into())), false);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return (Err(unknown(&error)), error.is_timeout()),
        }
    }
    let reply = Reply { status: status.as_u16(), headers, body };
    if status.is_success() {
        (Ok(reply), false)
    } else {
        (Err(HttpFault::Status(Box::new(reply))), false)
    }
}

/// A reply whose body has not been read, for bodies of any length.
pub struct Opened {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    response: reqwest::Response,
}

impl Opened {
    /// The next part of the body; none at its end. A part that does not come in time is an error.
    pub async fn part(&mut self, patience: Duration) -> Result<Option<bytes::Bytes>, HttpFault> {
        match tokio::time::timeout(patience, self.response.chunk()).await {
            Ok(part) => part.map_err(|error| unknown(&error)),
            Err(_) => Err(HttpFault::Unknown("the reply stopped coming".into())),
        }
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Reply {
    /// The body as JSON. What cannot be read leaves the outcome unknown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpFault> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            // The path, and never the text that stands there.
            HttpFault::Unknown(format!("the reply cannot be read at {}", error.path()))
        })
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// When it says that it may be asked again.
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        let wait = retry_after::delay(self.header("retry-after")?, now)?;
        Some(now.plus(wait.min(PATIENCE_MAX)))
    }

    /// We were too fast for it: it did nothing, and may be asked again when it says so.
    pub fn throttled(&self, problem: Problem) -> GatewayFault {
        let at = self.retry_at(Timestamp::now());
        let fault = CallFault::Retry { at, fresh_key: false };
        GatewayFault::new(fault, FaultCause::Throttled, problem)
    }
}

impl HttpFault {
    /// What to do where the provider's own words say nothing better.
    pub fn into_fault(self) -> GatewayFault {
        match self {
            // Settings can be put right, and a name may lead back into the world.
            Self::Refused(refused) => {
                let problem = Problem::new(ADDRESS_REFUSED, refused.to_string());
                GatewayFault::retry(FaultCause::Here, problem)
            }
            Self::NotSent(text) => {
                GatewayFault::retry(FaultCause::Provider, Problem::new("not_reached", text))
            }
            Self::Unknown(text) => {
                GatewayFault::ask_first(FaultCause::Provider, Problem::new("no_answer", text))
            }
            Self::Status(reply) => {
                let problem = Problem::new(
                    format!("http_{}", reply.status),
                    "the provider answered with an error",
                );
                match reply.status {
                    408 | 425 | 500.. => GatewayFault::ask_first(FaultCause::Provider, problem),
                    429 => reply.throttled(problem),
                    _ => GatewayFault::give_up(FaultCause::Refused, problem),
                }
            }
        }
    }
}

fn fault(error: &reqwest::Error) -> HttpFault {
    match guard::refused(error) {
        // A name that nobody knows now is like a provider that is not reached.
        None | Some(Unsafe::Unknown) => {}
        Some(refused) => return HttpFault::Refused(refused),
    }
    if error.is_connect() || error.is_builder() {
        return HttpFault::NotSent(chain(error));
    }
    unknown(error)
}

fn unknown(error: &reqwest::Error) -> HttpFault {
    HttpFault::Unknown(chain(error))
}

/// The error and its causes, without the address: it may carry a token.
fn chain(error: &dyn std::error::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    if causes.is_empty() { "the exchange failed".into() } else { causes.join(": ") }
}
