//! Webhooks: where the shop's events are posted, what arrived there and what did not.

use super::Answer;
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, go},
    gate::Posted,
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use maud::{Markup, html};
use serde_json::{Value, json};

const ENDPOINTS: [Column; 5] = [
    words("Address"),
    words("Status"),
    words("Events"),
    figures("Failed in a row"),
    words("Failing since"),
];
const DELIVERIES: [Column; 5] =
    [words("Event"), words("Status"), figures("Tried"), words("Of"), words("Queued")];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/webhooks", get(list))
        .route("/webhooks/{endpoint}", get(show))
        .route("/webhooks/{endpoint}/deliveries/{event}", post(again))
        .route("/webhooks/{endpoint}/{action}", post(act))
}

async fn list(desk: Desk) -> Answer {
    if desk.wants_csv() {
        return csv::list(&desk, &ENDPOINTS, "/v1/webhook-endpoints", row).await;
    }
    let page = desk.api().get("/v1/webhook-endpoints?limit=100").await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let main = html! {
        div #live data-live="webhook.*" {
            (parts::heading(desk.t("Webhooks"), &html! {}, &parts::export(&desk)))
            @if rows.is_empty() {
                (parts::empty(desk.t("Nobody is told yet"),
                    desk.t("An endpoint is set up by POST /v1/webhook-endpoints; it is told what happens, signed.")))
            } @else { (table(&desk, desk.t("Webhooks"), &ENDPOINTS, &rows, None)) }
        }
    };
    Ok(desk.page(desk.t("Webhooks"), main))
}

fn row(desk: &Desk, endpoint: &Value) -> Row {
    let shown = csv::shown(desk, 4);
    Row {
        id: endpoint.text("id").to_owned(),
        href: desk.url(&format!("/webhooks/{}", escape(endpoint.text("id")))),
        cells: vec![
            html! { @if endpoint.text("url").is_empty() { (endpoint.text("id")) }
            @else { (endpoint.text("url")) } },
            parts::badge(desk, endpoint.text("status")),
            html! { @for event in endpoint.list("events").iter().filter_map(Value::as_str).take(shown) {
                code.pair { (event) }
            } },
            html! { (desk.number(endpoint.int("failures"))) },
            parts::ago(desk, endpoint.text("failing_since")),
        ],
    }
}

async fn show(
    desk: Desk,
    Path((_, endpoint)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/webhook-endpoints/{}", escape(&endpoint));
    let mut deliveries = format!("{path}/deliveries?limit=50");
    for name in ["status", "cursor"].into_iter().filter(|name| !asked.text(name).is_empty()) {
        deliveries.push_str(&format!("&{name}={}", escape(asked.text(name))));
    }
    let (document, deliveries) = tokio::join!(desk.api().get(&path), desk.api().get(&deliveries));
    let (document, deliveries) = (document?, deliveries?);
    let name = match document.text("url") {
        "" => endpoint.as_str(),
        url => url,
    };
    let base = desk.url(&format!("/webhooks/{}", escape(&endpoint)));
    let tabs = ["", "queued", "waiting", "failed", "delivered"].map(|status| {
        let url = if status.is_empty() { base.clone() } else { format!("{base}?status={status}") };
        let name = match status {
            "" => desk.t("All").to_owned(),
            status => desk.language().word(status),
        };
        (url, name, status == asked.text("status"))
    });
    let rows: Vec<_> =
        deliveries.list("items").iter().map(|one| delivery(&desk, &endpoint, one)).collect();
    let beside =
        html! { (parts::badge(&desk, document.text("status"))) (parts::id(&desk, &endpoint)) };
    let main = html! {
        div #live data-live="webhook.*" {
            (parts::heading(name, &beside, &actions(&desk, &base, &document)))
            (parts::facts(&[
                (desk.t("What it is for"), html! { (document.text("description")) }),
                (desk.t("Failed in a row"), html! { (desk.number(document.int("failures"))) }),
                (desk.t("Failing since"), parts::ago(&desk, document.text("failing_since"))),
            ]))
            (parts::tabs(desk.t("Views"), &tabs))
            @if rows.is_empty() {
                (parts::empty(desk.t("Nothing is like that"), desk.t("Each event for the endpoint is a row here, with all that was tried.")))
            } @else { (table(&desk, desk.t("Deliveries"), &DELIVERIES, &rows, None)) }
            (parts::pager(&desk, &base, asked.text("cursor"), &deliveries))
            (parts::raw(&desk, &document))
        }
    };
    Ok(desk.page(name, main))
}

fn actions(desk: &Desk, base: &str, endpoint: &Value) -> Markup {
    let button = |action: &str, label: &str, class: &str| {
        parts::one_button(desk, &format!("{base}/{action}"), label, class)
    };
    html! {
        @if desk.may("webhooks:write") {
            (button("test", desk.t("Send an example"), ""))
            @if endpoint.text("status") == "active" { (button("pause", desk.t("Pause"), "")) }
            @else { (button("enable", desk.t("Go on"), "primary")) }
        }
    }
}

fn delivery(desk: &Desk, endpoint: &str, delivery: &Value) -> Row {
    let again =
        format!("/webhooks/{}/deliveries/{}", escape(endpoint), escape(delivery.text("event")));
    let status = delivery.text("status");
    Row {
        id: delivery.text("event").to_owned(),
        href: String::new(),
        cells: vec![
            html! { code { (delivery.text("name")) } },
            html! {
                (parts::badge(desk, status))
                @if status != "queued" && desk.may("webhooks:write") {
                    " " (parts::one_button(desk, &desk.url(&again), desk.t("Again"), "small"))
                }
            },
            html! { (delivery.list("attempts").len()) },
            parts::id(desk, delivery.text("subject")),
            parts::ago(desk, delivery.text("created_at")),
        ],
    }
}

async fn again(
    desk: Desk,
    Path((_, endpoint, event)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path =
        format!("/v1/webhook-endpoints/{}/deliveries/{}/replay", escape(&endpoint), escape(&event));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url(&format!("/webhooks/{}", escape(&endpoint)))))
}

async fn act(
    desk: Desk,
    Path((_, endpoint, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    if !matches!(action.as_str(), "test" | "pause" | "enable") {
        return Err(Trouble::not_found());
    }
    let path = format!("/v1/webhook-endpoints/{}/{action}", escape(&endpoint));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url(&format!("/webhooks/{}", escape(&endpoint)))))
}
