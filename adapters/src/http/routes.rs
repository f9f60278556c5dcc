//! All routes together, with what goes around them.

use super::{
    Api,
    access::{Resource, guard, guard_operator, guard_user},
    account_health, accounts, actors, audit, auth, catalog, credentials, dead_letters, edge,
    endpoints, erasures, events, export, hooks, invitations, keys, ledger, members, notifications,
    openapi, orders, pausing, payment_routes, payments, payouts, providers, quarantine, rates,
    reconciliations, roles, shards, stock, suppliers, system, templates, tenants, timers, troubles,
    users,
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use http::{HeaderName, HeaderValue, Method, header};
use std::sync::Arc;
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

/// The whole API as a service, for a socket or for calls in the same process.
pub fn router(api: &Api) -> Router {
    let (routes, described) = parts(api);
    let described = Arc::new(openapi::Described::new(described));
    let described = get(move || openapi::serve(described));
    let docs = SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json"));
    let app = routes
        .route("/openapi.json", described)
        .merge(Router::from(docs))
        .fallback(system::unknown_route)
        .method_not_allowed_fallback(system::unknown_method)
        .layer(from_fn_with_state(api.clone(), edge::edge))
        .layer(CompressionLayer::new().gzip(true));
    match cors(&api.settings().cors_origins) {
        Some(cors) => app.layer(cors).with_state(api.clone()),
        None => app.with_state(api.clone()),
    }
}

/// The API's description, OpenAPI 3.1 as JSON.
pub fn document(api: &Api) -> serde_json::Value {
    openapi::document(parts(api).1)
}

fn parts(api: &Api) -> (Router<Api>, utoipa::openapi::OpenApi) {
    let mut all = OpenApiRouter::with_openapi(openapi::base())
        .merge(system::routes())
        .merge(hooks::routes())
        .merge(catalog::public())
        .merge(payments::returns::routes())
        .merge(auth::routes());
    let own = tenants::own()
        .merge(accounts::routes())
        .merge(account_health::routes())
        .merge(providers::routes())
        .merge(payment_routes::routes())
        .merge(export::usage_routes());
    let money = payments::routes()
        .merge(payouts::routes())
        .merge(ledger::routes())
        .merge(reconciliations::routes());
    for (resource, routes) in [
        ("tenants", own),
        ("keys", keys::routes()),
        ("members", members::routes().merge(invitations::routes())),
        ("roles", roles::routes()),
        ("orders", orders::routes()),
        ("stock", stock::routes()),
        ("supplier", suppliers::routes()),
        ("catalog", catalog::routes()),
        ("payments", money),
        ("notifications", notifications::routes().merge(templates::routes())),
        ("webhooks", endpoints::routes()),
        ("events", events::routes()),
        ("timers", timers::routes()),
        ("erasures", erasures::routes()),
        ("audit", audit::routes()),
        ("export", export::routes()),
        ("dead-letters", dead_letters::routes()),
    ] {
        let state = Resource { api: api.clone(), name: resource };
        all = all.merge(routes.route_layer(from_fn_with_state(state, guard)));
    }
    let state = Resource { api: api.clone(), name: "payments" };
    let former = payments::former::routes().route_layer(from_fn_with_state(state, guard));
    all = all.merge(former.route_layer(from_fn(payments::former::shape)));
    for routes in [
        tenants::for_operator(),
        actors::routes(),
        pausing::routes(),
        shards::routes(),
        timers::for_operator(),
        dead_letters::for_operator(),
        account_health::for_operator(),
        troubles::routes(),
        quarantine::routes(),
        users::routes(),
    ] {
        let layer = from_fn_with_state(api.clone(), guard_operator);
        all = all.merge(routes.route_layer(layer));
    }
    let signed_in = from_fn_with_state(api.clone(), guard_user);
    all.merge(invitations::for_users().route_layer(signed_in)).split_for_parts()
}

/// Which pages of other origins may call.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    // Settings with "*" are refused; it would be no origin of a list.
    let known = origins.iter().filter(|origin| *origin != "*");
    let known = known.filter_map(|origin| HeaderValue::from_str(origin).ok());
    let allowed = AllowOrigin::list(known);
    let own = ["idempotency-key", credentials::TENANT, "last-event-id", "x-request-id"];
    let headers =
        [header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH];
    let headers = headers.into_iter().chain(own.into_iter().map(HeaderName::from_static));
    let shown = [header::ETAG, header::LOCATION, header::RETRY_AFTER].into_iter();
    let own = ["idempotency-replayed", "x-request-id"].into_iter().chain(rates::HEADERS);
    let own = own.map(HeaderName::from_static);
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(headers.collect::<Vec<_>>())
            .expose_headers(shown.chain(own).collect::<Vec<_>>()),
    )
}
