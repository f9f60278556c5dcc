//! Every provider may ask for patience, and gets it.

use super::{providers, testing::open_in};
use crate::gateways::tests::{Recorded, Server, http};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{Timestamp, payment::CallFault, tenant::AccountMode};
use serde_json::{Value, json};
use std::time::Duration;

type Headers = &'static [(&'static str, &'static str)];

/// So many seconds.
const SECONDS: Headers = &[("retry-after", "120")];
/// Longer than anybody is left alone.
const DATE: Headers = &[("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT")];
const DAY: Duration = Duration::from_secs(24 * 3600);

fn settings(provider: &str, url: &str) -> Value {
    let notify = "https://kontor.example/hook";
    match provider {
        "stripe" => json!({"secret_key": "sk_test_1", "endpoint": url}),
        "paypal" => json!({"client_id": "c", "client_secret": "s", "endpoint": url}),
        "payu" => json!({"pos_id": "1", "client_secret": "s", "second_key": "k",
            "notify_url": notify, "endpoint": url}),
        "halyk" => json!({"client_id": "c", "client_secret": "s", "terminal": "t", "shop_id": "1",
            "hash_key": "any long text of ours", "notify_url": notify, "endpoint": url,
            "token_endpoint": format!("{url}/oauth2/token")}),
        _ => json!({"merchant": "1", "secret": "s", "endpoint": url}),
    }
}

/// What a provider says in its own words.
fn words(provider: &str) -> &'static str {
    match provider {
        "stripe" => r#"{"error": {"type": "rate_limit_error", "code": "rate_limit"}}"#,
        "paypal" => r#"{"name": "RATE_LIMIT_REACHED", "message": "too many requests"}"#,
        "payu" => r#"{"status": {"statusCode": "TOO_MANY_REQUESTS"}}"#,
        "halyk" => r#"{"code": 429, "message": "too many requests"}"#,
        _ => "code=1400&message=too+many",
    }
}

async fn asked(provider: &str, replies: Vec<Recorded>) -> GatewayFault {
    let server = Server::new(replies).await;
    let maker = providers().iter().find(|maker| maker.name == provider).unwrap();
    let settings = settings(provider, &server.url);
    let gateway = maker.make(&settings, AccountMode::Test, &http()).unwrap();
    let currency = if provider == "halyk" { "KZT" } else { "CZK" };
    gateway.open(&open_in(currency)).await.unwrap_err()
}

fn check(fault: &GatewayFault, wait: Duration, before: Timestamp, why: &str) {
    let CallFault::Retry { at: Some(at), .. } = fault.fault else { panic!("{why}: {fault:?}") };
    let (soonest, latest) = (before.plus(wait), Timestamp::now().plus(wait));
    assert!(soonest <= at && at <= latest, "{why}: {fault:?}");
}

#[tokio::test]
async fn retry_after_is_obeyed_whatever_the_provider_says_beside_it() {
    let token = || (200, &[][..], json!({"access_token": "t", "expires_in": 100}).to_string());
    for provider in ["stripe", "paypal", "payu", "halyk", "comgate"] {
        let granted = matches!(provider, "paypal" | "payu" | "halyk");
        for (headers, wait) in [(SECONDS, Duration::from_secs(120)), (DATE, DAY)] {
            for body in [words(provider), "<html>slow down</html>"] {
                let before = Timestamp::now();
                let mut replies: Vec<Recorded> = granted.then(token).into_iter().collect();
                replies.push((429, headers, body.to_owned()));
                let fault = asked(provider, replies).await;
                assert_eq!(fault.cause, FaultCause::Throttled, "{provider}: {body}");
                check(&fault, wait, before, provider);
            }
            let before = Timestamp::now();
            let mut replies: Vec<Recorded> = granted.then(token).into_iter().collect();
            replies.push((503, headers, "<html>maintenance</html>".to_owned()));
            let fault = asked(provider, replies).await;
            assert_eq!(fault.cause, FaultCause::Provider, "{provider}");
            check(&fault, wait, before, provider);
        }
    }
}

#[tokio::test]
async fn retry_after_is_obeyed_where_tokens_are_granted() {
    for provider in ["paypal", "payu", "halyk"] {
        let before = Timestamp::now();
        let fault = asked(provider, vec![(429, SECONDS, String::new())]).await;
        assert_eq!(fault.cause, FaultCause::Throttled, "{provider}");
        check(&fault, Duration::from_secs(120), before, provider);
    }
}
