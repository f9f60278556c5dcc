//! Payment intents that no session owns.

use kontor_sandbox::{PayerAct, PayerResult};
use serde_json::json;

use crate::world::{Reply, World};

const INTENTS: &str = "/v1/payment_intents";

fn form<'a>(payment: &'a str, capture: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("amount", "129900"),
        ("currency", "czk"),
        ("automatic_payment_methods[enabled]", "true"),
        ("capture_method", capture),
        ("metadata[payment]", payment),
    ]
}

async fn made(world: &World, payment: &str) -> Reply {
    world.post(INTENTS, &form(payment, "automatic")).await.ok()
}

async fn confirm(world: &World, id: &str, method: &str) -> Reply {
    let form = [("payment_method", method), ("return_url", "http://shop.test/back")];
    world.post(&format!("{INTENTS}/{id}/confirm"), &form).await
}

#[tokio::test]
async fn an_intent_is_paid_by_a_confirmation_and_counts_under_its_payment() {
    let world = World::new().await;
    let intent = made(&world, "p-1").await;
    assert_eq!(intent.at("/status"), json!("requires_payment_method"));
    assert!(intent.at("/client_secret").as_str().unwrap().starts_with(&intent.id()));
    assert_eq!(intent.at("/last_payment_error"), json!(null));
    let paid = confirm(&world, &intent.id(), "pm_card_visa").await.ok();
    assert_eq!(
        (paid.at("/status"), paid.at("/amount_received")),
        (json!("succeeded"), json!(129_900))
    );
    world.settled().await;
    assert_eq!(world.kinds(), ["charge.succeeded", "payment_intent.succeeded"]);
    let books = world.books();
    assert_eq!((books.captured["czk"], books.charges_by_reference["p-1"]), (129_900, 1));
    let again = confirm(&world, &intent.id(), "pm_card_visa").await;
    assert_eq!(again.at("/error/code"), json!("payment_intent_unexpected_state"));
}

#[tokio::test]
async fn a_declined_card_is_a_no_and_another_may_follow() {
    let world = World::new().await;
    let id = made(&world, "p-1").await.id();
    let no = confirm(&world, &id, "pm_card_visa_chargeDeclined").await;
    assert_eq!((no.status, no.at("/error/type")), (402, json!("card_error")));
    let told = world.get(&format!("{INTENTS}/{id}")).await.ok();
    assert_eq!(told.at("/last_payment_error/code"), json!("card_declined"));
    confirm(&world, &id, "pm_card_visa").await.ok();
    world.settled().await;
    assert_eq!(world.kinds()[0], "payment_intent.payment_failed");
}

#[tokio::test]
async fn a_bank_that_wants_to_see_the_payer_has_a_page_that_leads_back() {
    let world = World::new().await;
    let id = made(&world, "p-1").await.id();
    let asks = confirm(&world, &id, "pm_card_authenticationRequired").await.ok();
    assert_eq!(asks.at("/status"), json!("requires_action"));
    let page = asks.at("/next_action/redirect_to_url/url");
    assert_eq!(page, json!(world.url(&format!("/pay/{id}"))));
    let pressed = world.press(&id, "pay").await;
    assert_eq!(
        (pressed.status, &pressed.headers["location"]),
        (302, &"http://shop.test/back".parse().unwrap())
    );
    let told = world.get(&format!("{INTENTS}/{id}")).await.ok();
    assert_eq!((told.at("/status"), told.at("/next_action")), (json!("succeeded"), json!(null)));
}

#[tokio::test]
async fn held_money_is_taken_in_part_and_what_nobody_has_paid_is_called_off() {
    let world = World::new().await;
    let id = world.post(INTENTS, &form("p-1", "manual")).await.ok().id();
    assert_eq!(confirm(&world, &id, "pm_card_visa").await.at("/status"), json!("requires_capture"));
    let taken =
        world.post(&format!("{INTENTS}/{id}/capture"), &[("amount_to_capture", "9900")]).await;
    assert_eq!(taken.ok().at("/amount_received"), json!(9900));
    let other = made(&world, "p-2").await.id();
    let off = world.post(&format!("{INTENTS}/{other}/cancel"), &[]).await.ok();
    assert_eq!(off.at("/status"), json!("canceled"));
    let late = world.sandbox.stripe().act(&other, PayerAct::Pay).await;
    assert_eq!(late, PayerResult::Expired);
}

#[tokio::test]
async fn a_slow_method_is_processing_until_it_ends() {
    let world = World::new().await;
    world.switch(|switches| switches.later_ms = 1);
    for (act, status) in
        [(PayerAct::AsyncPay, "succeeded"), (PayerAct::AsyncFail, "requires_payment_method")]
    {
        let id = made(&world, "p-1").await.id();
        assert_eq!(world.sandbox.stripe().act(&id, act).await, PayerResult::Completed);
        world.settled().await;
        assert_eq!(world.get(&format!("{INTENTS}/{id}")).await.at("/status"), json!(status));
    }
}

#[tokio::test]
async fn what_stripe_would_not_take_is_refused_by_name() {
    let world = World::new().await;
    for (name, value, param) in [
        ("amount", "0", "amount"),
        ("currency", "CZK", "currency"),
        ("capture_method", "later", "capture_method"),
        ("mode", "payment", "mode"),
        ("payment_method_types[0]", "card", "payment_method_types"),
    ] {
        let mut form = form("p-1", "automatic");
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let refused = world.post(INTENTS, &form).await;
        assert_eq!((refused.status, refused.at("/error/param")), (400, json!(param)), "{name}");
    }
    let id = made(&world, "p-1").await.id();
    let unknown = confirm(&world, &id, "pm_of_nobody").await;
    assert_eq!(unknown.at("/error/param"), json!("payment_method"));
}
