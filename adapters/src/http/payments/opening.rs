//! Which account a new payment goes to, and the short wait until it can be paid.

use super::{
    super::{
        Api,
        access::Access,
        command::{Asking, Outcome},
        document::{Kind, PaymentRoutes, Payments},
        problem::Problem,
        read,
    },
    abilities, usable,
};
use http::{HeaderMap, StatusCode};
use kontor_actors::{
    payment::Payment,
    tenant::routing::{COUNTRY, METHOD, Sought, accounts_for, is_country, is_method},
};
use kontor_messages::{
    Money,
    payment::{AccountName, CaptureMode, PaymentCommand, PaymentStatus},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// A caller who wants to wait longer asks again.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// So often it is looked whether the payment can be paid.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How the account of a new payment is said.
pub(super) struct Chosen {
    pub(super) provider: Option<String>,
    pub(super) account: Option<String>,
    pub(super) method: Option<String>,
    pub(super) country: Option<String>,
}

/// The accounts that take a payment, the best first; at least one.
pub(super) async fn accounts(
    api: &Api,
    access: &Access,
    chosen: &Chosen,
    (amount, capture): (Money, CaptureMode),
) -> Result<Vec<AccountName>, Problem> {
    let Chosen { provider, account, method, country } = chosen;
    if country.as_deref().is_some_and(|country| !is_country(country)) {
        return Err(Problem::invalid("/country", format!("expected {COUNTRY}")));
    }
    match (provider, account, method) {
        (Some(provider), Some(account), None) => {
            let known = usable(api, access, provider, account).await?;
            abilities::holding(&known, capture, "/capture")?;
            Ok(vec![AccountName { provider: provider.clone(), account: account.clone() }])
        }
        (None, None, Some(method)) if is_method(method) => {
            let sought = Sought { method, amount, country: country.as_deref() };
            routed(api, access, sought, capture).await
        }
        (None, None, Some(_)) => Err(Problem::invalid("/method", format!("expected {METHOD}"))),
        (None, None, None) => {
            Err(Problem::invalid("/provider", "expected a provider and an account, or a method"))
        }
        (None, Some(_), _) => Err(Problem::invalid("/provider", "expected the account's provider")),
        (Some(_), None, _) => Err(Problem::invalid("/account", "expected an account of it")),
        (Some(_), Some(_), Some(_)) => {
            Err(Problem::invalid("/method", "expected either a method or an account"))
        }
    }
}

/// The accounts that the tenant's rules name, but for those that cannot be used or cannot hold
/// money that is to be held.
async fn routed(
    api: &Api,
    access: &Access,
    sought: Sought<'_>,
    capture: CaptureMode,
) -> Result<Vec<AccountName>, Problem> {
    let rules = rules(api, access).await?;
    let mut found = Vec::new();
    for name in accounts_for(&rules, sought) {
        let known = api.accounts().get(access.id(), &name.provider, &name.account).await;
        if known.is_ok_and(|known| abilities::holding(&known, capture, "/capture").is_ok()) {
            found.push(name.clone());
        }
    }
    if found.is_empty() {
        let expected = "expected a method that a rule of /v1/payment-routes has an account for";
        return Err(Problem::invalid("/method", expected));
    }
    Ok(found)
}

async fn rules(
    api: &Api,
    access: &Access,
) -> Result<Vec<kontor_messages::tenant::PaymentRule>, Problem> {
    let id = kontor_messages::tenant::payment_routes_entity();
    match read::load::<PaymentRoutes>(api, access.id(), id.as_str()).await {
        Ok(there) => Ok(PaymentRoutes::document(&there.state)
            .map(|document| document.into_owned().rules)
            .unwrap_or_default()),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(Vec::new()),
        Err(problem) => Err(problem),
    }
}

/// Asks for the payment, and waits a little until it can be paid or has failed.
pub(super) async fn open(
    asking: Asking,
    command: PaymentCommand,
    wait: Duration,
) -> Result<Outcome<Payment>, Problem> {
    let (api, tenant) = (asking.api.clone(), asking.access.id().clone());
    let mut outcome = asking.ask::<Payment>(command).await?;
    if outcome.dry_run || wait.is_zero() {
        return Ok(outcome);
    }
    let (id, end) = (outcome.done.subject.clone(), Instant::now() + wait);
    loop {
        let there = read::load::<Payments>(&api, &tenant, id.as_str()).await?;
        let stands = Payments::document(&there.state).map(|document| document.status);
        (outcome.done.state, outcome.done.version) = (Arc::new(there.state), there.version);
        if stands != Some(PaymentStatus::Created) || end <= Instant::now() {
            return Ok(outcome);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// How long a caller is willing to wait (RFC 7240), bounded; the node's own measure if not said.
pub(super) fn wait(headers: &HeaderMap, usual: Duration) -> Duration {
    let told = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut wishes = told.flat_map(|text| text.split([',', ';']));
    let seconds = wishes.find_map(|wish| {
        let (name, value) = wish.split_once('=')?;
        let wait = name.trim().eq_ignore_ascii_case("wait");
        wait.then(|| value.trim().trim_matches('"').parse().ok()).flatten()
    });
    seconds.map_or(usual, Duration::from_secs).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn who_says_how_long_to_wait_waits_so_long_and_never_longer_than_allowed() {
        let usual = Duration::from_secs(3);
        for (told, seconds) in [
            ("wait=5", 5),
            ("respond-async, Wait = 7", 7),
            ("wait=0", 0),
            ("wait=4000", 20),
            ("wait=long", 3),
            ("handling=strict", 3),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("prefer"),
                HeaderValue::from_static(told),
            )]);
            assert_eq!(wait(&headers, usual), Duration::from_secs(seconds), "{told}");
        }
        assert_eq!(wait(&HeaderMap::new(), usual), usual);
    }
}
