//! The journal of a shard: what happened in it, of all its tenants, in its order.

use super::{
    super::{Answer, overdue},
    for_operators, views,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

/// Events of a page.
const EVENTS: i64 = 100;

const COLUMNS: [Column; 5] =
    [figures("Place"), words("When"), words("Tenant"), words("What"), words("Of")];

pub(super) async fn show(desk: Desk, Path(shard): Path<String>, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let (shard, after) = (escape(&shard), asked.text("after"));
    let limit = EVENTS.to_string();
    let path = format!("/v1/shards/{shard}/events");
    let page = desk.api().get(&query(&path, &[("limit", &limit), ("after", after)])).await?;
    let title = desk.f("Journal of shard {}", &[&shard]);
    let rows: Vec<_> = page.list("items").iter().map(|event| row(&desk, event)).collect();
    let main = html! {
        div #live data-live-every=[after.is_empty().then_some("2000")] {
            (parts::heading(&title, &html! {
                a href="/console/system/shards" { (desk.t("All shards")) }
            }, &html! {}))
            (views(&desk, "-"))
            p.quiet { (desk.f("{} events; what each says is its tenant's.", &[&desk.number(page.int("events"))])) }
            @if rows.is_empty() {
                (parts::empty(desk.t("Nothing is behind this place"),
                    desk.t("What happens from now on is written after it.")))
            } @else { (table(&desk, &title, &COLUMNS, &rows, None)) }
            (pages(&desk, &shard, &page))
        }
    };
    Ok(desk.page(&title, main))
}

/// An event leads to what it happened to; where that has no page, to the actor that keeps it.
fn row(desk: &Desk, event: &Value) -> Row {
    Row {
        id: event.int("seq").to_string(),
        href: overdue::place_in(event, overdue::place_of_event(desk, event)),
        cells: vec![
            html! { (event.int("seq")) },
            parts::clock(desk, event.text("at")),
            html! { (event.text("tenant")) },
            html! { code { (event.text("type")) } },
            html! { (event.text("entity")) },
        ],
    }
}

/// The pages before and after this one.
fn pages(desk: &Desk, shard: &str, page: &Value) -> Markup {
    let at = |after: i64| format!("/console/system/shards/{shard}?after={after}");
    let items = page.list("items");
    let first = items.first().map_or(page.int("events") + 1, |event| event.int("seq"));
    let last = items.last().map_or(page.int("events"), |event| event.int("seq"));
    html! {
        nav.pager aria-label=(desk.t("Pages of the list")) {
            @if 1 < first {
                a rel="prev" href=(at((first - 1 - EVENTS).max(0))) { (desk.t("Earlier")) }
            }
            @if last < page.int("events") { a rel="next" href=(at(last)) { (desk.t("Later")) } }
            a href={ "/console/system/shards/" (shard) } { (desk.t("To the newest")) }
        }
    }
}
