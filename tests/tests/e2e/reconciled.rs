//! A comparison with a provider's list survives the process that makes it.

use kontor_sandbox::{Sandbox, SandboxConfig};
use kontor_tests::{
    SOON,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until,
};
use serde_json::{Value, json};

each! {
    a_comparison_whose_process_is_killed_ends_in_the_next => killed_in_the_middle;
}

async fn killed_in_the_middle(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await.with_accounts(&node, &sandbox).await;
    shop.stock("atlas", 10).await;
    let order = shop.place("atlas", 1).await;
    let (payment, session) = shop.open_payment(&order).await;
    shop.pay(&sandbox, &session).await;
    let stands = |path: String, status: &'static str| {
        let client = shop.client.clone();
        async move {
            until(&format!("{path} {status}"), SOON, || async {
                let known = client.get(&path).await.body;
                (known["status"] == status).then_some(known)
            })
            .await
        }
    };
    let paid = stands(format!("/v1/payments/{payment}"), "paid").await;
    assert_eq!(paid["captured_minor"], 34_900);

    sandbox.stripe().set_switches(|switches| switches.latency_ms = 600_000);
    let day = booked_on(&shop, &payment).await;
    let wish = json!({ "provider": "stripe", "account": "main", "day": day });
    let run = shop.client.post("/v1/reconciliations", wish).await.id();
    let path = format!("/v1/reconciliations/{run}");
    stands(path.clone(), "running").await;
    node.kill();
    sandbox.stripe().set_switches(|switches| switches.latency_ms = 0);
    let mut node = site.start().await;
    let ended = stands(path, "completed").await;
    let expected = json!({ "theirs": 1, "ours": 1, "matched": 1, "differences": 0 });
    assert_eq!(ended["report"], expected, "{ended}");
    assert_eq!(shop.client.all("/v1/differences").await, [] as [Value; 0]);
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// The day in UTC on which a payment's money was booked.
async fn booked_on(shop: &Shop, payment: &str) -> String {
    let past = shop.client.all(&format!("/v1/payments/{payment}/history")).await;
    let booked = past.iter().find(|one| one["type"] == "payment.booked").unwrap();
    booked["at"].as_str().unwrap()[..10].to_owned()
}
