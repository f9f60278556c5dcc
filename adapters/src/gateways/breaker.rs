//! A circuit breaker: after some failures in a row an account gets a rest, then one call goes
//! out to see whether it works again. A provider that asks for patience gets it too.

use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{Timestamp, payment::CallFault};
use serde::Serialize;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use utoipa::ToSchema;

/// Failures in a row.
const FAILURES_MAX: u32 = 5;

/// How long an account rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// The first one; it doubles with each probe that fails.
    pub first: Duration,
    /// The longest.
    pub max: Duration,
}

/// The breaker of one account.
pub struct Breaker {
    rest: Rest,
    state: Mutex<State>,
}

struct State {
    failures: u32,
    /// How often in a row it has rested.
    rests: u32,
    until: Option<Timestamp>,
    /// When it last moved.
    since: Timestamp,
    probing: bool,
    /// Until when the provider wants to be left alone. It works, so nobody has to look first.
    patient_until: Option<Timestamp>,
    shown: Shown,
}

/// The breaker in the figures: one of its provider's in some position.
struct Shown {
    provider: &'static str,
    position: &'static str,
}

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BreakerPosition)]
pub enum Position {
    /// All calls go through.
    Closed,
    /// None goes through: the account rests after failures in a row.
    Open,
    /// One call is under way to see whether it works again.
    HalfOpen,
}

/// A breaker as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Breaker)]
pub struct Stand {
    /// Where.
    pub position: Position,
    /// Since when.
    pub since: Timestamp,
    /// Until when no call goes out: it rests, or the provider has asked for patience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// All calls go through.
const CLOSED: &str = "closed";
/// None goes through.
const OPEN: &str = "open";
/// One is under way to see.
const HALF_OPEN: &str = "half_open";

/// The leave to make one call. Dropped without a report it says nothing, and a probe is over.
pub struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Default for Rest {
    fn default() -> Self {
        Self { first: Duration::from_secs(15), max: Duration::from_secs(300) }
    }
}

impl Rest {
    /// After so many rests without an answer between them.
    fn after(self, rests: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(rests.min(10))).min(self.max)
    }
}

impl Breaker {
    /// The breaker of an account at a provider, which rests so long.
    pub fn new(provider: &'static str, rest: Rest) -> Self {
        let shown = Shown { provider, position: CLOSED };
        shown.count(1.0);
        let (until, patient_until, since) = (None, None, Timestamp::now());
        let (failures, rests, probing) = (0, 0, false);
        let state = State { failures, rests, until, since, probing, patient_until, shown };
        Self { rest, state: Mutex::new(state) }
    }

    /// Where it stands.
    pub fn stand(&self, now: Timestamp) -> Stand {
        let state = self.lock();
        let until = state.until.max(state.patient_until).filter(|until| now < *until);
        Stand { position: state.position(), since: state.since, until }
    }

    /// Leave to call, or when to come again.
    pub fn admit(&self, now: Timestamp) -> Result<Permit<'_>, Timestamp> {
        let mut state = self.lock();
        if let Some(until) = state.patient_until.filter(|until| now < *until) {
            return Err(until);
        }
        let Some(until) = state.until else {
            return Ok(Permit { breaker: self, probe: false });
        };
        if now < until {
            return Err(until);
        }
        if state.probing {
            return Err(now.plus(self.rest.first));
        }
        state.probing = true;
        state.show(now);
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
                    let rest = self.breaker.rest.after(state.rests);
                    state.rests += 1;
                    state.until = Some(now.plus(rest));
                }
            }
            Err(GatewayFault {
                cause: FaultCause::Throttled,
                fault: CallFault::Retry { at: Some(at), .. },
                ..
            }) => {
                (state.failures, state.rests, state.until) = (0, 0, None);
                state.patient_until = state.patient_until.max(Some(*at));
            }
            Err(GatewayFault { cause: FaultCause::Here, .. }) => {}
            Ok(_) | Err(_) => {
                (state.failures, state.rests, state.until) = (0, 0, None);
            }
        }
        state.show(now);
    }
}

impl State {
    fn position(&self) -> Position {
        match self.until {
            None => Position::Closed,
            Some(_) if self.probing => Position::HalfOpen,
            Some(_) => Position::Open,
        }
    }

    fn show(&mut self, now: Timestamp) {
        let position = match self.position() {
            Position::Closed => CLOSED,
            Position::HalfOpen => HALF_OPEN,
            Position::Open => OPEN,
        };
        if self.shown.moves_to(position) {
            self.since = now;
        }
    }
}

impl Shown {
    /// Whether that is somewhere else.
    fn moves_to(&mut self, position: &'static str) -> bool {
        let moves = self.position != position;
        if moves {
            self.count(-1.0);
            self.position = position;
            self.count(1.0);
        }
        moves
    }

    fn count(&self, more: f64) {
        metrics::gauge!("kontor_gateway_breakers", "provider" => self.provider,
            "state" => self.position)
        .increment(more);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.count(-1.0);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            let mut state = self.breaker.lock();
            state.probing = false;
            state.show(Timestamp::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::payment::Problem;
    use metrics_exporter_prometheus::PrometheusBuilder;

    const NOW: Timestamp = Timestamp::from_millis(1_768_471_200_000);

    fn failed() -> Result<(), GatewayFault> {
        Err(GatewayFault::retry(FaultCause::Provider, Problem::new("no_answer", "none")))
    }

    fn rest() -> Duration {
        Rest::default().first
    }

    fn tripped() -> Breaker {
        let breaker = Breaker::new("stripe", Rest::default());
        for _ in 0..FAILURES_MAX {
            breaker.admit(NOW).ok().unwrap().report(&failed(), NOW);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_give_the_account_a_rest() {
        let breaker = tripped();
        assert_eq!(breaker.admit(NOW).err(), Some(NOW.plus(rest())));
    }

    #[test]
    fn after_the_rest_one_call_goes_out_and_its_success_lets_all_through() {
        let breaker = tripped();
        let later = NOW.plus(rest());
        let probe = breaker.admit(later).ok().unwrap();
        assert!(breaker.admit(later).is_err());
        probe.report(&Ok(()), later);
        assert!(breaker.admit(later).is_ok());
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn a_probe_that_fails_doubles_the_rest() {
        let breaker = tripped();
        let later = NOW.plus(rest());
        breaker.admit(later).ok().unwrap().report(&failed(), later);
        assert_eq!(breaker.admit(later).err(), Some(later.plus(rest() * 2)));
    }

    #[test]
    fn a_probe_that_is_dropped_does_not_close_the_account_for_ever() {
        let breaker = tripped();
        let later = NOW.plus(rest());
        drop(breaker.admit(later));
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn a_provider_that_asks_for_patience_gets_it() {
        let breaker = Breaker::new("stripe", Rest::default());
        let at = NOW.plus(Duration::from_secs(7));
        let fault = CallFault::Retry { at: Some(at), fresh_key: false };
        let answer: Result<(), _> =
            Err(GatewayFault::new(fault, FaultCause::Throttled, Problem::new("rate_limit", "")));
        breaker.admit(NOW).ok().unwrap().report(&answer, NOW);
        assert_eq!(breaker.admit(NOW).err(), Some(at));
        // Whoever asks for patience works: all that has waited may come.
        let _first = breaker.admit(at).ok().unwrap();
        assert!(breaker.admit(at).is_ok());
    }

    #[test]
    fn it_says_where_it_stands_since_when_and_until_when_it_rests() {
        let breaker = tripped();
        let rests = NOW.plus(rest());
        let stand = Stand { position: Position::Open, since: NOW, until: Some(rests) };
        assert_eq!(breaker.stand(NOW), stand);
        let probe = breaker.admit(rests).ok().unwrap();
        let stand = Stand { position: Position::HalfOpen, since: rests, until: None };
        assert_eq!(breaker.stand(rests), stand);
        probe.report(&Ok(()), rests);
        let stand = Stand { position: Position::Closed, since: rests, until: None };
        assert_eq!(breaker.stand(rests), stand);
    }

    #[test]
    fn rests_are_as_long_as_the_node_wants_them() {
        let (first, max) = (Duration::from_millis(100), Duration::from_millis(150));
        let breaker = Breaker::new("stripe", Rest { first, max });
        for _ in 0..FAILURES_MAX {
            breaker.admit(NOW).ok().unwrap().report(&failed(), NOW);
        }
        assert_eq!(breaker.admit(NOW).err(), Some(NOW.plus(first)));
        let later = NOW.plus(first);
        breaker.admit(later).ok().unwrap().report(&failed(), later);
        assert_eq!(breaker.admit(later).err(), Some(later.plus(max)));
    }

    #[test]
    fn calls_under_way_when_it_trips_do_not_make_the_rest_longer() {
        let breaker = Breaker::new("stripe", Rest::default());
        let permits: Vec<_> = (0..8).map(|_| breaker.admit(NOW).ok().unwrap()).collect();
        for permit in permits {
            permit.report(&failed(), NOW);
        }
        assert_eq!(breaker.admit(NOW).err(), Some(NOW.plus(rest())));
    }

    #[test]
    fn the_figures_say_in_which_position_the_breakers_of_a_provider_are() {
        let figures = PrometheusBuilder::new().build_recorder();
        let of = |state: &str| {
            let line = format!(r#"kontor_gateway_breakers{{provider="stripe",state="{state}"}} "#);
            let text = figures.handle().render();
            let found = text.lines().find_map(|shown| shown.strip_prefix(&line));
            found.map_or(0, |count| count.parse().unwrap())
        };
        let shown = || [of(CLOSED), of(OPEN), of(HALF_OPEN)];
        metrics::with_local_recorder(&figures, || {
            let (one, two) = (Breaker::new("stripe", Rest::default()), tripped());
            assert_eq!(shown(), [1, 1, 0]);
            let later = NOW.plus(rest());
            let probe = two.admit(later).ok().unwrap();
            assert_eq!(shown(), [1, 0, 1]);
            drop(probe);
            assert_eq!(shown(), [1, 1, 0]);
            two.admit(later).ok().unwrap().report(&Ok(()), later);
            assert_eq!(shown(), [2, 0, 0]);
            drop(one);
            assert_eq!(shown(), [1, 0, 0], "what is gone is counted no more");
        });
    }

    #[test]
    fn a_refusal_is_no_failure() {
        let breaker = Breaker::new("stripe", Rest::default());
        for _ in 0..20 {
            let no: Result<(), _> =
                Err(GatewayFault::give_up(FaultCause::Refused, Problem::new("declined", "")));
            breaker.admit(NOW).ok().unwrap().report(&no, NOW);
        }
        assert!(breaker.admit(NOW).is_ok());
    }
}
