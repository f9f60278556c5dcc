//! The wall between tenants, generated from the API's own description: every route is asked with
//! real ids of one tenant, by everybody who may not. Only 401, 403 and 404 may come back, and
//! nothing may change. A new route is in here by itself; one with a parameter or a body that is
//! not known here fails until somebody says how it is filled.

mod bodies;
mod hooks;
mod signed;
mod things;

use crate::{
    people::access_token,
    shop::{Asker, Shop, stock},
};
use axum::body::Body;
use http::Method;
use kontor_actors::store::{DeadLetter, LetterQuery, Store};
use kontor_messages::{Timestamp, tenant::Scope};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use things::Things;

const OURS: &str = "harbour-books";
const THEIRS: &str = "other-books";
/// Routes that are for everybody. Nothing else is.
const PUBLIC: [&str; 9] = [
    "/health",
    "/ready",
    "/ping",
    "/metrics",
    "/webhooks/{tenant}/{provider}/{account}/{token}",
    "/.well-known/jwks.json",
    "/media/{tenant}/{hash}",
    "/pay/return/{tenant}/{payment}/{token}",
    "/pay/cancel/{tenant}/{payment}/{token}",
];
/// Where people log in: about no tenant, each for everybody or for whoever is signed in.
const PEOPLE: [&str; 2] = ["/auth", "/v1/auth"];
/// Routes that are for the platform's operators, whoever else asks.
const OPERATORS: [&str; 7] = [
    "/v1/tenants",
    "/v1/actors",
    "/v1/shards",
    "/v1/platform",
    "/v1/quarantine",
    "/v1/users",
    "/v1/identity",
];
/// The route that is for users of whatever tenant.
const USERS: &str = "/v1/invitations/accept";
/// Names that each tenant gives its own things: writing to one makes one's own.
const OWN_NAMES: [&str; 9] = [
    "/v1/warehouses/{code}",
    "/v1/stock/{sku}/settings",
    "/v1/templates/{name}/{language}",
    "/v1/accounts/{provider}/{name}",
    "/v1/roles/{role}",
    "/v1/suppliers/{supplier}",
    "/v1/sources/{source}",
    "/v1/attributes/{attribute}",
    "/v1/attribute-sets/{set}",
];
/// Shows what is in the body, and nothing else.
const PREVIEW: &str = "/v1/templates/{name}/{language}/preview";

/// A route as it is described.
struct Route {
    method: Method,
    template: String,
    path: String,
    body: Option<Value>,
}

impl Route {
    fn is(&self, starts: &[&str]) -> bool {
        is_within(&self.template, starts)
    }

    fn names_something(&self) -> bool {
        self.template.contains('{')
    }

    async fn ask(&self, asker: &Asker, query: &str) -> (u16, String, String) {
        let kind = self.body.is_some().then_some("application/json");
        let body = self.body.as_ref().map_or_else(Body::empty, |body| body.to_string().into());
        let path = format!("{}{query}", self.path);
        let answer = asker.ask(self.method.clone(), &path, body, kind).await;
        let text = answer.text();
        let code = serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|body| Some(body.get("code")?.as_str()?.to_owned()));
        (answer.status.as_u16(), code.unwrap_or_default(), text)
    }
}

fn is_within(template: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| {
        let rest = template.strip_prefix(start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Every route but the public ones, with real ids of ours.
async fn routes(shop: &Shop, things: &Things) -> Vec<Route> {
    let document = shop.nobody().get("/openapi.json").await.ok();
    let (mut routes, mut public) = (Vec::new(), 0);
    for (template, item) in document["paths"].as_object().unwrap() {
        if PUBLIC.contains(&&**template) {
            public += 1;
            continue;
        }
        if is_within(template, &PEOPLE) {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let needed = operation["requestBody"]["required"] == true;
            let body = bodies::body(&method, template, things);
            assert!(
                !needed || body.is_some(),
                "{method} {template} takes a body: say in bodies.rs which"
            );
            let path = things.fill(template) + &things.query(operation);
            routes.push(Route { method, template: template.clone(), path, body });
        }
    }
    assert_eq!(public, PUBLIC.len(), "a public route is gone");
    routes
}

/// What tells whether anything of a tenant has changed. That a key was used is no change.
async fn trace_of(shop: &Shop, tenant: &str) -> (usize, Vec<DeadLetter>) {
    let (mut after, mut events) = (0, 0);
    loop {
        let page = shop.store.read(0, after, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        let ours = page.iter().filter(|event| event.tenant.as_str() == tenant);
        events += ours.filter(|event| &*event.name != "tenant.key_used").count();
    }
    let query =
        LetterQuery { tenant: Some(tenant.parse().unwrap()), limit: 100, ..LetterQuery::default() };
    (events, shop.store.dead_letters(&query).await.unwrap())
}

/// A shop with things of ours, and others beside it.
async fn built() -> (Shop, Things, Vec<Route>) {
    let (shop, harbour) = Shop::trading().await;
    let things = Things::make(&shop, &harbour).await;
    let routes = routes(&shop, &things).await;
    assert!(routes.len() > 80, "only {} routes are described", routes.len());
    (shop, things, routes)
}

async fn theirs(shop: &Shop) -> (Asker, Asker) {
    let key = shop.tenant(THEIRS).await;
    stock(&key, "their-atlas", 10).await;
    key.put("/v1/suppliers/their-acme", json!({ "name": "Acme" })).await.ok();
    (key, shop.member("bert", THEIRS, "owner").await)
}

#[tokio::test]
async fn the_ids_that_the_wall_is_tried_with_are_real() {
    let (shop, _, routes) = built().await;
    let ours = shop.operator_for(OURS);
    let named = |route: &&Route| route.names_something() && !route.is(&OPERATORS);
    for route in routes.iter().filter(named) {
        let query = if route.method == Method::GET { "" } else { "?dry_run=true" };
        let (status, code, text) = route.ask(&ours, query).await;
        let asked = format!("{} {}", route.method, route.template);
        let found = ![401, 403].contains(&status) && status < 500 && code != "not_found";
        assert!(found, "{asked}: {status} {text}");
    }
}

#[tokio::test]
async fn nobody_gets_in_who_does_not_show_who_they_are() {
    let (shop, _, routes) = built().await;
    let hour = Duration::from_secs(3600);
    let at_ours = |token: &str| shop.nobody().token(token).header("x-kontor-tenant", OURS);
    let past = Timestamp::from_millis(Timestamp::now().millis() - 1000);
    let over = at_ours(&access_token("olga", past, "user"));
    let genuine = access_token("olga", Timestamp::now().plus(hour), "user");
    let forged = at_ours(&genuine.replacen("at.", "xx.", 1));
    let operator = access_token("root", Timestamp::now().plus(hour), "operator");
    let forged_operator = at_ours(&operator.replacen("at.", "xx.", 1));
    let (expired, revoked, guessed) = things::dead_keys(&shop, OURS).await;
    let before = trace_of(&shop, OURS).await;
    for route in &routes {
        for (who, asker) in [
            ("nobody", &shop.nobody()),
            ("the bearer of a token that is over", &over),
            ("the bearer of a forged token", &forged),
            ("a forged operator", &forged_operator),
            ("the bearer of an expired key", &expired),
            ("the bearer of a revoked key", &revoked),
            ("who guesses a key's secret", &guessed),
        ] {
            let (status, code, text) = route.ask(asker, "").await;
            let asked = format!("{} {} by {who}", route.method, route.template);
            assert_eq!((status, &*code), (401, "unauthorized"), "{asked}: {text}");
        }
    }
    assert_eq!(trace_of(&shop, OURS).await, before);
}

#[tokio::test]
async fn who_may_too_little_is_told_so() {
    let (shop, _, routes) = built().await;
    let idle = json!({ "permissions": ["timers:write"] });
    shop.operator_for(OURS).put("/v1/roles/idle", idle).await.ok();
    let key = shop.key(OURS, &["timers:write"]).await;
    let member = shop.member("ivan", OURS, "idle").await;
    let before = trace_of(&shop, OURS).await;
    for route in &routes {
        for (who, asker) in [("a key", &key), ("a member", &member)] {
            let asked = format!("{} {} by {who} that may nothing", route.method, route.template);
            let (status, code, text) = route.ask(asker, "").await;
            let expected = match &*route.template {
                _ if route.is(&OPERATORS) => (403, "operator_only"),
                USERS if who == "a key" => (403, "users_only"),
                // It is for every user; this one shows no invitation that is genuine.
                USERS => (404, "not_found"),
                _ => (403, "missing_scope"),
            };
            assert_eq!((status, &*code), expected, "{asked}: {text}");
        }
    }
    assert_eq!(trace_of(&shop, OURS).await, before);
}

#[tokio::test]
async fn all_other_permissions_together_open_no_route() {
    let (shop, _, routes) = built().await;
    let idle = shop.key(OURS, &["timers:write"]).await;
    let mut tried: BTreeMap<String, Asker> = BTreeMap::new();
    let before = trace_of(&shop, OURS).await.0;
    for route in routes.iter().filter(|route| !route.is(&OPERATORS) && route.template != USERS) {
        let (_, _, text) = route.ask(&idle, "").await;
        let told: Value = serde_json::from_str(&text).unwrap();
        let needed = told["detail"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
        assert!(Scope::parse(&needed).is_some(), "{} {}: {text}", route.method, route.template);
        if !tried.contains_key(&needed) {
            let others = Scope::all().filter(|scope| *scope != Scope::ALL);
            let others = others.map(Scope::as_str).filter(|word| *word != needed);
            let others: Vec<_> = others.collect();
            tried.insert(needed.clone(), shop.key(OURS, &others).await);
        }
        let (status, code, text) = route.ask(&tried[&needed], "").await;
        let asked = format!("{} {} without {needed}", route.method, route.template);
        assert_eq!((status, &*code), (403, "missing_scope"), "{asked}: {text}");
    }
    // Only the keys that were made here have come.
    assert_eq!(trace_of(&shop, OURS).await.0, before + tried.len());
    assert!(tried.len() > 20, "{:?}", tried.keys());
}

#[tokio::test]
async fn another_tenant_s_things_are_not_there_whatever_one_may_at_home() {
    let (shop, things, routes) = built().await;
    let (key, owner) = theirs(&shop).await;
    let before = trace_of(&shop, OURS).await;
    for route in &routes {
        for (who, asker) in [("their key", &key), ("their owner", &owner)] {
            let asked = format!("{} {} by {who}", route.method, route.template);
            let own_name = OWN_NAMES.contains(&&*route.template) && route.method == Method::PUT;
            // What would make a thing of their own is only tried, so that it is not there later.
            let query = if own_name { "?dry_run=true" } else { "" };
            let (status, code, text) = route.ask(asker, query).await;
            match &*route.template {
                _ if route.is(&OPERATORS) => assert_eq!(code, "operator_only", "{asked}: {text}"),
                USERS if who == "their key" => assert_eq!(code, "users_only", "{asked}: {text}"),
                USERS => assert_eq!((status, &*code), (404, "not_found"), "{asked}: {text}"),
                PREVIEW => assert_eq!(status, 200, "{asked}: {text}"),
                _ if own_name => assert_eq!(status, 200, "{asked}: {text}"),
                _ if route.names_something() => {
                    assert_eq!((status, &*code), (404, "not_found"), "{asked}: {text}");
                }
                _ => {
                    let fine = (200..300).contains(&status) || route.method != Method::GET;
                    assert!(fine && status < 500, "{asked}: {status} {text}");
                    let seen = things.ids().find(|id| text.contains(*id));
                    assert_eq!(seen, None, "{asked}: {text}");
                }
            }
        }
        assert_eq!(trace_of(&shop, OURS).await, before, "{} {}", route.method, route.template);
    }
}

#[tokio::test]
async fn who_names_another_tenant_is_told_that_there_is_none() {
    let (shop, _, routes) = built().await;
    let (key, _) = theirs(&shop).await;
    let (key, owner) = (key.header("x-kontor-tenant", OURS), shop.user_at("bert", OURS));
    let before = (trace_of(&shop, OURS).await, trace_of(&shop, THEIRS).await);
    for route in routes.iter().filter(|route| !route.is(&OPERATORS) && route.template != USERS) {
        for (who, asker) in [("their key", &key), ("their owner", &owner)] {
            let asked = format!("{} {} by {who}", route.method, route.template);
            let (status, code, text) = route.ask(asker, "").await;
            assert_eq!((status, &*code), (404, "not_found"), "{asked}: {text}");
        }
    }
    assert_eq!((trace_of(&shop, OURS).await, trace_of(&shop, THEIRS).await), before);
}

#[tokio::test]
async fn a_body_that_names_another_tenant_s_things_reaches_none_of_them() {
    let (shop, things, _) = built().await;
    let (key, owner) = theirs(&shop).await;
    let before = trace_of(&shop, OURS).await;
    for (path, body) in bodies::across(&things) {
        for asker in [&key, &owner] {
            let answer = asker.post(path, body.clone()).await;
            assert!(answer.status.is_client_error(), "{path} {body}: {}", answer.text());
        }
    }
    assert_eq!(trace_of(&shop, OURS).await, before);
}

#[tokio::test]
async fn where_people_log_in_only_those_who_are_signed_in_get_on() {
    let (shop, harbour) = Shop::trading().await;
    let document = shop.nobody().get("/openapi.json").await.ok();
    let genuine_elsewhere =
        access_token("olga", Timestamp::now().plus(Duration::from_secs(60)), "user");
    let askers = [
        ("nobody", shop.nobody()),
        ("a key", harbour),
        ("the operator's token", shop.operator()),
        ("the bearer of a token that nobody here signed", shop.nobody().token(&genuine_elsewhere)),
    ];
    let mut tried = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let signed = operation["security"][0].get("user").is_some();
            if !is_within(template, &PEOPLE) || !signed {
                continue;
            }
            tried += 1;
            let path = template.replace("{session}", "019bc0de-0000-7000-8000-000000000001");
            let path = path.replace("{name}", "Tills");
            let method: Method = method.to_uppercase().parse().unwrap();
            for (who, asker) in &askers {
                let body = (method != Method::GET).then_some(Body::from("{}"));
                let kind = body.is_some().then_some("application/json");
                let body = body.unwrap_or_else(Body::empty);
                let answer = asker.ask(method.clone(), &path, body, kind).await;
                assert_eq!(answer.status, 401, "{method} {path} by {who}: {}", answer.text());
            }
        }
    }
    assert!(tried >= 8, "{tried}");
}
