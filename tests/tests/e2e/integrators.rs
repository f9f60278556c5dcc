//! Programs of others: RabbitMQ's and Stripe's own clients, and a stranger who tries every route.

use kontor_sandbox::{Sandbox, SandboxConfig, signing::stripe_signature};
use kontor_tests::{
    SOON, binary, broker, python,
    replay::assert_replays,
    shop::{STRIPE_SECRET, Shop, order},
    site::{Kind, Site},
    until,
};
use serde_json::json;
use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

each! {
    the_brokers_and_stripes_own_clients_agree_with_us => own_clients;
    an_order_from_the_command_queue_is_paid_and_told_like_any_other => from_the_queue;
}

async fn from_the_queue(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await.with_broker().await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let office = site.office.as_ref().unwrap();

    let asked = order("atlas", 2, "jana@example.com");
    for _ in 0..2 {
        office.command("queue-1", &shop.tenant, "order.place", &asked).await;
    }
    let created = until("an order by the queue", SOON, || async {
        office.told().into_iter().find(|told| told.name == "order.created")
    })
    .await;
    let order = created.event["subject"].as_str().unwrap();
    let (payment, session) = shop.open_payment(order).await;
    shop.pay(&sandbox, &session).await;
    office.tells("payment.paid", &payment).await;
    office.tells("order.confirmed", order).await;
    assert_eq!(office.names_of(order), ["order.created", "order.paid", "order.confirmed"]);
    assert_eq!(office.assert_in_order(), 0);
    assert_eq!(shop.client.all("/v1/orders").await.len(), 1);
    assert_eq!(shop.shelf("atlas").await, (8, 0));
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

async fn own_clients(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await.with_broker().await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let office = site.office.as_ref().unwrap();

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let body = r#"{"id":"evt_1"}"#;
    let mut by_channel = order("atlas", 2, "jana@example.com");
    by_channel["paid"] = json!(true);
    let result = python::run(
        "traffic.py",
        json!({
            "amqp_url": broker::url(), "exchange": office.exchange(),
            "commands": office.commands(), "tenant": shop.tenant,
            "order": by_channel,
            "webhook_url": shop.stripe_hook(&node).await,
            "stripe_secret": STRIPE_SECRET,
            "stripe_event": stripe_event(now),
            "signed_by_sandbox": {
                "body": body, "header": stripe_signature(&[STRIPE_SECRET], now, body.as_bytes()),
            },
        }),
    )
    .await;
    println!("{result}");
    let told = &result["webhooks"];
    assert_eq!((&told["signed"], &told["again"]), (&json!(200), &json!(200)), "{told}");
    for lie in ["other_secret", "too_old", "changed", "unsigned"] {
        assert_eq!(told[lie], 400, "{lie}: {told}");
    }
    let order = result["order"].as_str().unwrap();
    shop.order_is(order, "confirmed").await;
    assert_eq!(shop.shelf("atlas").await, (8, 0));
    assert_eq!(shop.client.all("/v1/orders").await.len(), 1);
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// A session that was paid, of a payment that is not known here.
fn stripe_event(now: u64) -> serde_json::Value {
    json!({
        "id": "evt_python_1", "object": "event", "type": "checkout.session.completed",
        "api_version": "2025-03-31.basil", "created": now, "livemode": false,
        "data": { "object": {
            "id": "cs_test_python", "object": "checkout.session", "status": "complete",
            "payment_status": "paid", "amount_total": 34_900, "currency": "czk",
            "client_reference_id": "unknown", "payment_intent": "pi_python", "metadata": {},
        }},
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_finds_no_route_that_fails_or_answers_otherwise_than_described() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(Kind::Sqlite).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 1_000).await;
    let order = shop.place("atlas", 1).await;
    let (payment, _) = shop.open_payment(&order).await;

    // Real ones, so that it gets past "there is no such order".
    let known =
        format!("[parameters]\norder = \"{order}\"\npayment = \"{payment}\"\nsku = \"atlas\"\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), known).unwrap();
    let mut command = Command::new(binary::python().with_file_name("schemathesis"));
    command.args(["run", &format!("{}/openapi.json", node.url())]);
    command.args(["--header", &format!("Authorization: Bearer {}", shop.client.token())]);
    command.args(["--max-examples", "15", "--phases", "examples,coverage,fuzzing"]);
    command.args([
        "--checks",
        "not_a_server_error,status_code_conformance,\
        content_type_conformance,response_schema_conformance,response_headers_conformance",
    ]);
    // It would end its own key, and find nothing but closed doors.
    command.args(["--exclude-name", "DELETE /v1/keys/{key}"]);
    command.args(["--request-timeout", "10", "--seed", "1", "--no-color", "--max-time", "90"]);
    command.current_dir(folder.path());
    let (stdout, stderr, content) = python::finish(command).await;
    assert!(content, "{stdout}\n{stderr}");
    println!("{stdout}");
    shop.client.get("/v1/tenant").await.ok();
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}
