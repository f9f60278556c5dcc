//! One order: what it is, and beside it how it came to be so.

use super::{
    super::{Answer, timeline},
    action::possible,
    side,
};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk},
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

const LINES: [Column; 7] = [
    words("Product"),
    figures("Ordered"),
    figures("Price").minor(),
    figures("Cancelled").minor(),
    figures("Sent"),
    figures("Came back").minor(),
    figures("Sum"),
];

pub(super) async fn show(
    desk: Desk,
    Path((_, order)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/orders/{}", escape(&order));
    let at = asked.text("at");
    let then = match at {
        "" => path.clone(),
        at => format!("{path}?at={}", at.replace('+', "%2B")),
    };
    let (document, around) = tokio::join!(desk.api().get(&then), side::read(&desk, &order));
    let document = match document {
        Ok(document) => document,
        Err(trouble) if !at.is_empty() && trouble.status == 404 => return Err(not_yet(&desk)),
        Err(trouble) => return Err(trouble),
    };
    let events = timeline::merged(&around.histories);
    let live = at.is_empty().then_some("order.* payment.* stock.* notification.*");
    let title = desk.f("Order {}", &[document.text("number")]);
    let main = html! {
        div #live data-live=[live] data-live-about=(order) {
            @if !at.is_empty() { (then_banner(&desk, &order, at)) }
            (header(&desk, &document, at))
            @if !asked.text("done").is_empty() && at.is_empty() {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            div.columns {
                div {
                    (lines(&desk, &document, at))
                    (people(&desk, &document))
                    @if at.is_empty() { (side::sections(&desk, &document, &around)) }
                    (parts::raw(&desk, &document))
                }
                aside #past aria-label=(desk.t("What happened")) {
                    (timeline::show(&desk, &order, &events, at))
                }
            }
        }
    };
    Ok(desk.page(&title, main))
}

fn not_yet(desk: &Desk) -> Trouble {
    let detail = desk.t("The order was not there yet at that time.");
    Trouble::new(http::StatusCode::NOT_FOUND, "not_yet", detail)
}

fn then_banner(desk: &Desk, order: &str, at: &str) -> Markup {
    html! {
        p.notice.blue role="status" {
            (desk.t("As it was on")) " " strong { (parts::clock(desk, at)) } ". "
            a href=(desk.url(&format!("/orders/{}", escape(order)))) { (desk.t("To how it is now")) }
        }
    }
}

fn header(desk: &Desk, order: &Value, at: &str) -> Markup {
    let id = order.text("id");
    let beside = html! {
        (parts::badge(desk, order.text("status")))
        strong.amount { (desk.money(order.int("total_minor"), order.text("currency"))) }
        span { (order.text("channel")) }
        span { (parts::ago(desk, order.text("placed_at"))) }
        (parts::id(desk, id))
    };
    let now = at.is_empty() && desk.may("orders:write");
    let all: Vec<_> = possible(order.text("status")).filter(|_| now).collect();
    let actions = html! {
        @for (place, action) in all.iter().enumerate().take(3) {
            @let class = if action.danger { "danger" } else if place == 0 { "primary" } else { "" };
            (parts::action(&desk.url(&format!("/orders/{}/do/{}", escape(id), action.route)),
                desk.t(action.label), class))
        }
        @if all.len() > 3 {
            details.menu {
                summary.button { (desk.t("More")) }
                ul {
                    @for action in all.iter().skip(3) {
                        li { a href=(desk.url(&format!("/orders/{}/do/{}", escape(id), action.route))) {
                            (desk.t(action.label))
                        } }
                    }
                }
            }
        }
    };
    parts::heading(&desk.f("Order {}", &[order.text("number")]), &beside, &actions)
}

/// The goods; what became of them leads to the parcels that they went in, and to what happened.
fn lines(desk: &Desk, order: &Value, at: &str) -> Markup {
    let currency = order.text("currency");
    let row = |line: &Value| {
        let count = |name: &str, to: &str| match line.int(name) {
            0 => html! { span.quiet { "–" } },
            count if to.is_empty() => html! { (desk.number(count)) },
            count => html! { a href=(to) { (desk.number(count)) } },
        };
        let sku = line.text("sku");
        Row {
            href: desk.url(&format!("/stock/{}", escape(sku))),
            cells: vec![
                html! { (line.text("title")) " " small { (sku) } },
                count("quantity", ""),
                parts::money(desk, line.int("unit_price_minor"), currency),
                count("cancelled", "#past"),
                // As it was at another time, the order is shown without its parcels.
                count("shipped", if at.is_empty() { "#parcels" } else { "#past" }),
                count("returned", "#past"),
                parts::money(desk, line.int("unit_price_minor") * line.int("quantity"), currency),
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = order.list("lines").iter().map(row).collect();
    let sum = |name: &str| match order.int(name) {
        0 => html! {},
        minor => parts::money(desk, minor, currency),
    };
    parts::section(
        desk.t("Goods"),
        &html! {
            (table(desk, desk.t("Goods"), &LINES, &rows, None))
            (parts::facts(&[
                (desk.t("Shipping"), sum("/totals/shipping_minor")),
                (desk.t("Discount"), sum("/totals/discount_minor")),
                (desk.t("Tax in it"), sum("/totals/tax_minor")),
                (desk.t("To be paid"), sum("total_minor")),
                (desk.t("Goods stand"), parts::badge(desk, order.text("stock"))),
                (desk.t("Paid"), parts::clock(desk, order.text("paid_at"))),
                (desk.t("Waits for payment until"), match order.text("status") {
                    "pending" => parts::clock(desk, order.text("pay_until")),
                    _ => html! {},
                }),
                (desk.t("To be decided by"), parts::clock(desk, order.text("decide_until"))),
            ]))
        },
    )
}

fn people(desk: &Desk, order: &Value) -> Markup {
    let address = |name: &str| {
        let address = order.at(name);
        let lines = ["name", "company", "street", "postal_code", "city", "country"];
        let known = lines.iter().map(|line| address.text(line)).filter(|line| !line.is_empty());
        html! { @for (place, line) in known.enumerate() { @if place > 0 { ", " } (line) } }
    };
    parts::section(
        desk.t("Customer"),
        &parts::facts(&[
            (desk.t("Name"), html! { (order.text("/customer/name")) }),
            (desk.t("E-mail"), html! { (order.text("/customer/email")) }),
            (desk.t("Telephone"), html! { (order.text("/customer/phone")) }),
            (desk.t("Goes to"), address("shipping_address")),
            (desk.t("Billed to"), address("billing_address")),
            (desk.t("Travels by"), html! { (order.text("shipping_method")) }),
            (desk.t("Wrote"), html! { (order.text("note")) }),
            (desk.t("Its id at the channel"), html! { (order.text("external_id")) }),
        ]),
    )
}
