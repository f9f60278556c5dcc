//! Levels, holds and transfers, each by pages.

use super::super::Answer;
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go, query},
    gate::Posted,
    ui::{
        chips::{address, chips},
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const LEVELS: [Column; 5] = [
    words("Product"),
    figures("Sellable"),
    figures("On hand"),
    figures("Held"),
    words("By warehouse").minor(),
];
const HOLDS: [Column; 5] =
    [words("Order"), words("Status"), words("Until"), words("Channel").minor(), words("Goods")];
const TRANSFERS: [Column; 5] =
    [words("Product"), figures("Pieces"), words("From"), words("To"), words("Status")];

const VIEWS: [(&str, &str); 6] = [
    ("", text!("Levels")),
    ("?low=yes", text!("Low")),
    ("/holds", text!("Holds")),
    ("/transfers", text!("Transfers")),
    ("/count", text!("Count sheet")),
    ("/warehouses", text!("Warehouses")),
];

/// The pages of stock, as tabs.
pub(super) fn views(desk: &Desk, current: &str) -> Markup {
    let tabs = VIEWS.map(|(path, label)| {
        (desk.url(&format!("/stock{path}")), desk.t(label).to_owned(), path == current)
    });
    parts::tabs(desk.t("Views"), &tabs)
}

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let low = asked.text("low") == "yes";
    let (list, base) = match low {
        true => ("/v1/stock?limit=50&low=true", desk.url("/stock?low=yes")),
        false => ("/v1/stock?limit=50", desk.url("/stock")),
    };
    if desk.wants_csv() {
        return csv::list(&desk, &LEVELS, list, level).await;
    }
    let page = desk.api().get(&page_at(list, asked.text("cursor"))).await?;
    let rows: Vec<_> = page.list("items").iter().map(|sku| level(&desk, sku)).collect();
    let main = html! {
        (parts::heading(desk.t("Stock"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (views(&desk, if low { "?low=yes" } else { "" }))
        div #live data-live="stock.*" data-live-rows="" {
            @if rows.is_empty() && low {
                (parts::empty(desk.t("Nothing is low"),
                    desk.t("A product is low when its sellable total falls to the threshold in its settings.")))
            } @else if rows.is_empty() {
                (parts::empty(desk.t("No stock is known yet"),
                    desk.t("Goods come by a movement, a count sheet, or a supplier's feed.")))
            } @else {
                (table(&desk, desk.t("Stock"), &LEVELS, &rows, None))
            }
        }
        (parts::pager(&desk, &base, asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Stock"), main))
}

/// Whether a product has fallen to its threshold.
pub(super) fn is_low(sku: &Value) -> bool {
    let threshold = sku.int("/settings/low_threshold");
    threshold > 0 && sku.int("total_available") <= threshold
}

/// Whether a product is made of others and has no stock of its own.
pub(super) fn is_bundle(sku: &Value) -> bool {
    sku.at("/settings/components").as_object().is_some_and(|parts| !parts.is_empty())
}

fn level(desk: &Desk, sku: &Value) -> Row {
    let name = sku.text("id");
    let sum = |member: &str| sku.list("levels").iter().map(|level| level.int(member)).sum::<i64>();
    let total = sku.int("total_available");
    let tone = if total <= 0 {
        "red"
    } else if is_low(sku) {
        "amber"
    } else {
        ""
    };
    Row {
        id: name.to_owned(),
        href: desk.url(&format!("/stock/{}", escape(name))),
        cells: vec![
            html! { (name) },
            html! {
                @if is_bundle(sku) { span.quiet { (desk.t("by its parts")) } }
                @else { span class={ "figure " (tone) } { (desk.number(total)) } }
            },
            html! { (desk.number(sum("on_hand"))) },
            html! { (desk.number(sum("reserved"))) },
            html! {
                @for level in sku.list("levels").iter().take(csv::shown(desk, 4)) {
                    span.pair { (level.text("warehouse")) " " b { (desk.number(level.int("on_hand"))) } }
                }
            },
        ],
    }
}

pub(super) async fn holds(desk: Desk, Asked(asked): Asked) -> Answer {
    if desk.wants_csv() {
        return csv::list(&desk, &HOLDS, "/v1/stock/reservations", hold).await;
    }
    let path = page_at("/v1/stock/reservations?limit=50", asked.text("cursor"));
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| hold(&desk, one)).collect();
    let main = html! {
        (parts::heading(desk.t("Holds"), &html! {}, &parts::export(&desk)))
        (views(&desk, "/holds"))
        div #live data-live="stock.*" data-live-rows="stock.reserved" {
            @if rows.is_empty() {
                (parts::empty(desk.t("Nothing is held"),
                    desk.t("An order holds its goods until it is paid, or its time is over.")))
            } @else { (table(&desk, desk.t("Holds"), &HOLDS, &rows, None)) }
        }
        (parts::pager(&desk, &desk.url("/stock/holds"), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Holds"), main))
}

fn hold(desk: &Desk, hold: &Value) -> Row {
    let id = hold.text("id");
    let lines = hold.list("lines");
    let shown = csv::shown(desk, 3);
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/orders/{}", escape(id))),
        cells: vec![
            html! { (crate::format::short(id)) },
            parts::badge(desk, hold.text("status")),
            match hold.text("status") {
                "held" => parts::ago(desk, hold.text("until")),
                _ => html! { span.quiet { "–" } },
            },
            html! { (hold.text("channel")) },
            html! {
                @for line in lines.iter().take(shown) {
                    span.pair { (desk.number(line.int("quantity"))) " × " (line.text("sku")) }
                }
                @if lines.len() > shown { "…" }
            },
        ],
    }
}

pub(super) async fn transfers(desk: Desk, Asked(asked): Asked) -> Answer {
    let (sku, received) = (asked.text("sku"), asked.text("received"));
    let (from, to) = (asked.text("from"), asked.text("to"));
    let arrived = match received {
        "no" => "false",
        "yes" => "true",
        _ => "",
    };
    let wanted = [("limit", "50"), ("sku", sku), ("from", from), ("to", to), ("received", arrived)];
    let question = query("/v1/stock/transfers", &wanted);
    if desk.wants_csv() {
        return csv::list(&desk, &TRANSFERS, &question, transfer).await;
    }
    let path = page_at(&question, asked.text("cursor"));
    let page = desk.api().get(&path).await?;
    let said = [("sku", sku), ("from", from), ("to", to), ("received", received)];
    let all = desk.url("/stock/transfers");
    let narrowed = |name: &str, value: &str| match (name, value) {
        ("sku", sku) => desk.f("product is {}", &[sku]),
        ("from", code) => desk.f("from {}", &[code]),
        ("to", code) => desk.f("to {}", &[code]),
        (_, "yes") => desk.t("arrived").to_owned(),
        (_, _) => desk.t("not arrived yet").to_owned(),
    };
    let rows: Vec<_> = page.list("items").iter().map(|one| transfer(&desk, one)).collect();
    let main = html! {
        (parts::heading(desk.t("Transfers"), &html! {}, &parts::export(&desk)))
        (views(&desk, "/transfers"))
        (chips(&desk, &all, &said, narrowed))
        div #live data-live="stock.*" {
            @if rows.is_empty() { (no_transfer(&desk, &page, all != address(&all, &said))) }
            @else { (table(&desk, desk.t("Transfers"), &TRANSFERS, &rows, None)) }
        }
        (parts::pager(&desk, &address(&all, &said), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Transfers"), main))
}

/// What is told where a page has no transfer: one that looked through so many may be empty although more
/// follow.
fn no_transfer(desk: &Desk, page: &Value, narrowed: bool) -> Markup {
    let (title, advice) = match (page.has("next_cursor"), narrowed) {
        (true, _) => (
            desk.t("None among the transfers that were looked through"),
            desk.t("What you look for is rare: go on to older ones below."),
        ),
        (false, true) => {
            (desk.t("No transfer is like that"), desk.t("Take a filter away to see more of them."))
        }
        (false, false) => (
            desk.t("Nothing travels between warehouses"),
            desk.t("A transfer is begun on the page of a product."),
        ),
    };
    parts::empty(title, advice)
}

fn transfer(desk: &Desk, transfer: &Value) -> Row {
    let url = format!("/stock/transfers/{}/receive", escape(transfer.text("id")));
    let state = if transfer.is("received") {
        parts::badge(desk, "delivered")
    } else if desk.may("stock:write") {
        html! {
            (parts::badge(desk, "on_the_way")) " "
            (parts::one_button(desk, &desk.url(&url), desk.t("It has arrived"), ""))
        }
    } else {
        parts::badge(desk, "on_the_way")
    };
    Row {
        id: transfer.text("id").to_owned(),
        href: desk.url(&format!("/stock/{}", escape(transfer.text("sku")))),
        cells: vec![
            html! { (transfer.text("sku")) },
            html! { (desk.number(transfer.int("quantity"))) },
            html! { (transfer.text("from")) },
            html! { (transfer.text("to")) },
            state,
        ],
    }
}

pub(super) async fn receive(
    desk: Desk,
    Path((_, transfer)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/stock/transfers/{}/receive", escape(&transfer));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url("/stock/transfers")))
}
