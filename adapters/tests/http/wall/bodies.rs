//! Bodies that are sound, so that it is the wall that says no. They name things that the other
//! tenant has itself, or that nobody has.

use super::things::Things;
use crate::shop::{order, settings};
use http::Method;
use serde_json::{Value, json};

const LATER: &str = "2099-01-01T00:00:00Z";

/// What a route is asked with.
pub fn body(method: &Method, template: &str, things: &Things) -> Option<Value> {
    let czk = json!({ "amount_minor": 100, "currency": "CZK" });
    Some(match (method.as_str(), template) {
        ("POST", "/v1/orders") => order("their-atlas", 1),
        ("POST", "/v1/orders/{order}/cancel") => json!({ "reason": "merchant" }),
        ("POST", "/v1/orders/{order}/ship") => {
            json!({ "carrier": "post", "lines": [{ "line": 0, "quantity": 1 }] })
        }
        ("POST", "/v1/orders/{order}/notes") => json!({ "text": "hello" }),
        ("POST", "/v1/payments") => {
            json!({ "provider": "manual", "account": "main", "amount": czk })
        }
        ("POST", "/v1/payments/{payment}/attempts") => {
            json!({ "provider": "manual", "account": "main" })
        }
        ("PUT", "/v1/payment-routes") => json!({ "rules": [] }),
        ("PUT", "/v1/payment-callbacks") => json!({ "hosts": ["127.0.0.1"] }),
        ("POST", "/payments/create") => json!({
            "orderId": "their-order", "applicationId": "shop", "amount": 1, "currency": "CZK",
            "paymentMethod": "manual", "callbackUrl": "http://127.0.0.1:9/callback",
            "customer": { "email": "nobody@example.com" },
        }),
        ("POST", "/v1/payments/{payment}/second-payment") => {
            json!({ "attempt": 2, "decision": "refund" })
        }
        ("POST", "/v1/payments/{payment}/mark-paid") => json!({ "amount": czk }),
        ("POST", "/v1/payments/{payment}/retry-call") => json!({ "key": "open" }),
        ("POST", "/v1/payments/{payment}/refunds/{refund}/mark") => json!({ "succeeded": true }),
        ("POST", "/v1/payout-batches") => json!({ "provider": "fio", "account": "our_bank" }),
        ("POST", "/v1/payout-batches/{batch}/release") => json!({ "note": "not taken" }),
        ("POST", "/v1/reconciliations") => json!({ "provider": "manual", "account": "main" }),
        ("PUT", "/v1/reconciliations/schedule") => json!({ "cron": "30 4 * * *" }),
        ("POST", "/v1/differences/{difference}/assign") => json!({ "owner": "olga" }),
        ("POST", "/v1/differences/{difference}/settle") => {
            json!({ "how": "written_off", "note": "small" })
        }
        ("PUT", "/v1/suppliers/{supplier}") => json!({ "name": "Acme" }),
        ("PUT", "/v1/sources/{source}") => source("their-acme"),
        ("PUT", "/v1/sources/{source}/file") => json!("code;stock"),
        ("PUT", "/v1/sources/{source}/categories") => {
            json!({ "path": "Tools", "category": "tools" })
        }
        ("POST", "/v1/sources/{source}/preview") => json!({ "sample": "code;stock\nA;1\n" }),
        ("POST", "/api/suppliers") => json!({ "name": "Theirs", "code": "their-old" }),
        ("PUT", "/api/suppliers/{supplier}") => json!({ "name": "Theirs" }),
        ("POST", "/api/imports/run/{supplier}") => json!({}),
        ("POST", "/api/mappings") => json!({
            "supplierId": "their-old", "supplierCategoryId": "Tools", "catalogCategoryId": "tools",
        }),
        ("POST", "/v1/imports") => json!({ "source": "their-feed" }),
        ("POST", "/v1/stock/movements") => {
            json!({ "sku": "their-atlas", "warehouse": "main", "kind": "in", "quantity": 1 })
        }
        ("POST", "/v1/stock/transfers") => {
            json!({ "sku": "their-atlas", "from": "main", "to": "nowhere", "quantity": 1 })
        }
        ("POST", "/v1/stock/observations") => json!({
            "sku": "their-atlas", "warehouse": "main", "quantity": 9, "observed_at": LATER,
        }),
        ("POST", "/v1/stock/reservations") => json!({
            "channel": "web", "until": LATER, "lines": [{ "sku": "their-atlas", "quantity": 1 }],
        }),
        ("POST", "/v1/stock/reservations/{reservation}/renew") => json!({ "until": LATER }),
        ("PUT", "/v1/stock/{sku}/settings") => json!({}),
        ("POST", "/v1/products") => json!({ "sku": "their-atlas", "titles": { "cs": "Atlas" } }),
        ("PATCH", "/v1/products/{product}") => json!({ "titles": { "cs": "Theirs" } }),
        ("POST", "/v1/products/bulk") => {
            json!({ "rows": [{ "sku": "their-atlas", "titles": { "cs": "Atlas" } }] })
        }
        ("POST", "/v1/products/{product}/release") => json!({ "fields": ["title.cs"] }),
        ("POST", "/v1/products/{product}/links" | "/v1/products/{product}/unlink") => {
            json!({ "source": "acme", "code": "their-code" })
        }
        ("PUT", "/v1/products/{product}/prices") => {
            json!({ "prices": [{ "kind": "base", "currency": "CZK", "amount_minor": 100 }] })
        }
        ("POST", "/v1/categories") => json!({ "names": { "cs": "Jejich" } }),
        ("PATCH", "/v1/categories/{category}") => json!({ "names": { "cs": "Jejich" } }),
        ("POST", "/v1/categories/{category}/move") => json!({}),
        ("POST", "/v1/categories/{category}/merge") => json!({ "into": things.of("second") }),
        ("PUT", "/v1/attributes/{attribute}") => {
            json!({ "labels": { "cs": "Barva" }, "kind": { "type": "text" } })
        }
        ("PUT", "/v1/attribute-sets/{set}") => json!({ "name": "Mapy", "attributes": [] }),
        // What it says it is counts for nothing, and it is no picture.
        ("POST", "/v1/media") => json!("their picture"),
        ("PUT", "/v1/pricing") => json!({ "rules": [] }),
        ("PUT", "/v1/warehouses/{code}") => json!({ "name": "Theirs" }),
        ("PUT" | "POST", "/v1/templates/{name}/{language}" | super::PREVIEW) => {
            json!({ "subject": "Hello", "text": "Hello" })
        }
        ("PUT", "/v1/accounts/{provider}/{name}") => {
            json!({ "settings": { "host": "127.0.0.1", "from": "a@example.com" } })
        }
        ("POST", "/v1/webhook-endpoints") | ("PUT", "/v1/webhook-endpoints/{endpoint}") => {
            json!({ "url": "http://127.0.0.1:9/hooks", "events": ["order.*"] })
        }
        ("POST", "/v1/webhook-endpoints/{endpoint}/replay") => {
            json!({ "from": "2026-01-15T10:00:00Z" })
        }
        ("POST", "/v1/tenants/{tenant}/delete") => json!({ "days": 1 }),
        ("POST", "/v1/erasures") => json!({ "email": "nobody@example.com" }),
        ("POST", "/v1/keys") => json!({ "name": "till", "scopes": ["orders:read"] }),
        ("PUT", "/v1/members/{user}") => json!({ "role": "viewer" }),
        ("PUT", "/v1/roles/{role}") => json!({ "permissions": ["stock:read"] }),
        ("POST", "/v1/invitations") => json!({ "email": "new@example.com", "role": "viewer" }),
        ("POST", super::USERS) => json!({ "token": things.forged_invitation() }),
        ("POST", "/v1/users") => json!({ "email": "new@example.com" }),
        ("POST", "/v1/users/{user}/disable" | "/v1/users/{user}/enable") => json!({}),
        ("POST", "/v1/users/import") => json!({ "users": [] }),
        ("PUT", "/v1/users/{user}/role") => json!({ "platform_role": "none" }),
        ("POST", "/v1/tenants") => json!({ "tenant": "new-books", "settings": settings("new") }),
        ("PUT", "/v1/tenants/{tenant}") => settings("changed"),
        ("PATCH", "/v1/tenants/{tenant}") => json!({ "language": "cs" }),
        ("POST", "/v1/tenants/{tenant}/suspend") => json!({ "reason": "spite" }),
        _ => return None,
    })
}

/// A source of a supplier.
pub fn source(supplier: &str) -> Value {
    json!({
        "supplier": supplier, "name": "All", "currency": "CZK",
        "format": { "format": { "kind": "csv" } },
        "mapping": { "fields": [{ "to": "code", "from": ["code"] }] },
    })
}

/// Bodies that name what is ours, on routes that do not.
pub fn across(things: &Things) -> Vec<(&'static str, Value)> {
    let (sku, shelf) = (things.of("sku"), things.of("code"));
    vec![
        ("/v1/orders", order(sku, 1)),
        (
            "/v1/payments",
            json!({ "order": things.of("order"), "provider": "manual", "account": "main" }),
        ),
        (
            "/v1/stock/movements",
            json!({ "sku": "their-atlas", "warehouse": shelf, "kind": "in", "quantity": 1 }),
        ),
        (
            "/v1/stock/transfers",
            json!({ "sku": "their-atlas", "from": "main", "to": shelf, "quantity": 1 }),
        ),
        (
            "/v1/stock/reservations",
            json!({ "channel": "web", "until": LATER, "lines": [{ "sku": sku, "quantity": 1 }] }),
        ),
        ("/v1/imports", json!({ "source": things.of("source") })),
        ("/v1/invitations", json!({ "email": "new@example.com", "role": things.of("role") })),
        ("/v1/categories", json!({ "names": { "cs": "x" }, "parent": things.of("category") })),
        (
            "/v1/products",
            json!({ "sku": "theirs", "titles": {}, "categories": [things.of("category")] }),
        ),
        (
            "/v1/products",
            json!({ "sku": "theirs", "titles": {}, "variant_of": things.of("product") }),
        ),
    ]
}
