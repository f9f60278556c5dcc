//! What shoppers do: they buy, pay, have cards that are declined, change their minds, walk away.
//! And the packers, who send what is confirmed.

use super::{
    api::Answer,
    feed::{FLASH, Product},
    ledger::{Told, count},
    tills::{self, Page},
    town::Town,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a shopper looks at a page that does not change.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK: Duration = Duration::from_millis(25);
const LOOK_MAX: Duration = Duration::from_millis(200);
/// Between two rounds of the packers.
const PACKING: Duration = Duration::from_millis(400);
/// One order in so many is sent twice under one key.
const TWICE: u32 = 10;
/// How many want the same fifty things at the same time.
pub(super) const RUSH: usize = 200;

/// An order that was acknowledged.
struct Bought {
    order: String,
    shop: usize,
}

/// Buys until the shops close.
pub(super) async fn shop(town: Arc<Town>) {
    while !town.closed() {
        let shop = fastrand::usize(0..town.shops.len());
        let lines = basket(&town);
        if let Some(bought) = place(&town, shop, &lines).await {
            decide(&town, &bought).await;
        }
        town.rest().await;
    }
}

/// Everybody wants the same thing at once.
pub(super) async fn rush(town: Arc<Town>) {
    let Some(product) = town.products.iter().find(|product| product.sku == FLASH) else { return };
    let buyers = (0..RUSH).map(|_| {
        let (town, product) = (Arc::clone(&town), product.clone());
        tokio::spawn(async move {
            match place(&town, 0, &[(product, 1)]).await {
                Some(bought) => {
                    count(&town.ledger.counts().flash_won);
                    pay(&town, &bought, false).await;
                }
                None => count(&town.ledger.counts().flash_refused),
            }
        })
    });
    for buyer in buyers.collect::<Vec<_>>() {
        if let Err(panic) = buyer.await {
            town.ledger.surprise(format!("a buyer ended: {panic}"));
        }
    }
}

/// Sends every second order that is confirmed, and lets every second parcel arrive.
pub(super) async fn pack(town: Arc<Town>) {
    while !town.closed() {
        for shop in 0..town.shops.len() {
            let path = "/v1/orders?status=confirmed&limit=100";
            match town.client.get::<Value>(&town.shops[shop].bearer, path).await {
                Ok(page) => send_all(&town, shop, &page).await,
                Err(fault) => town.ledger.surprise(fault),
            }
        }
        town.until_closed(PACKING).await;
    }
}

async fn send_all(town: &Town, shop: usize, page: &Value) {
    let orders = page.get("items").and_then(Value::as_array);
    for order in orders.into_iter().flatten().filter_map(|order| order.get("id")?.as_str()) {
        let (Some(last), false) = (order.bytes().last(), town.closed()) else { continue };
        // By its id, so that the next round decides the same.
        if last.is_ascii_digit() && last < b'8' {
            let parcel = json!({ "carrier": "Cargo bike", "tracking_number": order });
            let bought = Bought { order: order.to_owned(), shop };
            if act(town, &bought, "ship", &parcel).await {
                town.ledger.note(order, |told| told.shipped = true);
                if last < b'4' && act(town, &bought, "deliver", &json!({})).await {
                    town.ledger.note(order, |told| told.delivered = true);
                }
            }
        }
    }
}

/// One to three products, one or two of each.
fn basket(town: &Town) -> Vec<(Product, i64)> {
    let wanted = fastrand::usize(1..=3);
    let mut lines: Vec<(Product, i64)> = Vec::new();
    while lines.len() < wanted {
        let product = &town.products[fastrand::usize(0..town.products.len())];
        let known = lines.iter().any(|(line, _)| line.sku == product.sku);
        if product.sku != FLASH && !known {
            lines.push((product.clone(), fastrand::i64(1..=2)));
        }
    }
    lines
}

async fn decide(town: &Town, bought: &Bought) {
    match fastrand::u32(0..100) {
        0..60 => pay(town, bought, false).await,
        60..70 => pay(town, bought, true).await,
        70..75 => cancel(town, bought).await,
        75..80 => {
            pay(town, bought, false).await;
            cancel(town, bought).await;
        }
        80..90 => {
            if let Some(page) = payment_page(town, bought).await {
                press(town, &page, "abandon").await;
            }
        }
        _ => {}
    }
}

async fn place(town: &Town, shop: usize, lines: &[(Product, i64)]) -> Option<Bought> {
    let key = uuid::Uuid::new_v4().to_string();
    let email = format!("shopper-{key}@example.test");
    let body = order(lines, &email, town.shops[shop].currency);
    let post = || async {
        let bearer = &town.shops[shop].bearer;
        let posted = town.client.send(bearer, Method::POST, "/v1/orders", Some(&key), &body);
        kept(town, posted.await)
    };
    let answer = if fastrand::u32(0..TWICE) == 0 {
        count(&town.ledger.counts().twice);
        let (first, second) = tokio::join!(post(), post());
        let (first, second) = (first?, second?);
        if (first.status, first.text("id")) != (second.status, second.text("id")) {
            town.ledger.doubled(&key);
        }
        first
    } else {
        post().await?
    };
    if answer.status != 201 {
        refused(town, "place", &answer);
        return None;
    }
    let order = answer.text("id")?.to_owned();
    let told = Told {
        shop,
        number: answer.text("number").unwrap_or_default().to_owned(),
        total_minor: answer.body.get("total_minor").and_then(Value::as_i64).unwrap_or(-1),
        email,
        ..Told::default()
    };
    town.ledger.placed(&order, told);
    Some(Bought { order, shop })
}

/// Counts how long an answer took.
fn kept(town: &Town, answer: Result<Answer, String>) -> Option<Answer> {
    match answer {
        Ok(answer) => {
            town.ledger.took(answer.took);
            let repeats = &town.ledger.counts().repeats;
            repeats.fetch_add(answer.repeats.into(), std::sync::atomic::Ordering::Relaxed);
            Some(answer)
        }
        Err(fault) => {
            town.ledger.surprise(format!("an order was not answered: {fault}"));
            None
        }
    }
}

fn order(lines: &[(Product, i64)], email: &str, currency: &str) -> Value {
    let total: i64 = lines.iter().map(|(product, units)| product.price_minor * units).sum();
    let tax: i64 = lines.iter().map(|(product, units)| product.tax_minor() * units).sum();
    let lines: Vec<_> = lines
        .iter()
        .map(|(product, units)| {
            json!({ "sku": product.sku, "title": product.title, "quantity": units,
                "unit_price_minor": product.price_minor })
        })
        .collect();
    json!({
        "channel": "web", "currency": currency, "lines": lines,
        "customer": { "name": "Anna Kupcová", "email": email, "language": "cs" },
        "shipping_address": { "name": "Anna Kupcová", "street": "Nábřeží 7", "city": "Děčín",
            "postal_code": "405 02", "country": "CZ" },
        "totals": { "subtotal_minor": total, "tax_minor": tax, "total_minor": total },
    })
}

async fn pay(town: &Town, bought: &Bought, declined_first: bool) {
    let Some(page) = payment_page(town, bought).await else { return };
    if declined_first {
        press(town, &page, "decline").await;
    }
    if press(town, &page, "pay").await {
        count(&town.ledger.counts().paid);
        town.ledger.note(&bought.order, |told| told.paid = true);
        if page.provider == "fio" {
            tills::ask(town, &town.shops[bought.shop].bearer, &page.payment).await;
        }
        if fastrand::bool() {
            confirmed(town, bought, &page.payment).await;
        }
    }
}

/// Opens a payment and waits for the page where it is paid.
async fn payment_page(town: &Town, bought: &Bought) -> Option<Page> {
    let bearer = &town.shops[bought.shop].bearer;
    let provider = tills::choose(&town.shops[bought.shop]);
    let body = json!({
        "order": bought.order, "provider": provider, "account": "main",
        "return_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/basket",
    });
    let answer = town.client.send(bearer, Method::POST, "/v1/payments", None, &body).await;
    let answer = answer.map_err(|fault| town.ledger.surprise(fault)).ok()?;
    if answer.status != 201 {
        refused(town, "payment", &answer);
        return None;
    }
    let path = format!("/v1/payments/{}", answer.text("id")?);
    // A payment may be over before its page is known: then there is nothing to press.
    look(town, bought.shop, &path, "a payment page", |payment| {
        let page = tills::page(town, provider, payment);
        let open = matches!(payment.get("status")?.as_str()?, "created" | "pending");
        (page.is_some() || !open).then_some(page)
    })
    .await
    .flatten()
}

async fn confirmed(town: &Town, bought: &Bought, payment: &str) {
    let path = format!("/v1/orders/{}", bought.order);
    let came = look(town, bought.shop, &path, "a confirmation", |order| {
        (order.get("status")?.as_str()? != "pending").then_some(())
    })
    .await;
    if came.is_none() {
        for path in [format!("/v1/payments/{payment}"), format!("/v1/payments/{payment}/calls")] {
            let bearer = &town.shops[bought.shop].bearer;
            let shown = town.client.get::<Value>(bearer, &path).await;
            town.ledger
                .surprise(shown.map_or_else(|fault| fault, |shown| format!("{path}: {shown}")));
        }
    }
}

/// Looks at something until it shows what is looked for.
async fn look<T>(
    town: &Town,
    shop: usize,
    path: &str,
    what: &str,
    found: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    let (until, mut pause) = (Instant::now() + PATIENCE, LOOK);
    loop {
        match town.client.get::<Value>(&town.shops[shop].bearer, path).await {
            Ok(shown) => {
                if let Some(found) = found(&shown) {
                    return Some(found);
                }
                if until < Instant::now() {
                    town.ledger.surprise(format!("{what} did not come in time: {path} {shown}"));
                    return None;
                }
            }
            Err(fault) => {
                town.ledger.surprise(fault);
                return None;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_MAX);
    }
}

/// Presses a button of the payment page; true if the payer has paid, or need not pay.
async fn press(town: &Town, page: &Page, outcome: &str) -> bool {
    page.press(town, outcome).await.unwrap_or_else(|fault| {
        town.ledger.surprise(format!("the payment page: {fault}"));
        false
    })
}

async fn cancel(town: &Town, bought: &Bought) {
    if act(town, bought, "cancel", &json!({ "reason": "customer" })).await {
        count(&town.ledger.counts().cancelled);
        town.ledger.note(&bought.order, |told| told.cancelled = true);
    }
}

/// Asks something of an order; true if it was done.
async fn act(town: &Town, bought: &Bought, what: &str, body: &Value) -> bool {
    let bearer = &town.shops[bought.shop].bearer;
    let path = format!("/v1/orders/{}/{what}", bought.order);
    match town.client.send(bearer, Method::POST, &path, None, body).await {
        Ok(answer) if answer.status == 200 => true,
        Ok(answer) => {
            refused(town, what, &answer);
            false
        }
        Err(fault) => {
            town.ledger.surprise(fault);
            false
        }
    }
}

/// A refusal is an answer; anything else that is not a yes should not have happened.
fn refused(town: &Town, what: &str, answer: &Answer) {
    town.ledger.refused(format!("{what}: {}", answer.code()));
    if answer.status != 409 {
        town.ledger.surprise(format!("{what}: {} {}", answer.status, answer.body));
    }
}
