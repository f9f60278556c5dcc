//! Who is signed in: the tokens in the browser's cookies, and their renewal.
//!
//! A refresh token counts once, and pages are asked for at the same time. So what a token was
//! exchanged for is remembered for a minute, and whoever comes with the old one gets that.

use crate::{
    backend::{Api, Trouble},
    cookies,
    seal::Seal,
    value::Read,
};
use chrono::Utc;
use futures_util::future::{FutureExt, Shared};
use http::{HeaderMap, HeaderValue, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Renewed when less than this is left.
const EARLY_S: i64 = 30;
/// For how long it is known what a token was exchanged for.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Exchanges that are remembered at most.
const REMEMBERED_MAX: usize = 4096;
/// For how long a browser keeps its session; the API ends it sooner if nobody comes.
pub(crate) const KEPT_S: u32 = 30 * 24 * 3600;

/// What a user came in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Seconds since 1970.
    pub(crate) ends: i64,
    pub(crate) refresh: String,
}

type Exchange = Shared<Pin<Box<dyn Future<Output = Result<Tokens, Trouble>> + Send>>>;

type Known = HashMap<[u8; 32], (Instant, Exchange)>;

/// Exchanges under way and just done, by the hash of the token that was given.
#[derive(Clone, Default)]
pub(crate) struct Exchanges {
    known: Arc<Mutex<Known>>,
}

impl Tokens {
    /// The tokens of an answer to a login or a refresh.
    pub(crate) fn of(answer: &Value) -> Result<Self, Trouble> {
        let access = answer.text("access_token").to_owned();
        let refresh = answer.text("refresh_token").to_owned();
        if access.is_empty() || refresh.is_empty() {
            let detail = "the API gave no tokens";
            return Err(Trouble::new(StatusCode::BAD_GATEWAY, "no_tokens", detail));
        }
        let ends = Utc::now().timestamp() + answer.int("expires_in");
        Ok(Self { access, ends, refresh })
    }

    /// The tokens of a request's cookies.
    pub(crate) fn read(seal: &Seal, headers: &HeaderMap) -> Option<Self> {
        let refresh = seal.open(cookies::SESSION, cookies::get(headers, cookies::SESSION)?)?;
        let access = cookies::get(headers, cookies::ACCESS);
        let access = access.and_then(|sealed| seal.open(cookies::ACCESS, sealed));
        let (ends, access) = match access.as_deref().and_then(|text| text.split_once(' ')) {
            Some((ends, access)) => (ends.parse().unwrap_or_default(), access.to_owned()),
            None => (0, String::new()),
        };
        Some(Self { access, ends, refresh })
    }

    /// The cookies that keep them.
    pub(crate) fn cookies(&self, seal: &Seal, plain: bool) -> Vec<HeaderValue> {
        let session = seal.seal(cookies::SESSION, &self.refresh).unwrap_or_default();
        let access = format!("{} {}", self.ends, self.access);
        let access = seal.seal(cookies::ACCESS, &access).unwrap_or_default();
        let session = cookies::set(cookies::SESSION, &session, KEPT_S, plain);
        let access = cookies::set(cookies::ACCESS, &access, KEPT_S, plain);
        session.into_iter().chain(access).collect()
    }

    fn count(&self) -> bool {
        !self.access.is_empty() && Utc::now().timestamp() + EARLY_S < self.ends
    }
}

/// The cookies that take a session away.
pub(crate) fn ended(plain: bool) -> Vec<HeaderValue> {
    let names = [cookies::SESSION, cookies::ACCESS];
    names.into_iter().filter_map(|name| cookies::set(name, "", 0, plain)).collect()
}

impl Exchanges {
    /// Tokens that count: these, or what they are exchanged for.
    pub(crate) async fn renewed(&self, tokens: Tokens, api: &Api) -> Result<Tokens, Trouble> {
        if tokens.count() {
            return Ok(tokens);
        }
        self.exchange(tokens.refresh, api.clone()).await
    }

    fn exchange(&self, refresh: String, api: Api) -> Exchange {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, refresh.as_bytes()).as_ref());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (begun, _)| begun.elapsed() < REMEMBERED);
        if let Some((_, exchange)) = known.get(&hash) {
            return exchange.clone();
        }
        // A task of its own: a browser that goes away must not leave a token half exchanged.
        let task = tokio::spawn(async move {
            let asked = json!({ "refresh_token": refresh });
            Tokens::of(&api.post("/v1/auth/refresh", asked, "").await?)
        });
        let exchange = async move {
            task.await.unwrap_or_else(|_| {
                let detail = "the session could not be renewed";
                Err(Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "no_tokens", detail))
            })
        };
        let exchange = (Box::pin(exchange) as Pin<Box<dyn Future<Output = _> + Send>>).shared();
        if known.len() < REMEMBERED_MAX {
            known.insert(hash, (Instant::now(), exchange.clone()));
        }
        exchange
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, routing::post};
    use http::{Request, header};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::util::BoxCloneSyncService;

    fn tokens() -> Tokens {
        Tokens { access: "a".into(), ends: 0, refresh: "r1".into() }
    }

    #[test]
    fn cookies_give_back_what_was_put_in_them() {
        let seal = Seal::new(&[1; 32]).unwrap();
        let mut headers = HeaderMap::new();
        for line in tokens().cookies(&seal, true) {
            let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
            headers.append(header::COOKIE, HeaderValue::from_str(&pair).unwrap());
        }
        assert_eq!(Tokens::read(&seal, &headers), Some(tokens()));
    }

    #[tokio::test]
    async fn pages_asked_for_at_once_exchange_a_token_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let route = post(move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            axum::Json(json!({"access_token": "a2", "refresh_token": "r2", "expires_in": 600}))
        });
        let router = Router::new().route("/v1/auth/refresh", route);
        let (parts, ()) = Request::new(()).into_parts();
        let api = Api::new(BoxCloneSyncService::new(router), &parts);
        let exchanges = Exchanges::default();
        let (one, other) =
            tokio::join!(exchanges.renewed(tokens(), &api), exchanges.renewed(tokens(), &api));
        assert_eq!(one.unwrap().refresh, "r2");
        assert_eq!(other.unwrap().refresh, "r2");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
