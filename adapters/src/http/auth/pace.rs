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

const HOUR_S: u32 = 3600;

/// How fast anybody may try.
pub(in crate::http) struct Pace {
    addresses: Option<Limiter>,
    accounts: Option<Limiter>,
    texts: Texts,
}

/// How many codes may go to telephones.
struct Texts {
    numbers: Option<Limiter>,
    addresses: Option<Limiter>,
    all: Option<Limiter>,
}

impl Pace {
    pub(in crate::http) fn new(settings: &IdentitySettings) -> Self {
        // Without any limit passwords could be guessed, so there is no zero here.
        let limiter = |per_minute: u32| Limiter::new(per_minute.max(1), 60);
        Self {
            addresses: limiter(settings.per_address_per_minute),
            accounts: limiter(settings.per_account_per_minute),
            texts: Texts {
                numbers: Limiter::new(settings.texts_per_number_per_hour.max(1), HOUR_S),
                addresses: Limiter::new(settings.texts_per_address_per_hour.max(1), HOUR_S),
                all: Limiter::new(settings.texts_per_hour.max(1), HOUR_S),
            },
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

    /// Lets a code go to a telephone. Who asks is held back before the number is, and the number
    /// before all are, so that nobody uses up what others need.
    pub(super) fn text(&self, tally: &Tally, household: &str, phone: &str) -> Result<(), Problem> {
        let Texts { numbers, addresses, all } = &self.texts;
        let checks = [
            (addresses, household, "from this address"),
            (numbers, phone, "at this number"),
            (all, "all", "for codes by text message"),
        ];
        for (limiter, caller, what) in checks {
            tally.within(limiter.as_ref(), caller).map_err(|too_fast| slowed(what, too_fast))?;
        }
        Ok(())
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
