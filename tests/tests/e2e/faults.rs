//! Servers that go away and come back, and two nodes that believe the same.

use crate::{
    books::{assert_orders, assert_shelf, come_to_rest},
    load::{Load, Placed},
};
use kontor_tests::{
    SOON, broker,
    client::Answer,
    node::Node,
    proxy::Proxy,
    replay::assert_replays,
    shop::{Shop, order},
    site::{Kind, Site},
    until, until_true,
};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

const SHELF: i64 = 100_000;

each! {
    events_wait_for_the_broker_and_come_in_order_when_it_is_back => broker_away;
}

async fn broker_away(kind: Kind) {
    let line = Proxy::to(broker::server_address()).await;
    let site = Site::on(kind).await.with_broker().await.with_broker_through(line.port);
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    shop.stock("atlas", SHELF).await;
    let office = site.office.as_ref().unwrap();
    let first = shop.place("atlas", 1).await;
    office.tells("order.created", &first).await;

    let load = Load::start(&shop, None, 4, &["atlas"]);
    load.more(30).await;
    line.cut();
    // Sales go on.
    load.more(60).await;
    line.mend();
    load.more(30).await;
    line.cut();
    load.more(10).await;
    line.mend();
    let mut placed = load.stop().await;
    for placed in &placed {
        office.tells("order.created", &placed.order).await;
    }
    println!("{} messages, {} again", office.told().len(), office.assert_in_order());

    // What comes over the broker is taken again, too.
    let data = order("atlas", 1, "jana@example.com");
    office.command("after-the-cut", &shop.tenant, "order.place", &data).await;
    until_true("an order by the queue", SOON, || async {
        shop.client.all("/v1/orders").await.len() == placed.len() + 2
    })
    .await;
    let known: Vec<_> = placed.iter().map(|placed| placed.order.clone()).collect();
    let others = shop.client.all("/v1/orders").await;
    let others = others.iter().map(|order| order["id"].as_str().unwrap().to_owned());
    for order in others.filter(|order| !known.contains(order)) {
        placed.push(Placed::plain(order, String::new()));
    }
    come_to_rest(&shop, None, &placed).await;
    let orders = assert_orders(&shop, &placed).await;
    assert_shelf(&shop, &orders, &BTreeMap::from([("atlas", SHELF)])).await;
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_costs_a_503_and_nothing_acknowledged() {
    let site = Site::on(Kind::Postgres).await;
    let line = Proxy::to(site.database.as_ref().unwrap().server_address()).await;
    let site = site.with_database_through(line.port);
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    shop.stock("atlas", SHELF).await;

    let load = Load::start(&shop, None, 4, &["atlas"]);
    load.more(50).await;
    let mut mine = Vec::new();
    for _ in 0..3 {
        line.cut();
        let key = uuid::Uuid::new_v4().to_string();
        let refused = until("a refusal", SOON, || async {
            let answer = ask(&shop, &key).await;
            (answer.status == 503).then_some(answer)
        })
        .await;
        assert!(refused.retry_after_s.is_some(), "{refused:?}");
        line.mend();
        let answer = until("the answer to the same key", SOON, || async {
            let answer = ask(&shop, &key).await;
            (answer.status != 503).then_some(answer)
        })
        .await;
        mine.push(Placed::plain(answer.id(), key));
        load.more(50).await;
    }
    mine.extend(load.stop().await);
    come_to_rest(&shop, None, &mine).await;
    let orders = assert_orders(&shop, &mine).await;
    assert_shelf(&shop, &orders, &BTreeMap::from([("atlas", SHELF)])).await;
    let quarantined = node.operator().get("/v1/quarantine").await.ok();
    assert_eq!(quarantined["items"], json!([]));
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

async fn ask(shop: &Shop, key: &str) -> Answer {
    let asked = order("atlas", 1, "jana@example.com");
    shop.client.ask(Method::POST, "/v1/orders", Some(asked), Some(key)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_on_one_database_one_steps_down_and_no_sequence_is_given_twice() {
    let site = Site::on(Kind::Postgres).await;
    let mut first = site.start().await;
    let shop = Shop::open(&first, "harbour-books").await;
    shop.stock("atlas", SHELF).await;
    shop.place("atlas", 1).await;
    let beside = site.beside();
    let mut second = beside.start().await;
    let there = second.operator().with_token(shop.client.token());

    // Each of them writes until one finds that the other has.
    let ended = until("one node to step down", SOON, || async {
        for client in [&shop.client, &there] {
            let asked = order("atlas", 1, "jana@example.com");
            // The one that steps down may break the connection.
            let _ = client.ask(Method::POST, "/v1/orders", Some(asked), None).await;
        }
        let alive = |client| async move {
            let client: &kontor_tests::client::Client = client;
            client.ask(Method::GET, "/ready", None, None).await.is_ok_and(|a| a.status == 200)
        };
        match (alive(&shop.client).await, alive(&there).await) {
            (true, true) => None,
            (false, true) => Some(0),
            (true, false) => Some(1),
            (false, false) => panic!("both nodes stepped down"),
        }
    })
    .await;
    let (loser, winner): (&mut Node, &mut Node) =
        if ended == 0 { (&mut first, &mut second) } else { (&mut second, &mut first) };
    let ended = loser.ended().await;
    assert!(!ended.status.success(), "{ended:?}");
    let said: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("kontor: ")).collect();
    assert_eq!(said.len(), 1, "{}", ended.stderr);
    println!("{}", said[0]);
    let survivor = winner.operator().with_token(shop.client.token());
    survivor.post("/v1/orders", order("atlas", 1, "jana@example.com")).await.ok();
    assert!(winner.terminate().await.status.success());
    assert_replays(&site).await;
}
