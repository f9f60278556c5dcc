//! An account at every payment provider, whose calls lead to a port of this machine.

use kontor_actors::ports::PaymentGateway;
use kontor_adapters::gateways::{http::Http, payments::providers};
use serde_json::{Value, json};
use std::sync::Arc;

pub const SECRET: &str = "a-secret-of-this-account";
/// How many kinds there are, Stripe's second way to pay included.
pub const KINDS: u8 = 7;

/// One of the accounts, made anew.
pub fn account(kind: u8, url: &str, http: &Http) -> Arc<dyn PaymentGateway> {
    let (name, settings) = settings(kind, url);
    let provider = providers().iter().find(|provider| provider.name == name);
    (provider.expect("it is registered").build)(&settings, http).expect("sound settings")
}

fn settings(kind: u8, url: &str) -> (&'static str, Value) {
    let stripe = |flow: &str| {
        json!({ "secret_key": "sk_test_kontor", "webhook_secrets": [SECRET], "endpoint": url,
            "flow": flow })
    };
    match kind % KINDS {
        0 => ("stripe", stripe("checkout")),
        1 => ("stripe", stripe("payment_intent")),
        2 => (
            "comgate",
            json!({ "merchant": "123456", "secret": SECRET, "test": true, "endpoint": url }),
        ),
        3 => (
            "payu",
            json!({ "pos_id": "300746", "client_secret": SECRET, "second_key": SECRET,
                "endpoint": url, "notify_url": "https://shop.example/" }),
        ),
        4 => (
            "paypal",
            json!({ "client_id": "client", "client_secret": SECRET, "webhook_id": "WH-1",
                "endpoint": url, "certificate_origins": [url] }),
        ),
        5 => (
            "halyk",
            json!({ "client_id": "test", "client_secret": SECRET, "terminal": "t-1",
                "shop_id": "s-1", "hash_key": SECRET, "notify_url": "https://shop.example/",
                "endpoint": url, "token_endpoint": format!("{url}/oauth2/token") }),
        ),
        _ => (
            "fio",
            json!({ "token": SECRET, "iban": "CZ9320100000002000145399", "endpoint": url,
                "pause_s": 0, "refunds": "import" }),
        ),
    }
}
