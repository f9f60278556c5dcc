//! What could not be done: what is told of it, and to whom.

use crate::shop::Shop;
use kontor_actors::store::{DeadLetter, Store};
use kontor_messages::Timestamp;
use serde_json::{Value, json};

const ALL: &str = "/v1/platform/dead-letters";
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

fn letter(id: &str, source: &str) -> DeadLetter {
    let of_event = source.starts_with("follower:");
    DeadLetter {
        id: id.into(),
        tenant: Some("harbour-books".parse().unwrap()),
        source: source.into(),
        lane: String::new(),
        event: of_event.then_some((0, 1)),
        reason: "it did not work".into(),
        payload: json!({ "type": "set", "password_hash": HASH, "email": "jana@example.com" })
            .to_string(),
        attempts: 3,
        retry_at: None,
        at: Timestamp::now(),
    }
}

fn in_lane(id: &str, source: &str, lane: &str) -> DeadLetter {
    DeadLetter { lane: lane.into(), ..letter(id, source) }
}

#[tokio::test]
async fn what_was_to_be_done_for_a_tenant_is_never_told_where_letters_of_all_are() {
    let (shop, harbour) = Shop::trading().await;
    for undone in [
        letter("of-order", "domain:order"),
        letter("of-user", "domain:user"),
        in_lane("of-policies", "follower:policies", "platform/user/1a"),
        DeadLetter { tenant: None, ..letter("of-nobody", "amqp") },
    ] {
        shop.store.bury(&undone).await.unwrap();
    }
    let told = shop.operator().get(ALL).await.ok();
    assert_eq!(told["items"].as_array().unwrap().len(), 4, "{told}");
    for secret in ["payload", "argon2id", "jana@example.com"] {
        assert!(!told.to_string().contains(secret), "{secret}: {told}");
    }
    let own = harbour.get("/v1/dead-letters/of-order").await.ok();
    assert!(own["payload"].as_str().unwrap().contains("jana@example.com"), "{own}");
}

#[tokio::test]
async fn what_may_hold_secrets_is_not_told_to_the_tenant_either() {
    let (shop, harbour) = Shop::trading().await;
    let hidden = [
        letter("a", "domain:tenant"),
        letter("b", "domain:webhook"),
        letter("c", "domain:user"),
        letter("d", "domain:signing"),
        letter("e", "domain:supplier"),
        in_lane("f", "follower:policies", "harbour-books/user/1a"),
        in_lane("g", "follower:policies", "harbour-books/tenant/invitation/1a"),
        in_lane("h", "follower:webhooks", "harbour-books/webhook/endpoint/1a"),
        in_lane("i", "follower:webhook-posts", "harbour-books/order/7"),
        in_lane("j", "follower:relay", "broker"),
        letter("k", "follower:policies"),
        letter("l", "follower:unheard-of"),
    ];
    let shown = [
        letter("m", "domain:order"),
        in_lane("n", "follower:policies", "harbour-books/order/1a"),
        in_lane("o", "follower:payments", "harbour-books/stripe/main/3"),
        letter("p", "amqp"),
    ];
    for undone in hidden.iter().chain(&shown) {
        shop.store.bury(undone).await.unwrap();
    }
    let told = harbour.get("/v1/dead-letters").await.ok();
    let items = told["items"].as_array().unwrap();
    let with = items.iter().filter(|one| one.get("payload").is_some());
    let ids: Vec<_> = with.map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["m", "n", "o", "p"]);
    for letter in &hidden {
        let one = harbour.get(&format!("/v1/dead-letters/{}", letter.id)).await.ok();
        assert_eq!(one.get("payload"), None, "{one}");
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn letters_that_are_rare_are_looked_for_through_so_many_and_no_more() {
    let (shop, harbour) = Shop::trading().await;
    for number in 0..2_100 {
        shop.store.bury(&letter(&format!("l{number:04}"), "amqp")).await.unwrap();
    }
    let soon = Some(Timestamp::now());
    let parked = DeadLetter { retry_at: soon, ..letter("rare", "domain:order") };
    shop.store.bury(&parked).await.unwrap();
    for (asker, path) in [(&harbour, "/v1/dead-letters"), (&shop.operator(), ALL)] {
        for filter in ["parked=true", "source=domain:order"] {
            let first = asker.get(&format!("{path}?{filter}")).await.ok();
            assert!(ids(&first).is_empty(), "{path} {filter}: {first}");
            let next = first["next_cursor"].as_str().unwrap();
            let rest = asker.get(&format!("{path}?{filter}&cursor={next}")).await.ok();
            assert_eq!((ids(&rest), rest.get("next_cursor")), (vec!["rare"], None), "{filter}");
        }
    }
}

#[tokio::test]
async fn a_followers_letters_are_found_at_once_whatever_stands_before_them() {
    let (shop, _harbour) = Shop::trading().await;
    for number in 0..2_100 {
        shop.store.bury(&letter(&format!("a{number:04}"), "amqp")).await.unwrap();
    }
    for (id, source) in [
        ("follower:policies:0:000000000007", "follower:policies"),
        ("follower:policies:0:000000000009", "follower:policies"),
        ("follower:relay:0:000000000008", "follower:relay"),
    ] {
        shop.store.bury(&letter(id, source)).await.unwrap();
    }
    let operator = shop.operator();
    let both = ["follower:policies:0:000000000007", "follower:policies:0:000000000009"];
    for filter in ["", "&shard=0", "&parked=false", "&tenant=harbour-books"] {
        let path = format!("{ALL}?source=follower:policies{filter}");
        let page = operator.get(&path).await.ok();
        assert_eq!((&ids(&page)[..], page.get("next_cursor")), (&both[..], None), "{path}");
        let first = operator.get(&format!("{path}&limit=1")).await.ok();
        assert_eq!((ids(&first), &first["next_cursor"]), (vec![both[0]], &json!(both[0])));
    }
}

#[tokio::test]
async fn pages_go_on_after_a_letter_with_a_long_name() {
    let (shop, harbour) = Shop::trading().await;
    let long = format!("timer:order:harbour-books:{}", "e".repeat(200));
    for id in [&long, "u-last"] {
        shop.store.bury(&letter(id, "domain:order")).await.unwrap();
    }
    for (asker, path) in [(&harbour, "/v1/dead-letters"), (&shop.operator(), ALL)] {
        let first = asker.get(&format!("{path}?limit=1")).await.ok();
        assert_eq!(first["next_cursor"], json!(long));
        let rest = asker.get(&format!("{path}?limit=1&cursor={long}")).await.ok();
        assert_eq!(ids(&rest), ["u-last"]);
        let longer = "e".repeat(301);
        let answer = asker.get(&format!("{path}?cursor={longer}")).await;
        answer.at(400, "invalid_parameter", "cursor");
    }
}

#[tokio::test]
async fn who_runs_the_platform_sees_to_letters_that_no_tenant_can() {
    let (shop, harbour) = Shop::trading().await;
    let platform = Some("platform".parse().unwrap());
    let id = "follower:policies:0:000000000007";
    for undone in [
        DeadLetter { tenant: platform.clone(), ..letter(id, "follower:policies") },
        DeadLetter { tenant: platform, ..letter("of-user", "domain:user") },
        DeadLetter { tenant: None, ..letter("of-nobody", "amqp") },
    ] {
        shop.store.bury(&undone).await.unwrap();
    }
    let operator = shop.operator();
    let one = |id: &str| format!("{ALL}/{id}");
    let told = operator.get(&one("of-user")).await.ok();
    assert_eq!((&told["tenant"], told.get("payload")), (&json!("platform"), None));
    let would = operator.act(&format!("{}/retry?dry_run=true", one(id))).await.ok();
    assert_eq!((&would["result"]["id"], would["result"].get("payload")), (&json!(id), None));
    assert!(operator.get(&one(id)).await.ok().get("retry_at").is_none(), "nothing was done");
    assert_eq!(operator.act(&format!("{}/retry", one(id))).await.status, 204);
    assert!(operator.get(&one(id)).await.ok()["retry_at"].is_string());
    for undone in ["of-user", "of-nobody"] {
        let retry = format!("{}/retry", one(undone));
        operator.act(&retry).await.problem(409, "not_retriable");
        assert_eq!(operator.delete(&one(undone)).await.status, 204);
        operator.get(&one(undone)).await.problem(404, "not_found");
    }
    harbour.get(&one(id)).await.problem(403, "operator_only");
    harbour.delete(&one(id)).await.problem(403, "operator_only");
    harbour.get(&format!("/v1/dead-letters/{id}")).await.problem(404, "not_found");
}
