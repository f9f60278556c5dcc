//! The list of orders, by status or by what they are called.

use super::super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, query},
    ui::{
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;

/// Orders of a page.
const LIMIT: &str = "50";

/// Views that everybody has: a status, and what it is called.
const VIEWS: [(&str, &str); 9] = [
    ("", text!("All")),
    ("pending", text!("Wait for payment")),
    ("confirmed", text!("To pack")),
    ("processing", text!("Being packed")),
    ("shipped", text!("On their way")),
    ("delivered", text!("Delivered")),
    ("paid_without_stock", text!("Paid, no stock")),
    ("cancelled", text!("Cancelled")),
    ("returned", text!("Returned")),
];

const COLUMNS: [Column; 7] = [
    words("Order"),
    words("Status"),
    words("Customer"),
    words("Channel").minor(),
    words("Goods").minor(),
    figures("Total"),
    words("Placed").minor(),
];

/// What can be done with many at once.
const BULK: [(&str, &str); 4] = [
    ("process", text!("Begin packing")),
    ("deliver", text!("Mark as delivered")),
    ("confirm", text!("Release without payment")),
    ("cancel", text!("Cancel")),
];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let page = desk.api().get(&question(&asked)).await?;
    let status = asked.text("status");
    let tabs = VIEWS.map(|(view, label)| {
        let url = match view {
            "" => desk.url("/orders"),
            view => desk.url(&format!("/orders?status={view}")),
        };
        (url, desk.t(label).to_owned(), view == status && asked.text("number").is_empty())
    });
    let base = match status {
        "" => desk.url("/orders"),
        status => desk.url(&format!("/orders?status={}", escape(status))),
    };
    let first = asked.text("cursor").is_empty();
    let main = html! {
        (parts::heading(desk.t("Orders"), &html! {}, &html! {
            button type="button" data-export hidden { (desk.t("Export CSV")) }
        }))
        (parts::tabs(desk.t("Views"), &tabs))
        (filter(&desk, &asked))
        form #bulk method="post" action=(desk.url("/orders/bulk")) {
            (desk.form_fields())
            div #live data-live="order.*" data-live-rows=[first.then_some("order.created")] {
                (rows(&desk, &page))
            }
            @if desk.may("orders:write") { (bulk_bar(&desk)) }
        }
        (parts::pager(&desk, &base, asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Orders"), main))
}

/// The API's question behind what the reader asked.
fn question(asked: &Form) -> String {
    let names: &[&str] = match (asked.text("number"), asked.text("external_id")) {
        ("", "") => &["status", "cursor"],
        ("", _) => &["external_id", "channel", "account"],
        _ => &["number"],
    };
    let mut wanted = vec![("limit", LIMIT)];
    wanted.extend(names.iter().map(|name| (*name, asked.text(name))));
    query("/v1/orders", &wanted)
}

fn filter(desk: &Desk, asked: &Form) -> Markup {
    html! {
        form.filter role="search" aria-label=(desk.t("Find an order")) {
            label { span { (desk.t("Number")) }
                input name="number" value=(asked.text("number")) size="14"; }
            label { span { (desk.t("Channel")) }
                input name="channel" value=(asked.text("channel")) size="10"; }
            label { span { (desk.t("Its id at the channel")) }
                input name="external_id" value=(asked.text("external_id")) size="16"; }
            button type="submit" { (desk.t("Find")) }
        }
    }
}

fn rows(desk: &Desk, page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|order| row(desk, order)).collect();
    if rows.is_empty() {
        return parts::empty(
            desk.t("No order is like that"),
            desk.t("Orders come by POST /v1/orders, by the broker, or from a marketplace."),
        );
    }
    let select = desk.may("orders:write").then_some("order");
    table(desk, desk.t("Orders"), &COLUMNS, &rows, select)
}

fn row(desk: &Desk, order: &Value) -> Row {
    let units: i64 = order.list("lines").iter().map(|line| line.int("quantity")).sum();
    let id = order.text("id").to_owned();
    Row {
        href: desk.url(&format!("/orders/{}", escape(&id))),
        id,
        cells: vec![
            html! { (order.text("number")) },
            parts::badge(desk, order.text("status")),
            html! { (order.text("/customer/name")) },
            html! { (order.text("channel")) },
            html! {
                (desk.number(units)) " × "
                span.quiet { (order.list("lines").first().map_or("", |line| line.text("title"))) }
            },
            parts::money(desk, order.int("total_minor"), order.text("currency")),
            parts::ago(desk, order.text("placed_at")),
        ],
    }
}

fn bulk_bar(desk: &Desk) -> Markup {
    html! {
        div.bulk data-bulk {
            strong data-picked="" { (desk.t("With the chosen ones:")) }
            @for (action, label) in BULK {
                button type="submit" name="action" value=(action) { (desk.t(label)) "…" }
            }
        }
    }
}
