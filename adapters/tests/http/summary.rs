//! A day's orders added up.

use crate::shop::{Asker, Shop, order};
use kontor_messages::Timestamp;
use serde_json::{Value, json};

async fn placed(asker: &Asker, channel: &str, paid: bool) -> Value {
    let mut wanted = order("atlas", 1);
    wanted["channel"] = channel.into();
    wanted["paid"] = paid.into();
    asker.post("/v1/orders", wanted).await.ok()
}

/// The day of an order, where the shop is.
fn day_of(order: &Value) -> String {
    let zone: chrono_tz::Tz = "Europe/Prague".parse().unwrap();
    let at = Timestamp::parse(order["placed_at"].as_str().unwrap()).unwrap();
    at.to_utc().with_timezone(&zone).date_naive().to_string()
}

fn sum(list: &Value) -> i64 {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_i64().unwrap_or(one["orders"].as_i64().unwrap_or(0)))
        .sum()
}

#[tokio::test]
async fn a_day_is_added_up_by_channel_and_by_hour() {
    let (_shop, harbour) = Shop::trading().await;
    let mut last = Value::Null;
    for (channel, paid) in [("web", false), ("till", true), ("web", false), ("web", false)] {
        last = placed(&harbour, channel, paid).await;
    }
    let cancel = format!("/v1/orders/{}/cancel", last["id"].as_str().unwrap());
    harbour.post(&cancel, json!({ "reason": "merchant" })).await.ok();
    let day = day_of(&last);
    let told = harbour.get(&format!("/v1/summary?day={day}")).await.ok();
    assert_eq!((&told["day"], &told["complete"]), (&json!(day), &json!(true)), "{told}");
    assert_eq!(
        (&told["orders"], &told["cancelled"], &told["paid"]),
        (&json!(4), &json!(1), &json!(1))
    );
    assert_eq!(told["revenue"], json!([{ "amount_minor": 3 * 34_900, "currency": "CZK" }]));
    assert_eq!(told["hours"].as_array().unwrap().len(), 24);
    assert_eq!((sum(&told["hours"]), sum(&told["minutes"])), (4, 4));
    let channels = told["channels"].as_array().unwrap();
    let names: Vec<_> = channels.iter().map(|one| one["channel"].as_str().unwrap()).collect();
    assert_eq!(names, ["till", "web"]);
    assert_eq!((&channels[0]["orders"], &channels[0]["paid"]), (&json!(1), &json!(1)));
    assert_eq!((&channels[1]["orders"], &channels[1]["cancelled"]), (&json!(3), &json!(1)));
    assert_eq!(sum(&channels[1]["hours"]), 3);
    assert_eq!(channels[1]["last_order"]["number"], last["number"]);
    assert!(!told.to_string().contains("jana"), "nobody is shown");
}

#[tokio::test]
async fn a_day_without_orders_still_tells_of_the_channels_there_are() {
    let (shop, harbour) = Shop::trading().await;
    let order = placed(&harbour, "web", false).await;
    let told = harbour.get("/v1/summary?day=2020-02-29").await.ok();
    assert_eq!((&told["orders"], &told["complete"]), (&json!(0), &json!(true)));
    assert_eq!((&told["revenue"], &told["minutes"]), (&json!([]), &json!([])));
    assert_eq!(told["channels"][0]["orders"], 0);
    assert_eq!(told["channels"][0]["last_order"]["id"], order["id"]);
    let market = shop.tenant("market").await;
    assert_eq!(market.get("/v1/summary").await.ok()["channels"], json!([]));
    let today = harbour.get("/v1/summary").await.ok();
    assert_eq!(today["time_zone"], "Europe/Prague");
    for bad in ["today", "2026-02-30", ""] {
        let answer = harbour.get(&format!("/v1/summary?day={bad}")).await;
        answer.at(400, "invalid_parameter", "day");
    }
}
