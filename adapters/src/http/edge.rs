//! What surrounds every request: its id, its address's rate, its time limit, its span, its figures;
//! a panic becomes an answer, problems are written, and what is left of its limits is told.

use super::{
    Api,
    client_address::ClientAddress,
    problem::{PROBLEM_JSON, Problem},
    rates::{Tally, TooFast},
};
use crate::telemetry::join;
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kontor_messages::{EntityId, Timestamp};
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};
use tracing::Instrument;

/// The header of a request's id, in and out.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of a request's id at most; a longer one is replaced.
const REQUEST_ID_MAX: usize = 128;
/// The route that takes a feed's file. That may be gigabytes, and is waited for part by part.
const FEED: &str = "/v1/sources/{source}/file";
/// For such a file, however long it is.
const FEED_MAX: Duration = Duration::from_secs(2 * 3600);

/// A request's id: the caller's own, or a new one.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) HeaderValue);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).filter(|id| {
            (1..=REQUEST_ID_MAX).contains(&id.len())
                && id.as_bytes().iter().all(u8::is_ascii_graphic)
        });
        let fresh = || {
            let id = EntityId::fresh(Timestamp::now());
            HeaderValue::from_str(id.as_str()).unwrap_or(HeaderValue::from_static("unknown"))
        };
        Self(given.cloned().unwrap_or_else(fresh))
    }

    /// The id as text.
    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Goes around every route.
pub(super) async fn edge(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let trusted = &api.settings().trusted_proxies;
    let client = ClientAddress::of(request.extensions(), request.headers(), trusted);
    request.extensions_mut().insert(client);
    let tally = Tally::default();
    request.extensions_mut().insert(tally.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!("http", %method, route, request = id.as_str());
    let trace = request.headers().get("traceparent").and_then(|trace| trace.to_str().ok());
    join(&span, trace);
    // Before anybody is asked who they are.
    let mut response = match api.rates().address(&tally, client.0) {
        Ok(()) => answer(&api, route, request, next).instrument(span).await,
        Err(too_fast) => crowded(too_fast),
    };
    write_problem(&mut response, id.as_str());
    tally.write(response.headers_mut());
    decorate(response.headers_mut(), id);
    let status = response.status().as_u16().to_string();
    let labels = [("method", method.to_string()), ("route", route.to_owned()), ("status", status)];
    metrics::counter!("kontor_http_requests_total", &labels).increment(1);
    metrics::histogram!("kontor_http_request_seconds", "route" => route.to_owned())
        .record(began.elapsed());
    response
}

fn crowded(too_fast: TooFast) -> Response {
    let detail = "this address's limit of requests is reached";
    let status = StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "address_busy", detail).retry_after(too_fast.wait_s).into_response()
}

/// The answer, or a problem instead of a panic or of waiting too long.
async fn answer(api: &Api, route: &str, request: Request, next: Next) -> Response {
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    let wait = if route == FEED { FEED_MAX } else { api.settings().request_timeout() };
    match tokio::time::timeout(wait, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a handler panicked");
            let detail = "an internal error";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
                .into_response()
        }
        Err(_) => Problem::unavailable(
            "no answer in time: what came of it is not known; ask again with the same Idempotency-Key",
        )
        .into_response(),
    }
}

fn write_problem(response: &mut Response, instance: &str) {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return };
    *response.body_mut() = Body::from(problem.body(instance));
    let kind = HeaderValue::from_static(PROBLEM_JSON);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().remove(header::CONTENT_LENGTH);
}

fn decorate(headers: &mut HeaderMap, id: RequestId) {
    headers.insert(REQUEST_ID, id.0);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let same_site = HeaderValue::from_static(
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    );
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(same_site);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
}
