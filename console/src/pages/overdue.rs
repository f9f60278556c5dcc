//! Everything that waits, the longest overdue first: nothing is stuck without being seen here.

use super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk},
    state::Console,
    ui::{
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] =
    [words("What"), words("Of"), words("Stands"), words("Due"), words("Overdue")];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/overdue", get(show))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let page = desk.api().get("/v1/timers?limit=500").await?;
    let all = asked.text("show") == "all";
    let items = page.list("items").iter().filter(|item| all || item.is("overdue"));
    let rows: Vec<_> = items.map(|item| row(&desk, item)).collect();
    let overdue = page.list("items").iter().filter(|item| item.is("overdue")).count();
    let tabs = [
        (desk.url("/overdue"), desk.f("Overdue ({})", &[&overdue.to_string()]), !all),
        (desk.url("/overdue?show=all"), desk.t("All that waits").to_owned(), all),
    ];
    let main = html! {
        div #live data-live="*" {
            (parts::heading(desk.t("Overdue"), &html! {}, &html! {
                button type="button" data-export hidden { (desk.t("Export CSV")) }
            }))
            (parts::tabs(desk.t("Views"), &tabs))
            @if rows.is_empty() {
                (parts::empty(desk.t("Nothing is overdue"),
                    desk.t("Whatever waits for something has a deadline. What passes it is listed here.")))
            } @else {
                (table(&desk, desk.t("What waits"), &COLUMNS, &rows, None))
            }
            @if page.list("items").len() >= 500 {
                p.quiet { (desk.t("There is more than the 500 that are shown.")) }
            }
        }
    };
    Ok(desk.page(desk.t("Overdue"), main))
}

fn row(desk: &Desk, item: &Value) -> Row {
    let (domain, entity) = (item.text("domain"), item.text("entity"));
    Row {
        id: String::new(),
        href: place(desk, domain, entity),
        cells: vec![
            html! { (crate::format::short(entity)) },
            html! { (desk.language().word(domain)) },
            parts::badge(desk, item.text("status")),
            parts::ago(desk, item.text("due")),
            overdue(desk, item),
        ],
    }
}

fn overdue(desk: &Desk, item: &Value) -> Markup {
    match item.is("overdue") {
        true => html! { span.badge.red { (desk.t("overdue")) } },
        false => html! { span.quiet { (desk.t("in time")) } },
    }
}

/// The page of an entity, where it has one.
fn place(desk: &Desk, domain: &str, entity: &str) -> String {
    let (kind, id) = entity.split_once('/').unwrap_or(("", entity));
    let path = match (domain, kind) {
        ("order", "") => format!("/orders/{}", escape(id)),
        // A hold is named after its order.
        ("stock", "reservation") => format!("/orders/{}", escape(id)),
        ("payment", "") => format!("/payments/{}", escape(id)),
        ("notification", "") => format!("/messages/{}", escape(id)),
        ("supplier", "import") => format!("/suppliers/imports/{}", escape(id)),
        ("reconciliation", "difference") => "/payments/differences".to_owned(),
        ("webhook", _) => "/webhooks".to_owned(),
        _ => return String::new(),
    };
    desk.url(&path)
}
