//! What the tests of all providers say: payments as the domain asks for them, and a place that
//! notifications are sent to.

use crate::gateways::tests::tenant;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
};
use kontor_actors::ports::{
    CancelPayment, CapturePayment, Headers, OpenPayment, QueryPayment, RefundPayment,
};
use kontor_messages::{Currency, EntityId, Money, Timestamp, payment::CaptureMode};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// The beginning of 2026.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub const PAYMENT: &str = "01977e4e-0000-7000-8000-000000000001";

pub fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).unwrap())
}

pub fn czk(minor: i64) -> Money {
    money(minor, "CZK")
}

/// 1299.00 of a currency, from now on for two hours.
pub fn open_in(code: &str) -> OpenPayment {
    let now = Timestamp::now();
    OpenPayment {
        tenant: tenant(),
        payment: EntityId::named(PAYMENT),
        attempt: 1,
        amount: money(129_900, code),
        capture: CaptureMode::Automatic,
        method: None,
        return_url: Some("https://shop.example/thanks".into()),
        cancel_url: Some("https://shop.example/basket".into()),
        description: "Order 2026-000001".into(),
        until: now.plus(Duration::from_secs(7200)),
        customer_email: Some("ann@example.com".into()),
        requested_at: now,
        key: "kontor-1".into(),
    }
}

pub fn query(references: &[String]) -> QueryPayment {
    QueryPayment { references: references.to_vec(), refunds: true, ours: Vec::new(), wanted: true }
}

pub fn refund(references: &[String], name: &str, amount: Money) -> RefundPayment {
    RefundPayment {
        tenant: tenant(),
        payment: EntityId::named(PAYMENT),
        refund: EntityId::named(name),
        references: references.to_vec(),
        amount,
        key: format!("kontor-{name}"),
    }
}

pub fn capture(references: &[String], amount: Money) -> CapturePayment {
    CapturePayment { references: references.to_vec(), amount, key: "kontor-2".into() }
}

pub fn cancel(references: &[String], held: bool) -> CancelPayment {
    CancelPayment { references: references.to_vec(), held, key: "kontor-3".into() }
}

/// A notification as it came.
pub type Sent = (Headers, Vec<u8>);

/// A place that notifications are sent to.
pub struct Hook {
    /// Where it is.
    pub url: String,
    kept: Arc<Mutex<Vec<Sent>>>,
}

impl Hook {
    /// Begins to listen.
    pub async fn new() -> Self {
        let kept: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let app = Router::new().fallback(keep).with_state(Arc::clone(&kept));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, kept }
    }

    /// Takes the oldest notification that has come, or waits a moment for one.
    pub async fn next(&self) -> Sent {
        for _ in 0..500 {
            if let Some(sent) = self.take() {
                return sent;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no notification came");
    }

    fn take(&self) -> Option<Sent> {
        let mut kept = self.kept.lock().unwrap();
        (!kept.is_empty()).then(|| kept.remove(0))
    }
}

async fn keep(
    State(kept): State<Arc<Mutex<Vec<Sent>>>>,
    _uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) {
    let texts = headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    kept.lock().unwrap().push((Headers::new(texts), body.to_vec()));
}
