//! Instants: UTC, milliseconds, written as RFC 3339.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, time::Duration};
use utoipa::ToSchema;

/// 0000-01-01T00:00:00.000Z: RFC 3339 writes no earlier year.
const MILLIS_MIN: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z: nor a later one.
const MILLIS_MAX: i64 = 253_402_300_799_999;

/// An instant in UTC with millisecond precision, such as RFC 3339 can write: what was kept can be
/// read again as it was, whatever others tell us of time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, ToSchema)]
#[schema(value_type = String, format = "date-time", example = "2026-01-15T10:00:00.000Z")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z; the end of time, or its
    /// beginning, where that is beyond it.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < MILLIS_MIN {
            Self(MILLIS_MIN)
        } else if MILLIS_MAX < millis {
            Self(MILLIS_MAX)
        } else {
            Self(millis)
        }
    }

    /// What the machine's clock says. For the edges; decisions are told the time.
    pub fn now() -> Self {
        Self::from_millis(Utc::now().timestamp_millis())
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved into the future; stays at the end of time instead of wrapping.
    pub fn plus(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(span))
    }

    /// The time from `earlier` until this instant; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self::from_millis(at.timestamp_millis()))
    }

    /// The same instant in the calendar's own type, whose range is wider.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("expected a time as RFC 3339, such as 2026-01-15T10:00:00Z")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_what_it_writes() {
        let at = Timestamp::from_millis(1_768_471_200_123);
        assert_eq!(at.to_string(), "2026-01-15T10:00:00.123Z");
        assert_eq!(Timestamp::parse("2026-01-15T11:00:00.123+01:00"), Some(at));
    }

    #[test]
    fn an_instant_that_no_calendar_writes_is_the_end_of_time_or_its_beginning() {
        let far = [i64::MIN, MILLIS_MIN - 1, MILLIS_MAX + 1, 17_698_176_007_600_000, i64::MAX];
        let told = far.map(Timestamp::from_millis);
        let later = Timestamp::from_millis(MILLIS_MAX).plus(Duration::MAX);
        let parsed = Timestamp::parse("9999-12-31T23:59:59-23:59").unwrap();
        for at in told.into_iter().chain([later, parsed]) {
            assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        }
    }
}
