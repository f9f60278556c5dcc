//! Today: what was sold, what waits, and whether all is well. Each figure leads to what it is of.

mod figures;

use super::{Answer, margin, orders::filters::of_channel};
use crate::{
    desk::{Desk, query},
    format,
    state::Console,
    ui::parts::{self, Chart},
    value::Read,
};
use axum::{Router, routing::get};
use figures::{Figures, read_day};
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/", get(show))
}

/// What waits for somebody, and where it is seen to.
struct Waits {
    overdue: i64,
    dead: Count,
    without_stock: Count,
    differences: Count,
    undelivered: Count,
}

/// How many are on the first page of a list, and whether there are more.
#[derive(Clone, Copy)]
struct Count {
    seen: usize,
    more: bool,
}

impl Count {
    fn of(page: &Value) -> Self {
        Self { seen: page.list("items").len(), more: page.has("next_cursor") }
    }
}

async fn show(desk: Desk) -> Answer {
    let api = desk.api();
    let (day, timers, dead, without, differences, messages, open) = tokio::join!(
        read_day(&desk),
        api.get_if_any("/v1/timers?limit=500&overdue=true"),
        api.get_if_any("/v1/dead-letters?limit=50"),
        api.get_if_any("/v1/orders?limit=50&status=paid_without_stock"),
        api.get_if_any("/v1/differences?limit=50&status=open"),
        api.get_if_any("/v1/notifications?limit=50&status=given_up"),
        api.get_if_any("/v1/payments?limit=200&status=pending"),
    );
    let day = day?;
    let overdue = timers.list("items").len();
    let waits = Waits {
        overdue: i64::try_from(overdue).unwrap_or(i64::MAX),
        dead: Count::of(&dead),
        without_stock: Count::of(&without),
        differences: Count::of(&differences),
        undelivered: Count::of(&messages),
    };
    let main = html! {
        div #live data-live="order.* payment.* stock.* import.*" {
            (parts::heading(desk.t("Today"), &wellness(&desk, &waits), &html! {}))
            (tiles(&desk, &day, &waits, &open))
            div.columns {
                div {
                    (by_hour(&desk, &day))
                    (by_channel(&desk, &day))
                }
                (latest(&desk, &day))
            }
        }
    };
    Ok(desk.page(desk.t("Today"), main))
}

fn wellness(desk: &Desk, waits: &Waits) -> Markup {
    let all = [waits.dead, waits.without_stock, waits.differences, waits.undelivered];
    let troubles: usize = all.iter().map(|count| count.seen).sum();
    let text = match (troubles, waits.overdue) {
        (0, 0) => desk.t("All is well: nothing waits for you.").to_owned(),
        (0, overdue) => desk.f("{} overdue, being seen to.", &[&desk.number(overdue)]),
        (troubles, _) => {
            let troubles = desk.number(i64::try_from(troubles).unwrap_or(i64::MAX));
            desk.f("{} things wait for a person.", &[&troubles])
        }
    };
    let tone = if troubles > 0 {
        "red"
    } else if waits.overdue > 0 {
        "amber"
    } else {
        "green"
    };
    html! { span class={ "badge " (tone) } { (text) } }
}

fn tiles(desk: &Desk, day: &Figures, waits: &Waits, open: &Value) -> Markup {
    let plus = |count: Count| {
        let seen = desk.number(i64::try_from(count.seen).unwrap_or(i64::MAX));
        html! { (seen) @if count.more { "+" } }
    };
    let mark = |count: Count| if count.seen > 0 { "red" } else { "" };
    // The orders that these figures are made of: those of the day.
    let of_the_day = of_channel(desk, "", "", &day.day);
    let since = match &day.complete {
        true => desk.t("since midnight").to_owned(),
        false => desk.f("the latest {}, not the whole day", &[&desk.number(day.orders)]),
    };
    html! {
        div.tiles {
            (parts::tile(desk.t("Orders"), &html! { (desk.number(day.orders)) }, &since,
                &of_the_day, ""))
            @for (currency, minor) in &day.revenue {
                (parts::tile(desk.t("Ordered for"), &html! { (desk.money(*minor, currency)) },
                    &desk.f("{} paid", &[&desk.number(day.paid)]), &of_the_day, ""))
            }
            @for sum in &day.margin {
                (margin::tile(desk, sum, &desk.url(&query("/margin", &[("day", &day.day)]))))
            }
            (parts::tile(desk.t("Payments open"),
                &plus(Count::of(open)),
                desk.t("at the provider now"), &desk.url("/payments?status=pending"), ""))
            (parts::tile(desk.t("Paid, no stock"), &plus(waits.without_stock),
                desk.t("somebody decides"), &desk.url("/orders?status=paid_without_stock"),
                mark(waits.without_stock)))
            (parts::tile(desk.t("Not done"), &plus(waits.dead),
                desk.t("to try again or drop"), &desk.url("/dead-letters"), mark(waits.dead)))
            (parts::tile(desk.t("Messages not sent"), &plus(waits.undelivered),
                desk.t("to send again"), &desk.url("/messages?status=given_up"),
                mark(waits.undelivered)))
            (parts::tile(desk.t("Differences"), &plus(waits.differences),
                desk.t("to the providers' lists"), &desk.url("/payments/differences"),
                mark(waits.differences)))
            (parts::tile(desk.t("Overdue"), &html! { (desk.number(waits.overdue)) },
                desk.t("past their time"), &desk.url("/overdue"),
                if waits.overdue > 0 { "amber" } else { "" }))
        }
    }
}

fn by_hour(desk: &Desk, day: &Figures) -> Markup {
    let counts: Vec<_> = day.hours.iter().map(|count| desk.number(*count)).collect();
    let (steps, hours) = (day.steps.clone(), day.hours.clone());
    let title = match (day.complete, day.hourly) {
        (true, true) => desk.f("{} orders today", &[&desk.number(day.orders)]),
        (true, false) => desk.f("{} orders today, by minute", &[&desk.number(day.orders)]),
        (false, _) => desk.f("{} orders, by minute", &[&desk.number(day.orders)]),
    };
    let series = [(desk.t("Orders").to_owned(), hours, counts)];
    parts::chart(desk, &Chart { title: &title, steps: &steps, series: &series })
}

fn by_channel(desk: &Desk, day: &Figures) -> Markup {
    let most = day.channels.iter().map(|(_, count)| *count).max().unwrap_or(1);
    parts::section(
        desk.t("By channel"),
        &html! {
            @if day.channels.is_empty() {
                (parts::empty(desk.t("Nothing was sold yet today"),
                    desk.t("Orders come by POST /v1/orders, from a channel or a shop front.")))
            }
            ul.bars {
                @for (channel, count) in &day.channels {
                    li { a href=(of_channel(desk, channel, "", &day.day)) { (channel) } meter min="0" max=(most) value=(count)
                            aria-label=(channel) {}
                        span.figure { (desk.number(*count)) } }
                }
            }
            p { a href=(desk.url("/channels")) { (desk.t("All channels")) } }
        },
    )
}

fn latest(desk: &Desk, day: &Figures) -> Markup {
    parts::section(
        desk.t("Latest orders"),
        &html! {
            ul.feed {
                @for order in &day.latest {
                    li {
                        a href=(desk.url(&format!("/orders/{}", order.text("id")))) {
                            strong { (order.text("number")) }
                        }
                        (parts::money(desk, order.int("total_minor"), order.text("currency")))
                        small {
                            (order.text("/customer/name")) ", "
                            (parts::ago(desk, order.text("placed_at")))
                        }
                        (parts::badge(desk, order.text("status")))
                    }
                }
            }
            p { a href=(desk.url("/orders")) { (desk.t("All orders")) } }
        },
    )
}

/// The hour of a step, as people say it.
fn hour(hour: u32) -> String {
    format!("{hour:02}:00")
}

/// The minute of a step.
fn minute(desk: &Desk, at: &str) -> String {
    let at = format::instant(at).map(|at| at.with_timezone(&desk.zone()));
    at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default()
}
