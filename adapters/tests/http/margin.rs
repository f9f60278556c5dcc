//! What goods bring and what they cost.

use crate::shop::{Asker, Shop, order, stock};
use serde_json::{Value, json};

/// Puts a product into the catalog, with what one costs in crowns.
async fn costs(asker: &Asker, sku: &str, currency: &str, cost_minor: i64) {
    let body = json!({ "sku": sku, "titles": { "en": sku },
        "prices": [{ "kind": "cost", "currency": currency, "amount_minor": cost_minor }] });
    asker.post("/v1/products", body).await.ok();
}

/// Two atlases at 349,00 and a lamp at 121,00, with 21 % of tax in all of it.
fn basket() -> Value {
    let mut wanted = order("atlas", 2);
    let lamp = json!({ "sku": "lamp", "title": "Lamp", "quantity": 1, "unit_price_minor": 12_100 });
    wanted["lines"].as_array_mut().unwrap().push(lamp);
    let total = 2 * 34_900 + 12_100;
    let tax = total - 67_686;
    wanted["totals"] = json!({ "subtotal_minor": total, "total_minor": total, "tax_minor": tax });
    wanted
}

async fn shop() -> (Shop, Asker, String) {
    let (shop, harbour) = Shop::trading().await;
    stock(&harbour, "lamp", 10).await;
    costs(&harbour, "atlas", "CZK", 20_000).await;
    costs(&harbour, "lamp", "EUR", 300).await;
    let placed = harbour.post("/v1/orders", basket()).await.ok();
    (shop, harbour, placed["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_orders_margin_is_told_by_line_without_tax_and_says_which_cost_is_not_known() {
    let (_shop, harbour, id) = shop().await;
    let told = harbour.get(&format!("/v1/orders/{id}/margin")).await.ok();
    let (atlas, lamp) = (&told["lines"][0], &told["lines"][1]);
    assert_eq!((&atlas["sku"], &atlas["units"]), (&json!("atlas"), &json!(2)));
    let revenue = atlas["revenue_minor"].as_i64().unwrap();
    assert_eq!((revenue, &atlas["cost_minor"]), (57_686, &json!(40_000)));
    assert_eq!(atlas["margin_minor"], revenue - 40_000);
    // A cost in another currency is none in this one.
    assert!(lamp.get("cost_minor").is_none() && lamp.get("margin_minor").is_none(), "{lamp}");
    let sum = &told["sum"];
    assert_eq!((&sum["margin_minor"], &sum["revenue_minor"]), (&json!(17_686), &json!(57_686)));
    assert_eq!((&sum["lines_with_cost"], &sum["lines_without_cost"]), (&json!(1), &json!(1)));
    assert_eq!(sum["revenue_without_cost_minor"], 10_000);
    assert_eq!(sum["lines_without_tax"], 0);
}

#[tokio::test]
async fn a_days_margin_is_told_in_all_and_by_channel_and_names_the_products_without_a_cost() {
    let (_shop, harbour, _) = shop().await;
    let mut till = order("atlas", 1);
    till["channel"] = json!("till");
    harbour.post("/v1/orders", till).await.ok();
    let told = harbour.get("/v1/summary").await.ok();
    let all = &told["margin"][0];
    assert_eq!((&all["currency"], &all["lines_with_cost"]), (&json!("CZK"), &json!(2)));
    // The order of the till says no tax, so all of its price counts.
    assert_eq!(all["margin_minor"], 17_686 + 34_900 - 20_000);
    assert_eq!((&all["lines_without_cost"], &all["lines_without_tax"]), (&json!(1), &json!(1)));
    let channels = told["channels"].as_array().unwrap();
    let margin = |name: &str| {
        let found = channels.iter().find(|channel| channel["channel"] == name).unwrap();
        found["margin"][0]["margin_minor"].clone()
    };
    assert_eq!((margin("till"), margin("web")), (json!(14_900), json!(17_686)));
    let missing = json!([{ "sku": "lamp", "currency": "CZK", "lines": 1 }]);
    assert_eq!(told["products_without_cost"], missing);
}

#[tokio::test]
async fn what_is_cancelled_has_no_margin() {
    let (_shop, harbour, id) = shop().await;
    let cancel = format!("/v1/orders/{id}/cancel");
    harbour.post(&cancel, json!({ "reason": "merchant" })).await.ok();
    let told = harbour.get(&format!("/v1/orders/{id}/margin")).await.ok();
    assert_eq!((&told["sum"]["margin_minor"], &told["lines"][0]["units"]), (&json!(0), &json!(0)));
    let day = harbour.get("/v1/summary").await.ok();
    assert_eq!((&day["margin"], &day["products_without_cost"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn who_may_not_read_the_catalog_is_told_of_no_cost_also_where_another_has_just_asked() {
    let (shop, harbour, id) = shop().await;
    let clerk = shop.key("harbour-books", &["orders:read"]).await;
    assert!(harbour.get("/v1/summary").await.ok().get("margin").is_some());
    let told = clerk.get("/v1/summary").await.ok();
    assert_eq!(told["orders"], 1);
    for member in ["margin", "products_without_cost"] {
        assert!(told.get(member).is_none(), "{member}");
    }
    assert!(told["channels"][0].get("margin").is_none());
    assert!(!told.to_string().contains("cost"), "{told}");
    let refused = clerk.get(&format!("/v1/orders/{id}/margin")).await;
    refused.problem(403, "missing_scope");
    harbour.get("/v1/orders/nothing/margin").await.problem(404, "not_found");
}

/// A day of three orders: two of the web, of which one says no tax, and one of the till in euros;
/// and one of the web that was cancelled.
async fn day() -> (Shop, Asker) {
    let (shop, harbour, id) = shop().await;
    let mut till = order("atlas", 1);
    (till["channel"], till["currency"]) = (json!("till"), json!("EUR"));
    for wanted in [order("atlas", 1), till] {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        harbour.post("/v1/orders", wanted).await.ok();
    }
    assert!(!id.is_empty());
    let gone = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let cancel = format!("/v1/orders/{}/cancel", gone["id"].as_str().unwrap());
    harbour.post(&cancel, json!({ "reason": "merchant" })).await.ok();
    (shop, harbour)
}

async fn listed(asker: &Asker, query: &str) -> Vec<Value> {
    let page = asker.get(&format!("/v1/orders/margins?{query}")).await.ok();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_orders_of_a_margin_come_to_the_margin_of_their_channel_and_currency() {
    let (_shop, harbour) = day().await;
    let told = harbour.get("/v1/summary").await.ok();
    let day = told["day"].as_str().unwrap();
    for channel in told["channels"].as_array().unwrap() {
        for margin in channel["margin"].as_array().unwrap() {
            let (name, currency) = (channel["channel"].as_str(), margin["currency"].as_str());
            let (name, currency) = (name.unwrap(), currency.unwrap());
            let query =
                format!("channel={name}&currency={currency}&placed_from={day}&placed_to={day}");
            let orders = listed(&harbour, &query).await;
            assert!(!orders.is_empty(), "{query}");
            for (member, sum) in margin.as_object().unwrap() {
                let Some(sum) = sum.as_i64() else { continue };
                let parts = orders.iter().map(|order| order[member].as_i64().unwrap());
                assert_eq!(parts.sum::<i64>(), sum, "{member} of {query}");
            }
        }
    }
    let all = listed(&harbour, "").await;
    assert_eq!(all.len(), 3, "what is cancelled has no margin: {all:?}");
    assert!(all[0]["placed_at"].as_str() >= all[2]["placed_at"].as_str(), "the newest first");
    assert!(!json!(all).to_string().contains("jana"), "nobody is shown");
}

#[tokio::test]
async fn orders_of_a_margin_are_narrowed_to_those_that_miss_a_cost_or_a_tax() {
    let (_shop, harbour) = day().await;
    let channels = async |query: &str| {
        let orders = listed(&harbour, query).await;
        let names = orders.iter().map(|order| order["channel"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(channels("missing=cost").await, ["till", "web"]);
    assert_eq!(channels("missing=cost&currency=CZK").await, ["web"]);
    assert_eq!(listed(&harbour, "missing=cost&currency=CZK").await[0]["lines_without_cost"], 1);
    assert_eq!(channels("missing=tax").await, ["till", "web"]);
    let untaxed = listed(&harbour, "missing=tax&channel=web").await;
    assert_eq!((untaxed.len(), &untaxed[0]["lines_without_tax"]), (1, &json!(1)));
    assert!(listed(&harbour, "placed_to=2020-01-01").await.is_empty());
    for (query, name) in [
        ("missing=goods", "missing"),
        ("currency=crowns", "currency"),
        ("placed_from=yesterday", "placed_from"),
        ("limit=201", "limit"),
        ("channel=", "channel"),
    ] {
        let answer = harbour.get(&format!("/v1/orders/margins?{query}")).await;
        answer.at(400, "invalid_parameter", name);
    }
}

#[tokio::test]
async fn pages_of_a_margins_orders_follow_each_other_and_are_for_who_may_see_costs() {
    let (shop, harbour) = day().await;
    for (query, count) in [("limit=1", 3), ("limit=1&missing=cost", 2), ("limit=2", 3)] {
        let (mut seen, mut path) = (Vec::new(), format!("/v1/orders/margins?{query}"));
        loop {
            let page = harbour.get(&path).await.ok();
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/orders/margins?{query}&cursor={next}");
        }
        let once: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), once.len()), (count, count), "{query}: {seen:?}");
    }
    let clerk = shop.key("harbour-books", &["orders:read"]).await;
    clerk.get("/v1/orders/margins").await.problem(403, "missing_scope");
    let market = shop.tenant("market").await;
    assert!(listed(&market, "").await.is_empty());
}
