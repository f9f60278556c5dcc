//! How long many things took.

// Times are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use serde::Serialize;
use std::time::Duration;

/// What is told of many times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spread {
    /// Half of them took no longer.
    pub(super) p50_ms: f64,
    /// 95 of a hundred.
    pub(super) p95_ms: f64,
    /// 99 of a hundred.
    pub(super) p99_ms: f64,
    /// The longest.
    pub(super) max_ms: f64,
}

/// Times, in any order.
pub(super) fn spread(mut times: Vec<Duration>) -> Spread {
    times.sort_unstable();
    Spread {
        p50_ms: milliseconds(rank(&times, 500)),
        p95_ms: milliseconds(rank(&times, 950)),
        p99_ms: milliseconds(rank(&times, 990)),
        max_ms: milliseconds(rank(&times, 1000)),
    }
}

/// How many a second; 0 for no time at all.
pub(super) fn per_second(count: u64, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// The one by the other, to two digits; `None` if there is nothing to compare with.
pub(super) fn ratio(one: u64, other: u64) -> Option<f64> {
    (other > 0).then(|| rounded(one as f64 / other as f64))
}

/// To two digits after the point.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// To two digits after the point.
pub(super) fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1000.0)
}

/// The nearest rank: the shortest time that so many of a thousand did not exceed.
fn rank(sorted: &[Duration], permille: usize) -> Duration {
    let place = (sorted.len() * permille).div_ceil(1000).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(all: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        all.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn a_percentile_is_the_shortest_time_that_so_many_did_not_exceed() {
        let found = spread(ms((1..=100).rev()));
        let expected = Spread { p50_ms: 50.0, p95_ms: 95.0, p99_ms: 99.0, max_ms: 100.0 };
        assert_eq!(found, expected);
        assert_eq!(spread(ms([7])).p50_ms, 7.0);
    }

    #[test]
    fn of_nothing_everything_is_nothing() {
        assert_eq!(spread(Vec::new()), Spread::default());
        assert_eq!(ratio(7, 0), None);
    }

    #[test]
    fn a_rate_counts_the_time_it_took() {
        assert_eq!(per_second(500, Duration::from_millis(250)), 2000);
        assert_eq!(ratio(13, 10), Some(1.3));
    }
}
