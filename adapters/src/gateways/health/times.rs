//! How long calls took, counted by times that double or so: known to a half, in little memory.

use std::time::Duration;

/// Times that calls are told apart by, in milliseconds; what takes longer counts in the last.
pub(super) const TIMES_MS: [u64; 26] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000,
    3_000, 5_000, 10_000, 20_000, 40_000, 90_000,
];

/// Where a time counts.
pub(super) fn place(took: Duration) -> usize {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    TIMES_MS.iter().position(|most| ms <= *most).unwrap_or(TIMES_MS.len() - 1)
}

/// Within what time so many of a hundred came.
pub(super) fn within(times: &[u64], percent: u64) -> Option<u64> {
    let all: u64 = times.iter().sum();
    let wanted = all.saturating_mul(percent).div_ceil(100);
    let mut passed = 0;
    let place = times.iter().position(|count| {
        passed += count;
        0 < all && wanted <= passed
    });
    place.and_then(|place| TIMES_MS.get(place).copied())
}
