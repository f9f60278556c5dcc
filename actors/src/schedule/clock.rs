//! Cron expressions on the clocks of a time zone. Pure: the present comes in.

use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use kontor_messages::{
    Timestamp,
    schedule::{Plan, ScheduleRefusal},
};

/// A plan's expression in its zone.
pub(super) struct Clock {
    cron: Cron,
    zone: Tz,
}

impl Clock {
    /// Reads a plan's expression and zone.
    pub(super) fn read(plan: &Plan) -> Result<Self, ScheduleRefusal> {
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(&plan.cron).map_err(|broken| {
            let form = "minute, hour, day of month, month and day of week, such as 30 2 * * *";
            invalid("/plan/cron", format!("expected {form}: {broken}"))
        })?;
        let zone = plan.zone.parse().map_err(|_| {
            invalid("/plan/zone", "expected an IANA time zone, such as Europe/Prague")
        })?;
        Ok(Self { cron, zone })
    }

    /// The first time after `now`; `None` if there is none any more. Where the clocks go forward,
    /// a fixed time that is left out comes right after the gap; where they go back, it comes once.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let now = now.to_utc().with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        Some(Timestamp::from_millis(next.timestamp_millis()))
    }
}

/// The next time of a plan that was checked when it was put.
pub(super) fn next(plan: &Plan, now: Timestamp) -> Option<Timestamp> {
    if !plan.enabled {
        return None;
    }
    Clock::read(plan).ok()?.next(now)
}

pub(super) fn invalid(pointer: &str, expected: impl Into<String>) -> ScheduleRefusal {
    ScheduleRefusal::Invalid { pointer: pointer.to_owned(), expected: expected.into() }
}
