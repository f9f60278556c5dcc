//! A provider that hangs, fails, answers rubbish, tells everything twice or in another order.

use super::{Ground, Injected, conclude_with, inject};
use crate::{Outcome, checker::Verdict, load::Load, site::Kind};
use serde_json::{Value, json};
use std::time::Duration;

const CUSTOMERS: usize = 10;

/// What goes wrong at the provider, one after another.
fn moods() -> Vec<(&'static str, Value)> {
    vec![
        ("calls that hang", json!({ "hang_percent": 25, "hang_ms": 4000 })),
        ("calls that fail before the work", json!({ "fail_rate_percent": 30 })),
        ("calls that fail after the work", json!({ "fail_after_rate_percent": 30 })),
        (
            "failures that are kept under the key",
            json!({ "fail_after_rate_percent": 20, "fail_after_saves_500": true }),
        ),
        ("calls that are too fast", json!({ "rate_limit_percent": 30 })),
        ("a status that nobody knows", json!({ "unknown_status": true })),
        ("notifications twice", json!({ "duplicate_webhooks": true })),
        (
            "notifications late and in another order",
            json!({ "shuffle_webhooks": true, "late_webhooks_ms": 500 }),
        ),
        ("notifications before the answer", json!({ "webhook_before_answer": true })),
        ("refunds that take their time", json!({ "refund_starts_pending": true })),
    ]
}

/// The same provider without faults.
fn fair() -> Value {
    json!({
        "hang_percent": 0, "fail_rate_percent": 0, "fail_after_rate_percent": 0,
        "fail_after_saves_500": false, "rate_limit_percent": 0, "unknown_status": false,
        "duplicate_webhooks": false, "shuffle_webhooks": false, "late_webhooks_ms": 0,
        "webhook_before_answer": false, "refund_starts_pending": false,
    })
}

/// All moods, with a kill in the middle of each.
pub async fn gateways(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("gateways", Kind::Sqlite, false).await?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    for round in 0..ground.extent.rounds {
        for (place, (what, mood)) in moods().into_iter().enumerate() {
            site.switch(fair()).await?;
            site.switch(mood).await?;
            inject(&mut injected, what);
            let span = if ground.extent.long { 20_000 } else { 1500 };
            tokio::time::sleep(Duration::from_millis(span)).await;
            if (place as u32 + round).is_multiple_of(3) {
                site.kill()?;
                inject(&mut injected, "kill -9 in the middle of it");
                site.start().await?;
            }
        }
    }
    site.switch(fair()).await?;
    load.more(10).await?;
    let purchases = load.stop().await?;
    site.ask_about(purchases.iter().filter_map(|purchase| purchase.payment.as_deref())).await?;
    Ok((injected, conclude_with(&mut site, &purchases).await?))
}
