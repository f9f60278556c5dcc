//! What a supervisor does about a child's death. Pure.

use std::time::{Duration, Instant};

/// When a death is one too many, and how long to wait before the next life.
#[derive(Clone, Debug)]
pub struct RestartPolicy {
    /// Deaths within `window` that are put up with.
    pub deaths_max: usize,
    /// How long a death counts.
    pub window: Duration,
    /// The wait after the first death; doubles with each further one.
    pub backoff_first: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            deaths_max: 5,
            window: Duration::from_secs(60),
            backoff_first: Duration::from_millis(20),
            backoff_max: Duration::from_secs(5),
        }
    }
}

/// A supervisor's judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Start it again after this wait.
    RestartAfter(Duration),
    /// It does not stay up: take it out of service.
    Escalate,
}

/// Judges a child by its recent deaths, newest last.
pub fn verdict(policy: &RestartPolicy, deaths: &[Instant], now: Instant) -> Verdict {
    let recent = deaths.iter().filter(|death| now.duration_since(**death) < policy.window).count();
    if policy.deaths_max < recent {
        return Verdict::Escalate;
    }
    let doubled = 1_u32 << recent.saturating_sub(1).min(16);
    let wait = policy.backoff_first.saturating_mul(doubled).min(policy.backoff_max);
    Verdict::RestartAfter(if recent == 0 { Duration::ZERO } else { wait })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_death_doubles_the_wait_up_to_a_limit() {
        let (policy, now) =
            (RestartPolicy { deaths_max: 99, ..Default::default() }, Instant::now());
        let wait = |deaths: usize| verdict(&policy, &vec![now; deaths], now);
        assert_eq!(wait(0), Verdict::RestartAfter(Duration::ZERO));
        assert_eq!(wait(1), Verdict::RestartAfter(Duration::from_millis(20)));
        assert_eq!(wait(3), Verdict::RestartAfter(Duration::from_millis(80)));
        assert_eq!(wait(30), Verdict::RestartAfter(Duration::from_secs(5)));
    }

    #[test]
    fn one_death_too_many_takes_it_out_of_service_and_old_deaths_are_forgotten() {
        let (policy, then) = (RestartPolicy::default(), Instant::now());
        assert_eq!(verdict(&policy, &[then; 6], then), Verdict::Escalate);
        let later = then + policy.window;
        assert_eq!(verdict(&policy, &[then; 6], later), Verdict::RestartAfter(Duration::ZERO));
    }
}
