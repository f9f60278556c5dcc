//! A follower of the journal: how far it has come in each shard, and what it has put aside.

use super::{
    super::Answer,
    figures::{Figures, rates},
    for_operators, letters, tree, views,
};
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, query},
    state::Console,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::{Path, State};
use maud::{Markup, html};
use serde_json::Value;

/// Letters that are shown; the list has all.
const LETTERS: &str = "20";

const COLUMNS: [Column; 8] = [
    words("Shard"),
    figures("Events in it"),
    figures("Done up to").minor(),
    figures("Behind"),
    figures("Put aside"),
    figures("Events seen to"),
    figures("Tries that failed"),
    figures("Restarted").minor(),
];

pub(super) async fn show(
    State(console): State<Console>,
    desk: Desk,
    Path(follower): Path<String>,
) -> Answer {
    for_operators(&desk)?;
    let source = format!("follower:{follower}");
    let asked = [("limit", LETTERS), ("source", &*source)];
    let parked = query("/v1/platform/dead-letters", &asked);
    let (text, shards, parked) = tokio::join!(
        desk.api().text("/metrics"),
        desk.api().get("/v1/shards"),
        desk.api().get(&parked),
    );
    let samples = console.samples().take(Figures::parse(&text?));
    let (shards, parked) = (shards?, parked?);
    if !is_known(&follower, &shards, &parked, samples.last().map(|last| &*last.figures)) {
        return Err(Trouble::not_found());
    }
    let of_it = [("follower", &*follower)];
    let pace = rates(&samples, "kontor_follower_events_total", &of_it);
    let told = |name: &str| {
        let sum = samples.last().map_or(0, |last| last.figures.sum(name, &of_it));
        html! { (desk.number(sum / 1_000_000)) }
    };
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(&follower, &html! {}, &html! {}))
            (views(&desk, "-"))
            (parts::section(desk.t("How it is at work"), &parts::facts(&[
                (desk.t("Pace"), html! { (tree::per_second(&desk, &pace)) }),
                (desk.t("Events seen to"), told("kontor_follower_events_total")),
                (desk.t("Tries that failed"), told("kontor_follower_hitches_total")),
                (desk.t("Restarted"), told("kontor_follower_restarts_total")),
            ])))
            (parts::section(desk.t("How far it has come"),
                &places(&desk, &follower, &shards, samples.last().map(|last| &*last.figures))))
            (parts::section(desk.t("What it has put aside"), &aside(&desk, &source, &parked)))
        }
    };
    Ok(desk.page(&follower, main))
}

/// Whether there is such a follower: it follows a shard, or has left something behind.
fn is_known(follower: &str, shards: &Value, parked: &Value, now: Option<&Figures>) -> bool {
    let follows =
        |shard: &Value| shard.list("followers").iter().any(|one| one.text("follower") == follower);
    let counted = now.map(|now| now.values("kontor_follower_lag_events", "follower"));
    counted.unwrap_or_default().iter().any(|name| name == follower)
        || shards.list("items").iter().any(follows)
        || !parked.list("items").is_empty()
}

/// Its place in each shard. What it is behind leads to the events that wait for it.
fn places(desk: &Desk, follower: &str, shards: &Value, now: Option<&Figures>) -> Markup {
    let row = |shard: &Value| {
        let number = shard.int("shard").to_string();
        let labels = [("follower", follower), ("shard", number.as_str())];
        let told =
            |name| desk.number(now.map_or(0, |figures| figures.sum(name, &labels)) / 1_000_000);
        let own = shard.list("followers").iter().find(|one| one.text("follower") == follower);
        let done = own.map_or(0, |one| one.int("done"));
        let place = format!("/console/system/shards/{number}");
        let rest = format!("{place}?after={done}");
        let source = format!("follower:{follower}");
        let aside = letters::narrowed(&[("source", &source), ("shard", &number)]);
        Row {
            id: number.clone(),
            href: place,
            cells: vec![
                html! { (number) },
                html! { (desk.number(shard.int("events"))) },
                html! { (desk.number(done)) },
                html! { a href=(rest) { (told("kontor_follower_lag_events")) } },
                html! { a href=(aside) { (told("kontor_follower_parked_events")) } },
                html! { (told("kontor_follower_events_total")) },
                html! { (told("kontor_follower_hitches_total")) },
                html! { (told("kontor_follower_restarts_total")) },
            ],
        }
    };
    let rows: Vec<_> = shards.list("items").iter().map(row).collect();
    html! {
        (table(desk, desk.t("How far it has come"), &COLUMNS, &rows, None))
        p.quiet { (desk.t("How far it has come is written down now and then, so the events that are listed as waiting may be done already.")) }
    }
}

fn aside(desk: &Desk, source: &str, parked: &Value) -> Markup {
    let all = letters::narrowed(&[("source", source)]);
    html! {
        @if parked.list("items").is_empty() { p.quiet { (desk.t("Everything was done")) } }
        @for letter in parked.list("items") { (letters::one(desk, letter)) }
        @if parked.has("next_cursor") {
            p { a href=(all) { (desk.t("All that it has put aside")) } }
        }
    }
}

/// Where a follower has its page.
pub(super) fn href(follower: &str) -> String {
    format!("/console/system/followers/{}", escape(follower))
}
