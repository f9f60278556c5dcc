//! The list of orders, and what it can be narrowed by.

use crate::shop::{Asker, Shop, order, stock};
use kontor_actors::{admission::Lane, intake::Caller, notification::Notification, request::Terms};
use kontor_messages::{
    EntityId, Meta, TenantId, Timestamp,
    notification::{ChannelKind, NotificationCommand},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Places an order of a channel and a customer; ids of one millisecond have no order.
async fn placed(asker: &Asker, channel: &str, email: &str) -> Value {
    let mut wanted = order("atlas", 1);
    wanted["channel"] = channel.into();
    wanted["customer"]["email"] = email.into();
    let placed = asker.post("/v1/orders", wanted).await.ok();
    tokio::time::sleep(Duration::from_millis(2)).await;
    placed
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn found(asker: &Asker, query: &str) -> Vec<String> {
    let page = asker.get(&format!("/v1/orders?{query}")).await.ok();
    ids(&page).into_iter().map(str::to_owned).collect()
}

/// `+` in an address means a blank.
fn escaped(time: &str) -> String {
    time.replace('+', "%2B").replace('@', "%40")
}

struct World {
    shop: Shop,
    harbour: Asker,
    /// Four orders, oldest first: web, till, web, till; the second one is cancelled.
    ids: Vec<String>,
    numbers: Vec<String>,
}

async fn world() -> World {
    let (shop, harbour) = Shop::trading().await;
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    let orders = [
        ("web", "jana@example.com"),
        ("till", "petr@example.com"),
        ("web", "Jana@Example.com"),
        ("till", "olga@example.com"),
    ];
    for (channel, email) in orders {
        let order = placed(&harbour, channel, email).await;
        ids.push(order["id"].as_str().unwrap().to_owned());
        numbers.push(order["number"].as_str().unwrap().to_owned());
    }
    let cancel = format!("/v1/orders/{}/cancel", ids[1]);
    harbour.post(&cancel, json!({ "reason": "merchant" })).await.ok();
    World { shop, harbour, ids, numbers }
}

#[tokio::test]
async fn orders_are_listed_by_channel_and_by_channel_and_status_together() {
    let World { shop: _shop, harbour, ids, .. } = world().await;
    let (web, till) = ([&ids[2], &ids[0]], [&ids[3], &ids[1]]);
    assert_eq!(found(&harbour, "channel=web").await.iter().collect::<Vec<_>>(), web);
    assert_eq!(found(&harbour, "channel=till").await.iter().collect::<Vec<_>>(), till);
    assert_eq!(found(&harbour, "channel=till&status=pending").await, [ids[3].clone()]);
    assert_eq!(found(&harbour, "channel=till&status=cancelled").await, [ids[1].clone()]);
    assert!(found(&harbour, "channel=web&status=cancelled").await.is_empty());
    assert!(found(&harbour, "channel=shop").await.is_empty());
}

#[tokio::test]
async fn pages_of_a_narrowed_list_follow_each_other_without_gaps() {
    let World { shop: _shop, harbour, ids, .. } = world().await;
    for (query, wanted) in [
        ("channel=web", vec![&ids[2], &ids[0]]),
        ("channel=till&status=pending", vec![&ids[3]]),
        ("q=jana%40example.com", vec![&ids[2], &ids[0]]),
        ("q=20", vec![&ids[3], &ids[2], &ids[1], &ids[0]]),
        ("status=pending&placed_from=2020-01-01", vec![&ids[3], &ids[2], &ids[0]]),
        ("cancelled=false&sku=atlas", vec![&ids[3], &ids[2], &ids[0]]),
    ] {
        let (mut seen, mut path) = (Vec::new(), format!("/v1/orders?limit=1&{query}"));
        loop {
            let page = harbour.get(&path).await.ok();
            seen.extend(self::ids(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/orders?limit=1&{query}&cursor={next}");
        }
        assert_eq!(seen.iter().collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[tokio::test]
async fn orders_are_listed_by_when_they_were_placed() {
    let World { shop: _shop, harbour, ids, .. } = world().await;
    let third = harbour.get(&format!("/v1/orders/{}", ids[2])).await.ok();
    let at = escaped(third["placed_at"].as_str().unwrap());
    let after = found(&harbour, &format!("placed_from={at}")).await;
    assert_eq!(after, [ids[3].clone(), ids[2].clone()]);
    let before = found(&harbour, &format!("placed_to={at}")).await;
    assert_eq!(before, [ids[1].clone(), ids[0].clone()]);
    let both = found(&harbour, &format!("placed_from={at}&channel=web&status=pending")).await;
    assert_eq!(both, [ids[2].clone()]);
    // A day is one of the tenant's, from its first moment to its last.
    let zone: chrono_tz::Tz = "Europe/Prague".parse().unwrap();
    let day = Timestamp::now().to_utc().with_timezone(&zone).date_naive();
    let placed_at = Timestamp::parse(third["placed_at"].as_str().unwrap()).unwrap();
    if placed_at.to_utc().with_timezone(&zone).date_naive() == day {
        let today = found(&harbour, &format!("placed_from={day}&placed_to={day}")).await;
        assert!(today.contains(&ids[2]), "{today:?}");
    }
    let later = day + chrono::Days::new(2);
    assert!(found(&harbour, &format!("placed_from={later}")).await.is_empty());
    assert!(found(&harbour, "placed_to=2020-01-01").await.is_empty());
}

#[tokio::test]
async fn orders_are_listed_by_what_they_say_of_currency_payment_goods_and_whether_they_stand() {
    let World { shop: _shop, harbour, ids: placed, .. } = world().await;
    stock(&harbour, "lamp", 5).await;
    let mut lamp = order("lamp", 1);
    (lamp["currency"], lamp["paid"]) = (json!("EUR"), json!(true));
    let lamp = harbour.post("/v1/orders", lamp).await.ok()["id"].as_str().unwrap().to_owned();
    let all = |places: &[usize]| places.iter().map(|at| placed[*at].clone()).collect::<Vec<_>>();
    assert_eq!(found(&harbour, "currency=EUR").await, std::slice::from_ref(&lamp));
    assert_eq!(found(&harbour, "currency=CZK").await, all(&[3, 2, 1, 0]));
    assert_eq!(found(&harbour, "currency=CZK&cancelled=false").await, all(&[3, 2, 0]));
    assert_eq!(found(&harbour, "cancelled=true").await, all(&[1]));
    assert_eq!(found(&harbour, "paid=true").await, std::slice::from_ref(&lamp));
    assert_eq!(found(&harbour, "paid=false&channel=web").await, all(&[2, 0]));
    assert_eq!(found(&harbour, "sku=lamp").await, [lamp]);
    assert_eq!(found(&harbour, "sku=atlas&q=jana%40example.com").await, all(&[2, 0]));
    assert!(found(&harbour, "sku=atlas&currency=EUR").await.is_empty());
    assert_eq!(found(&harbour, "cancelled=true&status=cancelled").await, all(&[1]));
    assert_eq!(found(&harbour, "cancelled=true&channel=till&currency=CZK").await, all(&[1]));
    assert_eq!(
        found(&harbour, "cancelled=false&status=pending&currency=CZK").await,
        all(&[3, 2, 0])
    );
    for contradiction in ["cancelled=true&status=pending", "cancelled=false&status=cancelled"] {
        let page = harbour.get(&format!("/v1/orders?{contradiction}")).await.ok();
        assert_eq!((ids(&page).len(), page.get("next_cursor")), (0, None), "{contradiction}");
    }
}

#[tokio::test]
async fn the_order_of_a_number_is_told_if_it_fits_what_else_is_asked_for() {
    let World { shop: _shop, harbour, ids, numbers } = world().await;
    let number = &numbers[1];
    assert_eq!(found(&harbour, &format!("number={number}")).await, [ids[1].clone()]);
    for fits in ["status=cancelled", "cancelled=true", "currency=CZK", "sku=atlas", "paid=false"] {
        let query = format!("number={number}&{fits}");
        assert_eq!(found(&harbour, &query).await, [ids[1].clone()], "{query}");
    }
    for other in ["status=pending", "cancelled=false", "currency=EUR", "placed_to=2020-01-01"] {
        let query = format!("number={number}&{other}");
        assert!(found(&harbour, &query).await.is_empty(), "{query}");
    }
    for (beside, name) in [("status=lost", "status"), ("q=20", "q"), ("sku=", "sku")] {
        let answer = harbour.get(&format!("/v1/orders?number={number}&{beside}")).await;
        answer.at(400, "invalid_parameter", name);
    }
}

#[tokio::test]
async fn orders_are_found_by_how_their_number_begins_and_by_the_whole_address() {
    let World { shop: _shop, harbour, ids, numbers } = world().await;
    assert_eq!(found(&harbour, &format!("q={}", numbers[2])).await, [ids[2].clone()]);
    let year = &numbers[0][..5];
    let all: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(found(&harbour, &format!("q={year}")).await, all);
    assert_eq!(
        found(&harbour, &format!("q={year}&channel=till&status=pending")).await,
        [ids[3].clone()]
    );
    let jana = [ids[2].clone(), ids[0].clone()];
    assert_eq!(found(&harbour, "q=JANA%40example.com").await, jana);
    assert_eq!(found(&harbour, "q=jana%40example.com&channel=till").await, [] as [String; 0]);
    for nothing in ["q=jana%40", "q=Jana", "q=Nov%C3%A1kov%C3%A1", "q=1999-"] {
        assert!(found(&harbour, nothing).await.is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn nobody_finds_another_tenant_s_orders() {
    let World { shop, ids, .. } = world().await;
    let market = shop.tenant("market").await;
    let mut others = vec!["channel=web".to_owned(), "q=20".into(), "q=jana%40example.com".into()];
    others.push(format!("q=20&cursor={}", ids[2]));
    for query in &others[..3] {
        assert!(found(&market, query).await.is_empty(), "{query}");
    }
    market.get(&format!("/v1/orders?{}", others[3])).await.at(400, "invalid_parameter", "cursor");
}

#[tokio::test]
async fn a_filter_that_cannot_be_says_which_and_what_was_expected() {
    let (_shop, harbour) = Shop::trading().await;
    for (query, name, expected) in [
        ("status=lost", "status", "paid_without_stock"),
        ("placed_from=yesterday", "placed_from", "RFC 3339"),
        ("placed_to=2026-13-01", "placed_to", "such as 2026-01-15"),
        ("placed_from=2026-02-01&placed_to=2026-01-01", "placed_to", "after placed_from"),
        ("channel=", "channel", "1 to 40"),
        ("q=", "q", "1 to 254"),
        ("account=main", "external_id", "external_id with channel"),
        ("currency=crowns", "currency", "three letters"),
        ("sku=", "sku", "1 to 180"),
        ("paid=maybe", "paid", "`true` or `false`"),
        ("cancelled=", "cancelled", "`true` or `false`"),
    ] {
        let answer = harbour.get(&format!("/v1/orders?{query}")).await;
        let problem = answer.at(400, "invalid_parameter", name);
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(expected), "{problem}");
    }
}

#[tokio::test]
async fn a_list_shows_what_is_low_and_forgets_what_was_filled_up() {
    let (_shop, harbour) = Shop::trading().await;
    stock(&harbour, "lamp", 5).await;
    for (sku, threshold) in [("atlas", 10), ("lamp", 4)] {
        let path = format!("/v1/stock/{sku}/settings");
        harbour.put(&path, json!({ "low_threshold": threshold })).await.ok();
    }
    assert_eq!(ids(&harbour.get("/v1/stock?low=true").await.ok()), ["atlas"]);
    harbour.post("/v1/orders", order("lamp", 1)).await.ok();
    assert_eq!(ids(&harbour.get("/v1/stock?low=true").await.ok()), ["lamp", "atlas"]);
    stock(&harbour, "atlas", 1).await;
    assert_eq!(ids(&harbour.get("/v1/stock?low=true").await.ok()), ["lamp"]);
    assert_eq!(ids(&harbour.get("/v1/stock?low=false").await.ok()), ["lamp", "atlas"]);
    harbour.get("/v1/stock?low=maybe").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn messages_about_one_order_are_listed_alone() {
    let (shop, harbour) = Shop::trading().await;
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Interactive };
    for (name, about) in
        [("1a", Some("o-1")), ("1b", Some("o-2")), ("1c", Some("o-1")), ("1d", None)]
    {
        let queue = NotificationCommand::Queue {
            notification: EntityId::named(name),
            template: "shipped".into(),
            channel: ChannelKind::default(),
            recipient: "jana@example.com".into(),
            language: None,
            data: json!({ "order_number": "1" }),
            about: about.map(EntityId::named),
        };
        shop.intake.tell::<Notification>(&caller, queue, Terms::default()).await.unwrap();
    }
    let listed = async |query: &str| harbour.get(&format!("/v1/notifications?{query}")).await.ok();
    assert_eq!(ids(&listed("order=o-1").await), ["1c", "1a"]);
    assert_eq!(ids(&listed("order=o-2&status=queued").await), ["1b"]);
    assert!(ids(&listed("order=o-1&status=sent").await).is_empty());
    assert!(ids(&listed("order=o-3").await).is_empty());
    let first = listed("order=o-1&limit=1").await;
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&listed(&format!("order=o-1&limit=1&cursor={next}")).await), ["1a"]);
    harbour.get("/v1/notifications?order=").await.at(400, "invalid_parameter", "order");
}
