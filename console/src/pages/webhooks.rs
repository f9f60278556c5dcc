//! Webhooks: where the shop's events are posted, what arrived there and what did not.

use super::Answer;
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, go, query},
    format,
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
const TRIES: [Column; 4] =
    [words("When"), words("Answer"), words("What went wrong"), figures("Took")];
/// How deliveries stand, as tabs.
const STANDS: [&str; 7] = ["", "queued", "waiting", "blocked", "parked", "given_up", "delivered"];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/webhooks", get(list))
        .route("/webhooks/{endpoint}", get(show))
        .route("/webhooks/{endpoint}/deliveries/{event}", get(one).post(again))
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
            failures(desk, endpoint),
            parts::ago(desk, endpoint.text("failing_since")),
        ],
    }
}

/// How often it failed in a row, over all of its deliveries; leads to those, however they stand.
fn failures(desk: &Desk, endpoint: &Value) -> Markup {
    let deliveries = format!("/webhooks/{}", escape(endpoint.text("id")));
    html! {
        @match endpoint.int("failures") {
            0 => "0",
            failures => a href=(desk.url(&deliveries)) { (desk.number(failures)) },
        }
    }
}

async fn show(
    desk: Desk,
    Path((_, endpoint)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/webhook-endpoints/{}", escape(&endpoint));
    let status = asked.text("status");
    let wanted = [("limit", "50"), ("status", status), ("cursor", asked.text("cursor"))];
    let deliveries = query(&format!("{path}/deliveries"), &wanted);
    if desk.wants_csv() {
        let row = move |desk: &Desk, one: &Value| delivery(desk, &endpoint, one);
        return csv::list(&desk, &DELIVERIES, &deliveries, row).await;
    }
    let (document, deliveries) = tokio::join!(desk.api().get(&path), desk.api().get(&deliveries));
    let (document, deliveries) = (document?, deliveries?);
    let name = match document.text("url") {
        "" => endpoint.as_str(),
        url => url,
    };
    let base = desk.url(&format!("/webhooks/{}", escape(&endpoint)));
    let at = |status: &str| match status {
        "" => base.clone(),
        status => query(&base, &[("status", status)]),
    };
    let tabs = STANDS.map(|stands| {
        let name = match stands {
            "" => desk.t("All").to_owned(),
            stands => desk.language().word(stands),
        };
        (at(stands), name, stands == status)
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
                (desk.t("Failed in a row"), failures(&desk, &document)),
                (desk.t("Failing since"), parts::ago(&desk, document.text("failing_since"))),
            ]))
            (parts::tabs(desk.t("Views"), &tabs))
            @if rows.is_empty() {
                (parts::empty(desk.t("Nothing is like that"), desk.t("Each event for the endpoint is a row here, with all that was tried.")))
            } @else {
                (table(&desk, desk.t("Deliveries"), &DELIVERIES, &rows, None))
                p { (parts::export(&desk)) }
            }
            (parts::pager(&desk, &at(status), asked.text("cursor"), &deliveries))
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
    let url = url(desk, endpoint, delivery);
    let tried = delivery.list("attempts").len();
    Row {
        id: of_endpoint(endpoint, delivery).to_owned(),
        href: url.clone(),
        cells: vec![
            html! { code { (delivery.text("name")) } },
            html! {
                (parts::badge(desk, delivery.text("status")))
                @if may_again(desk, delivery) {
                    " " (parts::one_button(desk, &url, desk.t("Again"), "small"))
                }
            },
            html! { @if tried == 0 { "0" } @else { a href={ (url) "#tries" } { (tried) } } },
            parts::id(desk, delivery.text("subject")),
            parts::ago(desk, delivery.text("created_at")),
        ],
    }
}

/// The page of a delivery.
pub(super) fn url(desk: &Desk, endpoint: &str, delivery: &Value) -> String {
    let name = escape(of_endpoint(endpoint, delivery));
    desk.url(&format!("/webhooks/{}/deliveries/{name}", escape(endpoint)))
}

/// How a delivery is called among its endpoint's: after its event, and which of that one's if a person
/// had it sent again.
fn of_endpoint<'d>(endpoint: &str, delivery: &'d Value) -> &'d str {
    let name = delivery.text("id").strip_prefix(endpoint);
    name.and_then(|name| name.strip_prefix('/')).unwrap_or(delivery.text("event"))
}

fn may_again(desk: &Desk, delivery: &Value) -> bool {
    delivery.text("status") != "queued" && desk.may("webhooks:write")
}

/// One event for one endpoint, with each try.
async fn one(desk: Desk, Path((_, endpoint, event)): Path<(String, String, String)>) -> Answer {
    let path = format!("/v1/webhook-endpoints/{}", escape(&endpoint));
    let document = format!("{path}/deliveries/{}", escape(&event));
    let (document, whom) = tokio::join!(desk.api().get(&document), desk.api().get_if_any(&path));
    let document = document?;
    let name = match whom.text("url") {
        "" => endpoint.as_str(),
        url => url,
    };
    let beside = html! {
        (parts::badge(&desk, document.text("status"))) (parts::id(&desk, &event))
    };
    let actions = html! {
        @if may_again(&desk, &document) {
            (parts::one_button(&desk, &url(&desk, &endpoint, &document), desk.t("Again"), ""))
        }
    };
    let main = html! {
        div #live data-live="webhook.*" {
            (parts::heading(document.text("name"), &beside, &actions))
            (parts::facts(&[
                (desk.t("To"), html! {
                    a href=(desk.url(&format!("/webhooks/{}", escape(&endpoint)))) { (name) }
                }),
                (desk.t("Of"), html! { code { (document.text("subject")) } }),
                (desk.t("Queued"), parts::ago(&desk, document.text("created_at"))),
                (desk.t("Tried again"), parts::clock(&desk, document.text("until"))),
                (desk.t("Why not"), html! { (desk.language().word(document.text("reason"))) }),
            ]))
            div #tries { (parts::section(desk.t("Each try"), &tries(&desk, &document))) }
            (parts::raw(&desk, &document))
        }
    };
    Ok(desk.page(document.text("name"), main))
}

fn tries(desk: &Desk, delivery: &Value) -> Markup {
    let row = |one: &Value| Row {
        cells: vec![
            parts::clock(desk, one.text("at")),
            html! { @if one.has("status") { code { (one.int("status")) } } },
            html! { (one.text("error")) },
            html! { (format::lasting(desk.language(), one.int("duration_ms"))) },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = delivery.list("attempts").iter().rev().map(row).collect();
    html! {
        @if rows.is_empty() { p.quiet { (desk.t("It was not tried yet.")) } }
        @else { (table(desk, desk.t("Each try"), &TRIES, &rows, None)) }
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
