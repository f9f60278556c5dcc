//! What undoing an import put back, and what it left because somebody had touched it since.

use super::{
    super::{Answer, catalog, timeline},
    changes::{beside, product},
    imports, onward,
};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, query},
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] = [
    words("Code"),
    words("Product"),
    words("Field"),
    words("Why it was left"),
    words("Whose value it has now"),
];
/// What an import's page shows of it; the rest has a page of its own.
const FIRST: &str = "10";

fn list(import: &str, asked: &[(&str, &str)]) -> String {
    query(&format!("/v1/imports/{}/kept", escape(import)), asked)
}

/// The first of what was left, for the import's page; null if it was not undone.
pub(super) async fn first(desk: &Desk, document: &Value) -> Result<Value, Trouble> {
    match document.int("/undo/kept") {
        0 => Ok(Value::Null),
        _ => desk.api().get(&list(document.text("id"), &[("limit", FIRST)])).await,
    }
}

/// The part of an import's page that tells of its undoing.
pub(super) fn section(desk: &Desk, document: &Value, kept: &Value) -> Markup {
    let undo = document.at("undo");
    if undo.is_null() {
        return html! {};
    }
    let import = document.text("id");
    parts::section(
        desk.t("Undoing"),
        &html! {
            (sentences(desk, import, undo))
            @if !kept.list("items").is_empty() {
                (rows(desk, kept))
                (not_listed(desk, kept))
                @if kept.has("next_cursor") {
                    p { a href=(format!("{}/kept", imports::one(desk, import))) { (desk.t("All that was left")) } }
                }
            }
        },
    )
}

/// How far undoing has come; nothing of an import that nobody has undone.
pub(super) fn sentences(desk: &Desk, import: &str, undo: &Value) -> Markup {
    if undo.is_null() {
        return html! {};
    }
    let (restored, kept) = (undo.int("restored"), undo.int("kept"));
    let count = desk.number(restored);
    let list = |name: &str| format!("{}/{name}", imports::one(desk, import));
    let stand = match undo.is("done") {
        true => desk.f("Offers that stand as before the import: {}.", &[&count]),
        false => desk.f("Offers that stand as before the import, so far: {}.", &[&count]),
    };
    html! {
        p {
            (parts::badge(desk, if undo.is("done") { "completed" } else { "undoing" })) " "
            @if restored > 0 { a href=(list("restored")) { (stand) } } @else { (stand) }
        }
        p {
            @if kept > 0 {
                a href=(list("kept")) {
                    (desk.f("Left as they are, because somebody touched them since: {}.", &[&desk.number(kept)]))
                }
            } @else if undo.is("done") {
                (desk.t("Nothing had been touched since, so nothing was left."))
            }
        }
    }
}

/// What was left beside what is listed, so that both come to what was counted.
fn not_listed(desk: &Desk, page: &Value) -> Markup {
    html! { @if let Some(said) = beside_listed(desk, page.int("not_listed")) { p.notice { (said) } } }
}

fn beside_listed(desk: &Desk, more: i64) -> Option<String> {
    (more > 0).then(|| {
        desk.f("{} more were left, and are not kept one by one: of each twenty steps of the import, the first 100 are.",
            &[&desk.number(more)])
    })
}

fn row(desk: &Desk, one: &Value) -> Row {
    Row {
        cells: vec![
            html! { code { (one.text("code")) } },
            product(desk, one),
            html! { (field(desk, one.text("field"))) },
            html! { (reason(desk, one.text("reason"))) },
            whose(desk, one),
        ],
        ..Row::default()
    }
}

fn rows(desk: &Desk, page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|one| row(desk, one)).collect();
    table(desk, desk.t("What was left"), &COLUMNS, &rows, None)
}

fn field(desk: &Desk, field: &str) -> String {
    match field {
        "offer" => desk.t("what the supplier offers").to_owned(),
        "stock" => desk.t("Stock of the supplier").to_owned(),
        field => timeline::field_name(desk, field),
    }
}

/// Why, in the reader's words; what is not known yet, in the API's.
fn reason(desk: &Desk, reason: &str) -> String {
    match reason {
        "a later import has changed it" => desk.t("a later import has changed it").to_owned(),
        "somebody has written it since" => desk.t("somebody has written it since").to_owned(),
        "the supplier has told another number since" => {
            desk.t("the supplier has told another number since").to_owned()
        }
        reason => reason.to_owned(),
    }
}

fn whose(desk: &Desk, one: &Value) -> Markup {
    html! {
        @if one.has("writer") {
            (catalog::source_of(desk, one.text("writer")))
            @if one.has("import") {
                " " a href=(imports::one(desk, one.text("import"))) { (desk.t("by this import")) }
            }
        } @else if matches!(one.text("field"), "offer" | "stock") {
            (desk.t("the supplier's"))
        } @else { span.quiet { "–" } }
    }
}

pub(super) async fn show(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/imports/{}", escape(&import));
    let list = list(&import, &[("limit", "50"), ("cursor", asked.text("cursor"))]);
    if desk.wants_csv() {
        let ending = |desk: &Desk, end: &csv::End<'_>| beside_listed(desk, end.not_listed);
        return csv::list_ending(&desk, &COLUMNS, &list, row, ending).await;
    }
    let (document, page) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (document, page) = (document?, page?);
    let title = desk.t("What undoing it left");
    let here = format!("{}/kept", imports::one(&desk, &import));
    let main = html! {
        (parts::heading(title, &beside(&desk, &document), &parts::export(&desk)))
        (sentences(&desk, &import, document.at("undo")))
        @if !page.list("items").is_empty() { (rows(&desk, &page)) }
        @else if page.has("next_cursor") {
            (parts::empty(desk.t("None among the changes that were looked through"),
                desk.t("Further ones may have been left: go on below.")))
        } @else if document.at("undo").is_null() {
            (parts::empty(desk.t("Nothing was left"),
                desk.t("An import is undone by a button on its page, once it has ended.")))
        }
        (not_listed(&desk, &page))
        (onward(&desk, &here, asked.text("cursor"), &page))
        p { a href=(imports::one(&desk, &import)) { (desk.t("To the import")) } }
    };
    Ok(desk.page(title, main))
}
