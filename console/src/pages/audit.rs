//! Who did what, when and from where: the shop's journal of the last day, and on from there.

use super::{Answer, overdue, timeline};
use crate::{
    desk::{Asked, Desk, query},
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use chrono::{SecondsFormat, TimeDelta};
use maud::html;
use serde_json::Value;

const COLUMNS: [Column; 5] =
    [words("When"), words("Who"), words("What"), words("Of"), words("From").minor()];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/audit", get(show))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let actor = match asked.text("actor") {
        "" => "user:*",
        actor => actor,
    };
    let since = (desk.now() - TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let after = asked.text("after");
    let path = query(
        "/v1/audit",
        &[
            ("limit", "100"),
            ("actor", if actor == "*" { "" } else { actor }),
            ("after", after),
            ("from", if after.is_empty() { &since } else { "" }),
        ],
    );
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|event| row(&desk, event)).collect();
    let tabs = [("user:*", desk.t("People")), ("key:*", desk.t("Programs")), ("*", desk.t("All"))];
    let tabs = tabs.map(|(who, name)| {
        (desk.url(&format!("/audit?actor={who}")), name.to_owned(), who == actor)
    });
    let base = desk.url(&format!("/audit?actor={actor}"));
    let main = html! {
        (parts::heading(desk.t("Who did what"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (parts::tabs(desk.t("Views"), &tabs))
        @if rows.is_empty() {
            (parts::empty(desk.t("Nobody has done anything here"),
                desk.t("What was done in the last day is listed, the oldest first. A page may be empty although more follow.")))
        } @else {
            (table(&desk, desk.t("Who did what"), &COLUMNS, &rows, None))
        }
        @if page.is("more") {
            nav.pager aria-label=(desk.t("Pages of the list")) {
                a rel="next" href=(format!("{base}&after={}", page.text("next_cursor"))) {
                    (desk.t("Newer"))
                }
            }
        }
    };
    Ok(desk.page(desk.t("Who did what"), main))
}

/// An event leads to what it happened to, where that has a page.
fn row(desk: &Desk, event: &Value) -> Row {
    let place = overdue::place_of_event(desk, event);
    Row {
        href: place.map(|path| desk.url(&path)).unwrap_or_default(),
        cells: vec![
            parts::clock(desk, event.text("at")),
            timeline::who(desk, event.text("actor")),
            timeline::sentence(desk, &timeline::Happening::of(event)),
            html! { code { (event.text("domain")) } " " (parts::id(desk, event.text("entity"))) },
            html! { (event.text("address")) },
        ],
        ..Row::default()
    }
}
