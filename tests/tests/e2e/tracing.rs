//! One trace follows a request: door, decision, commit, broker, provider.

use kontor_sandbox::{Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    collector::Collector,
    node::Node,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until_true,
};
use serde_json::json;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_follows_a_payment_from_the_request_to_the_provider_and_the_broker() {
    let (sandbox, collector) =
        (Sandbox::start(SandboxConfig::default()).await.unwrap(), Collector::start().await);
    let site = Site::on(Kind::Sqlite).await.with_broker().await;
    let mut serve = site.serve();
    serve.env("KONTOR_OTLP__ENDPOINT", collector.url());
    let mut node = Node::spawn(serve, site.url());
    node.ready().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let order = shop.place("atlas", 2).await;

    let asked = json!({ "order": order, "provider": "stripe", "account": "main",
        "return_url": "https://shop.example/", "cancel_url": "https://shop.example/no" });
    let caller = shop.client.in_trace(&format!("00-{TRACE}-b7ad6b7169203331-01"));
    let payment = caller.post("/v1/payments", asked).await.ok();
    let payment = payment["id"].as_str().unwrap();
    shop.session_of(payment).await;
    let told = site.office.as_ref().unwrap().tells("payment.opened", payment).await;
    assert!(told.event["traceparent"].as_str().unwrap().contains(TRACE), "{}", told.event);

    let steps = ["http", "command", "decide", "commit", "publish", "act", "gateway"];
    until_true("each step of the trace", SOON, || async {
        let seen = collector.spans_of(TRACE);
        steps.iter().all(|step| seen.iter().any(|name| name == step))
    })
    .await;
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}
