//! The main job: an order comes in, is paid, and everybody hears of it.

use kontor_sandbox::{Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until_true,
};
use serde_json::json;

each! {
    an_order_is_paid_by_stripe_and_the_customer_hears_of_it => paid_by_stripe;
    a_cancelled_order_gives_goods_and_money_back => cancelled;
}

async fn paid_by_stripe(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let secret = subscribe(&shop, &sandbox).await;
    assert!(secret.starts_with("whsec_"));

    let order = shop.place("atlas", 2).await;
    assert_eq!(shop.shelf("atlas").await, (10, 2));
    let (payment, session) = shop.open_payment(&order).await;
    shop.pay(&sandbox, &session).await;

    let confirmed = shop.order_is(&order, "confirmed").await;
    assert_eq!(confirmed["stock"], "committed");
    assert_eq!(shop.shelf("atlas").await, (8, 0));
    let paid = shop.client.get(&format!("/v1/payments/{payment}")).await.ok();
    assert_eq!((&paid["status"], &paid["captured_minor"]), (&json!("paid"), &json!(69_800)));

    until_true("two messages to the customer", SOON, || async {
        sandbox.smtp().to("jana@example.com").len() == 2
    })
    .await;
    let told = ["order.created", "order.paid", "order.confirmed"];
    until_true("three events at the shop's own endpoint", SOON, || async {
        let accepted = sandbox.receiver().accepted("shop");
        told.iter().all(|name| accepted.iter().any(|delivery| delivery.json()["type"] == *name))
    })
    .await;
    let ended = node.terminate().await;
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(sandbox.stripe().summary().double_charges(), Vec::<String>::new());
    assert_replays(&site).await;
}

/// The shop's own endpoint at the receiver; answers what its requests are signed with.
async fn subscribe(shop: &Shop, sandbox: &Sandbox) -> String {
    let endpoint = json!({ "url": sandbox.receiver().hook_url("shop"), "events": ["order.*"] });
    let made = shop.client.post("/v1/webhook-endpoints", endpoint).await.ok();
    let secret = made["signing_secret"].as_str().unwrap().to_owned();
    sandbox.receiver().register("shop", &secret);
    secret
}

async fn cancelled(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let order = shop.place("atlas", 3).await;
    let (_, session) = shop.open_payment(&order).await;
    shop.pay(&sandbox, &session).await;
    shop.order_is(&order, "confirmed").await;

    let cancel = json!({ "reason": "customer" });
    shop.client.post(&format!("/v1/orders/{order}/cancel"), cancel).await.ok();
    until_true("goods and money back", SOON, || async {
        let order = shop.order(&order).await;
        let done = order["cancellation"]["done"].as_array().map_or(0, Vec::len);
        order["status"] == "cancelled" && done == 4
    })
    .await;
    assert_eq!(shop.shelf("atlas").await, (10, 0));
    let account = sandbox.stripe().summary().accounts[&shop.stripe_key()].clone();
    assert_eq!(account.captured, account.refunded);
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}
