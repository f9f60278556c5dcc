//! Today: what was sold, what waits, and whether all is well. Each figure leads to what it is of.

mod figures;

use super::{Answer, margin, orders::filters::narrowed};
use crate::{
    desk::{Desk, query},
    format,
    state::Console,
    ui::parts::{self, Chart},
    value::Read,
};
use axum::{Router, routing::get};
use chrono::{DateTime, SecondsFormat, Utc};
use figures::{Figures, Span, read_day};
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/", get(show))
}

/// What waits for somebody, and where it is seen to.
struct Waits {
    overdue: Count,
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

    /// Several together: more than are seen, if one of them is.
    fn sum(all: &[Self]) -> Self {
        let more = all.iter().any(|count| count.more);
        Self { seen: all.iter().map(|count| count.seen).sum(), more }
    }

    fn told(self, desk: &Desk) -> String {
        let seen = desk.number(i64::try_from(self.seen).unwrap_or(i64::MAX));
        if self.more { seen + "+" } else { seen }
    }
}

async fn show(desk: Desk) -> Answer {
    let api = desk.api();
    let (day, timers, dead, without, differences, messages, open) = tokio::join!(
        read_day(&desk),
        api.get_if_any("/v1/timers?limit=500&overdue=true"),
        api.get_if_any("/v1/dead-letters?limit=50&parked=false"),
        api.get_if_any("/v1/orders?limit=50&status=paid_without_stock"),
        api.get_if_any("/v1/differences?limit=50&status=open"),
        api.get_if_any("/v1/notifications?limit=50&status=given_up"),
        api.get_if_any("/v1/payments?limit=200&status=pending"),
    );
    let day = day?;
    let waits = Waits {
        overdue: Count::of(&timers),
        dead: Count::of(&dead),
        without_stock: Count::of(&without),
        differences: Count::of(&differences),
        undelivered: Count::of(&messages),
    };
    let main = html! {
        div #live data-live="order.* payment.* stock.* import.*" {
            (parts::heading(desk.t("Today"), &wellness(&desk, &waits), &html! {}))
            (day.day.notice(&desk))
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
    let troubles = Count::sum(&all);
    let (text, tone) = match (troubles.seen, waits.overdue.seen) {
        (0, 0) => (desk.t("All is well: nothing waits for you.").to_owned(), "green"),
        (0, _) => (desk.f("{} overdue, being seen to.", &[&waits.overdue.told(desk)]), "amber"),
        _ => (desk.f("{} things wait for a person.", &[&troubles.told(desk)]), "red"),
    };
    html! { span class={ "badge " (tone) } { (text) } }
}

fn tiles(desk: &Desk, day: &Figures, waits: &Waits, open: &Value) -> Markup {
    let plus = |count: Count| html! { (count.told(desk)) };
    let mark = |count: Count| if count.seen > 0 { "red" } else { "" };
    html! {
        div.tiles {
            (sold(desk, day))
            (parts::tile(desk.t("Payments open"),
                &plus(Count::of(open)),
                desk.t("at the provider now"), &desk.url("/payments?status=pending"), ""))
            (parts::tile(desk.t("Paid, no stock"), &plus(waits.without_stock),
                desk.t("somebody decides"), &desk.url("/orders?status=paid_without_stock"),
                mark(waits.without_stock)))
            (parts::tile(desk.t("Not done"), &plus(waits.dead),
                desk.t("to try again or drop"), &desk.url("/dead-letters?parked=false"),
                mark(waits.dead)))
            (parts::tile(desk.t("Messages not sent"), &plus(waits.undelivered),
                desk.t("to send again"), &desk.url("/messages?status=given_up"),
                mark(waits.undelivered)))
            (parts::tile(desk.t("Differences"), &plus(waits.differences),
                desk.t("to the providers' lists"), &desk.url("/payments/differences"),
                mark(waits.differences)))
            (parts::tile(desk.t("Overdue"), &plus(waits.overdue),
                desk.t("past their time"), &desk.url("/overdue"),
                if waits.overdue.seen > 0 { "amber" } else { "" }))
        }
    }
}

/// What was sold, each figure with the way to the orders that it is made of.
fn sold(desk: &Desk, day: &Figures) -> Markup {
    let Figures { day: of, paid, revenue, margin, .. } = day;
    let since = match of.complete {
        true => desk.t("since midnight").to_owned(),
        false => desk.f("the latest {}, not the whole day", &[&desk.number(of.orders)]),
    };
    let lasting =
        |currency: &str| of.orders(desk, &[("currency", currency), ("cancelled", "false")]);
    html! {
        (parts::tile(desk.t("Orders"), &html! { (desk.number(of.orders)) }, &since,
            &of.orders(desk, &[]), ""))
        (parts::tile(desk.t("Paid"), &html! { (desk.number(*paid)) }, desk.t("of these orders"),
            &of.orders(desk, &[("paid", "true")]), ""))
        @for (currency, minor) in revenue {
            (parts::tile(desk.t("Ordered for"), &html! { (desk.money(*minor, currency)) },
                desk.t("without what was cancelled"), &lasting(currency), ""))
        }
        @for sum in margin {
            (margin::tile(desk, sum, &desk.url(&query("/margin", &[("day", &of.name)]))))
        }
    }
}

fn by_hour(desk: &Desk, day: &Figures) -> Markup {
    let counts: Vec<_> = day.hours.iter().map(|count| desk.number(*count)).collect();
    // Of minutes, the latest are told: their orders may be fewer than the day's.
    let shown: i64 = day.hours.iter().sum();
    let (all, orders) = (shown == day.day.orders && day.day.complete, desk.number(shown));
    let title = match (all, day.hourly) {
        (_, true) => desk.f("{} orders today", &[&orders]),
        (true, false) => desk.f("{} orders today, by minute", &[&orders]),
        (false, false) => {
            let minutes = desk.number(i64::try_from(day.steps.len()).unwrap_or(i64::MAX));
            desk.f("{} orders in the latest {} minutes that had any", &[&orders, &minutes])
        }
    };
    let series = [(desk.t("Orders").to_owned(), day.hours.clone(), counts)];
    let hrefs: Vec<_> = day.spans.iter().map(|span| of_span(desk, span.as_ref())).collect();
    let (steps, series) = (&day.steps, &series);
    parts::chart(desk, &Chart { title: &title, steps, series, hrefs: &hrefs })
}

/// The list of a step's orders; nothing, where the step has none.
fn of_span(desk: &Desk, span: Option<&Span>) -> String {
    let Some((from, to)) = span else { return String::new() };
    let told = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    narrowed(desk, &[("placed_from", &told(from)), ("placed_to", &told(to))])
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
                    li { a href=(day.day.orders(desk, &[("channel", channel)])) { (channel) } meter min="0" max=(most) value=(count)
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
