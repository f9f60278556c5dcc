//! A customer asks to be forgotten: nobody reads their data any more, and the books stay whole.

use kontor_sandbox::{Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    replay::assert_replays,
    shop::{Shop, order},
    site::{Kind, Site},
    until_true,
};
use serde_json::json;

each! {
    a_person_that_was_erased_is_nowhere_and_the_journal_still_verifies => erased;
}

async fn erased(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let jana = shop.place("atlas", 2).await;
    let (payment, session) = shop.open_payment(&jana).await;
    shop.pay(&sandbox, &session).await;
    shop.order_is(&jana, "confirmed").await;
    let mut petr = order("atlas", 1, "petr@example.com");
    petr["customer"]["name"] = "Petr Novák".into();
    let petr = shop.client.post("/v1/orders", petr).await.id();
    until_true("her messages", SOON, || async { sandbox.smtp().to("jana@example.com").len() == 2 })
        .await;
    assert_eq!(shop.order(&jana).await["customer"]["email"], "jana@example.com");
    assert!(!site.raw().await.contains("jana@example.com"), "it was written in the clear");

    let asked = json!({ "email": "JANA@example.com ", "reason": "letter of 3 May" });
    let erasure = shop.client.post("/v1/erasures", asked).await.ok();
    let path = format!("/v1/erasures/{}", erasure["id"].as_str().unwrap());
    until_true("the erasure's end", SOON, || async {
        shop.client.get(&path).await.ok()["status"] == "completed"
    })
    .await;
    assert!(shop.client.get(&path).await.ok()["entities"].as_u64().unwrap() >= 2);
    for path in [
        format!("/v1/orders/{jana}"),
        format!("/v1/orders/{jana}/history"),
        format!("/v1/payments/{payment}"),
        "/v1/notifications".to_owned(),
    ] {
        let shown = shop.client.get(&path).await.ok().to_string();
        assert!(!shown.contains("jana@") && !shown.contains("Jana"), "{path}: {shown}");
    }
    let known = shop.order(&jana).await;
    assert_eq!(
        (&known["customer"]["name"], &known["status"]),
        (&json!("[erased]"), &json!("confirmed"))
    );
    assert_eq!(shop.order(&petr).await["customer"]["email"], "petr@example.com");

    // Life goes on, hers too: what comes later is readable again.
    let parcel = json!({ "carrier": "PPL" });
    shop.client.post(&format!("/v1/orders/{jana}/ship"), parcel).await.ok();
    let again = shop.place("atlas", 1).await;
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;

    let mut node = site.start().await;
    assert_eq!(shop.order(&again).await["customer"]["email"], "jana@example.com");
    assert_eq!(shop.order(&jana).await["customer"]["email"], "[erased]");
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}
