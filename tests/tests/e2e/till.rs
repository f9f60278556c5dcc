//! The providers' side of a shop's payments: its accounts at all stand-ins, what payers do there,
//! what goes wrong there, and what is true there.

use kontor_sandbox::{
    ComGateShop, FioAccount, HalykTerminal, Merchant, PAYPAL_ROOT, PayPalApp, PayUPos, PayerAct,
    PayerResult, Sandbox, SandboxConfig, Stand, StandSwitches, StripeAccount, StripeSwitches,
    TillPayment, WebhookEndpoint,
};
use kontor_tests::shop::{STRIPE_SECRET, Shop};
use serde_json::{Value, json};
use std::time::Duration;

const IBAN: &str = "CZ9320100000002000145399";
const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";
const FIO: &str = "kontor-fio-token";

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
    stripe_key: String,
}

impl Till {
    /// Opens an account at every provider.
    pub async fn open(shop: &Shop, node: &str) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let hook = |provider: &str| format!("{node}/webhooks/{}/{provider}/main", shop.tenant);
        let stripe_key = shop.stripe_key();
        sandbox.stripe().register(StripeAccount {
            api_key: stripe_key.clone(),
            webhooks: vec![WebhookEndpoint { url: hook("stripe"), secret: STRIPE_SECRET.into() }],
        });
        let at = sandbox.providers();
        at.comgate.register(ComGateShop {
            merchant: "123456".into(),
            secret: "comgate-secret".into(),
            push_url: Some(hook("comgate")),
        });
        at.payu.register(PayUPos {
            pos_id: "300746".into(),
            client_secret: "client-secret".into(),
            second_key: "second-key".into(),
            algorithm: "SHA-256".into(),
            auto_receive: true,
        });
        at.paypal.register(PayPalApp {
            client_id: "client".into(),
            client_secret: "secret".into(),
            webhook_id: "9KONTOR0WEBHOOK001".into(),
            webhook_url: Some(hook("paypal")),
            declines: false,
        });
        at.halyk.register(HalykTerminal {
            client_id: "test".into(),
            client_secret: "secret".into(),
            terminal: TERMINAL.into(),
            two_step: false,
        });
        at.fio.register(FioAccount::new(FIO, IBAN, 0));
        let paypal = at.paypal.base_url();
        let halyk = at.halyk.base_url();
        for (provider, settings) in [
            (
                "stripe",
                json!({"secret_key": stripe_key, "webhook_secrets": [STRIPE_SECRET],
                    "endpoint": sandbox.stripe().base_url()}),
            ),
            (
                "comgate",
                json!({"merchant": "123456", "secret": "comgate-secret", "test": true,
                    "endpoint": at.comgate.base_url()}),
            ),
            (
                "payu",
                json!({"pos_id": "300746", "client_secret": "client-secret",
                    "second_key": "second-key", "endpoint": at.payu.base_url(),
                    "notify_url": hook("payu")}),
            ),
            (
                "paypal",
                json!({"client_id": "client", "client_secret": "secret",
                    "webhook_id": "9KONTOR0WEBHOOK001", "endpoint": paypal,
                    "certificate_origins": [paypal], "certificate_root": PAYPAL_ROOT}),
            ),
            (
                "halyk",
                json!({"client_id": "test", "client_secret": "secret", "terminal": TERMINAL,
                    "shop_id": "shop", "hash_key": "hash-key", "notify_url": hook("halyk"),
                    "endpoint": halyk, "token_endpoint": format!("{halyk}/oauth2/token")}),
            ),
            (
                "fio",
                json!({"token": FIO, "iban": IBAN, "endpoint": at.fio.base_url(), "pause_s": 0,
                    "refunds": "import"}),
            ),
        ] {
            let path = format!("/v1/accounts/{provider}/main");
            shop.client.put(&path, json!({ "settings": settings })).await.ok();
        }
        Self { sandbox, stripe_key }
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
    pub async fn pay(&self, provider: &str, payment: &Value) {
        let name = name_of(payment);
        let at = self.sandbox.providers();
        let paid = match provider {
            "stripe" => {
                self.sandbox.stripe().act(&name, PayerAct::Pay).await == PayerResult::Completed
            }
            "comgate" => at.comgate.act(&name, PayerAct::Pay).await,
            "payu" => at.payu.act(&name, PayerAct::Pay).await,
            "paypal" => at.paypal.act(&name, PayerAct::Pay).await,
            "halyk" => at.halyk.act(&name, PayerAct::Pay).await,
            _ => {
                let amount = payment["amount_minor"].as_i64().unwrap();
                at.fio.transfer(FIO, &name, amount, "");
                true
            }
        };
        assert!(paid, "{payment}");
    }

    /// The bank account's holder authorises what waits.
    pub fn authorise(&self) {
        self.sandbox.providers().fio.authorise();
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
    pub fn truth(&self, provider: &str, payment: &Value) -> Truth {
        let name = name_of(payment);
        let at = self.sandbox.providers();
        match provider {
            "stripe" => self.at_stripe(payment["id"].as_str().unwrap()),
            "comgate" => of(at.comgate.payment(&name)),
            "payu" => of(at.payu.payment(&name)),
            "paypal" => of(at.paypal.payment(&name)),
            "halyk" => of(at.halyk.payment(&name)),
            _ => moved(at.fio.payments().iter().filter(|one| one.reference == name)),
        }
    }

    /// What is true of everything.
    pub fn all(&self) -> Truth {
        let summary = self.sandbox.stripe().summary();
        assert_eq!(summary.double_charges(), Vec::<String>::new());
        let at = self.sandbox.providers();
        let account = &summary.accounts[&self.stripe_key];
        let mut all = Truth {
            taken: account.captured.values().sum(),
            given_back: account.refunded.values().sum(),
        };
        let stands = [sum(&at.comgate), sum(&at.payu), sum(&at.paypal), sum(&at.halyk)];
        for part in stands.into_iter().chain([moved(at.fio.payments().iter())]) {
            all.taken += part.taken;
            all.given_back += part.given_back;
        }
        all
    }

    /// Stripe sums up by our own names: what was taken, and what is left of it.
    fn at_stripe(&self, payment: &str) -> Truth {
        let summary = self.sandbox.stripe().summary();
        let account = &summary.accounts[&self.stripe_key];
        let kept = account.kept_by_reference.get(payment).copied().unwrap_or(0);
        let taken = account.captured_by_reference.get(payment).copied().unwrap_or(0);
        Truth { taken, given_back: taken - kept }
    }
}

/// What the provider calls it: the end of its page's address, or the symbol of its transfer.
fn name_of(payment: &Value) -> String {
    let attempt = &payment["attempts"][0];
    match attempt["redirect_url"].as_str() {
        Some(url) => url.rsplit('/').next().unwrap().to_owned(),
        None => attempt["transfer"]["variable_symbol"].as_str().unwrap_or_default().to_owned(),
    }
}

fn of(payment: Option<TillPayment>) -> Truth {
    let payment = payment.unwrap_or_default();
    let given_back = payment.refunds.iter().map(|made| made.2).sum();
    Truth { taken: payment.captured_minor, given_back }
}

fn sum<A: Merchant>(stand: &Stand<A>) -> Truth {
    stand.payments().into_iter().map(|payment| of(Some(payment))).fold(
        Truth::default(),
        |all, one| Truth {
            taken: all.taken + one.taken,
            given_back: all.given_back + one.given_back,
        },
    )
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
