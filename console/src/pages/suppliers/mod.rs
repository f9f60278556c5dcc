//! Suppliers: their sources, what imports did, undoing it, and which category of theirs is which.

mod changes;
mod import;
mod imports;
mod left_out;
mod list;
mod mapping;
mod problems;
mod restored;
mod source;
mod supplier;
mod undoing;

use super::Answer;
use crate::{
    backend::{Trouble, escape},
    desk::Desk,
    state::Console,
    ui::{layout::text, parts},
    value::Read,
};
use axum::{
    Router,
    routing::{get, post},
};
use http::header;
use maud::{Markup, html};
use serde_json::Value;

const VIEWS: [(&str, &str); 3] =
    [("", text!("Sources")), ("/imports", text!("Imports")), ("/who", text!("Suppliers"))];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/suppliers", get(list::show))
        .route("/suppliers/run", post(list::run))
        .merge(supplier::routes())
        .merge(source::routes())
        .route("/suppliers/sources/{source}/categories", get(mapping::show).post(mapping::map))
        .route("/suppliers/imports", get(imports::show))
        .route("/suppliers/imports/{import}", get(import::show))
        .route("/suppliers/imports/{import}/changes", get(changes::show))
        .route("/suppliers/imports/{import}/changes.csv", get(changes::file))
        .route("/suppliers/imports/{import}/problems", get(problems::show))
        .route("/suppliers/imports/{import}/problems.csv", get(problems::file))
        .route("/suppliers/imports/{import}/left-out", get(left_out::show))
        .route("/suppliers/imports/{import}/kept", get(undoing::show))
        .route("/suppliers/imports/{import}/restored", get(restored::show))
        .route("/suppliers/imports/{import}/{action}", post(import::act))
}

fn views(desk: &Desk, current: &str) -> Markup {
    let tabs = VIEWS.map(|(path, label)| {
        (desk.url(&format!("/suppliers{path}")), desk.t(label).to_owned(), path == current)
    });
    parts::tabs(desk.t("Views"), &tabs)
}

/// Pages of a list that begins with its first. One of them may be empty although more follow.
fn onward(desk: &Desk, base: &str, asked: &str, page: &Value) -> Markup {
    let join = if base.contains('?') { '&' } else { '?' };
    html! {
        @if !asked.is_empty() || page.has("next_cursor") {
            nav.pager aria-label=(desk.t("Pages of the list")) hx-boost="true" hx-target="#main"
                hx-select="#main" hx-swap="outerHTML show:window:top" {
                @if !asked.is_empty() { a href=(base) { (desk.t("To the beginning")) } }
                @if page.has("next_cursor") {
                    a rel="next" href=(format!("{base}{join}cursor={}", escape(page.text("next_cursor")))) {
                        (desk.t("Further"))
                    }
                }
            }
        }
    }
}

/// Whether the API has something there. An answer that did not come does not say that there is nothing.
async fn is_there(desk: &Desk, path: &str) -> Result<bool, Trouble> {
    match desk.api().get(path).await {
        Ok(_) => Ok(true),
        Err(trouble) if trouble.is_of_the_form() => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

/// A file of the API's, as it comes.
async fn download(desk: &Desk, path: &str) -> Answer {
    let answer = desk.api().raw(path, "text/csv", None).await?;
    let (mut head, body) = answer.into_parts();
    let mut kept = http::HeaderMap::new();
    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
        head.headers.remove(&name).map(|value| kept.insert(name, value));
    }
    let mut response = axum::response::Response::new(body);
    *response.headers_mut() = kept;
    Ok(response)
}
