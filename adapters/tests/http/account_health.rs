//! How accounts at payment providers are, as a node has seen them.

use crate::shop::{Asker, Shop, order};
use kontor_actors::{admission::Lane, intake::Caller, order::Order, request::Terms};
use kontor_messages::{EntityId, Meta, TenantId, Timestamp, order::OrderCommand};
use serde_json::{Value, json};
use std::time::Duration;

const HEALTH: &str = "/v1/accounts/stripe/main/health";

async fn with_stripe() -> (Shop, Asker) {
    let (shop, harbour) = Shop::trading().await;
    let settings = json!({ "secret_key": "sk_test_123", "webhook_secrets": ["whsec_test_secret"],
        "endpoint": "http://127.0.0.1:9" });
    harbour.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
    (shop, harbour)
}

/// Sends something that does not prove to be Stripe's.
async fn forge(shop: &Shop) {
    let forged = shop.nobody().header("stripe-signature", "t=1,v1=00");
    let hook = shop.hook("harbour-books", "stripe", "main");
    let answer = forged.raw(&hook, "{}", Some("application/json")).await;
    answer.problem(400, "bad_notification");
}

/// Tells an order of its payment, as the policy does that follows it.
async fn opened(shop: &Shop, order: &str, payment: &str) {
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Interactive };
    let (order, payment) = (EntityId::parse(order).unwrap(), EntityId::parse(payment).unwrap());
    let until = Timestamp::now().plus(Duration::from_secs(172_800));
    let told = OrderCommand::RecordPaymentOpened { order, payment, until };
    shop.intake.tell::<Order>(&caller, told, Terms::default()).await.unwrap();
}

#[tokio::test]
async fn an_account_that_nobody_has_called_is_well_and_says_since_when_it_is_looked_at() {
    let (_shop, harbour) = with_stripe().await;
    let health = harbour.get(HEALTH).await.ok();
    assert_eq!((&health["provider"], &health["account"]), (&json!("stripe"), &json!("main")));
    assert_eq!(health["breaker"]["position"], "closed");
    assert!(health["breaker"]["since"].is_string() && health["breaker"].get("until").is_none());
    assert_eq!((&health["calls"], &health["under_way"]), (&json!([]), &json!(0)));
    assert_eq!((&health["last_calls"], &health["not_taken"]), (&json!([]), &json!([])));
    assert!(health.get("p99_ms").is_none() && health.get("last_failure").is_none());
    let none = json!({ "count": 0, "more": false });
    assert_eq!((&health["to_open"], &health["to_pay"]), (&none, &none));
}

#[tokio::test]
async fn what_a_provider_sent_and_was_not_taken_is_counted_with_why() {
    let (shop, harbour) = with_stripe().await;
    forge(&shop).await;
    let health = harbour.get(HEALTH).await.ok();
    assert_eq!(health["notifications_taken"], 0);
    assert_eq!(health["notifications_not_taken"], 1);
    assert_eq!(health["not_taken"], json!([{ "reason": "unsigned", "count": 1 }]));
    assert_eq!(health["last_not_taken"]["reason"], "unsigned");
    assert!(health["last_not_taken"]["at"].is_string() && health.get("last_taken_at").is_none());
    let listed = harbour.get("/v1/accounts/health").await.ok();
    assert_eq!(listed["items"][0]["notifications_not_taken"], 1);
    assert!(listed["items"][0].get("tenant").is_none(), "it is one's own");
}

#[tokio::test]
async fn payments_that_wait_for_an_account_are_told_with_it_and_found_by_it() {
    let (shop, harbour) = with_stripe().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let wish = json!({ "order": placed["id"], "provider": "stripe", "account": "main",
        "return_url": "https://shop.example/thanks" });
    let asked = harbour.post("/v1/payments", wish).await.ok();
    let waits = json!({ "count": 1, "more": false, "oldest": asked["id"] });
    assert_eq!(harbour.get(HEALTH).await.ok()["to_open"], waits);
    let found = async |query: &str| -> Vec<Value> {
        let page = harbour.get(&format!("/v1/payments?{query}")).await.ok();
        page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    let own = [asked["id"].clone()];
    assert_eq!(found("provider=stripe&account=main").await, own);
    assert_eq!(found("provider=stripe&status=created").await, own);
    assert!(found("provider=stripe&account=second").await.is_empty());
    assert!(found("provider=manual").await.is_empty());
    let order = placed["id"].as_str().unwrap();
    opened(&shop, order, asked["id"].as_str().unwrap()).await;
    assert_eq!(found(&format!("order={order}&status=created&provider=stripe")).await, own);
    assert!(found(&format!("order={order}&status=paid")).await.is_empty());
    assert!(found(&format!("order={order}&provider=manual")).await.is_empty());
    let lost = harbour.get(&format!("/v1/payments?order={order}&status=lost")).await;
    lost.at(400, "invalid_parameter", "status");
    harbour.get("/v1/payments?account=main").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn an_account_that_carries_messages_or_is_not_there_has_no_health() {
    let (_shop, harbour) = with_stripe().await;
    let mail = json!({ "settings": { "host": "127.0.0.1", "from": "shop@example.com" } });
    harbour.put("/v1/accounts/smtp/main", mail).await.ok();
    harbour.get("/v1/accounts/smtp/main/health").await.problem(404, "no_health");
    harbour.get("/v1/accounts/stripe/other/health").await.problem(404, "not_found");
    let listed = harbour.get("/v1/accounts/health").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn an_account_that_needs_no_settings_has_health_once_something_went_through_it() {
    let (_shop, harbour) = with_stripe().await;
    harbour.get("/v1/accounts/manual/main/health").await.problem(404, "not_found");
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let wish = json!({ "order": placed["id"], "provider": "manual", "account": "main" });
    harbour.post("/v1/payments", wish).await.ok();
    assert_eq!(harbour.get("/v1/accounts/manual/main/health").await.ok()["provider"], "manual");
}

#[tokio::test]
async fn who_runs_the_platform_sees_the_accounts_of_all_tenants_at_a_provider_the_worst_first() {
    let (shop, harbour) = with_stripe().await;
    let other = shop.tenant("amber-books").await;
    let settings = json!({ "secret_key": "sk_test_9", "endpoint": "http://127.0.0.1:9" });
    other.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
    other.get(HEALTH).await.ok();
    forge(&shop).await;
    let operator = shop.operator();
    let seen = operator.get("/v1/platform/accounts?provider=stripe").await.ok();
    let whose: Vec<_> =
        seen["items"].as_array().unwrap().iter().map(|one| one["tenant"].clone()).collect();
    assert_eq!(whose, ["harbour-books", "amber-books"], "the one in trouble first");
    assert_eq!(seen["more"], false);
    let one = operator.get("/v1/platform/accounts?provider=stripe&limit=1").await.ok();
    assert_eq!((&one["items"][0]["tenant"], &one["more"]), (&json!("harbour-books"), &json!(true)));
    operator.get("/v1/platform/accounts").await.problem(400, "invalid_parameter");
    operator
        .get("/v1/platform/accounts?provider=stripe&limit=0")
        .await
        .problem(400, "invalid_parameter");
    harbour.get("/v1/platform/accounts?provider=stripe").await.problem(403, "operator_only");
}
