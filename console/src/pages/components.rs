//! All parts on one page, in both themes: what reviews look at.

use super::Answer;
use crate::{
    desk::Desk,
    state::Console,
    ui::{
        parts::{self, Chart},
        table::{Column, Row, figures, table, words},
    },
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::json;

const COLUMNS: [Column; 3] = [words("Order"), words("Status"), figures("Total")];
const STATES: [&str; 12] = [
    "pending",
    "confirmed",
    "processing",
    "shipped",
    "delivered",
    "cancelled",
    "returned",
    "paid_without_stock",
    "paid",
    "failed",
    "running",
    "quarantined",
];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/components", get(show))
}

async fn show(desk: Desk) -> Answer {
    let main = html! {
        (parts::heading(desk.t("Components"), &parts::badge(&desk, "active"), &html! {
            button.primary type="button" { (desk.t("The one action")) }
            button type="button" { (desk.t("Another")) }
            button.danger type="button" { (desk.t("Cancel")) }
        }))
        div.themes {
            div.theme data-theme="light" { (all(&desk, "Light")) }
            div.theme data-theme="dark" { (all(&desk, "Dark")) }
        }
    };
    Ok(desk.page(desk.t("Components"), main))
}

fn all(desk: &Desk, theme: &str) -> Markup {
    let now = desk.now().to_rfc3339();
    let rows: Vec<_> = [("2026-000123", 34_900), ("2026-000124", -1_250)]
        .map(|(number, minor)| Row {
            href: "#".to_owned(),
            cells: vec![
                html! { (number) },
                parts::badge(desk, "confirmed"),
                parts::money(desk, minor, "CZK"),
            ],
            ..Row::default()
        })
        .into();
    let steps: Vec<String> = (8..16).map(|hour| format!("{hour:02}:00")).collect();
    let values = vec![3, 7, 12, 0, 9, 15, 11, 6];
    let shown = values.iter().map(|value| desk.number(*value)).collect();
    let series = [(desk.t("Orders").to_owned(), values, shown)];
    parts::section(
        theme,
        &html! {
            p { @for state in STATES { (parts::badge(desk, state)) " " } }
            (parts::facts(&[
                (desk.t("Total"), parts::money(desk, 123_450, "CZK")),
                (desk.t("When"), parts::ago(desk, &now)),
                (desk.t("Order"), parts::id(desk, "0198c5a0-7e1f-7c3a-9f00-0123456789ab")),
            ]))
            div.tiles {
                (parts::tile(desk.t("Orders"), &html! { "312" }, desk.t("since midnight"), "#", ""))
                (parts::tile(desk.t("Not done"), &html! { "2" }, desk.t("to try again or drop"), "#", "red"))
            }
            (table(desk, theme, &COLUMNS, &rows, None))
            @for tone in ["blue", "green", "amber", "red"] { p class={ "notice " (tone) } { (tone) } }
            (parts::progress(desk.t("How far it is"), 640, 1000))
            (parts::empty(desk.t("Nothing is overdue"), desk.t("What passes its deadline is listed here.")))
            (parts::chart(desk, &Chart { title: desk.t("Orders"), steps: &steps, series: &series, hrefs: &[] }))
            (parts::raw(desk, &json!({ "status": "paid", "amount_minor": 34_900 })))
        },
    )
}
