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
