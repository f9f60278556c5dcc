//! What could not be done: what is told of it, and to whom.

use crate::shop::Shop;
use kontor_actors::store::{DeadLetter, Store};
use kontor_messages::Timestamp;
use serde_json::json;

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
