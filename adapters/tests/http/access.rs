//! Who may do what.

use crate::shop::{Shop, order, settings};
use serde_json::json;

#[tokio::test]
async fn without_a_key_or_with_a_bad_one_nobody_gets_in() {
    let (shop, _) = Shop::trading().await;
    let nobody = shop.nobody();
    let answer = nobody.get("/v1/orders").await;
    assert_eq!(answer.head("www-authenticate"), "Bearer");
    answer.problem(401, "unauthorized");
    let secret = "x".repeat(43);
    for bad in ["", "nonsense", &format!("kt_harbour-books_abcdefgh2345_{secret}")] {
        nobody.clone().token(bad).get("/v1/orders").await.problem(401, "unauthorized");
    }
    let unknown = format!("kt_nobody_abcdefgh2345_{secret}");
    nobody.clone().token(&unknown).get("/v1/orders").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let (shop, _) = Shop::trading().await;
    let reader = shop.key("harbour-books", &["orders:read"]).await;
    reader.get("/v1/orders").await.ok();
    reader.post("/v1/orders", order("atlas", 1)).await.problem(403, "missing_scope");
    reader.get("/v1/stock").await.problem(403, "missing_scope");
    let writer = shop.key("harbour-books", &["orders:write"]).await;
    writer.post("/v1/orders", order("atlas", 1)).await.ok();
    writer.get("/v1/orders").await.problem(403, "missing_scope");
}

#[tokio::test]
async fn a_key_gives_no_scope_that_it_has_not() {
    let (shop, _) = Shop::trading().await;
    let clerk = shop.key("harbour-books", &["keys:write", "orders:read"]).await;
    let wish = |scopes: &[&str]| json!({ "name": "mine", "scopes": scopes });
    clerk.post("/v1/keys", wish(&["orders:read"])).await.ok();
    for more in ["*", "orders:write", "stock:read"] {
        clerk.post("/v1/keys", wish(&[more])).await.problem(403, "missing_scope");
    }
}

#[tokio::test]
async fn a_revoked_key_counts_no_longer_as_soon_as_that_is_answered() {
    let (shop, harbour) = Shop::trading().await;
    let operator = shop.operator_for("harbour-books");
    let made = harbour.post("/v1/keys", json!({ "name": "till", "scopes": ["orders:read"] })).await;
    let made = made.ok();
    let till = shop.nobody().token(made["token"].as_str().unwrap());
    till.get("/v1/orders").await.ok();
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(operator.get(&path).await.ok().get("hash"), None);
    operator.delete(&path).await.ok();
    till.get("/v1/orders").await.problem(401, "unauthorized");
    assert!(operator.get(&path).await.ok()["revoked_at"].is_string());
}

#[tokio::test]
async fn another_tenant_s_things_are_not_there() {
    let (shop, harbour) = Shop::trading().await;
    let other = shop.tenant("other-books").await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    other.get(&path).await.problem(404, "not_found");
    other.act(&format!("{path}/confirm")).await.problem(404, "not_found");
    other.get("/v1/stock/atlas").await.problem(404, "not_found");
    let disguised = other.clone().header("x-kontor-tenant", "harbour-books");
    disguised.get(&path).await.problem(404, "not_found");
    assert_eq!(harbour.get(&path).await.ok()["status"], "pending");
}

#[tokio::test]
async fn a_suspended_tenant_reads_and_does_not_write() {
    let (shop, harbour) = Shop::trading().await;
    harbour.get("/v1/orders").await.ok();
    let path = "/v1/tenants/harbour-books";
    let (operator, reason) = (shop.operator(), json!({ "reason": "unpaid" }));
    let suspended = operator.post(&format!("{path}/suspend"), reason).await.ok();
    assert_eq!(suspended["status"], "suspended");
    harbour.post("/v1/orders", order("atlas", 1)).await.problem(403, "tenant_suspended");
    harbour.get("/v1/orders").await.ok();
    shop.operator().act(&format!("{path}/resume")).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    shop.operator().act(&format!("{path}/archive")).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.problem(403, "tenant_archived");
    harbour.get("/v1/tenant").await.ok();
}

#[tokio::test]
async fn only_the_operator_sees_to_tenants() {
    let (shop, harbour) = Shop::trading().await;
    harbour.get("/v1/tenants").await.problem(403, "operator_only");
    harbour.get("/v1/quarantine").await.problem(403, "operator_only");
    shop.nobody().get("/v1/tenants").await.problem(401, "unauthorized");
    let all = shop.operator().get("/v1/tenants").await.ok();
    assert_eq!(all["items"][0]["id"], "harbour-books");
    assert_eq!(all["items"][0]["settings"]["currency"], "CZK");
    shop.operator().get("/v1/tenants/nobody").await.problem(404, "not_found");
    shop.operator().get("/v1/orders").await.problem(400, "invalid_parameter");
    shop.operator_for("nobody").get("/v1/orders").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_tenant_s_settings_are_set_whole_or_by_member() {
    let (shop, _) = Shop::trading().await;
    let (operator, path) = (shop.operator(), "/v1/tenants/harbour-books");
    let patched = operator.patch(path, json!({ "language": "cs", "limits": { "import_rows": 7 } }));
    let patched = patched.await.ok();
    assert_eq!(patched["settings"]["language"], "cs");
    assert_eq!(patched["settings"]["limits"]["import_rows"], 7);
    assert_eq!(patched["settings"]["limits"]["requests_in_flight"], 1000);
    operator.patch(path, json!({ "language": "czech" })).await.at(422, "invalid", "/language");
    operator.patch(path, json!({ "tongue": "cs" })).await.problem(422, "invalid");
    let mut all = settings("harbour-books");
    all["time_zone"] = "Mars/Base".into();
    operator.put(path, all).await.at(422, "invalid", "/time_zone");
    let again = json!({ "tenant": "harbour-books", "settings": settings("other") });
    operator.post("/v1/tenants", again).await.problem(409, "exists");
}

#[tokio::test]
async fn a_tenant_asks_no_faster_than_its_limit() {
    let (shop, harbour) = Shop::trading().await;
    let path = "/v1/tenants/harbour-books";
    let slow = json!({ "limits": { "requests_per_second": 3 } });
    shop.operator().patch(path, slow).await.ok();
    let mut refused = None;
    for _ in 0..8 {
        let answer = harbour.get("/v1/orders").await;
        if answer.status == 429 {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.head("retry-after"), "1");
    refused.problem(429, "tenant_busy");
}
