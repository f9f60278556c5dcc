//! One import: how far it is, what it did or would do, what is wrong with its rows, and undoing it.

use super::{super::Answer, changes, imports, problems, undoing};
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, go},
    format,
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

pub(super) async fn show(desk: Desk, Path((_, import)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/imports/{}", escape(&import));
    let (document, problems) = tokio::join!(desk.api().get(&path), problems::first(&desk, &import));
    let (document, problems) = (document?, problems?);
    let kept = undoing::first(&desk, &document).await?;
    let status = document.text("status");
    let running = matches!(status, "queued" | "running");
    let title = desk.f("Import from {}", &[document.text("source")]);
    let beside = html! {
        (parts::badge(&desk, status))
        a href=(desk.url(&format!("/suppliers/sources/{}", escape(document.text("source"))))) {
            (desk.t("To the source"))
        }
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
            @if document.is("not_modified") {
                p.notice { (desk.t("The feed is the same as the last time, so there was nothing to do.")) }
            }
            (progress(&desk, &document, running))
            (counts(&desk, &document))
            (undoing::section(&desk, &document, &kept))
            (changes::samples(&desk, &document))
            (problems::section(&desk, &document, &problems))
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
        @if applied > 0 {
            (parts::action(&format!("{}/changes", imports::one(desk, import)), desk.t("What it changed"), ""))
        }
        @if desk.may("supplier:write") {
            @if !ended { (parts::one_button(desk, &url("cancel"), desk.t("Stop"), "danger")) }
            @if ended && document.int("/counts/failed") > 0 && !document.is("dry_run") {
                (parts::one_button(desk, &url("retry"), desk.t("Try the failed rows again"), ""))
            }
            @if document.is("can_be_undone") {
                details.menu {
                    summary.button { (desk.t("Undo")) "…" }
                    div {
                        p { (desk.t("What it changed is put back, where nobody touched it since. The rest is listed as kept.")) }
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

/// What became of the rows, each count with what it is made of.
fn counts(desk: &Desk, document: &Value) -> Markup {
    let tile = |name: &str, label: &str, tone: &'static str| {
        let count = document.int(&format!("/counts/{name}"));
        let (tone, number) = (if count > 0 { tone } else { "" }, desk.number(count));
        html! {
            @match imports::list_of(desk, document, name) {
                Some(list) => { (parts::tile(label, &html! { (number) }, "", &list, tone)) }
                None => {
                    div class={ "tile " (tone) } {
                        span.label { (label) } strong { (number) }
                        // Nobody should look for a list that is not there.
                        @if count > 0 { span.beside { (desk.t("not kept one by one")) } }
                    }
                }
            }
        }
    };
    html! {
        div.tiles.six {
            (tile("created", desk.t("New"), ""))
            (tile("updated", desk.t("Changed"), ""))
            (tile("unchanged", desk.t("Unchanged"), ""))
            (tile("vanished", desk.t("Gone"), "amber"))
            (tile("skipped", desk.t("Left out"), ""))
            (tile("failed", desk.t("Failed"), "red"))
        }
    }
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
    Ok(go(&imports::one(&desk, shown)))
}
