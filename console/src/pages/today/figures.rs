//! The day's figures, added up from the API's list of orders: so many pages and no more.

use super::{hour, minute};
use crate::{
    backend::{Trouble, page_at},
    desk::Desk,
    format,
    value::Read,
};
use chrono::Timelike;
use serde_json::Value;
use std::collections::BTreeMap;

/// Pages of orders that are read at most.
const PAGES_MAX: usize = 5;
/// Orders shown as the latest.
const LATEST: usize = 12;
/// Steps of a chart by minutes at most.
const MINUTES_MAX: usize = 60;

/// What was sold today.
#[derive(Default)]
pub(super) struct Figures {
    /// Orders of today that were read.
    pub(super) orders: i64,
    /// Orders that were read.
    pub(super) read: i64,
    /// Whether all of today's are among them.
    pub(super) complete: bool,
    /// Of today's, those that are paid.
    pub(super) paid: i64,
    /// What they come to, by currency, without what was cancelled.
    pub(super) revenue: BTreeMap<String, i64>,
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

/// Reads today's orders, the newest first.
pub(super) async fn read_day(desk: &Desk) -> Result<Figures, Trouble> {
    let begun = format::midnight(desk.zone(), desk.now());
    let (mut orders, mut cursor, mut complete) = (Vec::new(), String::new(), false);
    for _ in 0..PAGES_MAX {
        let path = page_at("/v1/orders?limit=200", &cursor);
        let mut page = desk.api().get(&path).await?;
        cursor = page.text("next_cursor").to_owned();
        let items = page["items"].take();
        let Value::Array(items) = items else { break };
        let reached = items.last().is_none_or(|last| {
            format::instant(last.text("placed_at")).is_some_and(|at| at < begun)
        });
        orders.extend(items);
        if reached || cursor.is_empty() {
            complete = true;
            break;
        }
    }
    Ok(add_up(desk, orders, complete))
}

fn add_up(desk: &Desk, orders: Vec<Value>, complete: bool) -> Figures {
    let begun = format::midnight(desk.zone(), desk.now());
    let mut figures = Figures { complete, ..Figures::default() };
    figures.read = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    let mut channels = BTreeMap::<String, i64>::new();
    for order in &orders {
        let Some(at) = format::instant(order.text("placed_at")) else { continue };
        if at < begun {
            continue;
        }
        figures.orders += 1;
        *channels.entry(order.text("channel").to_owned()).or_default() += 1;
        figures.paid += i64::from(order.has("paid_at"));
        if order.text("status") != "cancelled" {
            let currency = order.text("currency").to_owned();
            *figures.revenue.entry(currency).or_default() += order.int("total_minor");
        }
    }
    figures.channels = channels.into_iter().collect();
    figures.channels.sort_by_key(|(_, count)| -count);
    (figures.steps, figures.hours) = by_hours(desk, &orders);
    // A day that has just begun, or whose orders come fast, is told by minutes.
    let busy = figures.hours.iter().filter(|count| **count > 0).count();
    figures.hourly = complete && busy > 2;
    if !figures.hourly {
        (figures.steps, figures.hours) = by_minutes(desk, &orders);
    }
    figures.latest = orders.into_iter().take(LATEST).collect();
    figures
}

fn by_hours(desk: &Desk, orders: &[Value]) -> (Vec<String>, Vec<i64>) {
    let (begun, now) = (format::midnight(desk.zone(), desk.now()), desk.now());
    let last = now.with_timezone(&desk.zone()).hour();
    let mut counts = vec![0; last as usize + 1];
    for order in orders {
        let Some(at) = format::instant(order.text("placed_at")) else { continue };
        let hour = at.with_timezone(&desk.zone()).hour() as usize;
        if at >= begun
            && let Some(count) = counts.get_mut(hour)
        {
            *count += 1;
        }
    }
    ((0..=last).map(hour).collect(), counts)
}

fn by_minutes(desk: &Desk, orders: &[Value]) -> (Vec<String>, Vec<i64>) {
    let mut minutes = Vec::<(String, i64)>::new();
    for order in orders.iter().rev() {
        let minute = minute(desk, order.text("placed_at"));
        match minutes.last_mut().filter(|(known, _)| *known == minute) {
            Some((_, count)) => *count += 1,
            None => minutes.push((minute, 1)),
        }
    }
    let skip = minutes.len().saturating_sub(MINUTES_MAX);
    minutes.into_iter().skip(skip).unzip()
}
