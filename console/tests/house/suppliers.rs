//! What the stand-in knows of suppliers, their sources and imports.

use super::{Asked, json as answered};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

const SINCE: &str = "2026-11-20T08:00:00Z";

/// A document, if it is about suppliers and there.
pub(super) fn read(path: &str) -> Option<Value> {
    let (route, asked) = path.split_once('?').unwrap_or((path, ""));
    match route {
        "/v1/suppliers" => Some(json!({ "items": [supplier()] })),
        "/v1/suppliers/acme" => Some(supplier()),
        "/v1/sources" => Some(json!({ "items": [fetched(), uploaded()] })),
        "/v1/sources/acme-full" => Some(fetched()),
        "/v1/sources/acme-file" => Some(uploaded()),
        "/v1/imports" if asked.contains("status=rejected") => Some(json!({ "items": [] })),
        "/v1/imports" if asked.contains("cursor=") => Some(json!({ "items": [] })),
        "/v1/imports" => Some(json!({ "items": [import()], "next_cursor": "i-9" })),
        "/v1/imports/i-9" => Some(import()),
        "/v1/imports/i-8" => Some(trial()),
        "/v1/imports/i-8/changes" if asked.contains("kind=updated") => {
            Some(json!({ "items": [], "samples_only": true }))
        }
        "/v1/sources/acme-full/categories" => {
            let items = json!([{ "path": "Tools > Drills", "rows": 12 }]);
            Some(json!({ "items": items, "next_cursor": "Deck" }))
        }
        "/v1/imports/i-8/changes" => {
            let sample = json!({ "kind": "created", "code": "A-1", "title": "Large atlas",
                                 "stock": { "is": "some" } });
            Some(json!({ "items": [sample], "samples_only": true }))
        }
        "/v1/imports/i-8/problems" => Some(json!({ "items": [] })),
        "/v1/imports/i-9/changes" if asked.contains("kind=missing") => {
            Some(json!({ "items": [], "next_cursor": "40.0", "samples_only": false }))
        }
        "/v1/imports/i-9/changes" => Some(changes()),
        "/v1/imports/i-9/problems" => Some(json!({ "next_cursor": "0.1", "items": [
            { "row": 7, "line": 8, "code": "A-7", "field": "purchase_price",
              "reason": "found \"much\", expected a number" },
            { "row": 7, "line": 8, "code": "A-7", "field": "stock",
              "reason": "found \"many\", expected a number" } ] })),
        "/v1/imports/i-9/left-out" => Some(json!({ "items": [
            { "row": 5, "line": 6, "code": "A-5", "why": "repeated" } ] })),
        "/v1/imports/i-9/restored" => Some(json!({ "next_cursor": "50.1", "items": [
            { "code": "A-1", "product": "atlas", "product_id": "p1", "brought": false,
              "price": { "amount_minor": 8_250, "currency": "CZK" },
              "stock": { "is": "exact", "quantity": 7 } },
            { "code": "N-1", "brought": true, "stock": { "is": "unknown" } } ] })),
        "/v1/imports/i-9/kept" => Some(json!({ "not_listed": 30, "items": [
            { "code": "A-1", "product": "atlas", "product_id": "p1", "field": "title.cs",
              "reason": "somebody has written it since", "writer": "operator" },
            { "code": "A-2", "field": "offer", "reason": "a later import has changed it" } ] })),
        _ => None,
    }
}

/// A file, if there is one.
pub(super) fn file(path: &str) -> Option<Response> {
    let text = match path.split('?').next()? {
        "/v1/imports/i-9/errors" => "row,line,code,field,reason\r\n7,8,A-7,purchase_price,odd\r\n",
        "/v1/imports/i-9/changes.csv" => "kind,code\r\nupdated,A-1\r\n",
        _ => return None,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"errors.csv\""),
    ];
    Some((headers, text).into_response())
}

fn supplier() -> Value {
    json!({ "id": "acme", "version": 2, "settings": { "name": "Acme", "active": true },
            "created_at": SINCE, "updated_at": SINCE })
}

fn settings() -> Value {
    json!({ "supplier": "acme", "name": "Everything", "kind": "full",
            "format": { "format": { "kind": "csv", "delimiter": "semicolon" } },
            "mapping": { "fields": [{ "to": "code", "from": ["kod"] }],
                         "filters": ["row.kod != ''"] },
            "currency": "CZK", "language": "cs", "priority": 0, "new_products": "draft",
            "rrp_is_price": false, "some_units": 2, "file_bytes_max": 2_147_483_648_u64,
            "vanished": { "action": "zero_stock", "after_runs": 1 } })
}

fn fetched() -> Value {
    let mut settings = settings();
    settings["reach"] = json!({ "by": "http", "url": "https://acme.example/feed.csv?***",
                                "access": { "with": "basic", "user": "shop", "password": "***" } });
    json!({ "id": "acme-full", "version": 9, "revision": 3, "settings": settings,
            "last": { "import": "import/i-9", "status": "completed_with_errors", "at": SINCE } })
}

fn uploaded() -> Value {
    let mut settings = settings();
    settings["reach"] = json!({ "by": "upload" });
    json!({ "id": "acme-file", "version": 4, "revision": 1, "settings": settings,
            "upload": { "file": { "sha256": "ab".repeat(32), "bytes": 1_234 }, "observed_at": SINCE } })
}

fn import() -> Value {
    json!({ "id": "i-9", "version": 30, "source": "acme-full", "supplier": "acme",
            "trigger": { "by": "request" }, "dry_run": false, "status": "completed_with_errors",
            "requested_at": SINCE, "progress": { "rows": 50, "rows_total": 50 },
            "counts": { "created": 1, "updated": 2, "unchanged": 40, "skipped": 3, "failed": 4,
                        "vanished": 1 },
            "problems_kept": 2, "problems_complete": false,
            "undo": { "done": true, "restored": 2, "kept": 32 } })
}

fn trial() -> Value {
    let mut trial = import();
    trial["id"] = json!("i-8");
    trial["dry_run"] = json!(true);
    trial["samples"] = json!([{ "row": 1, "code": "A-1", "new": true, "title": "Large atlas",
                                "stock": { "is": "some" } }]);
    trial.as_object_mut().unwrap().remove("undo");
    trial
}

fn changes() -> Value {
    let price = |minor: i64| json!({ "amount_minor": minor, "currency": "CZK" });
    let title = json!({ "field": "title.cs", "was": { "text": "Atlas" }, "now": { "text": "Velký atlas" } });
    json!({ "samples_only": false, "next_cursor": "17.2", "items": [
        { "kind": "updated", "code": "A-1", "product": "atlas", "product_id": "p1",
          "price_before": price(8_250), "price": price(8_000),
          "stock_before": { "is": "exact", "quantity": 7 }, "stock": { "is": "at_least", "quantity": 5 },
          "changes": [title] },
        { "kind": "vanished", "code": "A-3", "product": "lamp" } ] })
}

/// A problem that names a member.
fn at_fault(pointer: &str, expected: &str) -> Response {
    let told = json!({ "status": 422, "code": "invalid", "detail": format!("{pointer}: {expected}"),
                       "errors": [{ "pointer": pointer, "detail": expected }] });
    (StatusCode::UNPROCESSABLE_ENTITY, told.to_string()).into_response()
}

/// The answer to a change; none, if it is about something else.
pub(super) fn done(asked: &Asked) -> Option<Response> {
    let (route, how) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let said: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let result = match (&asked.method, route) {
        (&Method::PUT, "/v1/sources/acme-file/file") => uploaded(),
        (&Method::PUT, route) if route.starts_with("/v1/sources/") => {
            let address = said["reach"]["url"].as_str().unwrap_or_default();
            if address.contains("elsewhere") {
                return Some(at_fault("/reach/url", "what it was, or all secrets anew"));
            }
            if said["mapping"]["fields"][1]["from"][0] == "odd/" {
                return Some(at_fault("/mapping/fields/1/from", "expected a path"));
            }
            fetched()
        }
        (&Method::PUT, route) if route.starts_with("/v1/suppliers/") => supplier(),
        (&Method::DELETE, "/v1/sources/acme-full") => json!({}),
        (&Method::POST, "/v1/sources/acme-file/preview") => json!({ "names": ["kod", "cena"],
            "rows": [
                { "row": 1, "filtered": false, "record": { "code": "A-1", "name": "Large atlas",
                  "purchase_price": { "amount_minor": 8_250, "currency": "CZK" },
                  "stock": { "kind": "exact", "quantity_milli": 7_000 } } },
                { "row": 2, "filtered": false, "problems": [{ "row": 2, "line": 3, "field": "code",
                  "reason": "expected a code of one line" }] } ] }),
        _ => return None,
    };
    let would =
        json!({ "type": "supplier.source_removed", "entity": "source/acme-full", "data": {} });
    let is_asked_first = how.contains("dry_run=true") && !route.ends_with("/preview");
    Some(match is_asked_first {
        true => answered(&json!({ "would": [would], "result": result })),
        false => answered(&result),
    })
}
