//! What a provider is tried on: its account at a stand-in, and the provider's own side of it.

use super::super::{Provider, providers, testing::Hook, testing::open_in};
use crate::gateways::tests::http;
use async_trait::async_trait;
use kontor_actors::ports::{
    GatewayFault, Headers, Interpreted, OpenPayment, Opened, PaymentGateway, QueryPayment,
};
use kontor_messages::{
    Timestamp,
    payment::{CaptureMode, Observation},
};
use kontor_sandbox::{
    ComGateShop, Fio, FioAccount, HalykTerminal, Merchant, PAYPAL_ROOT, PayPalApp, PayUPos,
    PayerAct, PayerResult, Sandbox, SandboxConfig, Stand, Stripe, StripeAccount, WebhookEndpoint,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is asked for.
pub const AMOUNT: i64 = 129_900;
/// A part of it.
pub const PART: i64 = 29_900;

/// How many notifications are looked through.
const NOTICES_MAX: usize = 8;
const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";
const IBAN: &str = "CZ9320100000002000145399";

/// A provider's account, and its other side.
pub struct Bench {
    /// The account.
    pub gateway: Arc<dyn PaymentGateway>,
    /// What it takes.
    pub currency: &'static str,
    /// The provider's side.
    pub till: Box<dyn Till>,
    /// Where notifications go.
    pub hook: Hook,
    _sandbox: Sandbox,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    FailsBefore,
    FailsAfter,
    Silent,
    Hangs,
    TooFast,
    Outage,
    Slow,
    Lags,
    WrongAmount,
    UnknownStatus,
    WrongSignature,
    Dropped,
    Twice,
    Late,
    Shuffled,
    BeforeAnswer,
    Contradicts,
}

/// What is true at the provider, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    pub taken: i64,
    pub given_back: i64,
}

/// The provider's side.
#[async_trait]
pub trait Till: Send + Sync {
    /// The payer acts.
    async fn act(&self, names: &[String], act: PayerAct) -> bool;
    /// Something goes wrong from now on, or the next time.
    fn switch(&self, trap: Trap);
    /// Nothing goes wrong any more.
    fn calm(&self);
    /// What is true.
    fn truth(&self) -> Truth;
    /// Whether it refuses to give back more than was taken.
    fn counts(&self) -> bool {
        true
    }
}

impl Bench {
    /// Opens a payment.
    pub async fn opens(&self, capture: CaptureMode, key: &str) -> Result<Opened, GatewayFault> {
        let open = OpenPayment { capture, key: key.into(), ..open_in(self.currency) };
        self.gateway.open(&open).await
    }

    /// What the next notification says that names a payment; providers tell more than one thing.
    pub async fn notified(&self, names: &[String]) -> Interpreted {
        for _ in 0..NOTICES_MAX {
            let (headers, body) = self.hook.next().await;
            let read = self.gateway.interpret(&headers, &body, Timestamp::now()).await.unwrap();
            if read.references.iter().any(|named| names.contains(named)) {
                return read;
            }
        }
        panic!("{}: nothing names {names:?}", self.gateway.name())
    }

    /// A payment that is paid: all its names, and what was told.
    pub async fn paid(&self, key: &str) -> (Vec<String>, Observation) {
        let opened = self.opens(CaptureMode::Automatic, key).await.unwrap();
        assert!(self.till.act(&names(&opened), PayerAct::Pay).await);
        let ask = QueryPayment {
            references: names(&opened),
            refunds: true,
            ours: Vec::new(),
            wanted: true,
        };
        let told = self.gateway.query(&ask).await.unwrap();
        (known(&opened, &told), told)
    }
}

/// What is known of a payment once it is opened.
pub fn names(opened: &Opened) -> Vec<String> {
    std::iter::once(&opened.provider_ref).chain(&opened.references).cloned().collect()
}

/// And once it was asked about.
pub fn known(opened: &Opened, told: &Observation) -> Vec<String> {
    let mut known = names(opened);
    for name in &told.references {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    known
}

pub fn no_headers() -> Headers {
    Headers::new(Vec::<(String, String)>::new())
}

/// Every way to pay at every provider: one that has two is tried twice.
pub fn ways() -> Vec<(&'static Provider, &'static str)> {
    let of = |provider: &'static Provider| {
        let own_page = (provider.name == "stripe").then_some((provider, "payment_intent"));
        [Some((provider, provider.name)), own_page].into_iter().flatten()
    };
    providers().iter().filter(|provider| provider.name != "manual").flat_map(of).collect()
}

/// The bench of a way to pay, if it has one. One arm here tries one more.
pub async fn bench((provider, way): (&Provider, &str), held: bool) -> Option<Bench> {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let hook = Hook::new().await;
    let at = sandbox.providers();
    let (currency, settings, till): (_, _, Box<dyn Till>) = match way {
        "stripe" => ("CZK", stripe(sandbox.stripe(), &hook), Box::new(sandbox.stripe().clone())),
        "payment_intent" => {
            let mut settings = stripe(sandbox.stripe(), &hook);
            settings["flow"] = "payment_intent".into();
            ("CZK", settings, Box::new(sandbox.stripe().clone()))
        }
        "comgate" => ("CZK", comgate(&at.comgate, &hook), Box::new(At(at.comgate.clone()))),
        "payu" => ("PLN", payu(&at.payu, &hook, held), Box::new(At(at.payu.clone()))),
        "paypal" => ("CZK", paypal(&at.paypal, &hook), Box::new(At(at.paypal.clone()))),
        "halyk" => ("KZT", halyk(&at.halyk, &hook, held), Box::new(At(at.halyk.clone()))),
        "fio" => ("CZK", fio(&at.fio), Box::new(Bank(at.fio.clone()))),
        _ => return None,
    };
    let gateway = (provider.build)(&settings, &http()).unwrap();
    Some(Bench { gateway, currency, till, hook, _sandbox: sandbox })
}

fn stripe(stripe: &Stripe, hook: &Hook) -> Value {
    let webhook = WebhookEndpoint { url: hook.url.clone(), secret: "whsec_kontor".into() };
    stripe.register(StripeAccount { api_key: "sk_test_kontor".into(), webhooks: vec![webhook] });
    json!({
        "secret_key": "sk_test_kontor", "webhook_secrets": ["whsec_kontor"],
        "endpoint": stripe.base_url(),
    })
}

fn comgate(stand: &Stand<ComGateShop>, hook: &Hook) -> Value {
    let (merchant, secret) = ("123456".to_owned(), "kontor-comgate-secret".to_owned());
    stand.register(ComGateShop { merchant, secret, push_url: Some(hook.url.clone()) });
    json!({
        "merchant": "123456", "secret": "kontor-comgate-secret", "test": true,
        "endpoint": stand.base_url(),
    })
}

fn payu(stand: &Stand<PayUPos>, hook: &Hook, held: bool) -> Value {
    stand.register(PayUPos {
        pos_id: "300746".into(),
        client_secret: "client-secret".into(),
        second_key: "second-key".into(),
        algorithm: "SHA-256".into(),
        auto_receive: !held,
    });
    json!({
        "pos_id": "300746", "client_secret": "client-secret", "second_key": "second-key",
        "endpoint": stand.base_url(), "notify_url": hook.url, "auto_receive": !held,
    })
}

fn paypal(stand: &Stand<PayPalApp>, hook: &Hook) -> Value {
    stand.register(PayPalApp {
        client_id: "client".into(),
        client_secret: "secret".into(),
        webhook_id: "9KONTOR0WEBHOOK001".into(),
        webhook_url: Some(hook.url.clone()),
        declines: false,
    });
    json!({
        "client_id": "client", "client_secret": "secret", "webhook_id": "9KONTOR0WEBHOOK001",
        "endpoint": stand.base_url(), "certificate_origins": [stand.base_url()],
        "certificate_root": PAYPAL_ROOT,
    })
}

fn halyk(stand: &Stand<HalykTerminal>, hook: &Hook, held: bool) -> Value {
    stand.register(HalykTerminal {
        client_id: "test".into(),
        client_secret: "secret".into(),
        terminal: TERMINAL.into(),
        two_step: held,
    });
    let url = stand.base_url();
    json!({
        "client_id": "test", "client_secret": "secret", "terminal": TERMINAL, "shop_id": "shop",
        "hash_key": "kontor-halyk-hash-key", "notify_url": hook.url, "two_step": held,
        "endpoint": url, "token_endpoint": format!("{url}/oauth2/token"),
    })
}

fn fio(bank: &Fio) -> Value {
    bank.register(FioAccount::new("kontor-fio-token", IBAN, 0));
    json!({
        "token": "kontor-fio-token", "iban": IBAN, "endpoint": bank.base_url(), "pause_s": 0,
        "refunds": "import",
    })
}

/// A provider whose page the payer acts on.
struct At<A>(Stand<A>);

#[async_trait]
impl<A: Merchant> Till for At<A> {
    async fn act(&self, names: &[String], act: PayerAct) -> bool {
        self.0.act(&names[0], act).await
    }

    fn switch(&self, trap: Trap) {
        switch(&self.0, trap);
    }

    fn calm(&self) {
        self.0.set_switches(|switches| *switches = Default::default());
    }

    fn truth(&self) -> Truth {
        let payments = self.0.payments();
        let taken = payments.iter().map(|payment| payment.captured_minor).sum();
        let back = payments.iter().flat_map(|payment| payment.refunds.iter().map(|made| made.2));
        Truth { taken, given_back: back.sum() }
    }
}

/// A bank, where the payer transfers money and the account's holder authorises orders.
struct Bank(Fio);

#[async_trait]
impl Till for Bank {
    async fn act(&self, names: &[String], act: PayerAct) -> bool {
        if act == PayerAct::Pay {
            self.0.transfer("kontor-fio-token", &names[0], AMOUNT, "");
        }
        true
    }

    fn switch(&self, trap: Trap) {
        switch(&self.0, trap);
    }

    fn calm(&self) {
        self.0.set_switches(|switches| *switches = Default::default());
    }

    fn truth(&self) -> Truth {
        let moved: Vec<i64> = self.0.payments().iter().map(|one| one.amount_minor).collect();
        let taken = moved.iter().filter(|amount| **amount > 0).sum();
        let given_back = moved.iter().filter(|amount| **amount < 0).map(|amount| -amount).sum();
        Truth { taken, given_back }
    }

    /// It is the account's holder's own money.
    fn counts(&self) -> bool {
        false
    }
}

fn switch<A: Merchant>(stand: &Stand<A>, trap: Trap) {
    stand.set_switches(|switches| match trap {
        Trap::FailsBefore => switches.fail_before = 1,
        Trap::FailsAfter => switches.fail_after = 1,
        Trap::Silent => switches.silent_after = 1,
        Trap::Hangs => switches.hang = 1,
        Trap::TooFast => switches.rate_limit = 1,
        Trap::Outage => switches.outage = 1,
        Trap::Slow => switches.delay_ms = 30,
        Trap::Lags => switches.lagging_reads = 1,
        Trap::WrongAmount => switches.wrong_amount = true,
        Trap::UnknownStatus => switches.unknown_status = true,
        Trap::WrongSignature => switches.wrong_signature = true,
        Trap::Dropped => switches.drop_notifications = true,
        Trap::Twice => switches.duplicate_notifications = true,
        Trap::Late => switches.late_ms = 50,
        Trap::Shuffled => switches.shuffle_notifications = true,
        Trap::BeforeAnswer => switches.notify_before_answer = true,
        Trap::Contradicts => switches.contradict = true,
    });
}

#[async_trait]
impl Till for Stripe {
    async fn act(&self, names: &[String], act: PayerAct) -> bool {
        Stripe::act(self, &names[0], act).await == PayerResult::Completed
    }

    fn switch(&self, trap: Trap) {
        self.set_switches(|switches| match trap {
            Trap::FailsBefore | Trap::Outage => switches.fail_rate_percent = 100,
            Trap::FailsAfter => switches.fail_after_rate_percent = 100,
            // What was answered is lost, and the same answer comes again under the key.
            Trap::Silent => {
                switches.fail_after_rate_percent = 100;
                switches.fail_after_saves_500 = true;
            }
            Trap::Hangs => switches.hang_percent = 100,
            Trap::TooFast => switches.rate_limit_percent = 100,
            Trap::Slow => switches.latency_ms = 30,
            Trap::WrongAmount => switches.wrong_amount = true,
            Trap::UnknownStatus => switches.unknown_status = true,
            Trap::WrongSignature => switches.wrong_signature = true,
            Trap::Dropped => switches.drop_webhooks_percent = 100,
            Trap::Twice => switches.duplicate_webhooks = true,
            Trap::Late => switches.late_webhooks_ms = 50,
            Trap::Shuffled | Trap::Contradicts => switches.shuffle_webhooks = true,
            Trap::BeforeAnswer => switches.instant_pay_before_create_answer = true,
            // Questions at Stripe are answered from what is written.
            Trap::Lags => switches.refund_starts_pending = true,
        });
    }

    fn calm(&self) {
        self.set_switches(|switches| *switches = Default::default());
    }

    fn truth(&self) -> Truth {
        let summary = self.summary();
        let sum = |of: fn(&kontor_sandbox::AccountSummary) -> i64| {
            summary.accounts.values().map(of).sum()
        };
        Truth {
            taken: sum(|account| account.captured.values().sum()),
            given_back: sum(|account| account.refunded.values().sum()),
        }
    }
}
