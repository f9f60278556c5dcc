//! What surrounds every page: who is signed in, whose form it is, which headers keep it safe.

use crate::{
    backend::{Api, Trouble},
    cookies,
    desk::{self, Desk, Form, Inner, PLATFORM, go},
    session::{Tokens, ended},
    state::Console,
    words::Language,
};
use axum::{
    body::Body,
    extract::{FromRequest, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// Bytes of a form at most; a count sheet fits.
const FORM_MAX: usize = 1024 * 1024;
/// What a page may load, and who may show it.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// A form that was ours, as its handler gets it.
pub(crate) struct Posted(pub(crate) Form);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let desk = request.extensions().get::<Desk>().cloned();
        let headers = request.headers().clone();
        let body = axum::body::to_bytes(request.into_body(), FORM_MAX).await;
        let body = body.map_err(|_| {
            let detail = "the form is too long; what it says was not done";
            Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "form_too_long", detail)
        })?;
        let form = Form::parse(&body);
        ours(desk.as_ref(), &headers, form.text("form"))?;
        Ok(Self(form))
    }
}

/// Refuses a form that was not made for this browser, by the token that it shows.
pub(crate) fn ours(desk: Option<&Desk>, headers: &HeaderMap, token: &str) -> Result<(), Trouble> {
    let inner = desk.map(Desk::inner);
    let known = inner.is_some_and(|inner| inner.seal.is_form_token(&inner.visitor, token));
    if known && is_same_site(headers) {
        return Ok(());
    }
    let detail = "this form was not made for this browser, or is too old: nothing was done; \
                  open the page again";
    Err(Trouble::new(StatusCode::FORBIDDEN, "foreign_form", detail))
}

/// Whether a browser that says from where a form comes says that it is from here.
fn is_same_site(headers: &HeaderMap) -> bool {
    let said = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    said.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// Goes around everything of the console.
pub(crate) async fn edge(State(console): State<Console>, request: Request, next: Next) -> Response {
    let plain = cookies::is_localhost(request.headers());
    let visitor = cookies::get(request.headers(), cookies::VISITOR).map(str::to_owned);
    let fresh = visitor.is_none();
    let visitor = visitor.or_else(|| console.seal().unguessable()).unwrap_or_default();
    let (mut parts, body) = request.into_parts();
    let desk = Desk::new(surroundings(&console, &parts, visitor.clone()));
    parts.extensions.insert(desk);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let headers = response.headers_mut();
    if fresh && !headers.contains_key(header::SET_COOKIE) {
        let cookie = cookies::set(cookies::VISITOR, &visitor, crate::session::KEPT_S, plain);
        cookie.map(|cookie| headers.append(header::SET_COOKIE, cookie));
    }
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Shows what went wrong, for pages of nobody in particular.
pub(crate) async fn for_anybody(desk: Desk, request: Request, next: Next) -> Response {
    shown(&desk, next.run(request).await)
}

/// Lets through who is signed in; others sign in first, and come back.
pub(crate) async fn for_users(
    State(console): State<Console>,
    desk: Desk,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let plain = cookies::is_localhost(request.headers());
    let tenant = params.iter().find(|(name, _)| *name == "tenant").map(|(_, id)| id.to_owned());
    // What runs for the platform itself has pages of the platform, and no shop.
    let in_shop = request.uri().path().starts_with("/console/t/");
    let tenant = tenant.filter(|id| in_shop || id != PLATFORM);
    let Some(held) = Tokens::read(console.seal(), request.headers()) else {
        return sign_in(&request);
    };
    let tokens = match console.exchanges().renewed(held.clone(), desk.api()).await {
        Ok(tokens) => tokens,
        Err(trouble) if trouble.status == 401 => return with(sign_in(&request), ended(plain)),
        Err(trouble) => return desk.trouble(&trouble),
    };
    let renewed = (tokens != held).then(|| tokens.cookies(console.seal(), plain));
    let api = desk.api().clone().signed_in(&tokens.access);
    let me = match desk::me(&api).await {
        Ok(me) => me,
        Err(trouble) if trouble.status == 401 => return with(sign_in(&request), ended(plain)),
        Err(trouble) => return desk.trouble(&trouble),
    };
    let (mut parts, body) = request.into_parts();
    let mut inner = surroundings(&console, &parts, desk.inner().visitor.clone());
    (inner.api, inner.me) = (api, Some(me.clone()));
    if let Some(tenant) = tenant {
        let api = inner.api.of_tenant(&tenant);
        match desk::shop(&api, &me, &tenant).await {
            Ok(shop) => (inner.api, inner.shop) = (api, Some(shop)),
            Err(trouble) => return Desk::new(inner).trouble(&trouble),
        }
    }
    let desk = Desk::new(inner);
    parts.extensions.insert(desk.clone());
    let response = shown(&desk, next.run(Request::from_parts(parts, body)).await);
    with(response, renewed.unwrap_or_default())
}

/// A page instead of a bare status, where a handler says why there is none.
fn shown(desk: &Desk, mut response: Response) -> Response {
    match response.extensions_mut().remove::<Trouble>() {
        Some(trouble) => desk.trouble(&trouble),
        None => response,
    }
}

fn surroundings(console: &Console, parts: &http::request::Parts, visitor: String) -> Inner {
    let headers = &parts.headers;
    let chosen = cookies::get(headers, cookies::LANGUAGE).and_then(Language::parse);
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|all| all.to_str().ok());
    let theme = match cookies::get(headers, cookies::THEME) {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    };
    Inner {
        api: Api::new(console.backend(), parts),
        seal: console.seal().clone(),
        visitor,
        language: chosen.or_else(|| Language::accepted(accepted?)).unwrap_or_default(),
        theme,
        now: Utc::now(),
        me: None,
        shop: None,
        here: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
    }
}

fn sign_in(request: &Request) -> Response {
    let here = match *request.method() {
        Method::GET => request.uri().path_and_query().map(ToString::to_string),
        _ => None,
    };
    let here = here.unwrap_or_else(|| "/console".to_owned());
    let query: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    let to = format!("/console/sign-in?next={query}");
    if request.headers().contains_key("hx-request") {
        // A part of a page cannot hold the way in: the browser goes there.
        let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/console"));
        let name = HeaderName::from_static("hx-redirect");
        return (StatusCode::UNAUTHORIZED, [(name, to)], Body::empty()).into_response();
    }
    go(&to)
}

/// The answer with these cookies.
pub(crate) fn with(mut response: Response, cookies: Vec<HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
