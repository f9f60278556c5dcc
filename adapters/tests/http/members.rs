//! Members, roles and invitations over HTTP.

use crate::{
    people::{Seed, access_token},
    shop::{Asker, Shop, order},
};
use kontor_adapters::invitation;
use kontor_messages::{TenantId, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "harbour-books";

/// What the mail of an invitation holds.
fn token(tenant: &str, id: &str) -> Value {
    let token = invitation::text(&Seed, &TenantId::parse(tenant).unwrap(), id);
    json!({ "token": token })
}

async fn invite(asker: &Asker, name: &str, role: &str) -> String {
    let wish = json!({ "email": format!("{name}@example.com"), "role": role });
    let invited = asker.post("/v1/invitations", wish).await.ok();
    invited["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_does_for_a_tenant_what_their_role_there_says() {
    let (shop, harbour) = Shop::trading().await;
    shop.tenant("other-books").await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let vera = shop.member("vera", SHOP, "viewer").await;
    shop.member("vera", "other-books", "admin").await;
    olga.post("/v1/orders", order("atlas", 1)).await.ok();
    vera.get("/v1/orders").await.ok();
    vera.post("/v1/orders", order("atlas", 1)).await.problem(403, "missing_scope");
    vera.get("/v1/keys").await.problem(403, "missing_scope");
    shop.user_at("vera", "other-books").get("/v1/keys").await.ok();
    shop.user_at("olga", "other-books").get("/v1/orders").await.problem(404, "not_found");
    shop.user_at("olga", "nowhere").get("/v1/orders").await.problem(404, "not_found");
    let without = shop.user("olga").get("/v1/orders").await;
    without.at(400, "invalid_parameter", "X-Kontor-Tenant");
    let orders = harbour.get("/v1/orders").await.ok();
    let path = format!("/v1/orders/{}/history", orders["items"][0]["id"].as_str().unwrap());
    assert_eq!(harbour.get(&path).await.ok()["items"][0]["actor"], "user:olga");
}

#[tokio::test]
async fn a_token_that_is_forged_or_over_lets_nobody_in() {
    let (shop, _) = Shop::trading().await;
    shop.member("olga", SHOP, "owner").await;
    let over = access_token("olga", Timestamp::from_millis(1), "user");
    let forged =
        access_token("olga", Timestamp::from_millis(i64::MAX), "user").replace("at.", "a.");
    for bad in [over, forged] {
        let asker = shop.nobody().token(&bad).header("x-kontor-tenant", SHOP);
        asker.get("/v1/orders").await.problem(401, "unauthorized");
        asker.get("/v1/tenants").await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_membership_that_ended_or_shrank_counts_no_more_as_soon_as_that_is_answered() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let adam = shop.member("adam", SHOP, "admin").await;
    olga.put("/v1/roles/packer", json!({ "permissions": ["stock:read"] })).await.ok();
    adam.get("/v1/orders").await.ok();
    olga.put("/v1/members/adam", json!({ "role": "packer" })).await.ok();
    adam.get("/v1/orders").await.problem(403, "missing_scope");
    adam.get("/v1/stock").await.ok();
    olga.put("/v1/roles/packer", json!({ "permissions": ["orders:read"] })).await.ok();
    adam.get("/v1/stock").await.problem(403, "missing_scope");
    adam.get("/v1/orders").await.ok();
    assert_eq!(olga.delete("/v1/members/adam").await.status, 204);
    adam.get("/v1/orders").await.problem(404, "not_found");
    olga.get("/v1/members/adam").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_platform_operator_may_do_what_the_operator_s_token_may() {
    let (shop, _) = Shop::trading().await;
    let until = Timestamp::now().plus(Duration::from_secs(60));
    let root = shop.nobody().token(&access_token("root", until, "operator"));
    root.get("/v1/tenants").await.ok();
    root.clone().header("x-kontor-tenant", SHOP).get("/v1/orders").await.ok();
    shop.member("olga", SHOP, "owner").await.get("/v1/tenants").await.problem(403, "operator_only");
}

#[tokio::test]
async fn an_invitation_is_accepted_by_the_one_it_was_sent_to() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let id = invite(&olga, "nina", "support").await;
    let (path, body) = ("/v1/invitations/accept", token(SHOP, &id));
    let shown = olga.get(&format!("/v1/invitations/{id}")).await;
    assert!(!shown.text().contains("inv_"), "{}", shown.text());
    shop.user("emil").post(path, body.clone()).await.problem(403, "other_email");
    let until = Timestamp::now().plus(Duration::from_secs(60));
    let unknown = shop.nobody().token(&access_token("nina", until, "nobody"));
    unknown.post(path, body.clone()).await.problem(403, "email_not_confirmed");
    shop.nobody().post(path, body.clone()).await.problem(401, "unauthorized");
    let nina = shop.user("nina");
    nina.post(path, token("other-books", &id)).await.problem(404, "not_found");
    nina.post(path, json!({ "token": "inv_harbour-books_x_y" })).await.problem(404, "not_found");
    for _ in 0..2 {
        let joined = nina.post(path, body.clone()).await.ok();
        assert_eq!((&joined["tenant"], &joined["role"]), (&json!(SHOP), &json!("support")));
    }
    shop.user_at("nina", SHOP).get("/v1/orders").await.ok();
    let members = olga.get("/v1/members").await.ok();
    assert_eq!(members["items"].as_array().unwrap().len(), 2);
    assert_eq!(olga.get(&format!("/v1/invitations/{id}")).await.ok()["status"], "accepted");
}

#[tokio::test]
async fn an_invitation_is_sent_again_and_taken_back() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let id = invite(&olga, "nina", "support").await;
    assert_eq!(invite(&olga, "nina", "viewer").await, id);
    let path = format!("/v1/invitations/{id}");
    olga.act(&format!("{path}/resend")).await.ok();
    assert_eq!(olga.act(&format!("{path}/revoke")).await.ok()["status"], "revoked");
    let accepting = shop.user("nina").post("/v1/invitations/accept", token(SHOP, &id)).await;
    accepting.problem(409, "invitation_closed");
    olga.act(&format!("{path}/resend")).await.problem(409, "invitation_closed");
    assert_eq!(olga.get("/v1/invitations?status=open").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn nobody_joins_a_tenant_that_may_only_read() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let id = invite(&olga, "nina", "support").await;
    let reason = json!({ "reason": "unpaid" });
    shop.operator().post("/v1/tenants/harbour-books/suspend", reason).await.ok();
    let joining = shop.user("nina").post("/v1/invitations/accept", token(SHOP, &id)).await;
    joining.problem(403, "tenant_suspended");
    olga.get("/v1/orders").await.ok();
    olga.post("/v1/orders", order("atlas", 1)).await.problem(403, "tenant_suspended");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let adam = shop.member("adam", SHOP, "admin").await;
    shop.member("vera", SHOP, "viewer").await;
    olga.put("/v1/roles/hr", json!({ "permissions": ["members:write", "roles:write"] })).await.ok();
    let hr = shop.member("hugo", SHOP, "hr").await;
    let more = json!({ "permissions": ["members:write", "payments:write"] });
    hr.put("/v1/roles/hr", more).await.problem(403, "missing_scope");
    hr.put("/v1/members/hugo", json!({ "role": "viewer" })).await.problem(403, "missing_scope");
    let wish = json!({ "email": "x@example.com", "role": "support" });
    hr.post("/v1/invitations", wish).await.problem(403, "missing_scope");
    adam.put("/v1/members/vera", json!({ "role": "owner" })).await.problem(403, "owners_only");
    adam.delete("/v1/members/olga").await.problem(403, "owners_only");
    olga.delete("/v1/members/olga").await.problem(409, "last_owner");
    let key = json!({ "name": "all", "scopes": ["*"] });
    adam.post("/v1/keys", key).await.problem(403, "missing_scope");
    olga.delete("/v1/roles/hr").await.problem(409, "role_in_use");
    let reserved = olga.put("/v1/roles/owner", json!({ "permissions": ["stock:read"] })).await;
    reserved.problem(409, "role_reserved");
}

#[tokio::test]
async fn the_list_of_permissions_says_what_each_allows_and_who_has_it() {
    let (shop, _) = Shop::trading().await;
    let vera = shop.member("vera", SHOP, "viewer").await;
    let all = vera.get("/v1/permissions").await.ok();
    let items = all["items"].as_array().unwrap();
    let write = items.iter().find(|item| item["permission"] == "orders:write").unwrap();
    assert_eq!(write["roles"], json!(["owner", "admin", "operator", "support"]));
    assert!(items.iter().all(|item| !item["allows"].as_str().unwrap().is_empty()));
    assert_eq!(all["roles"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_dry_run_invites_nobody_and_a_key_makes_one_request_one_invitation() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let wish = json!({ "email": "nina@example.com", "role": "support" });
    let would = olga.post("/v1/invitations?dry_run=true", wish.clone()).await.ok();
    assert_eq!(would["would"][0]["type"], "tenant.invited");
    assert_eq!(olga.get("/v1/invitations").await.ok()["items"], json!([]));
    let keyed = olga.header("idempotency-key", "one");
    let first = keyed.post("/v1/invitations", wish.clone()).await.ok();
    let second = keyed.post("/v1/invitations", wish).await.ok();
    assert_eq!((&first["id"], &second["mails"]), (&second["id"], &json!(1)));
}

#[test]
fn the_page_of_permissions_is_what_the_program_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    let page = kontor_adapters::http::permissions_page();
    if std::env::var_os("KONTOR_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let how = "KONTOR_WRITE_DOCS=1 cargo test -p kontor-adapters --test http page_of_permissions";
    assert!(written == page, "docs/permissions.md is out of date; write it again with: {how}");
}
