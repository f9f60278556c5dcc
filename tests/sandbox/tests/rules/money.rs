//! Capture, cancel and refund.

use serde_json::json;

use crate::world::{PATIENCE, World};

async fn held(world: &World, order: &str) -> String {
    let session = world.manual_session(order).await;
    assert_eq!(world.press(&session, "pay").await.status, 302);
    world.intent_of(&session).await
}

#[tokio::test]
async fn held_money_is_taken_by_a_capture_and_the_rest_released() {
    let world = World::new().await;
    let intent = held(&world, "o-1").await;
    let path = format!("/v1/payment_intents/{intent}");
    assert_eq!(world.get(&path).await.at("/amount_capturable"), json!(129_900));
    assert!(world.books().captured.is_empty());
    let capture = format!("{path}/capture");
    let taken = world.post(&capture, &[("amount_to_capture", "100000")]).await.ok();
    assert_eq!(taken.at("/status"), json!("succeeded"));
    assert_eq!(taken.at("/amount_received"), json!(100_000));
    assert_eq!(taken.at("/amount_capturable"), json!(0));
    let again = world.post(&capture, &[]).await;
    assert_eq!(again.at("/error/code"), json!("payment_intent_unexpected_state"));
    assert_eq!(world.books().captured["czk"], 100_000);
}

#[tokio::test]
async fn no_more_than_the_hold_can_be_captured() {
    let world = World::new().await;
    let intent = held(&world, "o-1").await;
    let path = format!("/v1/payment_intents/{intent}/capture");
    let refused = world.post(&path, &[("amount_to_capture", "129901")]).await;
    assert_eq!((refused.status, refused.at("/error/param")), (400, json!("amount_to_capture")));
}

#[tokio::test]
async fn a_cancelled_hold_cannot_be_captured() {
    let world = World::new().await;
    let intent = held(&world, "o-1").await;
    let path = format!("/v1/payment_intents/{intent}");
    let form = [("cancellation_reason", "requested_by_customer")];
    let cancelled = world.post(&format!("{path}/cancel"), &form).await.ok();
    assert_eq!(cancelled.at("/status"), json!("canceled"));
    assert_eq!(world.post(&format!("{path}/capture"), &[]).await.status, 400);
    world.settled().await;
    assert!(world.kinds().contains(&"payment_intent.canceled".to_owned()));
}

#[tokio::test]
async fn paid_money_cannot_be_cancelled() {
    let world = World::new().await;
    let intent = world.paid("o-1").await;
    let refused = world.post(&format!("/v1/payment_intents/{intent}/cancel"), &[]).await;
    assert_eq!(refused.at("/error/code"), json!("payment_intent_unexpected_state"));
}

#[tokio::test]
async fn refunds_never_exceed_what_was_taken() {
    let world = World::new().await;
    let intent = world.paid("o-1").await;
    let part = [("payment_intent", intent.as_str()), ("amount", "29900")];
    let refund = world.post("/v1/refunds", &part).await.ok();
    assert_eq!(refund.at("/status"), json!("succeeded"));
    let more = [("payment_intent", intent.as_str()), ("amount", "100001")];
    assert_eq!(world.post("/v1/refunds", &more).await.at("/error/param"), json!("amount"));
    let rest = world.post("/v1/refunds", &[("payment_intent", &intent)]).await.ok();
    assert_eq!(rest.at("/amount"), json!(100_000));
    let none_left = world.post("/v1/refunds", &[("payment_intent", &intent)]).await;
    assert_eq!(none_left.at("/error/code"), json!("charge_already_refunded"));
    assert_eq!(world.books().refunded["czk"], 129_900);
    assert_eq!(world.books().kept_by_reference["o-1"], 0);
    let list = world.get(&format!("/v1/refunds?payment_intent={intent}")).await.ok();
    let ids: Vec<_> =
        list.at("/data").as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [rest.at("/id"), refund.at("/id")]);
    let one = world.get(&format!("/v1/refunds/{}", refund.id())).await.ok();
    assert_eq!(one.text, refund.text);
}

#[tokio::test]
async fn unpaid_money_cannot_be_refunded() {
    let world = World::new().await;
    let intent = held(&world, "o-1").await;
    assert_eq!(world.post("/v1/refunds", &[("payment_intent", &intent)]).await.status, 400);
    assert_eq!(world.post("/v1/refunds", &[("payment_intent", "pi_none")]).await.status, 404);
}

#[tokio::test]
async fn a_refund_may_fail_after_it_succeeded() {
    let world = World::new().await;
    world.switch(|switches| switches.refund_fails_later = true);
    let intent = world.paid("o-1").await;
    let refund = world.post("/v1/refunds", &[("payment_intent", &intent)]).await.ok();
    assert_eq!(refund.at("/status"), json!("succeeded"));
    world.settled().await;
    let late = world.get(&format!("/v1/refunds/{}", refund.id())).await.ok();
    assert_eq!(late.at("/status"), json!("failed"));
    assert!(world.books().refunded.is_empty());
    let kinds = world.kinds();
    let last = kinds.iter().rev().take(2).collect::<Vec<_>>();
    assert_eq!(last, ["refund.failed", "refund.updated"]);
    world.switch(|switches| switches.refund_fails_later = false);
    world.post("/v1/refunds", &[("payment_intent", &intent)]).await.ok();
}

#[tokio::test]
async fn a_refund_may_start_pending() {
    let world = World::new().await;
    world.switch(|switches| switches.refund_starts_pending = true);
    let intent = world.paid("o-1").await;
    let refund = world.post("/v1/refunds", &[("payment_intent", &intent)]).await.ok();
    assert_eq!(refund.at("/status"), json!("pending"));
    assert!(world.books().refunded.is_empty());
    assert!(world.sandbox.receiver().wait_for("stripe", 6, PATIENCE).await);
    assert_eq!(world.books().refunded["czk"], 129_900);
}
