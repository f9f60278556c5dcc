//! How long calls that were not done wait before they are made again.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// How long a call that was not done waits: twice as long after each further try, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PaymentBackoff)]
pub struct Backoff {
    /// After the first try, in milliseconds.
    pub first_ms: u64,
    /// At most, in milliseconds.
    pub ms_max: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first_ms: 5_000, ms_max: 15 * 60 * 1000 }
    }
}

impl Backoff {
    /// The wait after so many tries, and up to a fifth more.
    pub fn wait(self, tries: u32, jitter_permille: u16) -> Duration {
        let doubled = 1_u64 << tries.saturating_sub(1).min(32);
        let base = self.first_ms.saturating_mul(doubled).min(self.ms_max);
        let jitter = (base / 5).saturating_mul(u64::from(jitter_permille.min(1000))) / 1000;
        Duration::from_millis(base.saturating_add(jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: Backoff) -> [u128; 6] {
        [1, 2, 3, 8, 9, 40].map(|tries| backoff.wait(tries, 0).as_millis())
    }

    #[test]
    fn each_try_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
        let all = waits(Backoff::default());
        assert_eq!(all, [5_000, 10_000, 20_000, 640_000, 900_000, 900_000]);
    }

    #[test]
    fn a_node_may_want_shorter_waits_and_nothing_overflows() {
        assert_eq!(waits(Backoff { first_ms: 10, ms_max: 50 }), [10, 20, 40, 50, 50, 50]);
        let endless = Backoff { first_ms: u64::MAX, ms_max: u64::MAX };
        assert_eq!(endless.wait(u32::MAX, 0), Duration::from_millis(u64::MAX));
    }

    #[test]
    fn up_to_a_fifth_is_added_so_that_calls_do_not_come_in_step() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(1, 500), Duration::from_millis(5_500));
        assert_eq!(backoff.wait(1, 1000), Duration::from_millis(6_000));
    }
}
