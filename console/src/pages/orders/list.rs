//! The list of orders, by status or by what they are called.

use super::{
    super::Answer,
    filters::{self, Filters},
    views,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, go, query},
    ui::{
        csv,
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
    let filters = Filters::of(&asked);
    let named = ["number", "external_id"].iter().any(|name| !asked.text(name).is_empty());
    let blanks = |query: &str| query.split('&').any(|pair| pair.ends_with('='));
    if !named && desk.inner().here.split_once('?').is_some_and(|(_, query)| blanks(query)) {
        // What a form says with its empty fields is the same list: one address for one thing.
        return Ok(go(&filters.url(&desk)));
    }
    let question = question(&filters, &asked);
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &question, row).await;
    }
    let (page, kept) = tokio::join!(desk.api().get(&question), views::kept(&desk));
    let page = page?;
    let saved = !named && kept.iter().any(|(_, view)| *view == filters);
    let mut tabs: Vec<_> = VIEWS
        .iter()
        .map(|(status, label)| {
            let current = *status == filters.get("status") && !named && !saved;
            (filters.of_status(status).url(&desk), desk.t(label).to_owned(), current)
        })
        .collect();
    let own =
        kept.iter().map(|(name, view)| (view.url(&desk), name.clone(), saved && *view == filters));
    tabs.extend(own);
    let first = asked.text("cursor").is_empty();
    let main = html! {
        (parts::heading(desk.t("Orders"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (parts::tabs(desk.t("Views"), &tabs))
        (filters::form(&desk, &filters, &asked))
        @if !named {
            (filters::chips(&desk, &filters))
            (views::keeping(&desk, &filters, &kept))
        }
        form #bulk method="post" action=(desk.url("/orders/bulk")) {
            (desk.form_fields())
            div #live data-live="order.*" data-live-rows=[first.then_some("order.created")] {
                (rows(&desk, &page, &filters))
            }
            @if desk.may("orders:write") { (bulk_bar(&desk)) }
        }
        (parts::pager(&desk, &filters.url(&desk), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Orders"), main))
}

/// The API's question behind what the reader asked.
fn question(filters: &Filters, asked: &Form) -> String {
    let mut wanted = vec![("limit", LIMIT)];
    match (asked.text("number"), asked.text("external_id")) {
        ("", "") => {
            wanted.extend(filters.pairs());
            wanted.push(("cursor", asked.text("cursor")));
        }
        ("", _) => {
            let names = ["external_id", "channel", "account"];
            wanted.extend(names.map(|name| (name, asked.text(name))));
        }
        (number, _) => wanted.push(("number", number)),
    }
    query("/v1/orders", &wanted)
}

fn rows(desk: &Desk, page: &Value, filters: &Filters) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|order| row(desk, order)).collect();
    if rows.is_empty() && page.has("next_cursor") {
        return parts::empty(
            desk.t("None among the orders that were looked through"),
            desk.t("What you look for is rare: go on to older ones below."),
        );
    }
    if rows.is_empty() && !filters.is_empty() {
        return parts::empty(
            desk.t("No order is like that"),
            desk.t(
                "Take a filter away. A customer is found by the whole e-mail, and no other way.",
            ),
        );
    }
    if rows.is_empty() {
        return parts::empty(
            desk.t("No order is here yet"),
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
