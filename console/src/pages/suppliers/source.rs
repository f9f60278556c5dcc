//! A source: its settings, the file that is there, its imports, and what can be done with it.

mod body;
mod fields;
mod file;
mod look;
mod settings;
mod sheet;
#[cfg(test)]
mod tests;
mod written;

use super::{
    super::Answer,
    imports::{self, runs},
    list::begin,
};
use crate::{
    backend::{Change, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    state::Console,
    ui::parts,
    value::Read,
};
use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Imports that the page shows.
const IMPORTS: &str = "10";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/suppliers/sources/new", get(settings::blank).post(settings::make))
        .route("/suppliers/sources/{source}", get(show))
        .route("/suppliers/sources/{source}/settings", get(settings::show).post(settings::change))
        .route("/suppliers/sources/{source}/remove", get(leaving).post(remove))
        .route("/suppliers/sources/{source}/file", post(file::upload))
        .route("/suppliers/sources/{source}/look", get(look::show).post(look::try_out))
}

/// The API's route of a source.
fn path(source: &str) -> String {
    format!("/v1/sources/{}", escape(source))
}

/// Where a source is found in the console.
fn url(desk: &Desk, source: &str, rest: &str) -> String {
    desk.url(&format!("/suppliers/sources/{}{rest}", escape(source)))
}

fn title(desk: &Desk, source: &str) -> String {
    desk.f("Source {}", &[source])
}

async fn show(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let (path, list) =
        (path(&source), query("/v1/imports", &[("limit", IMPORTS), ("source", &source)]));
    let (known, imports) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (known, imports) = (known?, imports?);
    let title = title(&desk, &source);
    let open = known.has("open");
    let beside = html! {
        @if open { (parts::badge(&desk, "running")) }
        @else { (parts::badge(&desk, known.text("/last/status"))) }
        span { (known.text("/settings/name")) }
    };
    let main = html! {
        div #live data-live="import.* supplier.*" {
            (parts::heading(&title, &beside, &actions(&desk, &source, open)))
            @if asked.text("done") == "yes" {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            (next_step(&desk, &known))
            (facts(&desk, &source, &known))
            (parts::section(desk.t("Its imports"), &html! {
                (runs(&desk, desk.t("Its imports"), &imports))
                @if imports.has("next_cursor") {
                    p { a href=(imports::url(&desk, &[("source", &source)])) { (desk.t("All of its imports")) } }
                }
            }))
        }
        // A file that is chosen and not sent yet is not taken away by news.
        (file::section(&desk, &source, &known))
        (parts::raw(&desk, known.at("settings")))
        p { a href=(desk.url("/suppliers")) { (desk.t("To all sources")) } }
    };
    Ok(desk.page(&title, main))
}

fn actions(desk: &Desk, source: &str, open: bool) -> Markup {
    let to = |rest: &str| url(desk, source, rest);
    html! {
        @if desk.may("supplier:write") {
            @if !open {
                (begin(desk, source, (desk.t("What would change?"), "yes", "")))
                (begin(desk, source, (desk.t("Import"), "no", "primary")))
            }
            (parts::action(&to("/look"), desk.t("Look at the file"), ""))
        }
        (parts::action(&to("/categories"), desk.t("Categories"), ""))
        @if desk.may("supplier:write") {
            (parts::action(&to("/settings"), desk.t("Settings"), ""))
            (parts::action(&to("/remove"), desk.t("Remove"), "danger"))
        }
    }
}

/// What is to be done with a source from which nothing was imported yet.
fn next_step(desk: &Desk, known: &Value) -> Markup {
    if known.has("last") || known.has("open") {
        return html! {};
    }
    let upload = known.text("/settings/reach/by") == "upload" && !known.has("upload");
    html! {
        p.notice {
            @if upload {
                (desk.t("Nothing was imported from it yet. Upload its file below, look at it, and see what would change before you import."))
            } @else {
                (desk.t("Nothing was imported from it yet. See what would change before you import."))
            }
        }
    }
}

fn facts(desk: &Desk, source: &str, known: &Value) -> Markup {
    let settings = known.at("settings");
    let said = |name: &str| html! { (settings.text(name)) };
    parts::section(
        desk.t("What it is"),
        &parts::facts(&[
            (
                desk.t("Supplier"),
                html! { a href=(super::supplier::url(desk, settings.text("supplier"))) {
                    (settings.text("supplier"))
                } },
            ),
            (desk.t("What the feed holds"), word_of(desk, fields::KINDS, settings.text("kind"))),
            (desk.t("Where the feed is"), place(desk, settings.at("reach"))),
            (desk.t("Format"), format(desk, settings)),
            (desk.t("Warehouse"), said("warehouse")),
            (desk.t("Currency"), said("currency")),
            (desk.t("When it is imported"), times(desk, settings.at("timetable"))),
            (
                desk.t("Last import"),
                match known.text("/last/import") {
                    "" => html! {},
                    import => html! {
                        a href=(imports::one(desk, import)) { (parts::badge(desk, known.text("/last/status"))) }
                        " " (parts::ago(desk, known.text("/last/at")))
                    },
                },
            ),
            (
                desk.t("What it offers is compared with"),
                match known.text("/good/import") {
                    "" => html! {},
                    import => html! { a href=(imports::one(desk, import)) {
                        (desk.f("a feed of {} rows", &[&desk.number(known.int("/good/figures/rows"))]))
                    } },
                },
            ),
            (
                desk.t("Categories"),
                html! { a href=(url(desk, source, "/categories")) { (desk.t("Which of theirs is which of ours")) } },
            ),
        ]),
    )
}

fn word_of(desk: &Desk, words: &[(&str, &'static str)], said: &str) -> Markup {
    let known = words.iter().find(|(word, _)| *word == said);
    html! { (known.map_or(said, |&(_, label)| desk.t(label))) }
}

fn place(desk: &Desk, reach: &Value) -> Markup {
    let server = || format!("{}:{}{}", reach.text("host"), reach.int("port"), reach.text("path"));
    html! {
        @match reach.text("by") {
            "http" => { code { (reach.text("url")) } }
            "ftp" | "sftp" => { (word_of(desk, fields::REACHES, reach.text("by"))) " " code { (server()) } }
            by => { (word_of(desk, fields::REACHES, by)) }
        }
    }
}

fn format(desk: &Desk, settings: &Value) -> Markup {
    let (preset, kind) = (settings.text("/format/preset"), settings.text("/format/format/kind"));
    html! {
        @if preset.is_empty() { (word_of(desk, fields::FORMATS, kind)) }
        @else { (word_of(desk, fields::DIALECTS, preset)) }
    }
}

fn times(desk: &Desk, timetable: &Value) -> Markup {
    html! {
        @if timetable.is_null() { (desk.t("only when asked for")) }
        @else {
            code { (timetable.text("cron")) } " " (timetable.text("zone"))
            @if !timetable.is("enabled") { " " (parts::badge(desk, "paused")) }
        }
    }
}

async fn leaving(desk: Desk, Path((_, source)): Path<(String, String)>) -> Answer {
    let path = path(&source);
    desk.api().get(&path).await?;
    let title = title(&desk, &source);
    let outcome = match desk.api().change_would(Method::DELETE, &path, json!({})).await {
        Err(trouble) => parts::refusal(&desk, &trouble),
        Ok(_) => {
            let effects = [
                desk.f("Nothing is imported from {} any more, by itself or when asked.", &[&source]),
                desk.t("Its secrets are not shown to anybody, and a source of this code needs them anew.").to_owned(),
                desk.t("What it brought stays: products, offers, stock, and its imports, which can still be undone.").to_owned(),
            ];
            let label = desk.f("Remove {}", &[&source]);
            html! {
                (parts::forecast(&desk, &effects))
                (parts::decision(&desk, &Form::default(), &[], (&label, "danger")))
            }
        }
    };
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        (outcome)
        p { a href=(url(&desk, &source, "")) { (desk.t("Back to the source, changing nothing")) } }
    };
    Ok(desk.page(&title, main))
}

async fn remove(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let (path, key) = (path(&source), said.text("key"));
    let change = Change { method: Method::DELETE, path: &path, body: json!({}), key };
    desk.api().change(change).await?;
    Ok(go(&desk.url("/suppliers?done=yes")))
}
