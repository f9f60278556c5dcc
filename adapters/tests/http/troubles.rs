//! Whose books need a look, for the platform's operator.

use crate::shop::Shop;
use kontor_actors::store::{DeadLetter, Store};
use kontor_messages::Timestamp;
use serde_json::{Value, json};

const TROUBLES: &str = "/v1/platform/troubles";

fn letter(id: &str, tenant: &str, retry_at: Option<Timestamp>) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        tenant: Some(tenant.parse().unwrap()),
        source: "follower:policies".into(),
        lane: String::new(),
        event: Some((0, 1)),
        reason: "it did not work".into(),
        payload: "{}".into(),
        attempts: 3,
        retry_at,
        at: Timestamp::now(),
    }
}

fn whose(told: &Value) -> Vec<&str> {
    let items = told["items"].as_array().unwrap().iter();
    items.map(|one| one["tenant"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_platform_where_all_is_well_tells_of_nobody() {
    let (shop, harbour) = Shop::trading().await;
    let told = shop.operator().get(TROUBLES).await.ok();
    assert_eq!(told, json!({ "items": [], "complete": true }));
    harbour.get(TROUBLES).await.problem(403, "operator_only");
    shop.operator().get(&format!("{TROUBLES}?limit=0")).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn tenants_in_trouble_are_told_the_worst_first_with_what_is_the_matter() {
    let shop = Shop::open().await;
    for name in ["a-paused", "b-parked", "c-undone", "d-held", "e-well"] {
        shop.tenant(name).await;
    }
    let operator = shop.operator();
    operator.act("/v1/actors/a-paused/order/pause").await.ok();
    let soon = Some(Timestamp::now());
    for undone in [
        letter("one", "b-parked", soon),
        letter("two", "c-undone", None),
        letter("three", "c-undone", soon),
        letter("four", "nobody-any-more", None),
    ] {
        shop.store.bury(&undone).await.unwrap();
    }
    let held = "d-held".parse().unwrap();
    shop.intake.hosts().named("stock").unwrap().quarantine(&held, "panic in stock".into());
    let told = operator.get(TROUBLES).await.ok();
    assert_eq!(whose(&told), ["d-held", "c-undone", "b-parked", "a-paused"]);
    assert_eq!(told["items"][0]["quarantined"], json!(["stock"]));
    let undone = &told["items"][1];
    assert_eq!((&undone["dead_letters"], &undone["parked"]), (&json!(1), &json!(1)));
    assert_eq!((&undone["name"], &undone["status"]), (&json!("c-undone"), &json!("active")));
    assert_eq!(told["items"][3]["paused"], json!(["order"]));
    assert_eq!(told["complete"], true);
    let worst = operator.get(&format!("{TROUBLES}?limit=1")).await.ok();
    assert_eq!((whose(&worst), &worst["complete"]), (vec!["d-held"], &json!(false)));
}
