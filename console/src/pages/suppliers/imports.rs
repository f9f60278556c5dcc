//! Imports: the list of all of them, narrowed by how they ended and from where, and what each row of
//! such a list says.

use super::super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 9] = [
    words("Import"),
    words("Status"),
    figures("New"),
    figures("Changed"),
    figures("Gone").minor(),
    figures("Left out").minor(),
    figures("Failed"),
    figures("Rows").minor(),
    words("Asked for"),
];
const STATUSES: [&str; 6] =
    ["running", "completed", "completed_with_errors", "rejected", "failed", "cancelled"];
/// What a list is narrowed by.
const NAMES: [&str; 3] = ["status", "source", "supplier"];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let narrowed: Vec<(&str, &str)> = NAMES.map(|name| (name, asked.text(name))).into();
    let wanted = [&[("limit", "50"), ("cursor", asked.text("cursor"))], &narrowed[..]].concat();
    let path = query("/v1/imports", &wanted);
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let (page, sources) =
        tokio::join!(desk.api().get(&path), desk.api().get_if_any("/v1/sources?limit=200"));
    let page = page?;
    let source = asked.text("source");
    let tab = |status: &'static str, label: String| {
        let to = url(&desk, &[("status", status), ("source", source)]);
        (to, label, asked.text("status") == status)
    };
    let mut tabs = vec![tab("", desk.t("All").to_owned())];
    tabs.extend(STATUSES.map(|status| tab(status, desk.language().word(status))));
    let main = html! {
        (parts::heading(desk.t("Imports"), &html! {}, &parts::export(&desk)))
        (super::views(&desk, "/imports"))
        (parts::tabs(desk.t("Status"), &tabs))
        form.filter role="search" action=(desk.url("/suppliers/imports")) aria-label=(desk.t("Find an import")) {
            @if !asked.text("status").is_empty() {
                input type="hidden" name="status" value=(asked.text("status"));
            }
            label { span { (desk.t("From which source")) }
                select name="source" {
                    option value="" { (desk.t("from any")) }
                    @for one in sources.list("items") {
                        option value=(one.text("id")) selected[one.text("id") == source] { (one.text("id")) }
                    }
                } }
            button type="submit" { (desk.t("Find")) }
        }
        div #live data-live="import.*" {
            (runs(&desk, desk.t("Imports"), &page))
        }
        (parts::pager(&desk, &url(&desk, &narrowed), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Imports"), main))
}

/// Where the list that is narrowed so is found.
pub(super) fn url(desk: &Desk, narrowed: &[(&str, &str)]) -> String {
    desk.url(query("/suppliers/imports", narrowed).trim_end_matches('?'))
}

/// Where an import is found, by its id or by its entity's name.
pub(super) fn one(desk: &Desk, import: &str) -> String {
    let id = import.strip_prefix("import/").unwrap_or(import);
    desk.url(&format!("/suppliers/imports/{}", escape(id)))
}

/// Where that is found of which a count tells; nothing, if no list of it is kept.
pub(super) fn list_of(desk: &Desk, import: &Value, count: &str) -> Option<String> {
    let rest = match count {
        "created" | "updated" | "vanished" => format!("/changes?kind={count}"),
        "failed" => "/problems".to_owned(),
        "skipped" => "/left-out".to_owned(),
        _ => return None,
    };
    let there = import.int(&format!("/counts/{count}")) > 0;
    there.then(|| format!("{}{rest}", one(desk, import.text("id"))))
}

/// Imports as a table, each count with what it is made of.
pub(super) fn runs(desk: &Desk, caption: &str, page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|import| row(desk, import)).collect();
    html! {
        @if rows.is_empty() {
            (parts::empty(desk.t("No import is like that"),
                desk.t("An import is begun by a source's button, or by its plan.")))
        } @else { (table(desk, caption, &COLUMNS, &rows, None)) }
    }
}

fn row(desk: &Desk, import: &Value) -> Row {
    let count = |name: &str| {
        let number = desk.number(import.int(&format!("/counts/{name}")));
        html! {
            @match list_of(desk, import, name) {
                Some(list) => { a href=(list) { (number) } }
                None => { (number) }
            }
        }
    };
    Row {
        id: import.text("id").to_owned(),
        href: one(desk, import.text("id")),
        cells: vec![
            html! { (import.text("source")) @if import.is("dry_run") { " (" (desk.t("trial")) ")" } },
            parts::badge(desk, import.text("status")),
            count("created"),
            count("updated"),
            count("vanished"),
            count("skipped"),
            count("failed"),
            html! {
                a href=(one(desk, import.text("id"))) { (desk.number(import.int("/progress/rows"))) }
            },
            parts::ago(desk, import.text("requested_at")),
        ],
    }
}
