//! Checkout sessions and the hosted page.

use std::time::Duration;

use kontor_sandbox::{SandboxConfig, StripeLimits};
use serde_json::json;

use crate::world::{SESSIONS, World, order_form};

#[tokio::test]
async fn a_new_session_is_open_unpaid_and_has_an_address() {
    let world = World::new().await;
    let session = world.post(SESSIONS, &order_form("o-1")).await.ok();
    assert_eq!(session.at("/status"), json!("open"));
    assert_eq!(session.at("/payment_status"), json!("unpaid"));
    assert_eq!(session.at("/amount_total"), json!(129_900));
    assert_eq!(session.at("/currency"), json!("czk"));
    assert_eq!(session.at("/payment_intent"), json!(null));
    assert_eq!(session.at("/metadata/tenant"), json!("first"));
    let url = session.at("/url").as_str().expect("an address").to_owned();
    let page = world.client.get(url).send().await.expect("a page");
    assert!(page.text().await.expect("text").contains("1299.00 CZK"));
}

#[tokio::test]
async fn parameters_are_checked_as_stripe_checks_them() {
    let world = World::new().await;
    let wrong = [
        ("line_items[0][price_data][unit_amount]", "12.99", "parameter_invalid_integer"),
        ("line_items[0][quantity]", "0", "parameter_invalid_integer"),
        ("success_url", "shop.test/done", "url_invalid"),
        ("customer_email", "nobody", "email_invalid"),
        ("surprise", "1", "parameter_unknown"),
    ];
    for (name, value, code) in wrong {
        let mut form = order_form("o-1");
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let refused = world.post(SESSIONS, &form).await;
        assert_eq!((refused.status, refused.at("/error/code")), (400, json!(code)), "{name}");
        assert_eq!(refused.at("/error/param"), json!(name));
    }
    let mut upper = order_form("o-1");
    upper[2].1 = "CZK";
    assert_eq!(world.post(SESSIONS, &upper).await.status, 400);
}

#[tokio::test]
async fn paying_completes_the_session_and_sends_the_payer_back() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    let back = world.press(&session, "pay").await;
    assert_eq!(back.status, 302);
    let expected = format!("http://shop.test/done?session={session}");
    assert_eq!(back.headers["location"], expected.as_str());
    let expanded = format!("{SESSIONS}/{session}?expand[]=payment_intent");
    let session = world.get(&expanded).await.ok();
    assert_eq!(session.at("/status"), json!("complete"));
    assert_eq!(session.at("/payment_status"), json!("paid"));
    assert_eq!(session.at("/payment_intent/amount_received"), json!(129_900));
    assert_eq!(session.at("/payment_intent/metadata/order"), json!("o-1"));
    assert_eq!(world.books().captured["czk"], 129_900);
}

#[tokio::test]
async fn paying_twice_charges_once() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    for _ in 0..2 {
        assert_eq!(world.press(&session, "pay").await.status, 302);
    }
    assert_eq!(world.books().charges_by_reference["o-1"], 1);
    assert!(world.sandbox.stripe().summary().double_charges().is_empty());
}

#[tokio::test]
async fn two_paid_sessions_of_one_order_show_as_a_double_charge() {
    let world = World::new().await;
    world.paid("o-1").await;
    world.paid("o-1").await;
    assert_eq!(world.sandbox.stripe().summary().double_charges(), ["o-1"]);
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_for_another_try() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    let page = world.press(&session, "decline").await;
    assert!(page.status == 200 && page.text.contains("declined"));
    let intent = world.intent_of(&session).await;
    let declined = world.get(&format!("/v1/payment_intents/{intent}")).await.ok();
    assert_eq!(declined.at("/status"), json!("requires_payment_method"));
    assert_eq!(declined.at("/last_payment_error/code"), json!("card_declined"));
    assert_eq!(world.press(&session, "pay").await.status, 302);
    assert_eq!(world.intent_of(&session).await, intent);
}

#[tokio::test]
async fn whoever_abandons_the_page_goes_back_to_the_basket() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    let back = world.press(&session, "abandon").await;
    assert_eq!(back.headers["location"], "http://shop.test/basket");
    let session = world.get(&format!("{SESSIONS}/{session}")).await.ok();
    assert_eq!(session.at("/status"), json!("open"));
}

#[tokio::test]
async fn a_slow_payment_is_complete_but_unpaid_at_first() {
    let world = World::new().await;
    for (outcome, status, event) in [
        ("async_pay", "paid", "checkout.session.async_payment_succeeded"),
        ("async_fail", "unpaid", "checkout.session.async_payment_failed"),
    ] {
        let session = world.session(outcome).await;
        let path = format!("{SESSIONS}/{session}");
        assert_eq!(world.press(&session, outcome).await.status, 302);
        let early = world.get(&path).await.ok();
        assert_eq!(
            (early.at("/status"), early.at("/payment_status")),
            (json!("complete"), json!("unpaid"))
        );
        world.settled().await;
        assert_eq!(world.get(&path).await.at("/payment_status"), json!(status));
        assert!(world.kinds().iter().any(|kind| kind == event), "{event}");
    }
}

#[tokio::test]
async fn an_expired_session_takes_no_money() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    let path = format!("{SESSIONS}/{session}/expire");
    assert_eq!(world.post(&path, &[]).await.ok().at("/status"), json!("expired"));
    assert_eq!(world.press(&session, "pay").await.status, 410);
    assert_eq!(world.post(&path, &[]).await.status, 400);
    world.settled().await;
    assert_eq!(world.kinds(), ["checkout.session.expired"]);
    assert!(world.books().captured.is_empty());
}

#[tokio::test]
async fn a_declined_try_ends_with_its_session() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    world.press(&session, "decline").await;
    let intent = world.intent_of(&session).await;
    let by_intent = world.get(&format!("{SESSIONS}?payment_intent={intent}")).await.ok();
    assert_eq!(by_intent.at("/data/0/id"), json!(session));
    world.post(&format!("{SESSIONS}/{session}/expire"), &[]).await.ok();
    let ended = world.get(&format!("/v1/payment_intents/{intent}")).await.ok();
    assert_eq!(ended.at("/status"), json!("canceled"));
    assert!(world.books().charges_by_reference.is_empty());
}

#[tokio::test]
async fn a_free_session_needs_no_payment() {
    let world = World::new().await;
    let mut form = order_form("o-1");
    form[3].1 = "0";
    let session = world.post(SESSIONS, &form).await.ok();
    assert_eq!(session.at("/payment_status"), json!("no_payment_required"));
    assert_eq!(world.press(&session.id(), "pay").await.status, 302);
    let session = world.get(&format!("{SESSIONS}/{}", session.id())).await.ok();
    assert_eq!(
        (session.at("/status"), session.at("/payment_intent")),
        (json!("complete"), json!(null))
    );
}

#[tokio::test]
async fn a_full_sandbox_says_so_and_forgets_nothing() {
    let limits = StripeLimits { objects_max: 1, ..StripeLimits::default() };
    let world =
        World::with(SandboxConfig { stripe_limits: limits, ..SandboxConfig::default() }).await;
    let session = world.session("o-1").await;
    assert_eq!(world.post(SESSIONS, &order_form("o-2")).await.status, 503);
    assert_eq!(world.get(&format!("{SESSIONS}/{session}")).await.status, 200);
}

#[tokio::test]
async fn a_session_expires_by_itself_when_its_time_is_over() {
    let world = World::new().await;
    world.switch(|switches| switches.expire_after_ms = 50);
    let session = world.session("o-1").await;
    let arrived = world.sandbox.receiver().wait_for("stripe", 1, Duration::from_secs(5)).await;
    assert!(arrived);
    assert_eq!(world.kinds(), ["checkout.session.expired"]);
    assert_eq!(world.press(&session, "pay").await.status, 410);
}
