//! One import: how far it is, what it did or would do, what is wrong with its rows, and undoing it.

use super::super::Answer;
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, go},
    format,
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Problems that are shown; the file has all that are kept.
const PROBLEMS_MAX: usize = 50;

const PROBLEMS: [Column; 4] =
    [figures("Row"), words("Code"), words("Field"), words("What is wrong")];
const SAMPLES: [Column; 6] = [
    words("Code"),
    words("What"),
    words("Title"),
    figures("Price now"),
    figures("Price then"),
    words("Product"),
];

pub(super) async fn show(desk: Desk, Path((_, import)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/imports/{}", escape(&import));
    let problems = format!("{path}/errors?form=jsonl");
    let (document, problems) = tokio::join!(desk.api().get(&path), desk.api().text(&problems));
    let document = document?;
    let status = document.text("status");
    let running = matches!(status, "queued" | "running");
    let title = desk.f("Import from {}", &[document.text("source")]);
    let beside = html! {
        (parts::badge(&desk, status))
        @if document.is("dry_run") { span { (desk.t("trial: nothing is changed")) } }
        span { (parts::ago(&desk, document.text("requested_at"))) }
        (parts::id(&desk, document.text("id")))
    };
    let main = html! {
        div #live data-live="import.*" data-live-every=[running.then_some("1000")] {
            (parts::heading(&title, &beside, &actions(&desk, &import, &document)))
            @if document.has("problem") {
                p.notice.red role="alert" { (document.text("problem")) }
            }
            @for warning in document.list("warnings") {
                p.notice.amber { (warning.as_str().unwrap_or_default()) }
            }
            (progress(&desk, &document, running))
            (counts(&desk, &document))
            (undo(&desk, &document))
            (samples(&desk, &document))
            (wrong_rows(&desk, problems.as_deref().unwrap_or_default()))
            (parts::raw(&desk, &document))
        }
    };
    Ok(desk.page(&title, main))
}

fn actions(desk: &Desk, import: &str, document: &Value) -> Markup {
    let url = |action: &str| desk.url(&format!("/suppliers/imports/{}/{action}", escape(import)));
    let status = document.text("status");
    let applied = document.int("/counts/created")
        + document.int("/counts/updated")
        + document.int("/counts/vanished");
    let ended = !matches!(status, "queued" | "running");
    html! {
        @if desk.may("supplier:write") {
            @if !ended { (parts::one_button(desk, &url("cancel"), desk.t("Stop"), "danger")) }
            @if ended && document.int("/counts/failed") > 0 && !document.is("dry_run") {
                (parts::one_button(desk, &url("retry"), desk.t("Try the failed rows again"), ""))
            }
            @if ended && applied > 0 && !document.is("dry_run") && !document.has("undo") {
                details.menu {
                    summary.button { (desk.t("Undo")) "…" }
                    div {
                        p { (desk.f("{} changes are put back, where nobody touched them since. The rest is listed as kept.",
                            &[&desk.number(applied)])) }
                        (parts::one_button(desk, &url("undo"), desk.t("Undo this import"), "danger"))
                    }
                }
            }
        }
    }
}

fn progress(desk: &Desk, document: &Value, running: bool) -> Markup {
    let (rows, total) = (document.int("/progress/rows"), document.int("/progress/rows_total"));
    let took = || {
        let (from, to) = (document.text("started_at"), document.text("ended_at"));
        let took = format::instant(to)?.signed_duration_since(format::instant(from)?);
        Some(format::lasting(desk.language(), took.num_milliseconds()))
    };
    html! {
        section.panel {
            @if running { (parts::progress(desk.t("How far it is"), rows, total)) }
            (parts::facts(&[
                (desk.t("Rows"), html! { (desk.number(rows)) @if total > 0 { " / " (desk.number(total)) } }),
                (desk.t("Rows a second"), match document.int("rows_per_second") {
                    0 => html! {},
                    pace => html! { (desk.number(pace)) },
                }),
                (desk.t("Ready"), parts::ago(desk, document.text("estimated_end"))),
                (desk.t("Took"), took().map_or_else(|| html! {}, |took| html! { (took) })),
                (desk.t("Asked for by"), html! {
                    (desk.language().word(document.text("/trigger/by")))
                }),
                (desk.t("Stopped by"), html! { (desk.language().word(document.text("gate"))) }),
            ]))
        }
    }
}

fn counts(desk: &Desk, document: &Value) -> Markup {
    let tile = |name: &str, label: &str, tone: &str| {
        let count = document.int(&format!("/counts/{name}"));
        html! { div class={ "tile " (if count > 0 { tone } else { "" }) } {
            span.label { (label) } strong { (desk.number(count)) }
        } }
    };
    html! {
        div.tiles {
            (tile("created", desk.t("New"), ""))
            (tile("updated", desk.t("Changed"), ""))
            (tile("unchanged", desk.t("Unchanged"), ""))
            (tile("vanished", desk.t("Gone"), "amber"))
            (tile("skipped", desk.t("Left out"), ""))
            (tile("failed", desk.t("Failed"), "red"))
        }
    }
}

fn undo(desk: &Desk, document: &Value) -> Markup {
    let undo = document.at("undo");
    if undo.is_null() {
        return html! {};
    }
    parts::section(
        desk.t("Undoing"),
        &html! {
            p { @if undo.is("done") { (parts::badge(desk, "completed")) }
                @else { (parts::badge(desk, "undoing")) } }
            (parts::raw(desk, undo))
        },
    )
}

fn samples(desk: &Desk, document: &Value) -> Markup {
    let samples = document.list("samples");
    if samples.is_empty() {
        return html! {};
    }
    let price_of = |price: &Value| match price {
        Value::Null => html! { span.quiet { "–" } },
        price => parts::money(desk, price.int("amount_minor"), price.text("currency")),
    };
    let row = |sample: &Value| Row {
        cells: vec![
            html! { code { (sample.text("code")) } },
            html! { @if sample.is("new") { (parts::badge(desk, "new")) }
            @else { (parts::badge(desk, "changed")) } },
            html! { (sample.text("title")) },
            price_of(sample.at("price_before")),
            price_of(sample.at("price")),
            html! { @if sample.has("product") {
                a href=(desk.url(&format!("/catalog/products/{}", escape(sample.text("product"))))) {
                    (format::short(sample.text("product")))
                }
            } },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = samples.iter().map(row).collect();
    parts::section(
        desk.t("What would change first"),
        &table(desk, desk.t("What would change first"), &SAMPLES, &rows, None),
    )
}

/// The rows that cannot be taken, from the API's lines of JSON.
fn wrong_rows(desk: &Desk, lines: &str) -> Markup {
    let problems: Vec<Value> = lines
        .lines()
        .take(PROBLEMS_MAX)
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if problems.is_empty() {
        return html! {};
    }
    let row = |problem: &Value| Row {
        cells: vec![
            html! { (desk.number(problem.int("row"))) },
            html! { code { (problem.text("code")) } },
            html! { (problem.text("field")) },
            html! { (problem.text("reason")) },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = problems.iter().map(row).collect();
    parts::section(
        desk.t("Rows that could not be taken"),
        &table(desk, desk.t("Rows that could not be taken"), &PROBLEMS, &rows, None),
    )
}

pub(super) async fn act(
    desk: Desk,
    Path((_, import, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    if !matches!(action.as_str(), "cancel" | "retry" | "undo") {
        return Err(Trouble::not_found());
    }
    let path = format!("/v1/imports/{}/{action}", escape(&import));
    let told = desk.api().post(&path, json!({}), said.text("key")).await?;
    // Trying again is an import of its own.
    let shown = if action == "retry" && told.has("id") { told.text("id") } else { &import };
    Ok(go(&desk.url(&format!("/suppliers/imports/{}", escape(shown)))))
}
