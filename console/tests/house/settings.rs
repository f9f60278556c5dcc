//! What the stand-in knows of a shop's settings: categories, warehouses, accounts, people and keys.

use super::{Asked, json as answered, problem};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const SINCE: &str = "2026-11-20T08:00:00Z";

/// A document, if it is about settings and there.
pub(super) fn read(path: &str) -> Option<Value> {
    let (route, asked) = path.split_once('?').unwrap_or((path, ""));
    let page = |item: Value| Some(json!({ "items": [item] }));
    match route {
        "/v1/categories/tree" => Some(json!({ "items": [
            { "id": "c-books", "names": { "en": "Books" }, "path": ["c-books"], "children": [
                { "id": "c-sea", "names": { "en": "Sea" }, "path": ["c-books", "c-sea"],
                  "children": [] } ] },
            { "id": "c-deck", "names": { "en": "Deck" }, "path": ["c-deck"], "children": [] } ] })),
        "/v1/categories/c-books" => Some(category()),
        "/v1/products" if asked.contains("category=c-books") => {
            Some(json!({ "items": [{ "id": "p-1" }], "next_cursor": "1", "total": 2 }))
        }
        "/v1/warehouses" => {
            let mut closed = warehouse();
            (closed["code"], closed["active"]) = (json!("quay"), json!(false));
            Some(json!({ "items": [warehouse(), closed] }))
        }
        "/v1/warehouses/main" => Some(warehouse()),
        "/v1/accounts" => page(account()),
        "/v1/accounts/stripe/main" => Some(account()),
        "/v1/providers" => Some(json!({ "items": [
            { "provider": "stripe", "carries": "money", "settings": [
                { "name": "secret_key", "about": "sk_... or rk_...; it says whether money is real.", "kind": "text",
                  "required": true, "secret": true, "leads": false },
                { "name": "webhook_secrets", "about": "Two while they are rotated.",
                  "kind": "list", "required": false, "secret": true, "leads": false },
                { "name": "webhook_tolerance_s", "about": "In seconds.", "kind": "number",
                  "required": false, "secret": false, "leads": false },
                { "name": "flow", "about": "Where payers pay.", "kind": "choice",
                  "required": false, "secret": false, "leads": false,
                  "choices": ["checkout", "payment_intent"] } ] },
            { "provider": "smtp", "carries": "messages", "settings": [] } ] })),
        "/v1/payment-routes" => Some(routes()),
        "/v1/members" => page(member()),
        "/v1/members/u-1" => Some(member()),
        "/v1/invitations" => page(invitation()),
        "/v1/invitations/i-1" => Some(invitation()),
        "/v1/roles" => Some(json!({ "items": [role("counter"), role("till")] })),
        "/v1/roles/counter" | "/v1/roles/till" => Some(role(route.rsplit('/').next()?)),
        "/v1/keys" => page(key()),
        "/v1/keys/k-1" => Some(key()),
        _ => None,
    }
}

fn category() -> Value {
    json!({ "id": "c-books", "version": 1, "names": { "en": "Books" }, "slug": "books",
            "position": 0, "status": "active", "created_at": SINCE, "updated_at": SINCE })
}

fn warehouse() -> Value {
    json!({ "code": "main", "name": "Main house", "kind": "own", "priority": 2, "active": true })
}

fn account() -> Value {
    json!({ "id": "stripe/main", "version": 4, "provider": "stripe", "name": "main",
            "mode": "live", "changed_at": SINCE,
            "settings": { "secret_key": "***", "webhook_secrets": ["***"], "currency": "CZK" },
            "webhook_url": "https://shop.example/webhooks/harbour-books/stripe/main/x" })
}

fn routes() -> Value {
    json!({ "id": "payment-routes", "version": 3, "rules": [
        { "methods": ["card"], "currencies": ["CZK"],
          "accounts": [{ "provider": "stripe", "account": "main" }] },
        { "methods": ["cash"], "accounts": [{ "provider": "manual", "account": "main" }] } ] })
}

fn member() -> Value {
    json!({ "id": "u-1", "version": 1, "user": "u-1", "email": "petr@example.com", "role": "owner",
            "since": SINCE, "invited_by": "operator" })
}

fn invitation() -> Value {
    json!({ "id": "i-1", "version": 1, "status": "open", "email": "eva@example.com",
            "role": "support", "mails": 1, "sent_at": SINCE, "expires_at": SINCE,
            "invited_by": "operator" })
}

fn role(name: &str) -> Value {
    json!({ "id": name, "version": 2, "name": name, "description": "Hands goods out",
            "permissions": ["roles:read", "roles:write", "stock:read"] })
}

fn key() -> Value {
    json!({ "id": "k-1", "version": 1, "name": "shop front", "scopes": ["orders:read"],
            "created_at": SINCE })
}

/// A problem that names a member.
fn at_fault(pointer: &str, expected: &str) -> Response {
    let told = json!({ "status": 422, "code": "invalid", "detail": format!("{pointer}: {expected}"),
                       "errors": [{ "pointer": pointer, "detail": expected }] });
    (StatusCode::UNPROCESSABLE_ENTITY, told.to_string()).into_response()
}

/// The answer to a change of settings; none, if it is about something else.
pub(super) fn done(asked: &Asked) -> Option<Response> {
    let (route, how) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let said: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let would = |result: Value| {
        let would = json!({ "type": "settings.changed", "entity": "x", "data": {} });
        answered(&json!({ "would": [would], "result": result }))
    };
    let result = match (&asked.method, route) {
        (&Method::POST, "/v1/categories/c-books/move") if said["parent"] == "c-sea" => {
            let detail = "a category cannot be below itself";
            return Some(problem(StatusCode::CONFLICT, "cycle", detail));
        }
        (&Method::PUT, "/v1/payment-routes") if how.is_empty() && asked.version != "\"3\"" => {
            let detail = "the rules are at version 3";
            return Some(problem(StatusCode::PRECONDITION_FAILED, "other_version", detail));
        }
        (&Method::DELETE, "/v1/members/u-1") => {
            return Some(problem(StatusCode::CONFLICT, "last_owner", "the last owner stays"));
        }
        (&Method::PUT, route) if route.starts_with("/v1/roles/") => {
            let wanted = said["permissions"].as_array();
            if wanted.is_none_or(Vec::is_empty) {
                let expected = "at least one permission, none twice";
                return Some(at_fault("/permissions", expected));
            }
            said.clone()
        }
        (&Method::PUT, "/v1/accounts/stripe/main" | "/v1/accounts/stripe/second") => {
            if said["settings"]["secret_key"] == "sk_of_the_other_mode" {
                return Some(at_fault("/settings", "secret_key: it is one for tests"));
            }
            said.clone()
        }
        (&Method::DELETE, "/v1/accounts/stripe/main") => Value::Null,
        (&Method::DELETE, "/v1/roles/till") => {
            return Some(problem(StatusCode::CONFLICT, "role_in_use", "the role is in use"));
        }
        (&Method::DELETE, "/v1/roles/counter") => Value::Null,
        (&Method::POST, "/v1/keys") if how.is_empty() => {
            json!({ "id": "k-2", "name": said["name"], "token": "ktr_k-2_told-once" })
        }
        (_, "/v1/categories/c-books" | "/v1/categories/c-books/move") => category(),
        (_, "/v1/categories/c-books/merge" | "/v1/categories/c-books/archive") => category(),
        (&Method::PUT, route) if route.starts_with("/v1/warehouses/") => said.clone(),
        (&Method::PUT, "/v1/payment-routes" | "/v1/members/u-1") => said.clone(),
        (_, "/v1/invitations" | "/v1/invitations/i-1/revoke") => invitation(),
        (_, "/v1/keys" | "/v1/keys/k-1") => key(),
        _ => return None,
    };
    Some(if how.contains("dry_run=true") { would(result) } else { answered(&result) })
}
