//! How fast one caller may ask, besides what the whole tenant may: a key, a user, and an address
//! from which nobody has shown who they are.

use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{hash::Hash, net::IpAddr, num::NonZeroU32};

/// Callers in memory before those that were quiet are forgotten.
const CALLERS_MAX: usize = 10_000;

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// How fast callers may ask.
pub(super) struct Rates {
    keys: Option<Keyed<String>>,
    users: Option<Keyed<String>>,
    strangers: Option<Keyed<IpAddr>>,
}

/// What is left of a tenant's requests, as the headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Requests that may begin in a second.
    pub(super) limit: u32,
    /// How many more may begin now.
    pub(super) remaining: u32,
}

impl Rates {
    /// Requests a second; 0 for no limit of its own.
    pub(super) fn new(keys: u32, users: u32, strangers: u32) -> Self {
        Self { keys: keyed(keys), users: keyed(users), strangers: keyed(strangers) }
    }

    /// Whether a key may ask once more.
    pub(super) fn key(&self, id: &str) -> bool {
        admits(self.keys.as_ref(), &id.to_owned())
    }

    /// Whether a user may ask once more.
    pub(super) fn user(&self, id: &str) -> bool {
        admits(self.users.as_ref(), &id.to_owned())
    }

    /// Whether somebody at an address may fail once more to show who they are.
    pub(super) fn stranger(&self, address: Option<IpAddr>) -> bool {
        address.is_none_or(|address| admits(self.strangers.as_ref(), &address))
    }
}

fn keyed<K: Clone + Eq + Hash>(per_second: u32) -> Option<Keyed<K>> {
    let per_second = NonZeroU32::new(per_second)?;
    Some(RateLimiter::hashmap(Quota::per_second(per_second)))
}

fn admits<K: Clone + Eq + Hash>(limits: Option<&Keyed<K>>, caller: &K) -> bool {
    let Some(limits) = limits else { return true };
    if CALLERS_MAX <= limits.len() {
        limits.retain_recent();
    }
    limits.check_key(caller).is_ok()
}

impl Left {
    /// Writes the headers: limit, what is left, and that it is whole again within a second.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", self.limit),
            ("ratelimit-remaining", self.remaining),
            ("ratelimit-reset", 1),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_rate_of_its_own() {
        let rates = Rates::new(2, 1, 1);
        assert!(rates.key("a") && rates.key("a") && !rates.key("a"));
        assert!(rates.key("b"));
        assert!(rates.user("a") && !rates.user("a"));
        let address = Some("203.0.113.7".parse().unwrap());
        assert!(rates.stranger(address) && !rates.stranger(address));
        assert!(rates.stranger(Some("203.0.113.8".parse().unwrap())) && rates.stranger(None));
    }

    #[test]
    fn none_is_no_limit() {
        let rates = Rates::new(0, 0, 0);
        assert!((0..100).all(|_| rates.key("a") && rates.user("a")));
    }
}
