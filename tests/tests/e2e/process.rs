//! The process: how fast it is there, what it costs at rest, and whom it does not disturb.

use crate::{
    books::{assert_orders, assert_shelf, come_to_rest},
    load::Load,
};
use kontor_tests::{
    SOON,
    node::Node,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

each! {
    a_node_that_is_told_to_stop_under_load_loses_nothing => told_to_stop;
}

async fn told_to_stop(kind: Kind) {
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    shop.stock("atlas", 100_000).await;
    let load = Load::start(&shop, None, 8, &["atlas"]);
    load.more(50).await;
    let begun = Instant::now();
    let ended = node.terminate().await;
    assert!(ended.status.success(), "{ended:?}");
    println!("ended after {} ms", begun.elapsed().as_millis());
    assert!(begun.elapsed() < SOON / 3, "{:?}", begun.elapsed());
    assert_replays(&site).await;

    let mut node = site.start().await;
    load.more(50).await;
    let placed = load.stop().await;
    come_to_rest(&shop, None, &placed).await;
    let orders = assert_orders(&shop, &placed).await;
    assert_shelf(&shop, &orders, &BTreeMap::from([("atlas", 100_000)])).await;
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_in_one_clear_line() {
    let site = Site::on(Kind::Sqlite).await;
    let _node = site.start().await;
    let beside = site.kontor(&["serve", "--listen", "127.0.0.1:0"]);
    let mut second = Node::spawn(beside, String::new());
    let ended = second.ended().await;
    assert!(!ended.status.success());
    let said: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("kontor: ")).collect();
    assert_eq!(said.len(), 1, "{}", ended.stderr);
    assert!(said[0].contains("is in use by another process"), "{}", said[0]);
}

#[tokio::test]
async fn an_idle_node_is_ready_within_a_second_and_stays_small() {
    let site = Site::on(Kind::Sqlite).await;
    kontor_tests::binary::kontor();
    // The first start lays out the database.
    assert!(site.start().await.terminate().await.status.success());
    let begun = Instant::now();
    let mut node = site.start().await;
    let ready = begun.elapsed();
    let resident = node.resident_kib() / 1024;
    println!("ready after {} ms, {resident} MiB resident", ready.as_millis());
    assert!(ready < Duration::from_secs(1), "ready after {ready:?}");
    assert!(resident < 60, "{resident} MiB");
    assert!(node.terminate().await.status.success());
}

#[tokio::test]
async fn a_node_says_where_it_listens() {
    let site = Site::on(Kind::Sqlite).await;
    let node = site.start().await;
    assert_eq!(node.stdout().lines().next(), Some(&*format!("listening on {}", site.url())));
}
