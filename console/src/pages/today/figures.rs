//! The day's figures, as the API adds them up, in the steps of the page's chart.

use super::{super::day::Day, hour, minute};
use crate::{
    backend::Trouble,
    desk::{Desk, query},
    format,
    value::Read,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// Orders shown as the latest.
const LATEST: &str = "12";

/// From when on, and until when.
pub(super) type Span = (DateTime<Utc>, DateTime<Utc>);

/// What was sold today.
#[derive(Default)]
pub(super) struct Figures {
    /// The day, with its orders that are counted.
    pub(super) day: Day,
    /// Of these, those that are paid.
    pub(super) paid: i64,
    /// What they come to, by currency, without what was cancelled.
    pub(super) revenue: Vec<(String, i64)>,
    /// What is left of it after what the goods cost, by currency; nothing, where that is not for
    /// whoever looks.
    pub(super) margin: Vec<Value>,
    /// Orders by channel, the busiest first.
    pub(super) channels: Vec<(String, i64)>,
    /// The names of the chart's steps: hours, or minutes where orders come fast.
    pub(super) steps: Vec<String>,
    /// From when to when each step is; nothing for those without orders.
    pub(super) spans: Vec<Option<Span>>,
    /// Whether the steps are hours.
    pub(super) hourly: bool,
    /// Orders by step.
    pub(super) hours: Vec<i64>,
    /// The newest orders.
    pub(super) latest: Vec<Value>,
}

/// Reads what was sold today.
pub(super) async fn read_day(desk: &Desk) -> Result<Figures, Trouble> {
    let latest = query("/v1/orders", &[("limit", LATEST)]);
    let (day, latest) = tokio::join!(desk.api().get("/v1/summary"), desk.api().get(&latest));
    Ok(told(desk, &day?, latest?.list("items").to_vec()))
}

fn told(desk: &Desk, day: &Value, latest: Vec<Value>) -> Figures {
    let (channel, sum) = (
        |one: &Value| (one.text("channel").to_owned(), one.int("orders")),
        |one: &Value| (one.text("currency").to_owned(), one.int("amount_minor")),
    );
    let channels = day.list("channels").iter().map(channel);
    let mut channels: Vec<_> = channels.filter(|(_, orders)| *orders > 0).collect();
    channels.sort_by_key(|(_, orders)| -orders);
    let mut figures = Figures {
        day: Day::of(day),
        paid: day.int("paid"),
        revenue: day.list("revenue").iter().map(sum).collect(),
        margin: day.list("margin").to_vec(),
        channels,
        latest,
        ..Figures::default()
    };
    let counts = day.list("hours").iter().filter_map(Value::as_i64);
    figures.hours =
        counts.take(desk.now().with_timezone(&desk.zone()).hour() as usize + 1).collect();
    figures.steps = (0..24).take(figures.hours.len()).map(hour).collect();
    // A day that has just begun, or whose orders come fast, is told by minutes.
    let busy = figures.hours.iter().filter(|count| **count > 0).count();
    figures.hourly = figures.day.complete && busy > 2;
    if figures.hourly {
        let span =
            |(hour, count): (u32, &i64)| hour_of(&figures.day.name, hour, desk.zone(), *count);
        figures.spans = (0..24).zip(&figures.hours).map(span).collect();
    } else {
        let first = figures.day.counted_from();
        let span = |told: &Value| minute_of(told, first);
        figures.spans = day.list("minutes").iter().map(span).collect();
        let step = |one: &Value| (minute(desk, one.text("at")), one.int("orders"));
        (figures.steps, figures.hours) = day.list("minutes").iter().map(step).unzip();
    }
    figures
}

/// From when to when an hour of a day is: two hours long where clocks are turned back in it.
fn hour_of(day: &str, hour: u32, zone: Tz, count: i64) -> Option<Span> {
    let midnight = day.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?;
    let at = |hour: u32| begins(zone, midnight + TimeDelta::hours(i64::from(hour)));
    let (from, to) = (at(hour)?, at(hour + 1)?);
    (count > 0 && from < to).then_some((from, to))
}

/// When a time of the clock is there first. Where clocks are put forward it is not there: then the
/// first one after it that is.
fn begins(zone: Tz, at: NaiveDateTime) -> Option<DateTime<Utc>> {
    let mut later = (0..=6).map(|halves| at + TimeDelta::minutes(30 * halves));
    let there = later.find_map(|at| zone.from_local_datetime(&at).earliest());
    there.map(|there| there.with_timezone(&Utc))
}

/// From when to when a minute is; the first one begins with the first order that was counted.
fn minute_of(told: &Value, first: Option<DateTime<Utc>>) -> Option<Span> {
    let from = format::instant(told.text("at"))?;
    Some((first.map_or(from, |first| first.max(from)), from + TimeDelta::minutes(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_of_the_shops_day_and_as_long_as_its_clocks_make_it() {
        let span = |day: &str, hour: u32| {
            let span = hour_of(day, hour, chrono_tz::Europe::Prague, 1);
            span.map(|(from, to)| format!("{} {}", from.format("%H:%M"), to.format("%H:%M")))
        };
        assert_eq!(span("2026-11-27", 14).as_deref(), Some("13:00 14:00"));
        assert_eq!(span("2026-11-27", 23).as_deref(), Some("22:00 23:00"));
        assert_eq!(span("2026-10-25", 2).as_deref(), Some("00:00 02:00"), "turned back");
        assert_eq!(span("2026-03-29", 2), None, "put forward: there is no such hour");
        assert_eq!(span("2026-03-29", 3).as_deref(), Some("01:00 02:00"));
        assert_eq!(hour_of("2026-11-27", 14, Tz::UTC, 0), None, "nothing to be led to");
    }
}
