//! Sources and the latest imports on one page.

use super::super::Answer;
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go},
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use maud::html;
use serde_json::{Value, json};

const SOURCES: [Column; 5] =
    [words("Source"), words("Supplier"), words("Last import"), words("When"), words("Begin")];
const IMPORTS: [Column; 8] = [
    words("Import"),
    words("Status"),
    figures("New"),
    figures("Changed"),
    figures("Gone").minor(),
    figures("Failed").minor(),
    figures("Rows"),
    words("Asked for"),
];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let imports = page_at("/v1/imports?limit=25", asked.text("cursor"));
    let (sources, imports) =
        tokio::join!(desk.api().get("/v1/sources?limit=100"), desk.api().get(&imports));
    let (sources, imports) = (sources?, imports?);
    let rows: Vec<_> = sources.list("items").iter().map(|one| source(&desk, one)).collect();
    let runs: Vec<_> = imports.list("items").iter().map(|one| import(&desk, one)).collect();
    let main = html! {
        div #live data-live="import.* source.*" {
            (parts::heading(desk.t("Suppliers"), &html! {}, &html! {}))
            (parts::section(desk.t("Sources"), &html! {
                @if rows.is_empty() {
                    (parts::empty(desk.t("No source is set up yet"),
                        desk.t("A source says where a supplier's feed is and how it is read: PUT /v1/sources/{source}.")))
                } @else { (table(&desk, desk.t("Sources"), &SOURCES, &rows, None)) }
            }))
            (parts::section(desk.t("Imports"), &html! {
                @if runs.is_empty() {
                    (parts::empty(desk.t("Nothing was imported yet"),
                        desk.t("An import is begun by a source's button, or by its plan.")))
                } @else { (table(&desk, desk.t("Imports"), &IMPORTS, &runs, None)) }
                (parts::pager(&desk, &desk.url("/suppliers"), asked.text("cursor"), &imports))
            }))
        }
    };
    Ok(desk.page(desk.t("Suppliers"), main))
}

fn source(desk: &Desk, source: &Value) -> Row {
    let id = source.text("id");
    let open = source.has("open");
    let begin = |label: &str, trial: &str, class: &str| {
        html! {
            form.inline method="post" action=(desk.url("/suppliers/run")) {
                (desk.form_fields())
                input type="hidden" name="source" value=(id);
                input type="hidden" name="trial" value=(trial);
                button type="submit" class=(class) { (label) }
            }
        }
    };
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/suppliers/sources/{}/categories", escape(id))),
        cells: vec![
            html! { (id) },
            html! { (source.text("/settings/supplier")) },
            html! {
                @if open { (parts::badge(desk, "running")) }
                @else { (parts::badge(desk, source.text("/last/status"))) }
            },
            parts::ago(desk, source.text("/last/at")),
            html! {
                @if desk.may("supplier:write") && !open {
                    (begin(desk.t("What would change?"), "yes", ""))
                    (begin(desk.t("Import"), "no", ""))
                }
            },
        ],
    }
}

fn import(desk: &Desk, import: &Value) -> Row {
    let id = import.text("id");
    let count = |name: &str| html! { (desk.number(import.int(&format!("/counts/{name}")))) };
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/suppliers/imports/{}", escape(id))),
        cells: vec![
            html! { (import.text("source")) @if import.is("dry_run") { " (" (desk.t("trial")) ")" } },
            parts::badge(desk, import.text("status")),
            count("created"),
            count("updated"),
            count("vanished"),
            count("failed"),
            html! { (desk.number(import.int("/progress/rows"))) },
            parts::ago(desk, import.text("requested_at")),
        ],
    }
}

pub(super) async fn run(desk: Desk, Posted(said): Posted) -> Answer {
    let body = json!({ "source": said.text("source"), "trial": said.text("trial") == "yes" });
    let begun = desk.api().post("/v1/imports", body, said.text("key")).await?;
    Ok(go(&desk.url(&format!("/suppliers/imports/{}", escape(begun.text("id"))))))
}
