//! What of an order was told to the shop's endpoints.

use crate::{
    backend::escape,
    desk::Desk,
    pages::webhooks,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use futures_util::future::join_all;
use maud::{Markup, html};
use serde_json::Value;

/// Endpoints and the newest events of an order that are looked at.
const ENDPOINTS: &str = "/v1/webhook-endpoints?limit=3";
const EVENTS_MAX: usize = 6;

const COLUMNS: [Column; 5] = [
    words("Event"),
    words("Status"),
    words("To"),
    figures("Tried").minor(),
    words("Since").minor(),
];

/// A delivery with its endpoint's address.
pub(super) struct Told {
    url: String,
    delivery: Value,
}

/// The deliveries of an order's newest events; none for whoever may not see them.
pub(super) async fn read(desk: &Desk, history: &Value) -> Vec<Told> {
    if !desk.may("webhooks:read") {
        return Vec::new();
    }
    let (api, endpoints) = (desk.api(), desk.api().get_if_any(ENDPOINTS).await);
    let newest = history.list("items").iter().rev().take(EVENTS_MAX);
    let asked = newest.flat_map(|event| {
        endpoints.list("items").iter().map(move |endpoint| {
            let (id, event) = (escape(endpoint.text("id")), escape(event.text("id")));
            (endpoint.text("url"), format!("/v1/webhook-endpoints/{id}/deliveries/{event}"))
        })
    });
    let found = join_all(asked.map(|(url, path)| async move {
        // Many events are nobody's business outside, and no endpoint wants all.
        Told { url: url.to_owned(), delivery: api.get_if_any(&path).await }
    }));
    found.await.into_iter().filter(|told| !told.delivery.is_null()).collect()
}

pub(super) fn section(desk: &Desk, told: &[Told]) -> Markup {
    if told.is_empty() {
        return html! {};
    }
    let rows: Vec<_> = told.iter().map(|told| row(desk, told)).collect();
    parts::section(desk.t("Webhooks"), &table(desk, desk.t("Webhooks"), &COLUMNS, &rows, None))
}

fn row(desk: &Desk, Told { url, delivery }: &Told) -> Row {
    Row {
        id: format!("{}/{}", delivery.text("endpoint"), delivery.text("event")),
        href: webhooks::url(desk, delivery.text("endpoint"), delivery),
        cells: vec![
            html! { (delivery.text("name")) },
            parts::badge(desk, delivery.text("status")),
            html! { (url) },
            html! { (desk.number(i64::try_from(delivery.list("attempts").len()).unwrap_or(0))) },
            parts::ago(desk, delivery.text("created_at")),
        ],
    }
}
