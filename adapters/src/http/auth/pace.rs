//! How fast anybody may try: by client address and by account, whether there is such an account
//! or not. In memory, before anything dear is done; the rules that last are the user domain's.

use crate::{http::Problem, identity::IdentitySettings};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use http::StatusCode;
use std::num::NonZeroU32;

/// With so many known, those that have not asked for a while are forgotten.
const KNOWN_MAX: usize = 20_000;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>;

/// How fast anybody may try.
pub(in crate::http) struct Pace {
    addresses: Limiter,
    accounts: Limiter,
}

impl Pace {
    pub(in crate::http) fn new(settings: &IdentitySettings) -> Self {
        let limiter = |per_minute: u32| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(quota)
        };
        Self {
            addresses: limiter(settings.per_address_per_minute),
            accounts: limiter(settings.per_account_per_minute),
        }
    }

    /// Lets a try of this client begin.
    pub(super) fn address(&self, household: &str) -> Result<(), Problem> {
        check(&self.addresses, household, "from this address")
    }

    /// Lets a try at this account begin.
    pub(super) fn account(&self, account: &str) -> Result<(), Problem> {
        check(&self.accounts, account, "at this account")
    }
}

fn check(limiter: &Limiter, key: &str, what: &str) -> Result<(), Problem> {
    if KNOWN_MAX < limiter.len() {
        limiter.retain_recent();
    }
    let Err(not_yet) = limiter.check_key(&key.to_owned()) else { return Ok(()) };
    let wait = not_yet.wait_time_from(DefaultClock::default().now());
    Err(too_many(what, wait.as_secs().saturating_add(1)))
}

/// Too many tries; one more may be made after so many seconds.
pub(super) fn too_many(what: &str, seconds: u64) -> Problem {
    metrics::counter!("kontor_auth_slowed_total").increment(1);
    let detail = format!("too many attempts {what}: try again later");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
}
