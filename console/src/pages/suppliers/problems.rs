//! What is wrong with the rows of an import: all of it, in pages, and as a file.

use super::{super::Answer, changes::beside, download, imports, onward};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, query},
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] = [
    figures("Row"),
    figures("Line").minor(),
    words("Code"),
    words("Field"),
    words("What is wrong"),
];
/// What a list is narrowed by.
const NAMES: [&str; 2] = ["field", "code"];
/// Problems that an import's page shows; the rest have a page of their own.
const FIRST: &str = "10";

fn list(import: &str, asked: &[(&str, &str)]) -> String {
    query(&format!("/v1/imports/{}/problems", escape(import)), asked)
}

pub(super) async fn show(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let narrowed: Vec<(&str, &str)> = NAMES.map(|name| (name, asked.text(name))).into();
    let wanted = [&[("limit", "50"), ("cursor", asked.text("cursor"))], &narrowed[..]].concat();
    let (path, list) = (format!("/v1/imports/{}", escape(&import)), list(&import, &wanted));
    let (document, page) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (document, page) = (document?, page?);
    let base = format!("{}/problems", imports::one(&desk, &import));
    let here = query(&base, &narrowed).trim_end_matches('?').to_owned();
    let title = desk.t("Rows that could not be taken");
    let main = html! {
        (parts::heading(title, &beside(&desk, &document), &html! {
            (parts::action(&format!("{base}.csv"), desk.t("CSV of all of them"), ""))
        }))
        form.filter role="search" aria-label=(desk.t("Find a row")) {
            label { span { (desk.t("The supplier's code")) }
                input name="code" value=(asked.text("code")) maxlength="200"; }
            label { span { (desk.t("Field")) }
                input name="field" value=(asked.text("field")) maxlength="200"; }
            button type="submit" { (desk.t("Find")) }
        }
        (told(&desk, &document))
        @if page.list("items").is_empty() {
            (parts::empty(desk.t("No row at fault is like that"),
                desk.t("A row that cannot be taken is passed over and listed here; the others are taken.")))
        } @else { (rows(&desk, title, &page)) }
        (onward(&desk, &here, asked.text("cursor"), &page))
        p { a href=(imports::one(&desk, &import)) { (desk.t("To the import")) } }
    };
    Ok(desk.page(title, main))
}

/// How many rows the list is about, and how many reasons it holds: a row may have several.
fn told(desk: &Desk, document: &Value) -> Markup {
    let (failed, kept) = (document.int("/counts/failed"), document.int("problems_kept"));
    let counts = [desk.number(failed), desk.number(kept)];
    let [failed, kept] = counts.each_ref().map(String::as_str);
    html! {
        @if document.is("problems_complete") {
            p { (desk.f("{} rows could not be taken, for {} reasons in all: a row may have several.", &[failed, kept])) }
        } @else {
            p.notice.amber { (desk.f("{} rows could not be taken. What is wrong is kept of the first of them: {} reasons, of which a row may have several.", &[failed, kept])) }
        }
    }
}

/// The first of them, for the import's page.
pub(super) async fn first(desk: &Desk, import: &str) -> Result<Value, Trouble> {
    desk.api().get(&list(import, &[("limit", FIRST)])).await
}

/// The part of an import's page that shows the first ones.
pub(super) fn section(desk: &Desk, document: &Value, page: &Value) -> Markup {
    if page.list("items").is_empty() {
        return html! {};
    }
    let title = desk.t("Rows that could not be taken");
    parts::section(
        title,
        &html! {
            (told(desk, document))
            (rows(desk, title, page))
            @if page.has("next_cursor") {
                p { a href=(format!("{}/problems", imports::one(desk, document.text("id")))) { (desk.t("All of them")) } }
            }
        },
    )
}

fn rows(desk: &Desk, title: &str, page: &Value) -> Markup {
    // What is wrong with a row stands together: the first line says of which row it is.
    let items = page.list("items");
    let row = |(place, problem): (usize, &Value)| {
        let before = place.checked_sub(1).and_then(|before| items.get(before));
        let first = before.is_none_or(|before| before.int("row") != problem.int("row"));
        Row {
            cells: vec![
                html! { @if first { (desk.number(problem.int("row"))) } },
                html! { @if first { (desk.number(problem.int("line"))) } },
                html! { @if first { code { (problem.text("code")) } } },
                html! { (problem.text("field")) },
                html! { (problem.text("reason")) },
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = items.iter().enumerate().map(row).collect();
    table(desk, title, &COLUMNS, &rows, None)
}

pub(super) async fn file(desk: Desk, Path((_, import)): Path<(String, String)>) -> Answer {
    download(&desk, &format!("/v1/imports/{}/errors", escape(&import))).await
}
