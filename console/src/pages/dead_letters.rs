//! What could not be done: why, what it was, and two buttons: try again, or drop.

use super::Answer;
use crate::{
    backend::{Api, Change, Trouble, escape},
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

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/dead-letters", get(show))
        .route("/dead-letters/{letter}/retry", post(retry))
        .route("/dead-letters/{letter}/drop", post(drop_it))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let (source, parked) = (asked.text("source"), asked.text("parked"));
    let of = [("source", source), ("parked", parked)];
    let page = [("limit", "50"), ("cursor", asked.text("cursor"))];
    let page = desk.api().get(&query("/v1/dead-letters", &[&page[..], &of].concat())).await?;
    let place = desk.url("/dead-letters");
    let here = narrowed(&place, &of);
    let may = desk.may("dead-letters:write");
    let main = html! {
        div #live data-live="*" {
            (parts::heading(desk.t("Not done"), &html! {}, &html! {}))
            (tabs(&desk, &place, &of[..1], parked))
            (only(&desk, &narrowed(&place, &of[1..]), source))
            @if page.list("items").is_empty() { (nothing(&desk, &of)) }
            @for letter in page.list("items") {
                (one(&desk, letter, may.then_some(&place), &html! {}))
            }
            (parts::pager(&desk, &here, asked.text("cursor"), &page))
        }
    };
    Ok(desk.page(desk.t("Not done"), main))
}

/// The address of a list of letters, narrowed to some.
pub(super) fn narrowed(place: &str, asked: &[(&str, &str)]) -> String {
    query(place, asked).trim_end_matches('?').to_owned()
}

/// Which letters are shown, where these are not all.
pub(super) fn only(desk: &Desk, all: &str, which: &str) -> Markup {
    html! {
        @if !which.is_empty() {
            p { (desk.f("Those of {}.", &[which])) " " a href=(all) { (desk.t("Show all")) } }
        }
    }
}

/// Letters by what becomes of them; `of` is what they are narrowed by beside that.
pub(super) fn tabs(desk: &Desk, place: &str, of: &[(&str, &str)], parked: &str) -> Markup {
    let tab = |value: &str, name: &str| {
        let address = narrowed(place, &[of, &[("parked", value)]].concat());
        (address, name.to_owned(), value == parked)
    };
    let all = [
        tab("", desk.t("All")),
        tab("false", desk.t("Wait for a person")),
        tab("true", desk.t("Tried again by itself")),
    ];
    parts::tabs(desk.t("Which"), &all)
}

/// What is told where no letter is: that all was done is told of the whole list alone.
pub(super) fn nothing(desk: &Desk, of: &[(&str, &str)]) -> Markup {
    let narrowed = of.iter().any(|(_, value)| !value.is_empty());
    parts::empty(
        if narrowed { desk.t("There is none of these") } else { desk.t("Everything was done") },
        desk.t(
            "What cannot be done is kept here with its reason, until it is tried again or dropped.",
        ),
    )
}

/// A letter. `place` has the buttons' forms; without it there are none.
pub(super) fn one(desk: &Desk, letter: &Value, place: Option<&String>, whose: &Markup) -> Markup {
    let id = letter.text("id");
    let payload = serde_json::from_str(letter.text("payload")).unwrap_or_default();
    parts::section(
        letter.text("reason"),
        &html! {
            (parts::facts(&[
                (desk.t("Tenant"), whose.clone()),
                (desk.t("Its id"), parts::id(desk, id)),
                (desk.t("Who could not do it"), html! { code { (letter.text("source")) } }),
                (desk.t("Tried"), html! { (desk.number(letter.int("attempts"))) " ×" }),
                (desk.t("First"), parts::ago(desk, letter.text("at"))),
                (desk.t("Tried again by itself"), parts::ago(desk, letter.text("retry_at"))),
                (desk.t("What waits behind it"), html! { code { (letter.text("lane")) } }),
            ]))
            @if letter.has("payload") { (parts::raw(desk, &payload)) }
            @if let Some(place) = place {
                @let url = |what: &str| format!("{place}/{}/{what}", escape(id));
                div.actions {
                    (button(desk, &url("retry"), desk.t("Try again"), "primary"))
                    details.menu {
                        summary.button { (desk.t("Drop")) "…" }
                        div {
                            p { (desk.t("It will never be done. What it was stays in the journal.")) }
                            (button(desk, &url("drop"), desk.t("Drop it for good"), "danger"))
                        }
                    }
                }
            }
        },
    )
}

/// A button of a letter, after which one is where one was: the same list, narrowed as it is.
fn button(desk: &Desk, to: &str, label: &str, class: &str) -> Markup {
    html! {
        form.inline method="post" action=(to) {
            (desk.form_fields())
            input type="hidden" name="back" value=(desk.inner().here);
            button type="submit" class=(class) { (label) }
        }
    }
}

/// Where one was, if that is in the console: no form leads out of the house.
pub(super) fn back<'b>(said: &'b Form, list: &'b str) -> &'b str {
    let back = said.text("back");
    let is_ours = back.starts_with("/console/") && !back.contains(['\\', '\r', '\n']);
    if is_ours { back } else { list }
}

async fn retry(
    desk: Desk,
    Path((_, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    try_again(desk.api(), &letter, said.text("key")).await?;
    Ok(go(back(&said, &desk.url("/dead-letters"))))
}

async fn drop_it(
    desk: Desk,
    Path((_, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    drop_for_good(desk.api(), &letter, said.text("key")).await?;
    Ok(go(back(&said, &desk.url("/dead-letters"))))
}

pub(super) async fn try_again(api: &Api, letter: &str, key: &str) -> Result<(), Trouble> {
    let path = format!("/v1/dead-letters/{}/retry", escape(letter));
    api.post(&path, json!({}), key).await.map(drop)
}

pub(super) async fn drop_for_good(api: &Api, letter: &str, key: &str) -> Result<(), Trouble> {
    let path = format!("/v1/dead-letters/{}", escape(letter));
    api.change(Change { method: Method::DELETE, path: &path, body: json!({}), key }).await.map(drop)
}
