//! A circuit breaker: after some failures in a row an account gets a rest, then one call goes
//! out to see whether it works again. A provider that asks for patience gets it too.

use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{Timestamp, payment::CallFault};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Failures in a row.
const FAILURES_MAX: u32 = 5;
/// The first rest; it doubles with each probe that fails.
const REST: Duration = Duration::from_secs(15);
const REST_MAX: Duration = Duration::from_secs(300);

/// The breaker of one account.
#[derive(Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// How often in a row it has rested.
    rests: u32,
    until: Option<Timestamp>,
    probing: bool,
}

/// The leave to make one call. Dropped without a report it says nothing, and a probe is over.
pub struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    /// Leave to call, or when to come again.
    pub fn admit(&self, now: Timestamp) -> Result<Permit<'_>, Timestamp> {
        let mut state = self.lock();
        let Some(until) = state.until else {
            return Ok(Permit { breaker: self, probe: false });
        };
        if now < until {
            return Err(until);
        }
        if state.probing {
            return Err(now.plus(REST));
        }
        state.probing = true;
        Ok(Permit { breaker: self, probe: true })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// What came of the call. A provider that says no is well.
    pub fn report<T>(self, answer: &Result<T, GatewayFault>, now: Timestamp) {
        let mut state = self.breaker.lock();
        match answer {
            Err(fault) if fault.cause == FaultCause::Provider => {
                state.failures += 1;
                // Calls that were under way when it tripped do not make the rest longer.
                let trips = state.failures >= FAILURES_MAX && state.until.is_none();
                if self.probe || trips {
                    let rest = REST * 2_u32.saturating_pow(state.rests.min(10));
                    state.rests += 1;
                    state.until = Some(now.plus(rest.min(REST_MAX)));
                }
            }
            Err(GatewayFault {
                cause: FaultCause::Throttled,
                fault: CallFault::Retry { at: Some(at), .. },
                ..
            }) => state.until = state.until.max(Some(*at)),
            Err(GatewayFault { cause: FaultCause::Here, .. }) => {}
            Ok(_) | Err(_) => {
                (state.failures, state.rests, state.until) = (0, 0, None);
            }
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::payment::Problem;

    const NOW: Timestamp = Timestamp::from_millis(1_768_471_200_000);

    fn failed() -> Result<(), GatewayFault> {
        Err(GatewayFault::retry(FaultCause::Provider, Problem::new("no_answer", "none")))
    }

    fn tripped() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            breaker.admit(NOW).ok().unwrap().report(&failed(), NOW);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_give_the_account_a_rest() {
        let breaker = tripped();
        assert_eq!(breaker.admit(NOW).err(), Some(NOW.plus(REST)));
    }

    #[test]
    fn after_the_rest_one_call_goes_out_and_its_success_lets_all_through() {
        let breaker = tripped();
        let later = NOW.plus(REST);
        let probe = breaker.admit(later).ok().unwrap();
        assert!(breaker.admit(later).is_err());
        probe.report(&Ok(()), later);
        assert!(breaker.admit(later).is_ok());
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn a_probe_that_fails_doubles_the_rest() {
        let breaker = tripped();
        let later = NOW.plus(REST);
        breaker.admit(later).ok().unwrap().report(&failed(), later);
        assert_eq!(breaker.admit(later).err(), Some(later.plus(REST * 2)));
    }

    #[test]
    fn a_probe_that_is_dropped_does_not_close_the_account_for_ever() {
        let breaker = tripped();
        let later = NOW.plus(REST);
        drop(breaker.admit(later));
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn a_provider_that_asks_for_patience_gets_it() {
        let breaker = Breaker::default();
        let at = NOW.plus(Duration::from_secs(7));
        let fault = CallFault::Retry { at: Some(at), fresh_key: false };
        let answer: Result<(), _> =
            Err(GatewayFault::new(fault, FaultCause::Throttled, Problem::new("rate_limit", "")));
        breaker.admit(NOW).ok().unwrap().report(&answer, NOW);
        assert_eq!(breaker.admit(NOW).err(), Some(at));
        assert!(breaker.admit(at).is_ok());
    }

    #[test]
    fn calls_under_way_when_it_trips_do_not_make_the_rest_longer() {
        let breaker = Breaker::default();
        let permits: Vec<_> = (0..8).map(|_| breaker.admit(NOW).ok().unwrap()).collect();
        for permit in permits {
            permit.report(&failed(), NOW);
        }
        assert_eq!(breaker.admit(NOW).err(), Some(NOW.plus(REST)));
    }

    #[test]
    fn a_refusal_is_no_failure() {
        let breaker = Breaker::default();
        for _ in 0..20 {
            let no: Result<(), _> =
                Err(GatewayFault::give_up(FaultCause::Refused, Problem::new("declined", "")));
            breaker.admit(NOW).ok().unwrap().report(&no, NOW);
        }
        assert!(breaker.admit(NOW).is_ok());
    }
}
