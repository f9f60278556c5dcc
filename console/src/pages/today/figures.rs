//! The day's figures, as the API adds them up, in the steps of the page's chart.

use super::{hour, minute};
use crate::{
    backend::Trouble,
    desk::{Desk, query},
    value::Read,
};
use chrono::Timelike;
use serde_json::Value;

/// Orders shown as the latest.
const LATEST: &str = "12";

/// What was sold today.
#[derive(Default)]
pub(super) struct Figures {
    /// The day.
    pub(super) day: String,
    /// Orders of today that are counted.
    pub(super) orders: i64,
    /// Whether these are all of today's.
    pub(super) complete: bool,
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
        day: day.text("day").to_owned(),
        orders: day.int("orders"),
        complete: day.is("complete"),
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
    figures.hourly = figures.complete && busy > 2;
    if !figures.hourly {
        let step = |one: &Value| (minute(desk, one.text("at")), one.int("orders"));
        (figures.steps, figures.hours) = day.list("minutes").iter().map(step).unzip();
    }
    figures
}
