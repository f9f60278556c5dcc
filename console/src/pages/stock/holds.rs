//! What orders hold of one product, or held: by pages, each with its order.

use super::{super::Answer, list::views};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    format,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] =
    [words("Order"), words("Status"), figures("Pieces"), words("Until"), words("Channel").minor()];
/// How holds stand: as the API says it, and as a tab does.
const STANDS: [(&str, &str); 4] = [
    ("held", text!("Held now")),
    ("short", text!("Wanted, not enough")),
    ("committed", text!("Taken")),
    ("", text!("All")),
];
/// Holds on the page of the product.
const FEW: &str = "10";

/// Where the holds of a product are listed.
pub(super) fn url(desk: &Desk, sku: &str, status: &str) -> String {
    let base = desk.url(&format!("/stock/{}/holds", escape(sku)));
    if status.is_empty() { format!("{base}?status=all") } else { format!("{base}?status={status}") }
}

/// What is asked of the API for them.
pub(super) fn asked(sku: &str, status: &str, cursor: &str, limit: &str) -> String {
    let asked = [("limit", limit), ("sku", sku), ("status", status), ("cursor", cursor)];
    query("/v1/stock/reservations", &asked)
}

/// What is asked for the page of the product: what is held now, the newest of it.
pub(super) fn few(sku: &str) -> String {
    asked(sku, "held", "", FEW)
}

pub(super) async fn list(
    desk: Desk,
    Path((_, sku)): Path<(String, String)>,
    Asked(said): Asked,
) -> Answer {
    let status = match said.text("status") {
        "" => "held",
        "all" => "",
        status => status,
    };
    if desk.wants_csv() {
        let question = asked(&sku, status, "", "50");
        let row = move |desk: &Desk, hold: &Value| row(desk, &sku, hold);
        return csv::list(&desk, &COLUMNS, &question, row).await;
    }
    let page = desk.api().get(&asked(&sku, status, said.text("cursor"), "50")).await?;
    let title = desk.f("Holds of {}", &[&sku]);
    let tabs = STANDS.map(|(stands, label)| {
        (url(&desk, &sku, stands), desk.t(label).to_owned(), stands == status)
    });
    let more = page.has("next_cursor");
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {
            (parts::export(&desk))
            (parts::action(&desk.url(&format!("/stock/{}", escape(&sku))), desk.t("The product"), ""))
        }))
        (views(&desk, "-"))
        (parts::tabs(desk.t("How holds stand"), &tabs))
        div #live data-live="stock.*" data-live-about=(sku) {
            @if page.list("items").is_empty() && more {
                p { (desk.t("None among the newest; there may be older ones.")) }
            } @else if page.list("items").is_empty() {
                (parts::empty(desk.t("No order holds it like that"),
                    desk.t("An order holds its goods until it is paid, or its time is over.")))
            } @else { (rows(&desk, &sku, &page)) }
        }
        (parts::pager(&desk, &url(&desk, &sku, status), said.text("cursor"), &page))
    };
    Ok(desk.page(&title, main))
}

/// Holds as a table.
pub(super) fn rows(desk: &Desk, sku: &str, page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|hold| row(desk, sku, hold)).collect();
    table(desk, desk.t("Holds"), &COLUMNS, &rows, None)
}

fn row(desk: &Desk, sku: &str, hold: &Value) -> Row {
    let id = hold.text("id");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/orders/{}", escape(id))),
        cells: vec![
            html! { (format::short(id)) },
            parts::badge(desk, hold.text("status")),
            html! { (desk.number(pieces(hold, sku))) },
            match hold.text("status") {
                "held" => parts::ago(desk, hold.text("until")),
                _ => html! { span.quiet { "–" } },
            },
            html! { (hold.text("channel")) },
        ],
    }
}

/// How many pieces of a product a hold has, or wants where it has none: by itself, or in bundles.
fn pieces(hold: &Value, sku: &str) -> i64 {
    let of_line = |line: &Value| {
        let own = line.text("sku") == sku;
        let parts = line.list("parts");
        if parts.is_empty() {
            return if own { line.int("quantity") - line.int("released") } else { 0 };
        }
        let of_it = |part: &&Value| match part.text("sku") {
            "" => own,
            part => part == sku,
        };
        parts.iter().filter(of_it).map(|part| part.int("quantity")).sum()
    };
    hold.list("lines").iter().map(of_line).sum()
}
