//! What could not be done: why, what it was, and two buttons: try again, or drop.

use super::Answer;
use crate::{
    backend::{Change, escape, page_at},
    desk::{Asked, Desk, go},
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

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/dead-letters", get(show))
        .route("/dead-letters/{letter}/retry", post(retry))
        .route("/dead-letters/{letter}/drop", post(drop_it))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let path = page_at("/v1/dead-letters?limit=50", asked.text("cursor"));
    let page = desk.api().get(&path).await?;
    let letters = page.list("items");
    let main = html! {
        div #live data-live="*" {
            (parts::heading(desk.t("Not done"), &html! {}, &html! {}))
            @if letters.is_empty() {
                (parts::empty(desk.t("Everything was done"),
                    desk.t("What cannot be done is kept here with its reason, until it is tried again or dropped.")))
            }
            @for letter in letters { (one(&desk, letter)) }
            (parts::pager(&desk, &desk.url("/dead-letters"), asked.text("cursor"), &page))
        }
    };
    Ok(desk.page(desk.t("Not done"), main))
}

fn one(desk: &Desk, letter: &Value) -> Markup {
    let id = letter.text("id");
    let url = |what: &str| desk.url(&format!("/dead-letters/{}/{what}", escape(id)));
    let payload = serde_json::from_str(letter.text("payload")).unwrap_or_default();
    parts::section(
        letter.text("reason"),
        &html! {
            (parts::facts(&[
                (desk.t("Its id"), parts::id(desk, id)),
                (desk.t("Who could not do it"), html! { code { (letter.text("source")) } }),
                (desk.t("Tried"), html! { (desk.number(letter.int("attempts"))) " ×" }),
                (desk.t("First"), parts::ago(desk, letter.text("at"))),
                (desk.t("Tried again by itself"), parts::ago(desk, letter.text("retry_at"))),
                (desk.t("What waits behind it"), html! { code { (letter.text("lane")) } }),
            ]))
            @if letter.has("payload") { (parts::raw(desk, &payload)) }
            @if desk.may("dead-letters:write") {
                div.actions {
                    (parts::one_button(desk, &url("retry"), desk.t("Try again"), "primary"))
                    details.menu {
                        summary.button { (desk.t("Drop")) "…" }
                        div {
                            p { (desk.t("It will never be done. What it was stays in the journal.")) }
                            (parts::one_button(desk, &url("drop"), desk.t("Drop it for good"), "danger"))
                        }
                    }
                }
            }
        },
    )
}

async fn retry(
    desk: Desk,
    Path((_, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/dead-letters/{}/retry", escape(&letter));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url("/dead-letters")))
}

async fn drop_it(
    desk: Desk,
    Path((_, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/dead-letters/{}", escape(&letter));
    let key = said.text("key");
    desk.api().change(Change { method: Method::DELETE, path: &path, body: json!({}), key }).await?;
    Ok(go(&desk.url("/dead-letters")))
}
