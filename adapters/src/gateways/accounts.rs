//! The accounts of all tenants, made when they are first asked for, and made anew once their
//! settings have changed.

use super::{
    Account, GatewaySettings, breaker::Rest, health::Seen, http::Http, payments, payments::Provider,
};
use crate::hook_address::HookAddresses;
use kontor_actors::ports::{AccountConfig, AccountSettings, FaultCause, GatewayFault};
use kontor_messages::{
    TenantId, Timestamp,
    payment::{Backoff, Problem},
    tenant::{self, AccountMode},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Accounts in memory.
const ACCOUNTS_MAX: usize = 10_000;

/// The accounts of all tenants.
pub struct Accounts {
    settings: Arc<dyn AccountSettings>,
    http: Http,
    hooks: Option<HookAddresses>,
    rest: Rest,
    backoff: Backoff,
    // Not domain state: what is in here can be made again from the settings at any time.
    known: Mutex<Known>,
}

/// Tenant, provider and name.
type Address = (TenantId, String, String);

/// The accounts in memory.
#[derive(Default)]
struct Known {
    accounts: HashMap<Address, Kept>,
    /// Counts what was asked for.
    clock: u64,
}

struct Kept {
    made_of: AccountConfig,
    account: Arc<Account>,
    used_at: u64,
}

impl Accounts {
    /// Accounts whose settings are kept there.
    pub fn new(settings: Arc<dyn AccountSettings>, http: Http) -> Self {
        let (hooks, rest, backoff, known) = Default::default();
        Self { settings, http, hooks, rest, backoff, known }
    }

    /// The same, whose providers send their notifications to these addresses.
    pub fn told_at(self, hooks: HookAddresses) -> Self {
        Self { hooks: Some(hooks), ..self }
    }

    /// The same, which wait and rest after failures as these settings say.
    pub fn waiting(self, settings: &GatewaySettings) -> Self {
        Self { rest: settings.rest(), backoff: settings.backoff(), ..self }
    }

    /// How long calls wait that were not done.
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// A tenant's account.
    pub async fn get(
        &self,
        tenant: &TenantId,
        provider: &str,
        name: &str,
    ) -> Result<Arc<Account>, GatewayFault> {
        let Some(maker) = payments::providers().iter().find(|known| known.name == provider) else {
            return Err(unusable("unknown_provider", "there is no such provider"));
        };
        let config = match self.settings.account(tenant, provider, name).await {
            Some(config) => config,
            None if maker.needs_settings => {
                return Err(unusable("unknown_account", "the tenant has no such account"));
            }
            None => AccountConfig {
                provider: provider.to_owned(),
                mode: AccountMode::default(),
                settings: Value::Null,
            },
        };
        let hook = self.hooks.as_ref().and_then(|hooks| hooks.url(tenant, provider, name));
        let address = (tenant.clone(), provider.to_owned(), name.to_owned());
        self.lock().get(address, config, (maker, hook), (&self.http, self.rest))
    }

    /// A tenant's account, if it is in memory.
    pub fn in_memory(&self, tenant: &TenantId, provider: &str, name: &str) -> Option<Arc<Account>> {
        let address = (tenant.clone(), provider.to_owned(), name.to_owned());
        self.lock().accounts.get(&address).map(|kept| Arc::clone(&kept.account))
    }

    /// The accounts of a provider that are in memory, of all tenants, those in trouble first: so
    /// many at most, and whether there are more.
    pub fn seen(&self, provider: &str, max: usize) -> (Vec<(TenantId, Seen)>, bool) {
        let now = Timestamp::now();
        let known: Vec<Arc<Account>> = {
            let known = self.lock();
            let of_it = known.accounts.iter().filter(|((_, of, _), _)| of == provider);
            of_it.map(|(_, kept)| Arc::clone(&kept.account)).collect()
        };
        let mut all: Vec<_> =
            known.iter().map(|one| (one.tenant().clone(), one.seen(now))).collect();
        let place = |(tenant, seen): &(TenantId, Seen)| {
            (seen.trouble(), tenant.to_string(), seen.account.clone())
        };
        all.sort_by_cached_key(place);
        let more = all.len() > max;
        all.truncate(max);
        (all, more)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The account of an address as its settings are now. What holds its calls back stays, unless
    /// they go to another place.
    fn get(
        &mut self,
        address: Address,
        config: AccountConfig,
        (maker, hook): (&Provider, Option<String>),
        (http, rest): (&Http, Rest),
    ) -> Result<Arc<Account>, GatewayFault> {
        self.clock += 1;
        if let Some(kept) = self.accounts.get_mut(&address)
            && kept.made_of == config
        {
            kept.used_at = self.clock;
            return Ok(Arc::clone(&kept.account));
        }
        let gateway = maker
            .make(&maker.told_at(&config.settings, hook), config.mode, http)
            .map_err(|text| unusable("account_settings", text))?;
        let before = self.accounts.get(&address).filter(|kept| same_place(&kept.made_of, &config));
        let account = match before {
            Some(kept) => kept.account.changed(gateway),
            None => Account::new(address.0.clone(), &*address.2, gateway).resting(rest),
        };
        let secrets = tenant::AccountSettings::hidden(&config.settings);
        let account = Arc::new(account.hiding(secrets));
        self.make_room(ACCOUNTS_MAX);
        let kept = Kept { made_of: config, account: Arc::clone(&account), used_at: self.clock };
        self.accounts.insert(address, kept);
        Ok(account)
    }

    /// Forgets those that nobody has asked for the longest.
    fn make_room(&mut self, accounts_max: usize) {
        while self.accounts.len() >= accounts_max {
            let oldest = self.accounts.iter().min_by_key(|(_, kept)| kept.used_at);
            let Some(address) = oldest.map(|(address, _)| address.clone()) else { return };
            self.accounts.remove(&address);
        }
    }
}

fn same_place(before: &AccountConfig, now: &AccountConfig) -> bool {
    before.mode == now.mode && before.settings.get("endpoint") == now.settings.get("endpoint")
}

/// Settings can be put right, so what waits for them is called again rather than given up.
fn unusable(code: &str, text: impl Into<String>) -> GatewayFault {
    GatewayFault::retry(FaultCause::Here, Problem::new(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::tests::{http, tenant};
    use serde_json::json;

    const KEY: &str = "sk_test_1";

    fn config(settings: Value) -> AccountConfig {
        AccountConfig { provider: "stripe".into(), mode: AccountMode::Test, settings }
    }

    fn get(known: &mut Known, name: &str, settings: Value) -> Arc<Account> {
        let maker = payments::providers().iter().find(|maker| maker.name == "stripe").unwrap();
        let address = (tenant(), "stripe".to_owned(), name.to_owned());
        known.get(address, config(settings), (maker, None), (&http(), Rest::default())).unwrap()
    }

    #[test]
    fn changed_settings_keep_what_holds_calls_back_unless_they_go_to_another_place() {
        let mut known = Known::default();
        let first = get(&mut known, "main", json!({"secret_key": KEY}));
        let other_key = get(&mut known, "main", json!({"secret_key": "sk_test_2"}));
        assert!(!Arc::ptr_eq(&first, &other_key));
        assert!(Arc::ptr_eq(&first.limits, &other_key.limits));
        let elsewhere = json!({"secret_key": KEY, "endpoint": "https://stripe.example"});
        let elsewhere = get(&mut known, "main", elsewhere);
        assert!(!Arc::ptr_eq(&first.limits, &elsewhere.limits));
        let another = get(&mut known, "second", json!({"secret_key": KEY}));
        assert!(!Arc::ptr_eq(&first.limits, &another.limits));
    }

    #[test]
    fn the_longest_unused_make_room_and_the_others_stay() {
        let mut known = Known::default();
        let settings = || json!({"secret_key": KEY});
        let names = ["a", "b", "c"];
        let made = names.map(|name| get(&mut known, name, settings()));
        get(&mut known, "a", settings());
        known.make_room(3);
        assert!(Arc::ptr_eq(&made[0], &get(&mut known, "a", settings())));
        assert!(Arc::ptr_eq(&made[2], &get(&mut known, "c", settings())));
        assert_eq!(known.accounts.len(), 2);
        assert!(!Arc::ptr_eq(&made[1], &get(&mut known, "b", settings())));
    }
}
