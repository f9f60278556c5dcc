//! How fast anybody may try: by client address and by account, whether there is such an account
//! or not. In memory, before anything dear is done; the rules that last are the user domain's.

use crate::{
    http::{
        Problem,
        rates::{Limiter, Tally, TooFast},
    },
    identity::IdentitySettings,
};
use http::StatusCode;

/// How fast anybody may try.
pub(in crate::http) struct Pace {
    addresses: Option<Limiter>,
    accounts: Option<Limiter>,
}

impl Pace {
    pub(in crate::http) fn new(settings: &IdentitySettings) -> Self {
        // Without any limit passwords could be guessed, so there is no zero here.
        let limiter = |per_minute: u32| Limiter::new(per_minute.max(1), 60);
        Self {
            addresses: limiter(settings.per_address_per_minute),
            accounts: limiter(settings.per_account_per_minute),
        }
    }

    /// Lets a try of this client begin.
    pub(super) fn address(&self, tally: &Tally, household: &str) -> Result<(), Problem> {
        let checked = tally.within(self.addresses.as_ref(), household);
        checked.map_err(|too_fast| slowed("from this address", too_fast))
    }

    /// Lets a try at this account begin.
    pub(super) fn account(&self, tally: &Tally, account: &str) -> Result<(), Problem> {
        let checked = tally.within(self.accounts.as_ref(), account);
        checked.map_err(|too_fast| slowed("at this account", too_fast))
    }
}

fn slowed(what: &str, too_fast: TooFast) -> Problem {
    too_many(what, too_fast.wait_s.into())
}

/// Too many tries; one more may be made after so many seconds.
pub(super) fn too_many(what: &str, seconds: u64) -> Problem {
    metrics::counter!("kontor_auth_slowed_total").increment(1);
    let detail = format!("too many attempts {what}: try again later");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
}
