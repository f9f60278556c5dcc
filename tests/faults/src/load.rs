//! Customers of a shop, many at once: they order, pay, change their minds, and ask again with the
//! same key whenever an answer does not come. Each order has a price of its own, so that it is seen
//! in the database which request it came of.

use crate::{Outcome, client::Client, until};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// How long a payment may take to be payable.
const OPEN_WITHIN: Duration = Duration::from_secs(90);
/// The price of the first order.
const PRICE_FIRST: i64 = 10_000;

/// What somebody did, and what was acknowledged.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The key that it was asked with.
    pub key: String,
    /// The price of one, which no other order has.
    pub price_minor: i64,
    /// The product.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// The channel had taken the money.
    pub by_channel: bool,
    /// What became of it.
    pub placed: Placed,
    /// The payment that was acknowledged.
    pub payment: Option<String>,
    /// The provider took the money.
    pub paid: bool,
    /// Its cancellation was acknowledged.
    pub cancelled: bool,
    /// Something about it was asked and never answered.
    pub unsure: bool,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Acknowledged under this id.
    Yes(String),
    /// Refused.
    No,
    /// Nobody knows.
    Unknown,
}

impl Purchase {
    /// What is asked for it, the same each time.
    pub fn body(&self) -> Value {
        let total = self.price_minor * self.quantity;
        json!({
            "channel": "web", "currency": "CZK", "paid": self.by_channel,
            "customer": { "name": "Jana Nováková", "email": "jana@example.com" },
            "lines": [{
                "sku": self.sku, "title": "Atlas", "quantity": self.quantity,
                "unit_price_minor": self.price_minor,
            }],
            "totals": { "subtotal_minor": total, "total_minor": total },
        })
    }
}

/// Customers at work.
pub struct Load {
    shared: Arc<Shared>,
    customers: Vec<JoinHandle<()>>,
}

/// How the customers of a load behave.
#[derive(Clone)]
pub struct Manners {
    /// How many there are.
    pub customers: usize,
    /// What they buy.
    pub skus: Vec<String>,
    /// Whether some pay.
    pub pay: bool,
    /// How long each rests between two purchases.
    pub rest: Duration,
}

struct Shared {
    client: Client,
    manners: Manners,
    stop: AtomicBool,
    answered: AtomicU64,
    prices: Arc<AtomicI64>,
    purchases: Mutex<Vec<Purchase>>,
}

/// Gives every order of a site its own price.
pub fn prices() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(PRICE_FIRST))
}

impl Load {
    /// Sends customers to a shop.
    pub fn start(client: &Client, prices: &Arc<AtomicI64>, manners: Manners) -> Self {
        let shared = Arc::new(Shared {
            client: client.clone(),
            stop: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            prices: Arc::clone(prices),
            purchases: Mutex::default(),
            manners,
        });
        let customers = 0..shared.manners.customers;
        let customers = customers.map(|_| tokio::spawn(shop_around(Arc::clone(&shared))));
        Self { customers: customers.collect(), shared }
    }

    /// How many purchases have come to an end so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Acquire)
    }

    /// Waits until so many more have.
    pub async fn more(&self, count: u64) -> Outcome<()> {
        let wanted = self.answered() + count;
        until(&format!("{count} more purchases"), Duration::from_secs(120), || async {
            (wanted <= self.answered()).then_some(())
        })
        .await
    }

    /// Lets every customer finish, and says what was acknowledged.
    pub async fn stop(self) -> Outcome<Vec<Purchase>> {
        self.shared.stop.store(true, Ordering::Release);
        for customer in self.customers {
            customer.await?;
        }
        let purchases = self.shared.purchases.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(purchases.clone())
    }
}

async fn shop_around(shared: Arc<Shared>) {
    while !shared.stop.load(Ordering::Acquire) {
        let purchase = shared.buy().await;
        shared.purchases.lock().unwrap_or_else(PoisonError::into_inner).push(purchase);
        shared.answered.fetch_add(1, Ordering::AcqRel);
        tokio::time::sleep(shared.manners.rest).await;
    }
}

impl Shared {
    async fn buy(&self) -> Purchase {
        let skus = &self.manners.skus;
        let mut purchase = Purchase {
            key: uuid::Uuid::new_v4().to_string(),
            price_minor: self.prices.fetch_add(1, Ordering::AcqRel),
            sku: skus[fastrand::usize(..skus.len())].clone(),
            quantity: fastrand::i64(1..=3),
            by_channel: fastrand::u8(..6) == 0,
            placed: Placed::Unknown,
            payment: None,
            paid: false,
            cancelled: false,
            unsure: false,
        };
        let answer = self.client.post("/v1/orders", purchase.body(), &purchase.key).await;
        purchase.placed = match answer {
            Some((200..300, order)) => match order["id"].as_str() {
                Some(id) => Placed::Yes(id.to_owned()),
                None => Placed::Unknown,
            },
            Some(_) => Placed::No,
            None => Placed::Unknown,
        };
        if purchase.placed != Placed::Unknown
            && let Placed::Yes(order) = purchase.placed.clone()
            && !purchase.by_channel
        {
            match fastrand::u8(..6) {
                0..3 if self.manners.pay => self.pay(&order, &mut purchase).await,
                3 => self.cancel(&order, &mut purchase).await,
                4 if self.manners.pay => {
                    self.pay(&order, &mut purchase).await;
                    self.cancel(&order, &mut purchase).await;
                }
                _ => {}
            }
        }
        purchase
    }

    async fn pay(&self, order: &str, purchase: &mut Purchase) {
        let body = json!({
            "order": order, "provider": "stripe", "account": "main",
            "return_url": "https://shop.example/", "cancel_url": "https://shop.example/no",
        });
        let answer = self.client.post("/v1/payments", body, &format!("pay-{}", purchase.key)).await;
        let Some((200..300, payment)) = answer else {
            purchase.unsure |= answer.is_none();
            return;
        };
        let Some(payment) = payment["id"].as_str().map(str::to_owned) else { return };
        let path = format!("/v1/payments/{payment}");
        purchase.payment = Some(payment);
        let page = until(&path, OPEN_WITHIN, || async {
            let payment = self.client.get(&path).await?;
            payment["attempts"][0]["redirect_url"].as_str().map(str::to_owned)
        });
        // A payment that cannot be opened in time is not paid; that is no loss.
        let Ok(page) = page.await else { return };
        let status = self.client.form(&page, "outcome=pay").await;
        purchase.paid = status.is_some_and(|status| status < 400);
        purchase.unsure |= status.is_none();
    }

    async fn cancel(&self, order: &str, purchase: &mut Purchase) {
        let path = format!("/v1/orders/{order}/cancel");
        let key = format!("cancel-{}", purchase.key);
        let answer = self.client.post(&path, json!({ "reason": "customer" }), &key).await;
        purchase.cancelled = matches!(answer, Some((200..300, _)));
        purchase.unsure |= answer.is_none();
    }
}
