//! Search: whatever somebody has at hand, a number, an id or words, leads to what it is of.

use super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk, go},
    state::Console,
    ui::parts,
    value::Read,
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/search", get(show))
}

/// Something that was found.
struct Found {
    href: String,
    kind: &'static str,
    name: String,
    beside: Markup,
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let wanted = asked.text("q");
    let found = if wanted.is_empty() { Vec::new() } else { look(&desk, wanted).await };
    if let [only] = found.as_slice() {
        return Ok(go(&only.href));
    }
    let title = desk.f("Found for “{}”", &[wanted]);
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        @if found.is_empty() {
            (parts::empty(desk.t("Nothing is called that"),
                desk.t("Try an order's number or its beginning, a customer's whole e-mail, the id of an order or a payment, a SKU, an EAN, or words of a product's title.")))
        }
        ul.feed.panel {
            @for one in &found {
                li { a href=(one.href) { strong { (one.name) } } " " small { (one.kind) }
                    span.end { (one.beside) } }
            }
        }
    };
    Ok(desk.page(&title, main))
}

async fn look(desk: &Desk, wanted: &str) -> Vec<Found> {
    let api = desk.api();
    let name = escape(wanted);
    let query: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    let (numbered, begun, order, payment, stock, products) = (
        format!("/v1/orders?number={query}"),
        format!("/v1/orders?limit=20&q={query}"),
        format!("/v1/orders/{name}"),
        format!("/v1/payments/{name}"),
        format!("/v1/stock/{name}"),
        format!("/v1/products?limit=20&q={query}"),
    );
    let (numbered, begun, order, payment, stock, products) = tokio::join!(
        api.get_if_any(&numbered),
        api.get_if_any(&begun),
        api.get_if_any(&order),
        api.get_if_any(&payment),
        api.get_if_any(&stock),
        api.get_if_any(&products),
    );
    // Whoever types a whole number means that order; else those that begin so, or a customer's.
    let orders = if numbered.list("items").is_empty() { &begun } else { &numbered };
    let mut found: Vec<Found> = orders
        .list("items")
        .iter()
        .chain((!order.is_null()).then_some(&order))
        .map(|order| of_order(desk, order))
        .collect();
    if !payment.is_null() {
        found.push(of_payment(desk, &payment));
    }
    if !stock.is_null() {
        found.push(Found {
            href: desk.url(&format!("/stock/{name}")),
            kind: desk.t("Stock"),
            name: wanted.to_owned(),
            beside: html! { (desk.number(stock.int("total_available"))) },
        });
    }
    found.extend(products.list("items").iter().map(|product| of_product(desk, product)));
    found
}

fn of_order(desk: &Desk, order: &Value) -> Found {
    Found {
        href: desk.url(&format!("/orders/{}", escape(order.text("id")))),
        kind: desk.t("Order"),
        name: order.text("number").to_owned(),
        beside: parts::badge(desk, order.text("status")),
    }
}

fn of_payment(desk: &Desk, payment: &Value) -> Found {
    Found {
        href: desk.url(&format!("/payments/{}", escape(payment.text("id")))),
        kind: desk.t("Payment"),
        name: desk.money(payment.int("amount_minor"), payment.text("currency")),
        beside: parts::badge(desk, payment.text("status")),
    }
}

fn of_product(desk: &Desk, product: &Value) -> Found {
    Found {
        href: desk.url(&format!("/catalog/products/{}", escape(product.text("id")))),
        kind: desk.t("Product"),
        name: super::catalog::title(desk, product),
        beside: html! { code { (product.text("sku")) } },
    }
}
