//! Customers of a shop, many at once: they order, pay, change their minds, and ask again with the
//! same key whenever an answer does not come.

use kontor_sandbox::{PayerAct, PayerResult, Sandbox};
use kontor_tests::{
    client::{Answer, Client},
    shop::{Shop, order},
    until,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// How long a customer asks for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// An order that was acknowledged, and what else was about it.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its id.
    pub order: String,
    /// The key that it was placed with.
    pub key: String,
    /// What was ordered.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// The payment that was acknowledged.
    pub payment: Option<String>,
    /// Whether Stripe took the customer's money.
    pub paid: bool,
    /// Whether its cancellation was acknowledged.
    pub cancelled: bool,
    /// Whether the channel had taken the money.
    pub by_channel: bool,
}

#[cfg(feature = "servers")]
impl Placed {
    /// One atlas, and nothing else.
    pub fn plain(order: String, key: String) -> Self {
        let sku = "atlas".into();
        let (payment, paid, cancelled, by_channel) = (None, false, false, false);
        Self { order, key, sku, quantity: 1, payment, paid, cancelled, by_channel }
    }
}

/// Customers at work.
pub struct Load {
    shared: Arc<Shared>,
    customers: Vec<JoinHandle<()>>,
}

struct Shared {
    client: Client,
    /// Where they pay, if they do.
    sandbox: Option<Arc<Sandbox>>,
    skus: Vec<String>,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    asked_again: AtomicU64,
    placed: Mutex<Vec<Placed>>,
}

impl Load {
    /// Sends customers to a shop for these products.
    pub fn start(
        shop: &Shop,
        sandbox: Option<Arc<Sandbox>>,
        customers: usize,
        skus: &[&str],
    ) -> Self {
        let shared = Arc::new(Shared {
            client: shop.client.clone(),
            sandbox,
            skus: skus.iter().map(|sku| (*sku).to_owned()).collect(),
            stop: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            asked_again: AtomicU64::new(0),
            placed: Mutex::default(),
        });
        let customers = (0..customers).map(|_| tokio::spawn(shop_around(Arc::clone(&shared))));
        Self { customers: customers.collect(), shared }
    }

    /// How many answers have come so far.
    pub fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Acquire)
    }

    /// Waits until so many more answers have come.
    pub async fn more(&self, answers: u64) {
        let wanted = self.acknowledged() + answers;
        until(&format!("{answers} more answers"), PATIENCE, || async {
            assert!(!self.customers.iter().any(JoinHandle::is_finished), "a customer gave up");
            (wanted <= self.acknowledged()).then_some(())
        })
        .await;
    }

    /// Lets every customer finish what they are at, and says what was acknowledged.
    pub async fn stop(self) -> Vec<Placed> {
        self.shared.stop.store(true, Ordering::Release);
        for customer in self.customers {
            customer.await.unwrap();
        }
        let placed = self.shared.placed.lock().unwrap().clone();
        println!(
            "{} answers, {} orders, {} paid, {} cancelled, {} refused, asked again {} times",
            self.shared.acknowledged.load(Ordering::Acquire),
            placed.len(),
            placed.iter().filter(|placed| placed.paid).count(),
            placed.iter().filter(|placed| placed.cancelled).count(),
            self.shared.refused.load(Ordering::Acquire),
            self.shared.asked_again.load(Ordering::Acquire),
        );
        placed
    }
}

async fn shop_around(shared: Arc<Shared>) {
    while !shared.stop.load(Ordering::Acquire) {
        let sku = shared.skus[fastrand::usize(..shared.skus.len())].clone();
        let quantity = fastrand::i64(1..=3);
        let key = uuid::Uuid::new_v4().to_string();
        let by_channel = fastrand::u8(..6) == 0;
        let asked = order_of(&sku, quantity, by_channel);
        let Some(answer) = shared.ask("/v1/orders", asked, &key, Some("out_of_stock")).await else {
            continue;
        };
        let order = answer["id"].as_str().unwrap().to_owned();
        let mut placed = Placed {
            order,
            key,
            sku,
            quantity,
            payment: None,
            paid: false,
            cancelled: false,
            by_channel,
        };
        if let Some(sandbox) = shared.sandbox.as_ref().filter(|_| !by_channel) {
            match fastrand::u8(..6) {
                0..3 => shared.pay(sandbox, &mut placed).await,
                3 => shared.cancel(&mut placed).await,
                4 => {
                    shared.pay(sandbox, &mut placed).await;
                    shared.cancel(&mut placed).await;
                }
                _ => {}
            }
        }
        shared.placed.lock().unwrap().push(placed);
    }
}

/// What is asked for an order, the same each time it is asked again.
pub fn order_of(sku: &str, quantity: i64, by_channel: bool) -> Value {
    let mut asked = order(sku, quantity, "jana@example.com");
    asked["paid"] = json!(by_channel);
    asked
}

impl Shared {
    async fn pay(&self, sandbox: &Sandbox, placed: &mut Placed) {
        let key = format!("pay-{}", placed.key);
        let asked = json!({ "order": placed.order, "provider": "stripe", "account": "main",
            "return_url": "https://shop.example/", "cancel_url": "https://shop.example/no" });
        let Some(payment) = self.ask("/v1/payments", asked, &key, None).await else { return };
        let payment = payment["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/payments/{payment}");
        placed.payment = Some(payment);
        let session = until(&format!("{path} opened"), PATIENCE, || async {
            let answer = self.client.ask(Method::GET, &path, None, None).await.ok()?;
            let url = answer.body["attempts"][0]["redirect_url"].as_str()?.to_owned();
            Some(url.rsplit('/').next()?.to_owned())
        })
        .await;
        placed.paid = sandbox.stripe().act(&session, PayerAct::Pay).await == PayerResult::Completed;
    }

    async fn cancel(&self, placed: &mut Placed) {
        let key = format!("cancel-{}", placed.key);
        let path = format!("/v1/orders/{}/cancel", placed.order);
        let answer = self.ask(&path, json!({ "reason": "customer" }), &key, None).await;
        placed.cancelled = answer.is_some();
    }

    /// Asks with one key until there is an answer; none if it is that refusal.
    async fn ask(
        &self,
        path: &str,
        body: Value,
        key: &str,
        refusal: Option<&str>,
    ) -> Option<Value> {
        let answer: Answer = until(&format!("an answer to {path}"), PATIENCE, || async {
            let asked =
                self.client.ask(Method::POST, path, Some(body.clone()), Some(key)).await.ok();
            let answered = asked.filter(|answer| !matches!(answer.status, 429 | 503));
            if answered.is_none() {
                self.asked_again.fetch_add(1, Ordering::AcqRel);
            }
            answered
        })
        .await;
        self.acknowledged.fetch_add(1, Ordering::AcqRel);
        if refusal == Some(answer.code()) {
            self.refused.fetch_add(1, Ordering::AcqRel);
            return None;
        }
        Some(answer.ok())
    }
}
