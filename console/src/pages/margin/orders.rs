//! The orders that a margin is made of, each with what its goods bring and what they cost.

use super::share;
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, query},
    pages::{Answer, orders::filters},
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 8] = [
    words("Order"),
    words("Channel").minor(),
    figures("Brings"),
    figures("Costs"),
    figures("Margin"),
    figures("Of it").minor(),
    figures("Lines without a cost").minor(),
    words("Placed").minor(),
];
/// What the list is narrowed by, as the API has it.
const NAMES: [&str; 5] = ["channel", "currency", "placed_from", "placed_to", "missing"];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let of = NAMES.map(|name| (name, asked.text(name)));
    let page = [("limit", "50"), ("cursor", asked.text("cursor"))];
    let question = query("/v1/orders/margins", &[&page[..], &of].concat());
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &question, row).await;
    }
    let page = desk.api().get(&question).await?;
    let rows: Vec<_> = page.list("items").iter().map(|order| row(&desk, order)).collect();
    let here = desk.url(query("/margin/orders", &of).trim_end_matches('?'));
    let title = desk.t("Orders of the margin");
    let main = html! {
        (parts::heading(title, &html! {}, &parts::export(&desk)))
        (which(&desk, &asked))
        div #live data-live="order.*" {
            @if !rows.is_empty() { (table(&desk, title, &COLUMNS, &rows, None)) }
            @else if page.has("next_cursor") {
                (parts::empty(desk.t("None among the orders that were looked through"),
                    desk.t("What you look for is rare: go on to older ones below.")))
            } @else {
                (parts::empty(desk.t("No order is like that"),
                    desk.t("An order of which nothing is sold, or nothing is left, has no margin.")))
            }
        }
        (parts::pager(&desk, &here, asked.text("cursor"), &page))
        p.quiet { (desk.t("Goods without tax, less what the catalog says that they cost now. Shipping, and what was cancelled or came back, is not in it.")) }
    };
    Ok(desk.page(title, main))
}

/// Which orders these are, and the way back to the day.
fn which(desk: &Desk, asked: &Form) -> Markup {
    let said = |name: &&str| !asked.text(name).is_empty();
    let words = NAMES.into_iter().filter(said).map(|name| match (name, asked.text(name)) {
        ("missing", "cost") => desk.t("goods have a line without a cost").to_owned(),
        ("missing", "tax") => desk.t("prices say no tax").to_owned(),
        (name, value) => filters::in_words(desk, name, value),
    });
    let words: Vec<_> = words.collect();
    let day = asked.text("placed_to");
    html! {
        @if !words.is_empty() { p { (desk.t("Orders whose")) " " (words.join(", ")) "." } }
        @if day.parse::<NaiveDate>().is_ok() {
            p { a href=(desk.url(&query("/margin", &[("day", day)]))) {
                (desk.t("Back to the day's margin"))
            } }
        }
    }
}

/// A row leads to the order's own margin, line by line.
fn row(desk: &Desk, order: &Value) -> Row {
    let id = order.text("id");
    let known = order.int("lines_with_cost") > 0;
    let money = |member: &str| match known {
        true => parts::money(desk, order.int(member), order.text("currency")),
        false => html! { span.quiet { "–" } },
    };
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/orders/{}#margin", escape(id))),
        cells: vec![
            html! { (order.text("number")) },
            html! { (order.text("channel")) },
            money("revenue_minor"),
            money("cost_minor"),
            money("margin_minor"),
            html! { (share(desk, order)) },
            html! { (desk.number(order.int("lines_without_cost"))) },
            parts::ago(desk, order.text("placed_at")),
        ],
    }
}
