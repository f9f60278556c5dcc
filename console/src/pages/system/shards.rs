//! The shards that live on this node: how much is written to each, what runs for its tenants, and who
//! follows it the slowest.

use super::{
    super::Answer,
    actors,
    figures::{Figures, Sample, rates},
    follower, for_operators, tree, views,
};
use crate::{
    desk::Desk,
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::State;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] = [
    words("Shard"),
    figures("Events in it"),
    words("Written"),
    figures("Domains that run"),
    words("The slowest follower"),
];

pub(super) async fn list(State(console): State<Console>, desk: Desk) -> Answer {
    for_operators(&desk)?;
    let text = desk.api().text("/metrics").await?;
    let samples = console.samples().take(Figures::parse(&text));
    if desk.wants_csv() {
        let row = move |desk: &Desk, shard: &Value| row(desk, &samples, shard);
        return csv::list(&desk, &COLUMNS, "/v1/shards", row).await;
    }
    let page = desk.api().get("/v1/shards").await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, &samples, one)).collect();
    let title = desk.t("Shards");
    let main = html! {
        div #live data-live-every="2000" {
            (parts::heading(title, &html! {}, &parts::export(&desk)))
            (views(&desk, "-"))
            @if rows.is_empty() {
                (parts::empty(desk.t("No shard lives yet"),
                    desk.t("A shard lives from the first event of one of its tenants.")))
            } @else { (table(&desk, title, &COLUMNS, &rows, None)) }
        }
    };
    Ok(desk.page(title, main))
}

fn row(desk: &Desk, samples: &[Sample], shard: &Value) -> Row {
    let number = shard.int("shard").to_string();
    let pace = rates(samples, "kontor_journal_events_total", &[("shard", &number)]);
    let running = actors::narrowed(&[("shard", &number), ("status", "running")]);
    Row {
        id: number.clone(),
        href: format!("/console/system/shards/{number}"),
        cells: vec![
            html! { (number) },
            html! { (desk.number(shard.int("events"))) },
            html! { (tree::per_second(desk, &pace)) },
            html! { a href=(running) { (desk.number(shard.int("actors_running"))) } },
            slowest(desk, samples, &number),
        ],
    }
}

/// The follower that is behind the most.
fn slowest(desk: &Desk, samples: &[Sample], shard: &str) -> Markup {
    let Some(now) = samples.last().map(|last| &last.figures) else { return html! {} };
    let lags = now.sums_by("kontor_follower_lag_events", ["shard", "follower"]);
    let own = lags.iter().filter(|([of, _], _)| *of == shard).map(|([_, name], lag)| (*name, *lag));
    html! {
        @if let Some((name, lag)) = own.max_by_key(|(_, lag)| *lag).filter(|(_, lag)| *lag > 0) {
            a href=(follower::href(name)) { (name) } ": "
            (desk.f("{} events behind", &[&desk.number(lag / 1_000_000)]))
        } @else { span.quiet { (desk.t("none is behind")) } }
    }
}
