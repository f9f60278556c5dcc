//! What orders hold of one product, or held: by pages, each with its order.

use super::{super::Answer, list::views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, query},
    format,
    ui::{
        chips::chips,
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

/// Where the holds of a product are listed: in one warehouse, or in all if none is named.
pub(super) fn url(desk: &Desk, sku: &str, status: &str, warehouse: &str) -> String {
    let base = desk.url(&format!("/stock/{}/holds", escape(sku)));
    let status = if status.is_empty() { "all" } else { status };
    query(&base, &[("status", status), ("warehouse", warehouse)])
}

/// What is asked for the page of the product: what is held now, the newest of it.
pub(super) fn few(sku: &str) -> String {
    let asked = [("limit", FEW), ("sku", sku), ("status", "held")];
    query("/v1/stock/reservations", &asked)
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
    let (at, cursor) = (said.text("warehouse"), said.text("cursor"));
    let asked = [("limit", "50"), ("sku", &*sku), ("status", status), ("warehouse", at)];
    let question = query("/v1/stock/reservations", &asked);
    if desk.wants_csv() {
        let at = at.to_owned();
        let row = move |desk: &Desk, hold: &Value| row(desk, (&sku, &at), hold);
        return csv::list(&desk, &COLUMNS, &question, row).await;
    }
    let page = desk.api().get(&page_at(&question, cursor)).await?;
    let title = desk.f("Holds of {}", &[&sku]);
    let tabs = STANDS.map(|(stands, label)| {
        (url(&desk, &sku, stands, at), desk.t(label).to_owned(), stands == status)
    });
    let more = page.has("next_cursor");
    let all = url(&desk, &sku, status, "");
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {
            (parts::export(&desk))
            (parts::action(&desk.url(&format!("/stock/{}", escape(&sku))), desk.t("The product"), ""))
        }))
        (views(&desk, "-"))
        (parts::tabs(desk.t("How holds stand"), &tabs))
        (chips(&desk, &all, &[("warehouse", at)], |_, code| desk.f("warehouse is {}", &[code])))
        div #live data-live="stock.*" data-live-about=(sku) {
            @if page.list("items").is_empty() && more {
                p { (desk.t("None among the newest; there may be older ones.")) }
            } @else if page.list("items").is_empty() {
                (parts::empty(desk.t("No order holds it like that"),
                    desk.t("An order holds its goods until it is paid, or its time is over.")))
            } @else { (rows(&desk, (&sku, at), &page)) }
        }
        (parts::pager(&desk, &url(&desk, &sku, status, at), cursor, &page))
    };
    Ok(desk.page(&title, main))
}

/// Holds of a product, in one warehouse or in all, as a table.
pub(super) fn rows(desk: &Desk, of: (&str, &str), page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|hold| row(desk, of, hold)).collect();
    table(desk, desk.t("Holds"), &COLUMNS, &rows, None)
}

fn row(desk: &Desk, of: (&str, &str), hold: &Value) -> Row {
    let id = hold.text("id");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/orders/{}", escape(id))),
        cells: vec![
            html! { (format::short(id)) },
            parts::badge(desk, hold.text("status")),
            html! { (desk.number(pieces(hold, of))) },
            match hold.text("status") {
                "held" => parts::ago(desk, hold.text("until")),
                _ => html! { span.quiet { "–" } },
            },
            html! { (hold.text("channel")) },
        ],
    }
}

/// How many pieces of a product a hold has in a warehouse, or in all if none is named; where it has
/// none, how many it wants. By itself, or in bundles.
fn pieces(hold: &Value, (sku, warehouse): (&str, &str)) -> i64 {
    let of_line = |line: &Value| {
        let own = line.text("sku") == sku;
        let parts = line.list("parts");
        if parts.is_empty() {
            let wanted = own && warehouse.is_empty();
            return if wanted { line.int("quantity") - line.int("released") } else { 0 };
        }
        let of_it = |part: &&Value| match part.text("sku") {
            "" => own,
            part => part == sku,
        };
        let here = |part: &&Value| warehouse.is_empty() || part.text("warehouse") == warehouse;
        parts.iter().filter(of_it).filter(here).map(|part| part.int("quantity")).sum()
    };
    hold.list("lines").iter().map(of_line).sum()
}
