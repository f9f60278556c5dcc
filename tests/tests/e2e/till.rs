//! The providers' side of a shop's payments: its accounts at all stand-ins, what payers do there,
//! what goes wrong there, and what is true there.

use kontor_sandbox::{
    ComGateShop, FioAccount, HalykTerminal, Merchant, PAYPAL_ROOT, PayPalApp, PayUPos, PayerAct,
    PayerResult, Sandbox, SandboxConfig, Stand, StandSwitches, StripeAccount, StripeSwitches,
    TillPayment, WebhookEndpoint,
};
use kontor_tests::shop::{STRIPE_SECRET, Shop};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};

/// By whom payers pay.
pub const PROVIDERS: [&str; 6] = ["stripe", "comgate", "payu", "paypal", "halyk", "fio"];
/// The shop's accounts at each.
pub const ACCOUNTS: [&str; 2] = ["main", "spare"];

const IBAN: &str = "CZ9320100000002000145399";
const SECRET: &str = "the-secret-of-the-shop";
const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";

/// How likely a call goes wrong, in a hundred.
const TROUBLE: u8 = 16;

/// What is true at a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    pub taken: i64,
    pub given_back: i64,
}

/// A shop's accounts at all providers.
pub struct Till {
    sandbox: Sandbox,
}

impl Till {
    /// Opens the accounts at every provider; what goes wrong there follows from the seed.
    pub async fn open(shop: &Shop, node: &str, seed: u64) -> Self {
        let config = SandboxConfig { seed: Some(seed), ..SandboxConfig::default() };
        let till = Self { sandbox: Sandbox::start(config).await.unwrap() };
        for provider in PROVIDERS {
            for account in ACCOUNTS {
                let settings = till.settings(provider, account);
                let path = format!("/v1/accounts/{provider}/{account}");
                let made = shop.client.put(&path, json!({ "settings": settings })).await.ok();
                // A bank has none: it tells nobody anything.
                let hook = made["webhook_path"].as_str().map(|path| format!("{node}{path}"));
                let hook = hook.unwrap_or_default();
                till.register(provider, account, hook);
            }
        }
        till
    }

    /// What the node is to know of an account.
    fn settings(&self, provider: &str, account: &str) -> Value {
        let (at, key) = (self.sandbox.providers(), key(provider, account));
        match provider {
            "comgate" => json!({"merchant": key, "secret": SECRET, "test": true,
                "endpoint": at.comgate.base_url()}),
            "payu" => json!({"pos_id": key, "client_secret": SECRET, "second_key": "second-key",
                "endpoint": at.payu.base_url()}),
            "paypal" => {
                let url = at.paypal.base_url();
                json!({"client_id": key, "client_secret": SECRET, "webhook_id": key,
                    "endpoint": url, "certificate_origins": [url],
                    "certificate_root": PAYPAL_ROOT})
            }
            "halyk" => {
                let url = at.halyk.base_url();
                json!({"client_id": key, "client_secret": SECRET, "terminal": TERMINAL,
                    "shop_id": "shop", "hash_key": "kontor-halyk-hash-key", "endpoint": url,
                    "token_endpoint": format!("{url}/oauth2/token")})
            }
            "fio" => json!({"token": key, "iban": IBAN, "endpoint": at.fio.base_url(),
                "pause_s": 0, "refunds": "import"}),
            _ => json!({"secret_key": key, "webhook_secrets": [STRIPE_SECRET],
                "endpoint": self.sandbox.stripe().base_url()}),
        }
    }

    /// Makes an account known at its provider.
    fn register(&self, provider: &str, account: &str, hook: String) {
        let (at, key) = (self.sandbox.providers(), key(provider, account));
        let secret = SECRET.to_owned();
        match provider {
            "comgate" => {
                at.comgate.register(ComGateShop { merchant: key, secret, push_url: Some(hook) });
            }
            "payu" => at.payu.register(PayUPos {
                pos_id: key,
                client_secret: secret,
                second_key: "second-key".into(),
                algorithm: "SHA-256".into(),
                auto_receive: true,
            }),
            "paypal" => at.paypal.register(PayPalApp {
                client_id: key.clone(),
                client_secret: secret,
                webhook_id: key,
                webhook_url: Some(hook),
                declines: false,
            }),
            "halyk" => at.halyk.register(HalykTerminal {
                client_id: key,
                client_secret: secret,
                terminal: TERMINAL.into(),
                two_step: false,
            }),
            "fio" => at.fio.register(FioAccount::new(&key, IBAN, 0)),
            _ => {
                self.sandbox.stripe().register(StripeAccount {
                    api_key: key,
                    webhooks: vec![WebhookEndpoint { url: hook, secret: STRIPE_SECRET.into() }],
                });
            }
        }
    }

    /// Lets calls and notifications go wrong at random, or not any more.
    pub fn trouble(&self, on: bool) {
        let percent = if on { TROUBLE } else { 0 };
        let rough = StandSwitches { trouble_percent: percent, ..StandSwitches::default() };
        let at = self.sandbox.providers();
        at.comgate.set_switches(|switches| *switches = rough.clone());
        at.payu.set_switches(|switches| *switches = rough.clone());
        at.paypal.set_switches(|switches| *switches = rough.clone());
        at.halyk.set_switches(|switches| *switches = rough.clone());
        at.fio.set_switches(|switches| *switches = rough);
        self.sandbox.stripe().set_switches(|switches| {
            *switches = StripeSwitches {
                fail_rate_percent: percent / 4,
                fail_after_rate_percent: percent / 2,
                rate_limit_percent: percent / 4,
                duplicate_webhooks: on,
                shuffle_webhooks: on,
                drop_webhooks_percent: percent,
                ..StripeSwitches::default()
            };
        });
    }

    /// The payer pays what was opened.
    pub async fn pay(&self, payment: &Value) {
        let name = name_of(payment);
        let at = self.sandbox.providers();
        let (provider, account) = account_of(payment);
        let paid = match provider {
            "stripe" => {
                self.sandbox.stripe().act(name, PayerAct::Pay).await == PayerResult::Completed
            }
            "comgate" => at.comgate.act(name, PayerAct::Pay).await,
            "payu" => at.payu.act(name, PayerAct::Pay).await,
            "paypal" => at.paypal.act(name, PayerAct::Pay).await,
            "halyk" => at.halyk.act(name, PayerAct::Pay).await,
            _ => {
                let amount = payment["amount_minor"].as_i64().unwrap();
                at.fio.transfer(&key(provider, account), name, amount, "");
                true
            }
        };
        assert!(paid, "{payment}");
    }

    /// The bank account's holder authorises what waits.
    pub fn authorise(&self) {
        self.sandbox.providers().fio.authorise();
    }

    /// Waits until providers have done what they were asked for, also by a node that is dead.
    pub async fn caught_up(&self) {
        self.sandbox.providers().caught_up().await;
    }

    /// Waits until no notification is under way.
    pub async fn settled(&self) {
        let settled = async {
            self.sandbox.stripe().settled().await;
            self.sandbox.providers().settled().await;
        };
        tokio::time::timeout(Duration::from_secs(60), settled).await.unwrap();
    }

    /// What is true of a payment.
    pub fn truth(&self, payment: &Value) -> Truth {
        let name = name_of(payment);
        let at = self.sandbox.providers();
        let (provider, account) = account_of(payment);
        match provider {
            "stripe" => self.at_stripe(account, payment["id"].as_str().unwrap()),
            "comgate" => of(at.comgate.payment(name)),
            "payu" => of(at.payu.payment(name)),
            "paypal" => of(at.paypal.payment(name)),
            "halyk" => of(at.halyk.payment(name)),
            _ => {
                let (moves, key) = (at.fio.payments(), key(provider, account));
                moved(moves.iter().filter(|one| one.reference == name && one.account == key))
            }
        }
    }

    /// What a bank has of a payment, for people.
    pub fn movements(&self, payment: &Value) -> Vec<String> {
        let name = name_of(payment);
        let moves = self.sandbox.providers().fio.payments();
        moves.iter().filter(|one| one.reference == name).map(|one| format!("{one:?}")).collect()
    }

    /// What is true of everything that one account has.
    pub fn of_account(&self, provider: &str, account: &str) -> Truth {
        let at = self.sandbox.providers();
        let key = key(provider, account);
        match provider {
            "stripe" => {
                let summary = self.sandbox.stripe().summary();
                assert_eq!(summary.double_charges(), Vec::<String>::new());
                let account = &summary.accounts[&key];
                Truth {
                    taken: account.captured.values().sum(),
                    given_back: account.refunded.values().sum(),
                }
            }
            "comgate" => sum(&at.comgate, &key),
            "payu" => sum(&at.payu, &key),
            "paypal" => sum(&at.paypal, &key),
            "halyk" => sum(&at.halyk, &key),
            _ => moved(at.fio.payments().iter().filter(|one| one.account == key)),
        }
    }

    /// Stripe sums up by our own names: what was taken, and what is left of it.
    fn at_stripe(&self, account: &str, payment: &str) -> Truth {
        let summary = self.sandbox.stripe().summary();
        let account = &summary.accounts[&key("stripe", account)];
        let kept = account.kept_by_reference.get(payment).copied().unwrap_or(0);
        let taken = account.captured_by_reference.get(payment).copied().unwrap_or(0);
        Truth { taken, given_back: taken - kept }
    }
}

/// By what a provider knows the shop's account.
fn key(provider: &str, account: &str) -> String {
    match provider {
        "stripe" => format!("sk_test_{account}"),
        _ => format!("{account}-{provider}"),
    }
}

/// Where a payment is made: provider and account.
pub fn account_of(payment: &Value) -> (&str, &str) {
    let attempt = &payment["attempts"][0];
    (attempt["provider"].as_str().unwrap(), attempt["account"].as_str().unwrap())
}

/// What the provider calls it: the end of its page's address, or the symbol of its transfer.
fn name_of(payment: &Value) -> &str {
    let attempt = &payment["attempts"][0];
    match attempt["redirect_url"].as_str() {
        Some(url) => url.rsplit('/').next().unwrap(),
        None => attempt["transfer"]["variable_symbol"].as_str().unwrap_or_default(),
    }
}

/// What is true of one payment, each of whose refunds was made once.
fn of(payment: Option<TillPayment>) -> Truth {
    let payment = payment.unwrap_or_default();
    let names = payment.refunds.iter().map(|made| &made.1).filter(|name| !name.is_empty());
    let mut seen = HashSet::new();
    for name in names {
        assert!(seen.insert(name), "the refund {name} was made twice: {payment:?}");
    }
    let given_back = payment.refunds.iter().map(|made| made.2).sum();
    Truth { taken: payment.captured_minor, given_back }
}

fn sum<A: Merchant>(stand: &Stand<A>, account: &str) -> Truth {
    let own = stand.payments().into_iter().filter(|payment| payment.account == account);
    own.map(|payment| of(Some(payment))).fold(Truth::default(), |all, one| Truth {
        taken: all.taken + one.taken,
        given_back: all.given_back + one.given_back,
    })
}

/// Movements of a bank account: what came, and what has left.
fn moved<'a>(movements: impl Iterator<Item = &'a TillPayment>) -> Truth {
    let mut truth = Truth::default();
    for movement in movements {
        match movement.amount_minor {
            came if came > 0 => truth.taken += came,
            left => truth.given_back -= left,
        }
    }
    truth
}
