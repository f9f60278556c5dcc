//! When something is tried again: delays with a spread, so that what failed together does not
//! come back together. The chance is thrown by the caller and arrives as a number.

use std::time::Duration;

/// A delay, later by up to a fifth of it: `permille` thousandths of that fifth.
pub fn spread(delay: Duration, permille: u16) -> Duration {
    let permille = u32::from(permille.min(1000));
    delay.saturating_add((delay / 5).saturating_mul(permille) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_adds_between_nothing_and_a_fifth() {
        let delay = Duration::from_secs(100);
        assert_eq!(spread(delay, 0), delay);
        assert_eq!(spread(delay, 500), Duration::from_secs(110));
        assert_eq!(spread(delay, 1000), Duration::from_secs(120));
        assert_eq!(spread(delay, u16::MAX), Duration::from_secs(120));
    }
}
