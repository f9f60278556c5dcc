//! When orders were placed: from then on, and before then.

use super::super::{access::Access, problem::Problem};
use chrono::{Days, NaiveDate};
use kontor_actors::placing::day_begins;
use kontor_messages::{Timestamp, id::least_from};
use std::time::Duration;

/// How long the id of an order may be older than the order: its goods are held in between.
const PLACING_MAX: Duration = Duration::from_secs(60);

/// When orders were placed.
pub(super) struct Placed {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Placed {
    /// Between two times, each as RFC 3339 or a day of the tenant's: a last day is in it.
    pub(super) fn read(
        access: &Access,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Self, Problem> {
        let zone = &access.settings().time_zone;
        let read = |name: &str, text: Option<&str>, days_on: u64| {
            let Some(text) = text else { return Ok(None) };
            let day = as_day(text).and_then(|day| day.checked_add_days(Days::new(days_on)));
            let at = day.map(|day| day_begins(zone, day)).or_else(|| Timestamp::parse(text));
            let expected = "expected a time as RFC 3339, such as 2026-01-15T10:00:00Z, or a day, \
                such as 2026-01-15";
            at.map(Some).ok_or_else(|| Problem::parameter(name, expected))
        };
        let (from, to) = (read("placed_from", from, 0)?, read("placed_to", to, 1)?);
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            return Err(Problem::parameter("placed_to", "expected a time after placed_from"));
        }
        Ok(Self { from, to })
    }

    /// Whether what was placed then is meant.
    pub(super) fn fits(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The least id of an order that was placed so late.
    pub(super) fn first(&self) -> Option<String> {
        self.from.map(first_id)
    }

    /// An id that only later orders have.
    pub(super) fn end(&self) -> Option<String> {
        self.to.map(least_from)
    }
}

/// A day as `2026-01-15` and in no other form.
pub(super) fn as_day(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// The least id that an order placed then or later may have.
pub(super) fn first_id(at: Timestamp) -> String {
    let slack = i64::try_from(PLACING_MAX.as_millis()).unwrap_or_default();
    least_from(Timestamp::from_millis(at.millis().saturating_sub(slack)))
}
