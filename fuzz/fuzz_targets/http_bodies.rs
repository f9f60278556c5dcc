//! Bodies of all routes, as the real router sees them: whatever the bytes are, no answer is a 5xx,
//! and every refusal is a problem as RFC 9457 wants it.

#![no_main]
// The language of the rules says more than is needed here.
#![allow(dead_code)]

mod house;
#[path = "../../adapters/tests/http/people.rs"]
mod people;
#[path = "../../adapters/tests/http/shop.rs"]
mod shop;
mod wall;

use axum::body::Body;
use house::{House, first_line};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::{
    cell::RefCell,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Hashing a password is slow on purpose, a restart panics on purpose, and nothing can be asked of a
/// tenant that is gone.
const LEFT_OUT: [&str; 5] = [
    "/auth/",
    "/v1/auth/",
    "/v1/actors/",
    "/v1/tenants/{tenant}/delete",
    "/v1/tenants/{tenant}/suspend",
];
/// What the system before had is answered in its own shape.
const FORMER: [&str; 4] = ["/api/", "/payments/", "/auth/", "/refunds/"];

thread_local! {
    static WORLD: RefCell<Option<(House, Vec<Route>)>> = const { RefCell::new(None) };
}

struct Route {
    method: Method,
    template: String,
    query: String,
    kind: String,
}

impl Route {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

fuzz_target!(|bytes: &[u8]| {
    WORLD.with_borrow_mut(|world| {
        let (house, routes) = world.get_or_insert_with(open);
        let (line, body) = first_line(bytes);
        ask(house, route(routes, line), body);
        if house.is_old() {
            *world = None;
        }
    });
});

fn open() -> (House, Vec<Route>) {
    let house = House::build();
    let document = house.runtime.block_on(async { house.operator.get("/openapi.json").await.ok() });
    let mut routes = Vec::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        if LEFT_OUT.iter().any(|start| template.starts_with(start)) {
            continue;
        }
        for (method, operation) in item.as_object().expect("operations") {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            let method = method.to_uppercase().parse().expect("a method");
            let kind = content.keys().next().expect("a media type").clone();
            let query = house.things.query(operation);
            routes.push(Route { method, template: template.clone(), query, kind });
        }
    }
    if let Ok(folder) = std::env::var("KONTOR_FUZZ_SEEDS") {
        seed(&house, &routes, &folder);
    }
    (house, routes)
}

/// Writes what the rules know as each route's body, so that a corpus can begin with it.
fn seed(house: &House, routes: &[Route], folder: &str) {
    for (place, route) in routes.iter().enumerate() {
        let body = wall::bodies::body(&route.method, &route.template, &house.things);
        let text = format!("{}\n{}", route.name(), body.unwrap_or_default());
        std::fs::write(format!("{folder}/route_{place:03}"), text).expect("a folder for seeds");
    }
}

/// The route that a line names; any other line names one too, always the same.
fn route<'r>(routes: &'r [Route], line: &[u8]) -> &'r Route {
    let named = routes.iter().find(|route| route.name().as_bytes() == line);
    named.unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        let place = hasher.finish() % routes.len() as u64;
        &routes[usize::try_from(place).expect("a small number")]
    })
}

fn ask(house: &House, route: &Route, body: &[u8]) {
    let path = match route.template.strip_prefix("/webhooks/") {
        Some(_) => house.shop.hook(wall::OURS, "stripe", "main"),
        None => house.things.fill(&route.template) + &route.query,
    };
    let platform = ["/v1/tenants", "/v1/users", "/v1/actors", "/v1/identity"];
    let is_platform = platform.iter().any(|start| route.template.starts_with(start));
    let asker = if is_platform { &house.operator } else { &house.harbour };
    let body = Body::from(house.fill(body));
    let answer = asker.ask(route.method.clone(), &path, body, Some(&route.kind));
    let answer = house.runtime.block_on(answer);
    let (status, name) = (answer.status.as_u16(), route.name());
    assert!(status < 500, "{name}: {status} {}", answer.text());
    if status < 400 {
        return;
    }
    let problem: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    if FORMER.iter().any(|start| route.template.starts_with(start)) {
        assert!(problem.is_object(), "{name}: {status} {}", answer.text());
        return;
    }
    assert_eq!(answer.head("content-type"), "application/problem+json", "{name}: {status}");
    assert_eq!(problem["status"], status, "{name}: {problem}");
    let words = ["type", "title", "detail", "code", "instance"];
    assert!(words.iter().all(|word| problem[word].is_string()), "{name}: {problem}");
}
