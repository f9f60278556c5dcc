//! How fast one caller may ask, besides what the whole tenant may: an address, a key, a user, and
//! an address from which nobody has shown who they are; and how the headers tell it.

use super::client_address::household;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

/// Callers in memory before those that were quiet are forgotten.
const CALLERS_MAX: usize = 20_000;
/// What the headers are called.
pub(super) const HEADERS: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// How fast callers may ask.
pub(super) struct Rates {
    addresses: Option<Limiter>,
    keys: Option<Limiter>,
    users: Option<Limiter>,
    strangers: Option<Limiter>,
}

/// How many requests each of many callers may begin in a window.
pub(super) struct Limiter {
    callers:
        RateLimiter<String, HashMapStateStore<String>, DefaultClock, StateInformationMiddleware>,
    limit: u32,
    window_s: u32,
}

/// What is left of a limit, as the headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Requests that may begin in a window.
    pub(super) limit: u32,
    /// How many more may begin now.
    pub(super) remaining: u32,
    /// Seconds until all of them may again.
    pub(super) reset_s: u32,
}

/// A limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooFast {
    /// The limit.
    pub(super) left: Left,
    /// Seconds until one more may begin.
    pub(super) wait_s: u32,
}

/// What is left of the limit that a request is nearest to, of all that it is held against.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Option<Left>>>);

impl Rates {
    /// Requests a second; 0 for no limit of its own.
    pub(super) fn new(addresses: u32, keys: u32, users: u32, strangers: u32) -> Self {
        let limiter = |limit| Limiter::new(limit, 1);
        Self {
            addresses: limiter(addresses),
            keys: limiter(keys),
            users: limiter(users),
            strangers: limiter(strangers),
        }
    }

    /// Lets somebody at an address ask once more, whoever it is. Calls inside the process have no
    /// address and no limit.
    pub(super) fn address(&self, tally: &Tally, from: Option<IpAddr>) -> Result<(), TooFast> {
        let Some(address) = from else { return Ok(()) };
        tally.within(self.addresses.as_ref(), &household(address))
    }

    /// Lets a key ask once more.
    pub(super) fn key(&self, tally: &Tally, id: &str) -> Result<(), TooFast> {
        tally.within(self.keys.as_ref(), id)
    }

    /// Lets a user ask once more.
    pub(super) fn user(&self, tally: &Tally, id: &str) -> Result<(), TooFast> {
        tally.within(self.users.as_ref(), id)
    }

    /// Lets somebody at an address fail once more to show who they are.
    pub(super) fn stranger(&self, tally: &Tally, from: Option<IpAddr>) -> Result<(), TooFast> {
        let Some(address) = from else { return Ok(()) };
        tally.within(self.strangers.as_ref(), &household(address))
    }
}

impl Limiter {
    /// So many in so many seconds; none for 0.
    pub(super) fn new(limit: u32, window_s: u32) -> Option<Self> {
        let many = NonZeroU32::new(limit)?;
        let quota = match window_s {
            3600 => Quota::per_hour(many),
            60 => Quota::per_minute(many),
            _ => Quota::per_second(many),
        };
        let callers = RateLimiter::hashmap(quota).with_middleware();
        Some(Self { callers, limit, window_s })
    }

    fn check(&self, caller: &str) -> Result<Left, TooFast> {
        if CALLERS_MAX <= self.callers.len() {
            self.callers.retain_recent();
        }
        match self.callers.check_key(&caller.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Left::of(self.limit, remaining, self.window_s))
            }
            Err(not_yet) => {
                let wait = not_yet.wait_time_from(DefaultClock::default().now());
                let wait_s = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                Err(TooFast { left: Left::of(self.limit, 0, self.window_s), wait_s })
            }
        }
    }
}

impl Left {
    /// What is left of a limit whose requests come back evenly over a window.
    pub(super) fn of(limit: u32, remaining: u32, window_s: u32) -> Self {
        let used = u64::from(limit.saturating_sub(remaining));
        let reset = (used * u64::from(window_s)).div_ceil(u64::from(limit.max(1)));
        let reset_s = u32::try_from(reset).unwrap_or(u32::MAX).max(1);
        Self { limit, remaining, reset_s }
    }
}

impl Tally {
    /// The tally of a request.
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Holds a caller against a limit.
    pub(super) fn within(&self, limiter: Option<&Limiter>, caller: &str) -> Result<(), TooFast> {
        let Some(limiter) = limiter else { return Ok(()) };
        let checked = limiter.check(caller);
        self.note(match checked {
            Ok(left) => left,
            Err(too_fast) => too_fast.left,
        });
        checked.map(drop)
    }

    /// Takes note of what is left of one limit. The nearest one counts.
    pub(super) fn note(&self, left: Left) {
        let mut nearest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nearer = |known: &Left| (known.remaining, known.limit) <= (left.remaining, left.limit);
        if !nearest.as_ref().is_some_and(nearer) {
            *nearest = Some(left);
        }
    }

    /// Writes the headers, if the request was held against any limit.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let nearest = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Left { limit, remaining, reset_s }) = nearest else { return };
        for (name, value) in HEADERS.into_iter().zip([limit, remaining, reset_s]) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn each_caller_has_a_rate_of_its_own() {
        let (rates, tally) = (Rates::new(1, 2, 1, 1), Tally::default());
        assert!(rates.key(&tally, "a").is_ok() && rates.key(&tally, "a").is_ok());
        assert!(rates.key(&tally, "a").is_err() && rates.key(&tally, "b").is_ok());
        assert!(rates.user(&tally, "a").is_ok() && rates.user(&tally, "a").is_err());
        let (one, other) = (address("203.0.113.7"), address("203.0.113.8"));
        assert!(rates.stranger(&tally, one).is_ok() && rates.stranger(&tally, one).is_err());
        assert!(rates.stranger(&tally, other).is_ok() && rates.stranger(&tally, None).is_ok());
        assert!(rates.address(&tally, one).is_ok() && rates.address(&tally, one).is_err());
        assert!(rates.address(&tally, other).is_ok() && rates.address(&tally, None).is_ok());
    }

    #[test]
    fn a_household_s_addresses_are_one() {
        let (rates, tally) = (Rates::new(1, 0, 0, 0), Tally::default());
        assert!(rates.address(&tally, address("2001:db8::1")).is_ok());
        assert!(rates.address(&tally, address("2001:db8::2")).is_err());
        assert!(rates.address(&tally, address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn none_is_no_limit_and_no_header() {
        let (rates, tally) = (Rates::new(0, 0, 0, 0), Tally::default());
        let one = address("203.0.113.7");
        assert!((0..100).all(|_| rates.key(&tally, "a").is_ok()));
        assert!((0..100).all(|_| rates.address(&tally, one).is_ok()));
        let mut headers = HeaderMap::new();
        tally.write(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn the_headers_tell_the_limit_that_is_nearest() {
        let tally = Tally::default();
        for left in [Left::of(1000, 999, 1), Left::of(10, 9, 60), Left::of(50, 49, 1)] {
            tally.note(left);
        }
        let mut headers = HeaderMap::new();
        tally.write(&mut headers);
        assert_eq!(
            HEADERS.map(|name| headers[name].to_str().unwrap().to_owned()),
            ["10", "9", "6"]
        );
    }

    #[test]
    fn a_limit_a_minute_says_when_one_more_may_begin() {
        let limiter = Limiter::new(2, 60).unwrap();
        assert_eq!(limiter.check("a"), Ok(Left { limit: 2, remaining: 1, reset_s: 30 }));
        assert_eq!(limiter.check("a"), Ok(Left { limit: 2, remaining: 0, reset_s: 60 }));
        let too_fast = limiter.check("a").unwrap_err();
        assert_eq!(too_fast.left, Left { limit: 2, remaining: 0, reset_s: 60 });
        assert!((29..=31).contains(&too_fast.wait_s), "{too_fast:?}");
    }
}
