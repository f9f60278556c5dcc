//! Suppliers, sources and imports over HTTP.

use crate::shop::{Asker, Shop};
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

fn source() -> Value {
    json!({
        "supplier": "acme", "name": "Acme, all", "currency": "CZK", "warehouse": "acme",
        "format": { "format": { "kind": "csv" } },
        "mapping": { "fields": [{ "to": "code", "from": ["code"] }] },
    })
}

async fn supplied() -> (Shop, Asker) {
    let (shop, harbour) = Shop::trading().await;
    harbour.put("/v1/suppliers/acme", json!({ "name": "Acme" })).await.ok();
    harbour.put("/v1/sources/acme-full", source()).await.ok();
    (shop, harbour)
}

#[tokio::test]
async fn a_source_is_set_read_and_removed() {
    let (_, harbour) = supplied().await;
    let known = harbour.get("/v1/sources/acme-full").await.ok();
    assert_eq!(known["settings"]["supplier"], "acme");
    let page = harbour.get("/v1/sources").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(harbour.delete("/v1/sources/acme-full").await.status, 204);
    harbour.get("/v1/sources/acme-full").await.problem(404, "not_found");
}

#[tokio::test]
async fn secrets_of_a_source_go_in_and_never_come_out() {
    let (_, harbour) = supplied().await;
    let secret = json!({
        "by": "http", "url": "http://127.0.0.1:9/feed.xml?key=s3cret",
        "access": { "with": "basic", "user": "kontor", "password": "s3cret" },
    });
    let mut with_secret = source();
    with_secret["reach"] = secret;
    let put = harbour.put("/v1/sources/acme-http", with_secret).await;
    assert!(!put.text().contains("s3cret"), "{}", put.text());
    put.ok();
    for path in ["/v1/sources/acme-http", "/v1/sources", "/v1/audit", "/v1/export"] {
        let shown = harbour.get(path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(!shown.text().contains("s3cret"), "{path}: {}", shown.text());
        assert!(shown.text().contains("acme-http"), "{path}: {}", shown.text());
    }
}

#[tokio::test]
async fn an_address_inside_and_a_wrong_timetable_are_refused_with_their_member() {
    let (_, harbour) = supplied().await;
    let mut inside = source();
    inside["reach"] = json!({ "by": "http", "url": "ftp://acme.example/feed.xml" });
    let refused = harbour.put("/v1/sources/acme-x", inside).await;
    let refused = refused.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/reach/url");
    let mut late = source();
    late["timetable"] = json!({ "cron": "every day", "zone": "Europe/Prague" });
    let refused = harbour.put("/v1/sources/acme-x", late).await;
    let refused = refused.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/timetable/cron");
    let nobody = harbour.put("/v1/sources/Acme!", source()).await;
    nobody.problem(422, "invalid");
}

#[tokio::test]
async fn a_file_is_streamed_to_disk_and_known_by_its_hash() {
    let (_, harbour) = supplied().await;
    let path = "/v1/sources/acme-full/file?observed_at=2026-01-15T10:00:00Z";
    let kind = Some("application/octet-stream");
    let put = |body: &'static str| harbour.ask(Method::PUT, path, Body::from(body), kind);
    let known = put("code;stock\nA;1\n").await.ok();
    assert_eq!(known["upload"]["file"]["bytes"], 15);
    assert_eq!(known["upload"]["observed_at"], "2026-01-15T10:00:00.000Z");
    put("").await.problem(400, "malformed_body");
    let mut short = source();
    short["file_bytes_max"] = json!(10);
    harbour.put("/v1/sources/acme-full", short).await.ok();
    put("code;stock\nA;1\n").await.problem(413, "body_too_large");
}

#[tokio::test]
async fn one_import_of_a_source_runs_at_a_time_and_can_be_stopped() {
    let (_, harbour) = supplied().await;
    let wish = json!({ "source": "acme-full" });
    let started = harbour.post("/v1/imports", wish.clone()).await;
    assert_eq!(started.status, 201, "{}", started.text());
    let id = started.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(started.json()["status"], "queued");
    harbour.post("/v1/imports", wish).await.problem(409, "import_running");
    let path = format!("/v1/imports/{id}");
    harbour.act(&format!("{path}/undo")).await.problem(409, "impossible");
    let stopped = harbour.act(&format!("{path}/cancel")).await.ok();
    assert_eq!(stopped["status"], "cancelled");
    let of = |source: &str| format!("/v1/imports?source={source}&status=cancelled");
    assert_eq!(harbour.get(&of("acme-full")).await.ok()["items"].as_array().unwrap().len(), 1);
    assert!(harbour.get(&of("other")).await.ok()["items"].as_array().unwrap().is_empty());
    let errors = harbour.get(&format!("{path}/errors")).await;
    assert_eq!(errors.text(), "row,line,code,field,reason\r\n");
}

#[tokio::test]
async fn a_category_path_is_mapped_and_shown_with_what_it_gives() {
    let (_, harbour) = supplied().await;
    let path = "/v1/sources/acme-full/categories";
    let map = json!({ "path": "Tools > Drills", "category": "drills" });
    assert_eq!(harbour.put(path, map).await.ok()["category"], "drills");
    let shown = harbour.get(path).await.ok();
    assert_eq!(shown["items"][0]["effective"], "drills");
    let unmapped = harbour.get(&format!("{path}?unmapped=true")).await.ok();
    assert!(unmapped["items"].as_array().unwrap().is_empty());
}

/// A source at an address, with a password and a key in its query.
fn with_secrets(url: &str, password: &str) -> Value {
    let mut source = source();
    source["reach"] = json!({
        "by": "http", "url": url,
        "access": { "with": "basic", "user": "kontor", "password": password },
    });
    source
}

#[tokio::test]
async fn a_source_is_changed_without_its_secrets_by_who_cannot_see_them() {
    let (shop, harbour) = supplied().await;
    let path = "/v1/sources/acme-http";
    let url = "http://127.0.0.1:9/feed.csv?key=s3cret";
    harbour.put(path, with_secrets(url, "s3cret")).await.ok();
    let known = harbour.get(path).await.ok();
    let mut shown = known["settings"].clone();
    shown["name"] = json!("Acme, by night");
    harbour.put(path, shown).await.ok();
    let tenant = "harbour-books".parse().unwrap();
    let entity = kontor_messages::supplier::source_entity("acme-http");
    let kept = shop.intake.read::<kontor_actors::supplier::Supplier>(&tenant, &entity).await;
    let (state, _) = kept.unwrap().unwrap();
    let settings = serde_json::to_value(&state.source().unwrap().settings).unwrap();
    assert_eq!(settings["name"], "Acme, by night");
    assert_eq!(settings["reach"]["url"], url);
    assert_eq!(settings["reach"]["access"]["password"], "s3cret");
}

#[tokio::test]
async fn a_secret_that_is_kept_is_led_to_no_other_place() {
    let (_, harbour) = supplied().await;
    let path = "/v1/sources/acme-http";
    harbour.put(path, with_secrets("http://127.0.0.1:9/feed.csv?key=1", "s3cret")).await.ok();
    for elsewhere in ["http://127.0.0.1:10/feed.csv", "http://127.0.0.1:9/other.csv"] {
        harbour.put(path, with_secrets(elsewhere, "***")).await.at(422, "invalid", "/reach/url");
    }
    let masked = with_secrets("http://127.0.0.1:9/other.csv?***", "new");
    harbour.put(path, masked).await.at(422, "invalid", "/reach/url");
    // Where nothing is kept, there is nothing that a mask could stand for.
    let new = with_secrets("http://127.0.0.1:9/feed.csv", "***");
    let refused = harbour.put("/v1/sources/acme-new", new.clone()).await;
    refused.at(422, "invalid", "/reach/access/password");
    harbour.get("/v1/sources/acme-new").await.problem(404, "not_found");
    harbour.delete(path).await;
    harbour.put(path, new).await.at(422, "invalid", "/reach/access/password");
}

#[tokio::test]
async fn lists_of_an_import_are_empty_before_it_did_anything_and_refuse_odd_cursors() {
    let (_, harbour) = supplied().await;
    let started = harbour.post("/v1/imports", json!({ "source": "acme-full" })).await.json();
    let path = format!("/v1/imports/{}", started["id"].as_str().unwrap());
    for list in ["changes", "problems", "left-out", "kept", "restored"] {
        let page = harbour.get(&format!("{path}/{list}")).await.ok();
        assert_eq!((&page["items"], page.get("next_cursor")), (&json!([]), None), "{list}");
        let odd = harbour.get(&format!("{path}/{list}?cursor=x")).await;
        odd.at(400, "invalid_parameter", "cursor");
        let many = harbour.get(&format!("{path}/{list}?limit=201")).await;
        many.at(400, "invalid_parameter", "limit");
        harbour.get(&format!("/v1/imports/nobody/{list}")).await.problem(404, "not_found");
    }
    let odd = harbour.get(&format!("{path}/changes?kind=turned")).await;
    odd.problem(400, "invalid_parameter");
    let head = "kind,code,product,currency,price_before_minor,price_minor,stock_before,stock\r\n";
    assert_eq!(harbour.get(&format!("{path}/changes.csv")).await.text(), head);
}
