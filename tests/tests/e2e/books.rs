//! What was acknowledged against what is true: orders, shelf, money.

use crate::load::Placed;
use kontor_sandbox::Sandbox;
use kontor_tests::{shop::Shop, until_true};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// How long payments, refunds and cancellations may take to come to rest.
const REST: Duration = Duration::from_secs(60);

/// Every acknowledged order is there, once, as it was placed; and no other.
pub async fn assert_orders(shop: &Shop, placed: &[Placed]) -> HashMap<String, Value> {
    let orders = shop.client.all("/v1/orders").await;
    let orders: HashMap<String, Value> =
        orders.into_iter().map(|order| (order["id"].as_str().unwrap().to_owned(), order)).collect();
    let acknowledged: BTreeSet<&str> = placed.iter().map(|placed| &*placed.order).collect();
    assert_eq!(acknowledged.len(), placed.len(), "two keys were answered with one order");
    let there: BTreeSet<&str> = orders.keys().map(|order| &**order).collect();
    assert_eq!(acknowledged, there, "acknowledged and there");
    let numbers: BTreeSet<_> = orders.values().map(|order| order["number"].as_str()).collect();
    assert_eq!(numbers.len(), orders.len(), "two orders have one number");
    for placed in placed {
        let line = &orders[&placed.order]["lines"][0];
        assert_eq!(
            (&line["sku"], &line["quantity"]),
            (&json!(placed.sku), &json!(placed.quantity))
        );
    }
    orders
}

/// Waits until nothing is under way: what was paid is confirmed or goes back, what was cancelled
/// is cancelled to the last step.
pub async fn come_to_rest(shop: &Shop, sandbox: Option<&Sandbox>, placed: &[Placed]) {
    let moved = |placed: &&Placed| placed.paid || placed.cancelled || placed.by_channel;
    for placed in placed.iter().filter(moved) {
        let what = format!("rest of {placed:?}");
        until_true(&what, REST, || async {
            let order = shop.order(&placed.order).await;
            let done = order["cancellation"]["done"].as_array().map_or(0, Vec::len);
            match placed.cancelled {
                true => order["status"] == "cancelled" && done == 4,
                false if order["stock"] == "short" => order["status"] == "paid_without_stock",
                false => order["status"] == "confirmed",
            }
        })
        .await;
    }
    if let Some(sandbox) = sandbox {
        tokio::time::timeout(REST, sandbox.stripe().settled()).await.unwrap();
    }
}

/// Nothing is sold that is not there, nothing is lost, and the holds are those of orders that wait,
/// or have a deadline of their own: a process that was killed between hold and order leaves one.
pub async fn assert_shelf(
    shop: &Shop,
    orders: &HashMap<String, Value>,
    delivered: &BTreeMap<&str, i64>,
) {
    let orphans = orphans(shop, orders).await;
    println!("{} reservations without an order", orphans.len());
    for (sku, delivered) in delivered {
        let lines = |things: &[&Value]| -> i64 {
            let lines = things.iter().flat_map(|thing| thing["lines"].as_array().unwrap());
            let lines = lines.filter(|line| line["sku"] == *sku);
            lines.map(|line| line["quantity"].as_i64().unwrap()).sum()
        };
        let units = |stock: &str| {
            let orders: Vec<_> = orders.values().filter(|found| found["stock"] == stock).collect();
            lines(&orders)
        };
        let orphaned: Vec<_> = orphans.iter().collect();
        let (sold, held) = (units("committed"), units("held") + lines(&orphaned));
        assert!(sold + held <= *delivered, "{sku} is oversold");
        assert_eq!(shop.shelf(sku).await, (delivered - sold, held), "{sku}: on the shelf, held");
    }
}

/// Reservations whose order was never placed, and which hold goods until their own deadline.
async fn orphans(shop: &Shop, orders: &HashMap<String, Value>) -> Vec<Value> {
    let reservations = shop.client.all("/v1/stock/reservations").await;
    let alone = |hold: &Value| {
        let ended = ["released", "expired", "cancelled", "short"].map(Value::from);
        !orders.contains_key(hold["id"].as_str().unwrap()) && !ended.contains(&hold["status"])
    };
    let alone: Vec<_> = reservations.into_iter().filter(alone).collect();
    for hold in &alone {
        assert_eq!(hold["status"], "held", "goods are gone without an order: {hold}");
    }
    alone
}

/// Nobody paid twice, and what Stripe has is what the shop's books say.
pub async fn assert_money(shop: &Shop, sandbox: &Sandbox, placed: &[Placed]) {
    let summary = sandbox.stripe().summary();
    assert_eq!(summary.double_charges(), Vec::<String>::new());
    assert_eq!(summary.lost_tasks, 0);
    let account = &summary.accounts[&shop.stripe_key()];
    let at_stripe: i64 = account.kept_by_reference.values().sum();
    let payments = shop.client.all("/v1/payments").await;
    let sum = |member: &str| -> i64 {
        payments.iter().map(|payment| payment[member].as_i64().unwrap()).sum()
    };
    assert_eq!(at_stripe, sum("captured_minor") - sum("refunded_minor"), "kept");
    let kept = placed.iter().filter(|placed| placed.paid && !placed.cancelled);
    let kept: i64 = kept.map(|placed| placed.quantity * 34_900).sum();
    assert_eq!(at_stripe, kept, "what was paid for orders that stand");
    let known: BTreeSet<_> = payments.iter().map(|payment| payment["id"].as_str()).collect();
    for payment in placed.iter().filter_map(|placed| placed.payment.as_deref()) {
        assert!(known.contains(&Some(payment)), "payment {payment} is gone");
    }
}
