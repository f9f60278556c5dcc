//! Channels that orders come from: what each brought on a day, and what needs somebody there.

use super::{Answer, day::Day, orders::filters::narrowed};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    format,
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 7] = [
    words("Channel"),
    figures("Orders"),
    figures("Ordered for"),
    figures("Paid").minor(),
    figures("Paid, no stock"),
    figures("Cancelled").minor(),
    words("Last order"),
];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/channels", get(show))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let told = desk.api().get(&query("/v1/summary", &[("day", asked.text("day"))])).await?;
    let day = Day::of(&told);
    let channels = told.list("channels").iter();
    let rows: Vec<_> = channels.map(|channel| row(&desk, channel, &day)).collect();
    if desk.wants_csv() {
        return Ok(csv::of(&desk, &COLUMNS, &rows));
    }
    let main = html! {
        (parts::heading(desk.t("Channels"), &days(&desk, &day.name), &html! {
            (parts::export(&desk))
        }))
        div #live data-live="order.*" {
            (day.notice(&desk))
            @if rows.is_empty() {
                (parts::empty(desk.t("No channel has brought an order yet"),
                    desk.t("Each order names its channel: a shop front, a till, a marketplace. It appears here with its first one.")))
            } @else { (table(&desk, desk.t("Channels"), &COLUMNS, &rows, None)) }
        }
    };
    Ok(desk.page(desk.t("Channels"), main))
}

/// The day that is shown, and the ways to the days around it.
fn days(desk: &Desk, day: &str) -> Markup {
    let Ok(shown) = day.parse::<NaiveDate>() else { return html! {} };
    let url = |day: Option<NaiveDate>| {
        day.map(|day| desk.url(&format!("/channels?day={}", escape(&day.to_string()))))
    };
    let today = desk.now().with_timezone(&desk.zone()).date_naive();
    html! {
        @if let Some(url) = url(shown.checked_sub_days(Days::new(1))) {
            a href=(url) { (desk.t("The day before")) }
        }
        strong { (format::day(desk.language(), shown)) }
        @if shown < today {
            @if let Some(url) = url(shown.checked_add_days(Days::new(1))) {
                a href=(url) { (desk.t("The day after")) }
            }
            a href=(desk.url("/channels")) { (desk.t("Today")) }
        }
    }
}

fn row(desk: &Desk, told: &Value, day: &Day) -> Row {
    let channel = ("channel", told.text("channel"));
    let count = |name: &str, (like, value): (&str, &str), tone: &'static str| match told.int(name) {
        0 => html! { span.quiet { "–" } },
        count => html! {
            a href=(day.orders(desk, &[channel, (like, value)])) {
                span class={ "figure " (tone) } { (desk.number(count)) }
            }
        },
    };
    Row {
        id: channel.1.to_owned(),
        // Without an order of the day, the name leads to those of other days.
        href: match told.int("orders") {
            0 => narrowed(desk, &[channel]),
            _ => day.orders(desk, &[channel]),
        },
        cells: vec![
            html! { (channel.1) },
            count("orders", ("status", ""), ""),
            html! {
                @for (place, sum) in told.list("revenue").iter().enumerate() {
                    @if place > 0 { ", " }
                    @let currency = sum.text("currency");
                    @let like = [channel, ("currency", currency), ("cancelled", "false")];
                    a href=(day.orders(desk, &like)) {
                        (parts::money(desk, sum.int("amount_minor"), currency))
                    }
                }
                @if told.list("revenue").is_empty() { span.quiet { "–" } }
            },
            count("paid", ("paid", "true"), ""),
            count("paid_without_stock", ("status", "paid_without_stock"), "red"),
            count("cancelled", ("status", "cancelled"), ""),
            html! {
                @if told.has("last_order") {
                    a href=(desk.url(&format!("/orders/{}", escape(told.text("/last_order/id"))))) {
                        (told.text("/last_order/number"))
                    }
                    " " small { (parts::ago(desk, told.text("/last_order/placed_at"))) }
                }
            },
        ],
    }
}
