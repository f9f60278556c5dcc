//! How fast anybody may ask, and what the headers tell of it.

use crate::{
    shop::{Answer, Asker, Shop},
    sources::from,
};
use http::Method;
use serde_json::json;

const HERE: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.7";

async fn ask(asker: &Asker, peer: &str, path: &str) -> Answer {
    from(asker, peer, Method::GET, path, "").await
}

/// Asks until it is too often: what was asked slowly has come back meanwhile.
async fn until_busy(asker: &Asker, peer: &str, path: &str) -> Answer {
    for _ in 0..1000 {
        let answer = ask(asker, peer, path).await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("{path} is never too much");
}

/// Limit and what is left of it.
fn told(answer: &Answer) -> (String, String) {
    assert!(!answer.head("ratelimit-reset").is_empty());
    (answer.head("ratelimit-limit"), answer.head("ratelimit-remaining"))
}

#[tokio::test]
async fn an_address_may_ask_so_often_whoever_it_is() {
    let shop = Shop::with(|settings| settings.address_requests_per_second = 1).await;
    let first = ask(&shop.operator(), HERE, "/v1/tenants").await;
    assert_eq!(told(&first), ("1".into(), "0".into()));
    first.ok();
    for asker in [shop.operator(), shop.nobody().token("nonsense"), shop.nobody()] {
        for path in ["/v1/tenants", "/v1/orders", "/ping", "/nothing"] {
            let busy = until_busy(&asker, HERE, path).await;
            assert_eq!(told(&busy), ("1".into(), "0".into()));
            assert_eq!(busy.head("retry-after"), "1");
            busy.problem(429, "address_busy");
        }
    }
    ask(&shop.operator(), ELSEWHERE, "/v1/tenants").await.ok();
    // Calls inside the process have no address.
    for _ in 0..3 {
        shop.operator().get("/v1/tenants").await.ok();
    }
}

#[tokio::test]
async fn the_limit_of_addresses_can_be_switched_off() {
    let shop = Shop::with(|settings| settings.address_requests_per_second = 0).await;
    let answer = ask(&shop.operator(), HERE, "/v1/tenants").await;
    assert_eq!(answer.head("ratelimit-limit"), "");
    answer.ok();
}

#[tokio::test]
async fn every_answer_tells_the_nearest_limit() {
    let (shop, harbour) = Shop::trading().await;
    let address = "2000".to_owned();
    for path in ["/v1/tenants", "/v1/users", "/v1/quarantine", "/ping", "/nothing"] {
        assert_eq!(told(&ask(&shop.operator(), HERE, path).await).0, address, "{path}");
    }
    for path in ["/v1/auth/refresh", "/auth/refresh", "/v1/auth/validate", "/auth/validate"] {
        let answer = from(&shop.nobody(), HERE, Method::POST, path, "{}").await;
        assert_eq!(told(&answer).0, address, "{path}");
    }
    // Nearer than the tenant's, and than the address's.
    assert_eq!(told(&ask(&harbour, ELSEWHERE, "/v1/orders").await).0, "1000");
    assert_eq!(told(&ask(&shop.nobody(), HERE, "/v1/orders").await).0, "50");
    let login = json!({ "email": "jana@example.com", "password": "wrong" }).to_string();
    for path in ["/v1/auth/login", "/auth/login"] {
        let answer = from(&shop.nobody(), HERE, Method::POST, path, &login).await;
        assert_eq!(told(&answer).0, "10", "{path}");
    }
    let wish = json!({ "email": "nina@example.com" }).to_string();
    let mut last = None;
    for _ in 0..100 {
        let answer = from(&shop.nobody(), HERE, Method::POST, "/v1/auth/codes", &wish).await;
        if answer.status == 429 {
            last = Some(answer);
            break;
        }
    }
    let busy = last.unwrap();
    assert_eq!(busy.head("ratelimit-remaining"), "0");
    assert!(busy.head("retry-after").parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn a_key_has_a_limit_of_its_own() {
    let shop = Shop::with(|settings| settings.key_requests_per_second = 1).await;
    let harbour = shop.tenant("harbour-books").await;
    let busy = until_busy(&harbour, HERE, "/v1/orders").await;
    assert_eq!(told(&busy), ("1".into(), "0".into()));
    assert_eq!(busy.head("retry-after"), "1");
    busy.problem(429, "key_busy");
    shop.key("harbour-books", &["orders:read"]).await.get("/v1/orders").await.ok();
}

#[tokio::test]
async fn pages_of_known_origins_may_read_what_is_left() {
    let origin = "https://shop.example";
    let shop = Shop::with(|settings| settings.cors_origins = vec![origin.into()]).await;
    let asker = shop.nobody().header("origin", origin);
    let shown = ask(&asker, HERE, "/ping").await.head("access-control-expose-headers");
    for name in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"] {
        assert!(shown.contains(name), "{shown}");
    }
}
