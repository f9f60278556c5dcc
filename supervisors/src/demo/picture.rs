//! How everything stands, read through the API once the shops are closed, and whether anything is
//! still in motion.

use super::{
    api::Client,
    shops::Shop,
    tills::{self, Books},
    town::Town,
};
use kontor_messages::{
    order::{CancelReason, OrderStatus, StockStanding},
    payment::{PaymentStatus, RefundStatus},
};
use serde::Deserialize;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(200);
/// Events of one answer.
const EVENTS: usize = 500;

/// An order as the API shows it.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) status: OrderStatus,
    pub(super) stock: StockStanding,
    pub(super) total_minor: i64,
    pub(super) customer: Customer,
    pub(super) lines: Vec<Line>,
    #[serde(default)]
    pub(super) paid_at: Option<String>,
    #[serde(default)]
    pub(super) payments: Vec<Paid>,
    #[serde(default)]
    pub(super) cancellation: Option<Cancellation>,
}

/// Who bought.
#[derive(Deserialize)]
pub(super) struct Customer {
    pub(super) email: Option<String>,
}

/// One of its lines.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) sku: String,
    quantity: i64,
    cancelled: i64,
}

/// One of its payments.
#[derive(Deserialize)]
pub(super) struct Paid {
    pub(super) payment: String,
    pub(super) paid_minor: i64,
    pub(super) refunded_minor: i64,
}

/// How its cancellation goes.
#[derive(Deserialize)]
pub(super) struct Cancellation {
    pub(super) reason: CancelReason,
    missing: Vec<String>,
}

/// A payment as the API shows it.
#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) order: Option<String>,
    pub(super) status: PaymentStatus,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    #[serde(default)]
    pub(super) attempts: Vec<Attempt>,
    #[serde(default)]
    calls: Vec<Call>,
    #[serde(default)]
    refunds: Vec<Refund>,
}

/// One of its tries.
#[derive(Deserialize)]
pub(super) struct Attempt {
    pub(super) provider: String,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    #[serde(default)]
    redirect_url: Option<String>,
    #[serde(default)]
    transfer: Option<Transfer>,
}

#[derive(Deserialize)]
struct Transfer {
    variable_symbol: String,
}

#[derive(Deserialize)]
struct Call {
    state: String,
}

#[derive(Deserialize)]
struct Refund {
    status: RefundStatus,
}

/// A product's stock as the API shows it.
#[derive(Deserialize)]
pub(super) struct Stock {
    pub(super) id: String,
    pub(super) total_available: i64,
    pub(super) levels: Vec<Level>,
}

/// Its stock in one warehouse.
#[derive(Deserialize)]
pub(super) struct Level {
    pub(super) on_hand: i64,
    #[serde(default)]
    pub(super) reserved: i64,
}

/// A message as the API shows it.
#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) status: String,
}

#[derive(Deserialize)]
struct Events {
    items: Vec<Event>,
    next_cursor: String,
    more: bool,
}

/// An event as the API tells it.
#[derive(Clone, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) name: String,
    pub(super) subject: String,
}

/// How one shop stands.
pub(super) struct Picture {
    pub(super) orders: Vec<Order>,
    pub(super) payments: Vec<Payment>,
    pub(super) stock: Vec<Stock>,
    pub(super) messages: Vec<Message>,
    pub(super) events: Vec<Event>,
    /// The ids of the events that the shop's own endpoint has taken.
    pub(super) heard: HashSet<String>,
}

/// How everything stands.
pub(super) struct Whole {
    pub(super) shops: Vec<Picture>,
    /// Shop by shop, what its providers have written down.
    pub(super) books: Vec<Books>,
    /// What is still in motion.
    pub(super) moving: Vec<String>,
}

/// Waits until nothing is in motion, or patience ends.
pub(super) async fn at_rest(town: &Town, patience: Duration) -> Result<Whole, String> {
    let until = Instant::now() + patience;
    let mut before = None;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let _ = tokio::time::timeout(left, settled(town)).await;
        let figures = Figures::read(&town.client).await?;
        let still = figures.behind == 0 && before.as_ref() == Some(&figures);
        if still || left.is_zero() {
            let whole = whole(town, &figures).await?;
            if whole.moving.is_empty() || left.is_zero() {
                return Ok(whole);
            }
            tills::see_to(town, &whole).await;
        }
        before = Some(figures);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until no provider has anything to send.
async fn settled(town: &Town) {
    town.sandbox.stripe().settled().await;
    town.sandbox.providers().settled().await;
}

/// What the node's metrics say of its followers.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    /// Events that are not followed up, over all followers.
    behind: u64,
    /// Events in the journal since the node began.
    events: u64,
}

impl Figures {
    async fn read(client: &Client) -> Result<Self, String> {
        let (mut behind, mut events) = (0, 0);
        for line in client.text("/metrics").await?.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let whole: u64 = value.split('.').next().and_then(|v| v.parse().ok()).unwrap_or(0);
            let named = |metric: &str| name.starts_with(metric);
            if named("kontor_follower_lag_events") || named("kontor_follower_parked_events") {
                behind += whole;
            } else if named("kontor_journal_events_total") {
                events += whole;
            }
        }
        Ok(Self { behind, events })
    }
}

async fn whole(town: &Town, figures: &Figures) -> Result<Whole, String> {
    let (mut shops, mut all_books, mut moving) = (Vec::new(), Vec::new(), Vec::new());
    if figures.behind > 0 {
        moving.push(format!("{} events are not followed up", figures.behind));
    }
    for shop in &town.shops {
        let picture = picture(town, shop).await?;
        let books = tills::books(town, shop, &picture.payments);
        let found = in_motion(&picture, &books);
        moving.extend(found.into_iter().map(|what| format!("{}: {what}", shop.tenant)));
        shops.push(picture);
        all_books.push(books);
    }
    Ok(Whole { shops, books: all_books, moving })
}

async fn picture(town: &Town, shop: &Shop) -> Result<Picture, String> {
    let (client, bearer) = (&town.client, &shop.bearer);
    let heard = town.sandbox.receiver().accepted(&shop.tenant);
    Ok(Picture {
        orders: client.all(bearer, "/v1/orders?").await?,
        payments: client.all(bearer, "/v1/payments?").await?,
        stock: client.all(bearer, "/v1/stock?").await?,
        messages: client.all(bearer, "/v1/notifications?").await?,
        events: events(client, shop).await?,
        heard: heard.iter().filter_map(|delivery| delivery.webhook_id.clone()).collect(),
    })
}

/// All that was told of the shop's orders.
async fn events(client: &Client, shop: &Shop) -> Result<Vec<Event>, String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/events?types=order.*&limit={EVENTS}{after}");
        let page: Events = client.get(&shop.bearer, &path).await?;
        all.extend(page.items);
        if !page.more {
            return Ok(all);
        }
        after = format!("&after={}", page.next_cursor);
    }
}

fn in_motion(picture: &Picture, books: &Books) -> Vec<String> {
    let mut moving = Vec::new();
    for order in &picture.orders {
        let cancelling = order.cancellation.iter().flat_map(|known| &known.missing);
        let missing: Vec<_> = cancelling.map(String::as_str).collect();
        if !missing.is_empty() {
            moving.push(format!("order {} waits for {}", order.id, missing.join(", ")));
        }
        if order.status == OrderStatus::Pending && order.paid_at.is_some() {
            moving.push(format!("order {} is paid and not confirmed", order.id));
        }
    }
    for payment in &picture.payments {
        if payment.is_working() {
            moving.push(format!("payment {} has calls to make", payment.id));
        } else if payment.moves(books) {
            moving.push(format!("payment {} was paid and does not know", payment.id));
        }
    }
    let waiting = |message: &&Message| matches!(&*message.status, "queued" | "sending" | "waiting");
    let waiting = picture.messages.iter().filter(waiting).count();
    if waiting > 0 {
        moving.push(format!("{waiting} messages wait"));
    }
    let unheard = picture.events.iter().filter(|event| !picture.heard.contains(&event.id)).count();
    if unheard > 0 {
        moving.push(format!("{unheard} events were not delivered"));
    }
    moving
}

impl Payment {
    /// What a provider calls it: the end of its page's address, or the symbol of its transfer.
    pub(super) fn name_at(&self, provider: &str) -> Option<&str> {
        let attempt = self.attempts.iter().find(|attempt| attempt.provider == provider)?;
        let page = attempt.redirect_url.as_deref().and_then(|url| url.rsplit('/').next());
        page.or_else(|| Some(attempt.transfer.as_ref()?.variable_symbol.as_str()))
    }

    /// Whether a call of it is under way.
    fn is_working(&self) -> bool {
        let calling = self.calls.iter().any(|call| call.state != "given_up");
        let refunding = self.refunds.iter().any(|refund| {
            use RefundStatus::{Pending, Requested, Unknown};
            matches!(refund.status, Requested | Unknown | Pending)
        });
        calling || refunding
    }

    /// Whether it is not at rest.
    pub(super) fn moves(&self, books: &Books) -> bool {
        let charges = books.charges.get(&self.id).copied().unwrap_or(0);
        let payable = |it: &Attempt| it.redirect_url.is_some() || it.transfer.is_some();
        let unopened = self.status == PaymentStatus::Created && !self.attempts.iter().any(payable);
        self.is_working() || unopened || (charges > 0 && self.captured_minor == 0)
    }
}

impl Order {
    /// Units of each product that the order wants.
    pub(super) fn units(&self) -> impl Iterator<Item = (&str, i64)> {
        self.lines.iter().map(|line| (line.sku.as_str(), line.quantity - line.cancelled))
    }

    /// Whether its goods have left the shelf's books.
    pub(super) fn has_goods(&self) -> bool {
        use OrderStatus::{Confirmed, Delivered, Pending, Processing, Shipped};
        match self.status {
            Confirmed | Processing | Shipped | Delivered => true,
            Pending => self.stock == StockStanding::Committed,
            _ => false,
        }
    }

    /// Whether its goods are held on the shelf.
    pub(super) fn holds(&self) -> bool {
        self.status == OrderStatus::Pending && self.stock == StockStanding::Held
    }
}
