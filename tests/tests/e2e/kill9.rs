//! Power cuts under load: twenty times the process is gone from one instruction to the next.

use crate::{
    books::{assert_money, assert_orders, assert_shelf, come_to_rest},
    load::{Load, Placed, order_of},
};
use kontor_sandbox::{Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    node::Node,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until_true,
};
use reqwest::Method;
use std::{collections::BTreeMap, sync::Arc};

/// How often the process is killed.
const KILLS: usize = 20;
/// Customers at once.
const CUSTOMERS: usize = 8;

each! {
    kill9_twenty_times_under_load_loses_nothing_and_does_nothing_twice => killed;
}

async fn killed(kind: Kind) {
    let mut config = SandboxConfig::default();
    config.stripe_switches.duplicate_webhooks = true;
    let sandbox = Arc::new(Sandbox::start(config).await.unwrap());
    let mut site = Site::on(kind).await;
    if kind == Kind::Postgres {
        site = site.with_broker().await;
    }
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    let delivered = BTreeMap::from([("atlas", 100_000), ("globe", 100_000), ("rare", 60)]);
    for (sku, quantity) in &delivered {
        shop.stock(sku, *quantity).await;
    }

    let load =
        Load::start(&shop, Some(Arc::clone(&sandbox)), CUSTOMERS, &["atlas", "globe", "rare"]);
    for _ in 0..KILLS {
        load.more(fastrand::u64(1..60)).await;
        node.kill();
        node = site.start().await;
    }
    load.more(20).await;
    let placed = load.stop().await;

    come_to_rest(&shop, Some(&sandbox), &placed).await;
    let orders = assert_orders(&shop, &placed).await;
    assert_shelf(&shop, &orders, &delivered).await;
    assert_money(&shop, &sandbox, &placed).await;
    assert_answers_stay(&shop, &placed).await;
    assert_told(&site, &placed).await;
    assert_figures(&node).await;
    stop(node).await;
    assert_replays(&site).await;
}

/// The same key still gives the same answer.
async fn assert_answers_stay(shop: &Shop, placed: &[Placed]) {
    for placed in placed {
        let asked = order_of(&placed.sku, placed.quantity, placed.by_channel);
        let again =
            shop.client.ask(Method::POST, "/v1/orders", Some(asked), Some(&placed.key)).await;
        let again = again.unwrap();
        assert!(again.replayed, "{placed:?}: {again:?}");
        assert_eq!(again.id(), placed.order);
    }
}

/// The broker has told of every order, in order, and of none with two messages.
async fn assert_told(site: &Site, placed: &[Placed]) {
    let Some(office) = &site.office else { return };
    for placed in placed {
        office.tells("order.created", &placed.order).await;
        if placed.paid && !placed.cancelled {
            office.tells("order.confirmed", &placed.order).await;
        }
    }
    until_true("as many orders told as placed", SOON, || async {
        let told = office.told();
        let created = told.iter().filter(|told| told.name == "order.created");
        let created: std::collections::BTreeSet<_> = created.map(|told| &told.message_id).collect();
        created.len() == placed.len()
    })
    .await;
    println!("{} messages, {} of them again", office.told().len(), office.assert_in_order());
}

/// A node that found a journal when it began tells how far its followers are.
async fn assert_figures(node: &Node) {
    let http = kontor_sandbox::plain_client(SOON).unwrap();
    let asked = http.get(format!("{}/metrics", node.url())).send().await.unwrap();
    let text = asked.text().await.unwrap();
    let lag = "kontor_follower_lag_events{follower=\"policies\"";
    assert!(text.lines().any(|line| line.starts_with(lag)), "{text}");
}

async fn stop(mut node: Node) {
    let ended = node.terminate().await;
    assert!(ended.status.success(), "{ended:?}");
}
