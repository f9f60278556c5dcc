//! Events on their way: signatures, repeats, losses and order.

use std::collections::BTreeSet;

use kontor_sandbox::signing::stripe_v1;
use kontor_sandbox::{
    PayerAct, PayerResult, Sandbox, SandboxConfig, StripeAccount, WebhookEndpoint,
};
use serde_json::json;

use crate::world::{OTHER_KEY, PATIENCE, SECRET, SESSIONS, World, order_form};

/// The `t` and the `v1`s of a delivery's signature header.
fn signature(header: &str) -> (u64, Vec<String>) {
    let parts: Vec<_> = header.split(',').filter_map(|part| part.split_once('=')).collect();
    let at = parts.iter().find(|(name, _)| *name == "t").map(|(_, value)| *value);
    let ones = parts.iter().filter(|(name, _)| *name == "v1").map(|(_, value)| (*value).to_owned());
    (at.and_then(|text| text.parse().ok()).expect("a time"), ones.collect())
}

#[tokio::test]
async fn every_event_is_signed_over_its_exact_bytes() {
    let world = World::new().await;
    world.paid("o-1").await;
    world.settled().await;
    let kinds = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"];
    assert_eq!(world.kinds(), kinds);
    for delivery in world.deliveries() {
        let (at, ones) = signature(delivery.header("stripe-signature").expect("a signature"));
        assert_eq!(ones, [stripe_v1(SECRET, at, &delivery.body)]);
    }
}

#[tokio::test]
async fn in_rotation_the_right_signature_comes_second() {
    let world = World::new().await;
    world.switch(|switches| switches.two_v1 = true);
    world.paid("o-1").await;
    world.settled().await;
    let delivery = world.deliveries().remove(0);
    let (at, ones) = signature(delivery.header("stripe-signature").expect("a signature"));
    assert_eq!(ones.len(), 2);
    assert_eq!(ones[1], stripe_v1(SECRET, at, &delivery.body));
    assert_ne!(ones[0], ones[1]);
}

#[tokio::test]
async fn an_event_is_repeated_until_it_is_taken() {
    let world = World::new().await;
    world.sandbox.receiver().set("stripe", |settings| settings.fail_first = 5);
    world.paid("o-1").await;
    world.settled().await;
    let counts = world.books().webhooks;
    assert_eq!((counts.delivered, counts.failed_attempts, counts.given_up), (3, 5, 0));
    let ids: BTreeSet<String> =
        world.deliveries().iter().map(|one| one.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(world.get("/v1/events?delivery_success=false").await.at("/data"), json!([]));
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_given_up_and_stays_listed() {
    let world = World::new().await;
    world.sandbox.receiver().set("stripe", |settings| settings.status = 302);
    let session = world.session("o-1").await;
    world.post(&format!("{SESSIONS}/{session}/expire"), &[]).await.ok();
    world.settled().await;
    let counts = world.books().webhooks;
    assert_eq!((counts.attempts, counts.given_up), (8, 1));
    let path = "/v1/events?type=checkout.session.expired&delivery_success=false";
    let missed = world.get(path).await.ok();
    assert_eq!(missed.at("/data/0/data/object/id"), json!(session));
    assert_eq!(missed.at("/data/0/pending_webhooks"), json!(1));
}

#[tokio::test]
async fn duplicates_share_one_event_id() {
    let world = World::new().await;
    world.switch(|switches| switches.duplicate_webhooks = true);
    world.paid("o-1").await;
    world.settled().await;
    let ids: Vec<String> =
        world.deliveries().iter().map(|one| one.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn dropped_events_are_listed_but_never_sent() {
    let world = World::new().await;
    world.switch(|switches| switches.drop_webhooks_percent = 100);
    world.paid("o-1").await;
    world.settled().await;
    assert!(world.deliveries().is_empty());
    assert_eq!(world.books().webhooks.dropped, 3);
    let listed = world.get("/v1/events?types[]=checkout.session.*").await.ok();
    assert_eq!(listed.at("/data/0/type"), json!("checkout.session.completed"));
}

#[tokio::test]
async fn events_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    world.paid("o-1").await;
    let first = world.get("/v1/events?limit=2").await.ok();
    assert_eq!(first.at("/data/0/type"), json!("checkout.session.completed"));
    assert_eq!(first.at("/has_more"), json!(true));
    let last = first.at("/data/1/id");
    let path = format!("/v1/events?limit=2&starting_after={}", last.as_str().expect("an id"));
    let second = world.get(&path).await.ok();
    assert_eq!(second.at("/data/0/type"), json!("charge.succeeded"));
    assert_eq!(second.at("/has_more"), json!(false));
}

#[tokio::test]
async fn shuffled_events_all_arrive() {
    let world = World::new().await;
    world.switch(|switches| switches.shuffle_webhooks = true);
    for number in 0..8 {
        world.paid(&format!("o-{number}")).await;
    }
    world.settled().await;
    let kinds = world.kinds();
    assert_eq!(kinds.len(), 24);
    let in_order = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"];
    assert!(kinds.chunks(3).any(|three| three != in_order));
}

#[tokio::test]
async fn a_webhook_may_come_before_the_payer_is_sent_back() {
    let world = World::new().await;
    world.switch(|switches| switches.webhook_before_answer = true);
    world.paid("o-1").await;
    assert_eq!(world.deliveries().len(), 3);
}

#[tokio::test]
async fn a_session_may_be_paid_before_its_create_call_answers() {
    let world = World::new().await;
    world.switch(|switches| switches.instant_pay_before_create_answer = true);
    let session = world.post(SESSIONS, &order_form("o-1")).await.ok();
    assert_eq!(world.deliveries().len(), 3);
    assert_eq!(session.at("/status"), json!("open"));
    let now = world.get(&format!("{SESSIONS}/{}", session.id())).await.ok();
    assert_eq!(now.at("/payment_status"), json!("paid"));
}

#[tokio::test]
async fn a_wrong_amount_is_in_the_event_only() {
    let world = World::new().await;
    world.switch(|switches| switches.wrong_amount = true);
    let session = world.session("o-1").await;
    assert_eq!(world.sandbox.stripe().act(&session, PayerAct::Pay).await, PayerResult::Completed);
    world.settled().await;
    let told = world.deliveries().pop().expect("an event").json();
    assert_eq!(told["data"]["object"]["amount_total"], json!(130_000));
    let truth = world.get(&format!("{SESSIONS}/{session}")).await.ok();
    assert_eq!(truth.at("/amount_total"), json!(129_900));
}

#[tokio::test]
async fn each_account_has_its_own_endpoints() {
    let world = World::new().await;
    let receiver = world.sandbox.receiver();
    let endpoint =
        |name: &str| WebhookEndpoint { url: receiver.hook_url(name), secret: name.to_owned() };
    let webhooks = vec![endpoint("second-a"), endpoint("second-b")];
    let account = StripeAccount { api_key: OTHER_KEY.to_owned(), webhooks };
    world.sandbox.stripe().register(account);
    world.paid("o-1").await;
    world.settled().await;
    assert!(receiver.deliveries("second-a").is_empty());
    let theirs = world.post_as(OTHER_KEY, SESSIONS, &order_form("o-1")).await.ok().id();
    world.press(&theirs, "pay").await;
    world.settled().await;
    let counts = ["stripe", "second-a", "second-b"].map(|name| receiver.deliveries(name).len());
    assert_eq!(counts, [3, 3, 3]);
    let accounts = world.sandbox.stripe().summary().accounts;
    assert!(accounts.values().all(|account| account.captured["czk"] == 129_900));
    assert!(world.sandbox.stripe().summary().double_charges().is_empty());
}

#[tokio::test]
async fn two_sandboxes_run_in_one_process_and_one_stops_alone() {
    let one = World::new().await;
    let two = Sandbox::start(SandboxConfig::default()).await.expect("free ports");
    let address = two.stripe().base_url().to_owned();
    two.shutdown().await;
    assert!(one.client.get(address).send().await.is_err());
    one.paid("o-1").await;
    assert!(one.sandbox.receiver().wait_for("stripe", 3, PATIENCE).await);
}
