//! What belongs to an order and is kept elsewhere: holds, payments, messages, deliveries, with
//! their pasts.

use super::super::margin;
use super::told::{self, Told};
use crate::{
    backend::escape,
    desk::{Desk, query},
    format,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use chrono::{SecondsFormat, TimeDelta};
use futures_util::future::join_all;
use maud::{Markup, html};
use serde_json::Value;

/// Payments of an order whose past is told at most.
const PAYMENTS_MAX: usize = 5;

/// How long before an order its goods may have been held.
const HELD_BEFORE: TimeDelta = TimeDelta::seconds(10);

const PAYMENTS: [Column; 5] =
    [words("Payment"), words("Status"), words("By"), figures("Came"), figures("Went back")];
const MESSAGES: [Column; 4] = [words("Message"), words("Status"), words("To"), words("Queued")];

/// What belongs to an order.
#[derive(Default)]
pub(super) struct Around {
    margin: Value,
    hold: Value,
    payments: Value,
    messages: Value,
    told: Vec<Told>,
    /// What has happened to the order and to its payments, each oldest first.
    pub(super) histories: Vec<Value>,
}

/// Reads it all; what whoever looks may not see is left out.
pub(super) async fn read(desk: &Desk, order: &str) -> Around {
    let api = desk.api();
    let order_path = escape(order);
    let history = format!("/v1/orders/{order_path}/history?limit=200");
    let hold = format!("/v1/stock/reservations/{order_path}");
    let payments = format!("/v1/payments?order={order_path}");
    let messages = query("/v1/notifications", &[("order", order), ("limit", "20")]);
    let margin = format!("/v1/orders/{order_path}/margin");
    let (margin, history, hold, payments, messages) = tokio::join!(
        api.get_if_any(&margin),
        api.get_if_any(&history),
        api.get_if_any(&hold),
        api.get_if_any(&payments),
        api.get_if_any(&messages),
    );
    let ids = payments.list("items").iter().take(PAYMENTS_MAX).map(|one| one.text("id"));
    let mut pasts: Vec<String> =
        ids.map(|id| format!("/v1/payments/{}/history?limit=200", escape(id))).collect();
    pasts.extend(past_of_hold(&history, order));
    let histories = join_all(pasts.iter().map(|path| api.get_if_any(path)));
    let (mut histories, told) = tokio::join!(histories, told::read(desk, &history));
    histories.insert(0, history);
    Around { margin, hold, payments, messages, told, histories }
}

/// What has happened to an order's goods. The API asks the journal for it, from a time on: goods
/// are held a moment before the order is there.
fn past_of_hold(history: &Value, order: &str) -> Option<String> {
    let first = format::instant(history.list("items").first()?.text("at"))?;
    let from = (first - HELD_BEFORE).to_rfc3339_opts(SecondsFormat::Millis, true);
    let entity = format!("reservation/{order}");
    let asked = [("domain", "stock"), ("entity", &entity), ("from", &from), ("limit", "100")];
    Some(query("/v1/audit", &asked))
}

/// A section for each.
pub(super) fn sections(desk: &Desk, order: &Value, around: &Around) -> Markup {
    html! {
        (margin::of_order(desk, order, &around.margin))
        (hold(desk, &around.hold))
        (payments(desk, &around.payments))
        (parcels(desk, order))
        (cancellation(desk, order))
        (messages(desk, order.text("id"), &around.messages))
        (told::section(desk, &around.told))
        (notes(desk, order))
    }
}

fn hold(desk: &Desk, hold: &Value) -> Markup {
    if hold.is_null() {
        return html! {};
    }
    parts::section(
        desk.t("Goods held"),
        &html! {
            p {
                (parts::badge(desk, hold.text("status"))) " "
                @if hold.text("status") == "held" {
                    (desk.t("until")) " " (parts::clock(desk, hold.text("until")))
                    " (" (parts::ago(desk, hold.text("until"))) ")"
                }
            }
            ul.plain {
                @for line in hold.list("lines") {
                    @for part in line.list("parts") {
                        @let sku = if part.has("sku") { part.text("sku") } else { line.text("sku") };
                        li {
                            (desk.number(part.int("quantity"))) " × "
                            a href=(desk.url(&format!("/stock/{}", escape(sku)))) { (sku) }
                            " " (desk.t("from")) " " (part.text("warehouse"))
                        }
                    }
                }
            }
        },
    )
}

fn payments(desk: &Desk, payments: &Value) -> Markup {
    let row = |payment: &Value| {
        let id = payment.text("id");
        let currency = payment.text("currency");
        let attempt = payment.list("attempts").last().cloned().unwrap_or_default();
        Row {
            id: id.to_owned(),
            href: desk.url(&format!("/payments/{}", escape(id))),
            cells: vec![
                html! { (desk.money(payment.int("amount_minor"), currency)) },
                parts::badge(desk, payment.text("status")),
                html! { (attempt.text("provider")) " " small { (attempt.text("account")) } },
                parts::money_if_any(desk, payment.int("captured_minor"), currency),
                parts::money_if_any(desk, payment.int("refunded_minor"), currency),
            ],
        }
    };
    let rows: Vec<_> = payments.list("items").iter().map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::section(desk.t("Payments"), &table(desk, desk.t("Payments"), &PAYMENTS, &rows, None))
}

fn parcels(desk: &Desk, order: &Value) -> Markup {
    let parcels = order.list("parcels");
    if parcels.is_empty() {
        return html! {};
    }
    let inside = html! {
        ul.plain {
            @for parcel in parcels {
                li {
                    (parcel.text("carrier")) " " (tracking(desk, parcel)) " "
                    (desk.t("sent")) " " (parts::ago(desk, parcel.text("shipped_at")))
                    @if parcel.has("delivered_at") {
                        ", " (desk.t("arrived")) " " (parts::ago(desk, parcel.text("delivered_at")))
                    }
                    (packed(desk, order, parcel))
                }
            }
        }
    };
    html! { div #parcels { (parts::section(desk.t("Parcels"), &inside)) } }
}

/// A parcel's number, which leads to where it is told how far that has come. Whoever ships writes that
/// address, so no other than one on the web is a link.
fn tracking(desk: &Desk, parcel: &Value) -> Markup {
    let (number, url) = (parcel.text("tracking_number"), parcel.text("tracking_url"));
    let name = html! {
        @if number.is_empty() { (desk.t("Track it")) } @else { code { (number) } }
    };
    html! {
        @if url.starts_with("https://") { a href=(url) rel="noreferrer" { (name) } }
        @else if !number.is_empty() { (name) }
    }
}

/// What is in a parcel: of which line of the order, how many.
fn packed(desk: &Desk, order: &Value, parcel: &Value) -> Markup {
    let line = |packed: &Value| {
        let place = usize::try_from(packed.int("line")).ok();
        place.and_then(|place| order.list("lines").get(place)).cloned().unwrap_or_default()
    };
    html! {
        p.small {
            @for packed in parcel.list("lines") {
                @let line = line(packed);
                span.pair {
                    (desk.number(packed.int("quantity"))) " × "
                    a href=(desk.url(&format!("/stock/{}", escape(line.text("sku"))))) {
                        @if line.text("title").is_empty() { (line.text("sku")) }
                        @else { (line.text("title")) }
                    }
                }
            }
        }
    }
}

fn cancellation(desk: &Desk, order: &Value) -> Markup {
    let cancelled = order.at("cancellation");
    if cancelled.is_null() {
        return html! {};
    }
    let steps = |name: &str, done: bool| {
        html! {
            @for step in cancelled.list(name) {
                li {
                    span class={ "badge " (if done { "green" } else { "amber" }) } {
                        (desk.language().word(step.as_str().unwrap_or_default()))
                    }
                    " " @if done { (desk.t("done")) } @else { (desk.t("missing")) }
                }
            }
        }
    };
    parts::section(
        desk.t("Cancellation"),
        &html! {
            p {
                (desk.language().word(cancelled.text("reason"))) ", "
                (parts::ago(desk, cancelled.text("at")))
            }
            ul.plain { (steps("done", true)) (steps("missing", false)) }
        },
    )
}

fn messages(desk: &Desk, order: &str, page: &Value) -> Markup {
    let messages = page.list("items");
    if messages.is_empty() {
        return html! {};
    }
    let all = desk.url(&query("/messages", &[("order", order)]));
    let row = |message: &Value| Row {
        id: message.text("id").to_owned(),
        href: desk.url(&format!("/messages/{}", escape(message.text("id")))),
        cells: vec![
            html! { (desk.language().word(message.text("template"))) },
            parts::badge(desk, message.text("status")),
            html! { (message.text("recipient")) },
            parts::ago(desk, message.text("queued_at")),
        ],
    };
    let rows: Vec<_> = messages.iter().map(row).collect();
    parts::section(
        desk.t("Messages"),
        &html! {
            (table(desk, desk.t("Messages"), &MESSAGES, &rows, None))
            p { a href=(all) { (desk.t("All messages of the order")) } }
        },
    )
}

fn notes(desk: &Desk, order: &Value) -> Markup {
    let notes = order.list("notes");
    if notes.is_empty() {
        return html! {};
    }
    parts::section(
        desk.t("Notes"),
        &html! {
            ul.plain {
                @for note in notes {
                    li { (note.text("text")) " " small { (parts::ago(desk, note.text("at"))) } }
                }
            }
        },
    )
}
