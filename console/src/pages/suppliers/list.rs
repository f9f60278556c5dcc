//! Sources and the latest imports on one page.

use super::{super::Answer, imports};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go},
    gate::Posted,
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::{Value, json};

const SOURCES: [Column; 5] =
    [words("Source"), words("Supplier"), words("Last import"), words("When"), words("Begin")];
/// Imports that the page shows; the rest have a page of their own.
const IMPORTS: usize = 10;

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    if desk.wants_csv() {
        return csv::list(&desk, &SOURCES, "/v1/sources", source).await;
    }
    let sources = page_at("/v1/sources?limit=100", asked.text("cursor"));
    let latest = format!("/v1/imports?limit={IMPORTS}");
    let (sources, latest) = tokio::join!(desk.api().get(&sources), desk.api().get(&latest));
    let (sources, latest) = (sources?, latest?);
    let rows: Vec<_> = sources.list("items").iter().map(|one| source(&desk, one)).collect();
    let new = html! {
        @if desk.may("supplier:write") {
            (parts::action(&desk.url("/suppliers/sources/new"), desk.t("New source"), "primary"))
        }
    };
    let main = html! {
        div #live data-live="import.* supplier.*" {
            (parts::heading(desk.t("Suppliers"), &html! {}, &html! { (parts::export(&desk)) (new) }))
            (super::views(&desk, ""))
            @if asked.text("done") == "yes" {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            (parts::section(desk.t("Sources"), &html! {
                @if rows.is_empty() {
                    (parts::empty(desk.t("No source is set up yet"),
                        desk.t("A source says where a supplier's feed is and how it is read.")))
                    (new)
                } @else { (table(&desk, desk.t("Sources"), &SOURCES, &rows, None)) }
                (parts::pager(&desk, &desk.url("/suppliers"), asked.text("cursor"), &sources))
            }))
            (parts::section(desk.t("Imports"), &html! {
                (imports::runs(&desk, desk.t("Imports"), &latest))
                @if latest.has("next_cursor") {
                    p { a href=(desk.url("/suppliers/imports")) { (desk.t("All imports")) } }
                }
            }))
        }
    };
    Ok(desk.page(desk.t("Suppliers"), main))
}

/// A button that begins an import of a source.
pub(super) fn begin(
    desk: &Desk,
    source: &str,
    (label, trial, class): (&str, &str, &str),
) -> Markup {
    html! {
        form.inline method="post" action=(desk.url("/suppliers/run")) {
            (desk.form_fields())
            input type="hidden" name="source" value=(source);
            input type="hidden" name="trial" value=(trial);
            button type="submit" class=(class) { (label) }
        }
    }
}

fn source(desk: &Desk, source: &Value) -> Row {
    let id = source.text("id");
    let open = source.has("open");
    let last = match source.text("/last/import") {
        "" => html! {},
        import => html! { a href=(imports::one(desk, import)) {
            (parts::badge(desk, source.text("/last/status")))
        } },
    };
    let supplier = source.text("/settings/supplier");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/suppliers/sources/{}", escape(id))),
        cells: vec![
            html! { (id) },
            html! { a href=(super::supplier::url(desk, supplier)) { (supplier) } },
            html! {
                @if open {
                    a href=(imports::one(desk, source.text("open"))) { (parts::badge(desk, "running")) }
                } @else { (last) }
            },
            parts::ago(desk, source.text("/last/at")),
            html! {
                @if desk.may("supplier:write") && !open {
                    (begin(desk, id, (desk.t("What would change?"), "yes", "")))
                    (begin(desk, id, (desk.t("Import"), "no", "")))
                }
            },
        ],
    }
}

pub(super) async fn run(desk: Desk, Posted(said): Posted) -> Answer {
    let body = json!({ "source": said.text("source"), "trial": said.text("trial") == "yes" });
    let begun = desk.api().post("/v1/imports", body, said.text("key")).await?;
    Ok(go(&imports::one(&desk, begun.text("id"))))
}
