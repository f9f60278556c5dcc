//! The shops' accounts at the stand-ins of all payment providers, how shoppers pay there, and the
//! providers' own books.

use super::{
    api::Bearer,
    picture::{Payment, Whole},
    shops::{Ground, Shop, put_account},
    town::Town,
};
use kontor_messages::payment::PaymentStatus;
use kontor_sandbox::{
    ComGateShop, FioAccount, HalykTerminal, Merchant, PAYPAL_ROOT, PayPalApp, PayUPos, Stand,
    StripeAccount, TillPayment, WebhookEndpoint,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const IBAN: &str = "CZ9320100000002000145399";
const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";

/// How many shoppers of some choose which provider: as fast as each takes calls.
const CHOICES: [(&str, u32); 6] =
    [("stripe", 25), ("fio", 15), ("comgate", 10), ("payu", 10), ("paypal", 10), ("halyk", 5)];

/// Where a payment is paid.
pub(super) struct Page {
    pub(super) payment: String,
    pub(super) provider: &'static str,
    url: String,
    /// What the form says beside the button.
    form: String,
}

/// What a provider has written down of a shop's money.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    pub(super) taken_minor: i64,
    pub(super) given_back_minor: i64,
}

/// What a shop's providers have written down.
#[derive(Default)]
pub(super) struct Books {
    /// By provider, those that nobody paid by included.
    pub(super) sides: BTreeMap<&'static str, Side>,
    /// What is left of each payment, by our name of it.
    pub(super) kept: HashMap<String, i64>,
    /// How often a payer has paid, by our name of the payment.
    pub(super) charges: HashMap<String, u64>,
}

/// One of the shop's providers.
pub(super) fn choose(shop: &Shop) -> &'static str {
    let there = || CHOICES.iter().filter(|(name, _)| shop.providers.contains(name));
    let mut at = fastrand::u32(0..there().map(|(_, weight)| weight).sum::<u32>().max(1));
    for (name, weight) in there() {
        if at < *weight {
            return name;
        }
        at -= weight;
    }
    "stripe"
}

/// Opens a shop's accounts: their settings here, and then the accounts themselves there, which send
/// what happens to the address that belongs to each.
pub(super) async fn connect(
    ground: &Ground<'_>,
    tenant: &str,
    bearer: &Bearer,
    providers: &[&str],
) -> Result<(), String> {
    let secret = uuid::Uuid::new_v4().simple().to_string();
    for provider in providers {
        let settings = settings(ground, tenant, provider, &secret);
        let account = put_account(ground, bearer, provider, settings).await?;
        // A bank tells nobody anything: it is asked.
        let hook = account["webhook_path"].as_str().map(|path| format!("{}{path}", ground.node));
        let hook = hook.unwrap_or_default();
        register(ground, tenant, provider, (secret.clone(), hook));
    }
    Ok(())
}

/// What the node is to know of an account, which is under the tenant's name at the provider.
fn settings(ground: &Ground<'_>, tenant: &str, provider: &str, secret: &str) -> Value {
    let at = ground.sandbox.providers();
    match provider {
        "comgate" => json!({ "merchant": tenant, "secret": secret, "test": true,
            "endpoint": at.comgate.base_url() }),
        "payu" => json!({ "pos_id": tenant, "client_secret": secret, "second_key": secret,
            "endpoint": at.payu.base_url() }),
        "paypal" => {
            let url = at.paypal.base_url();
            json!({ "client_id": tenant, "client_secret": secret, "webhook_id": tenant,
                "endpoint": url, "certificate_origins": [url], "certificate_root": PAYPAL_ROOT })
        }
        "halyk" => {
            let url = at.halyk.base_url();
            json!({ "client_id": tenant, "client_secret": secret, "terminal": TERMINAL,
                "shop_id": tenant, "hash_key": secret, "endpoint": url,
                "token_endpoint": format!("{url}/oauth2/token") })
        }
        "fio" => json!({ "token": tenant, "iban": IBAN, "endpoint": at.fio.base_url(),
            "pause_s": 0, "refunds": "import" }),
        _ => json!({ "secret_key": stripe_key(tenant),
            "webhook_secrets": [format!("whsec_{secret}")],
            "endpoint": ground.sandbox.stripe().base_url() }),
    }
}

/// Makes the account known at the provider.
fn register(ground: &Ground<'_>, tenant: &str, provider: &str, (secret, hook): (String, String)) {
    let at = ground.sandbox.providers();
    let own = tenant.to_owned();
    match provider {
        "comgate" => {
            at.comgate.register(ComGateShop { merchant: own, secret, push_url: Some(hook) });
        }
        "payu" => at.payu.register(PayUPos {
            pos_id: own,
            client_secret: secret.clone(),
            second_key: secret,
            algorithm: "SHA-256".into(),
            auto_receive: true,
        }),
        "paypal" => at.paypal.register(PayPalApp {
            client_id: own.clone(),
            client_secret: secret,
            webhook_id: own,
            webhook_url: Some(hook),
            declines: false,
        }),
        "halyk" => at.halyk.register(HalykTerminal {
            client_id: own,
            client_secret: secret,
            terminal: TERMINAL.into(),
            two_step: false,
        }),
        "fio" => at.fio.register(FioAccount::new(tenant, IBAN, 0)),
        _ => {
            let webhooks = vec![WebhookEndpoint { url: hook, secret: format!("whsec_{secret}") }];
            let api_key = stripe_key(tenant);
            ground.sandbox.stripe().register(StripeAccount { api_key, webhooks });
        }
    }
}

/// Where a payment is paid, once it is opened.
pub(super) fn page(town: &Town, provider: &'static str, payment: &Value) -> Option<Page> {
    let id = payment.get("id")?.as_str()?.to_owned();
    let attempt = payment.pointer("/attempts/0")?;
    if let Some(url) = attempt.get("redirect_url").and_then(Value::as_str) {
        return Some(Page { payment: id, provider, url: url.to_owned(), form: String::new() });
    }
    let transfer = attempt.get("transfer")?;
    let amount = transfer.pointer("/amount/amount_minor")?.as_i64()?;
    let form = format!(
        "iban={IBAN}&symbol={}&amount={}.{:02}&",
        transfer.get("variable_symbol")?.as_str()?,
        amount / 100,
        amount % 100
    );
    let url = format!("{}/bank/transfer", town.sandbox.providers().fio.base_url());
    Some(Page { payment: id, provider, url, form })
}

impl Page {
    /// Presses a button; true if the payer has paid.
    pub(super) async fn press(&self, town: &Town, outcome: &str) -> Result<bool, String> {
        let bank = self.provider == "fio";
        // At a bank there is nothing to be declined.
        let outcome = if bank && outcome != "pay" { "cancel" } else { outcome };
        let form = format!("{}outcome={outcome}", self.form);
        let status = town.client.press(&self.url, form).await?;
        let done = if bank { 200 } else { 302 };
        Ok(outcome == "pay" && status == done)
    }
}

/// Has a provider asked how a payment stands; a bank tells nothing by itself.
pub(super) async fn ask(town: &Town, bearer: &Bearer, payment: &str) {
    let path = format!("/v1/payments/{payment}/query");
    match town.client.send(bearer, Method::POST, &path, None, &json!({})).await {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => town.ledger.surprise(format!("{path}: {} {}", answer.status, answer.body)),
        Err(fault) => town.ledger.surprise(fault),
    }
}

/// A clerk authorises what waits at the bank, and asks about payments that are not at rest.
pub(super) async fn see_to(town: &Town, whole: &Whole) {
    town.sandbox.providers().fio.authorise();
    for ((shop, picture), books) in town.shops.iter().zip(&whole.shops).zip(&whole.books) {
        for payment in picture.payments.iter().filter(|payment| payment.moves(books)) {
            ask(town, &shop.bearer, &payment.id).await;
        }
    }
}

/// What a shop's providers have written down about these payments, and about any other.
pub(super) fn books(town: &Town, shop: &Shop, payments: &[Payment]) -> Books {
    let mut books = Books::default();
    let summary = town.sandbox.stripe().summary();
    if let Some(account) = summary.accounts.get(&stripe_key(&shop.tenant)) {
        let taken_minor = account.captured.values().sum();
        let given_back_minor = account.refunded.values().sum();
        books.sides.insert("stripe", Side { taken_minor, given_back_minor });
        let kept = account.kept_by_reference.iter();
        books.kept.extend(kept.map(|(payment, kept)| (payment.clone(), *kept)));
        let charges = account.charges_by_reference.iter();
        books.charges.extend(charges.map(|(payment, count)| (payment.clone(), *count)));
    }
    let at = town.sandbox.providers();
    for (name, till) in [
        ("comgate", till(&at.comgate, &shop.tenant)),
        ("payu", till(&at.payu, &shop.tenant)),
        ("paypal", till(&at.paypal, &shop.tenant)),
        ("halyk", till(&at.halyk, &shop.tenant)),
        ("fio", bank(town, &shop.tenant)),
    ] {
        if shop.providers.contains(&name) {
            books.add(name, &till, payments);
        }
    }
    books
}

/// Money of one payment at a provider: taken, given back, and whether the payer has paid.
#[derive(Clone, Copy, Default)]
struct Line {
    taken: i64,
    given_back: i64,
    paid: bool,
}

impl Books {
    fn add(&mut self, provider: &'static str, till: &HashMap<String, Line>, payments: &[Payment]) {
        let taken_minor = till.values().map(|line| line.taken).sum();
        let given_back_minor = till.values().map(|line| line.given_back).sum();
        self.sides.insert(provider, Side { taken_minor, given_back_minor });
        for payment in payments {
            let Some(name) = payment.name_at(provider) else { continue };
            let line = till.get(name).copied().unwrap_or_default();
            // What was called off before it was taken is nobody's charge.
            let over = matches!(payment.status, PaymentStatus::Cancelled | PaymentStatus::Failed);
            let charged = line.taken > 0 || (line.paid && !over);
            self.kept.insert(payment.id.clone(), line.taken - line.given_back);
            self.charges.insert(payment.id.clone(), u64::from(charged));
        }
    }
}

/// A provider's lines of one account, by the provider's names.
fn till<A: Merchant>(stand: &Stand<A>, account: &str) -> HashMap<String, Line> {
    let own = stand.payments().into_iter().filter(|payment| payment.account == account);
    own.map(|payment| (payment.id.clone(), line(&payment))).collect()
}

fn line(payment: &TillPayment) -> Line {
    let given_back = payment.refunds.iter().map(|refund| refund.2).sum();
    let paid = payment.captured_minor > 0 || payment.status == "APPROVED";
    Line { taken: payment.captured_minor, given_back, paid }
}

/// A bank account's lines, by symbol.
fn bank(town: &Town, account: &str) -> HashMap<String, Line> {
    let mut lines: HashMap<String, Line> = HashMap::new();
    for movement in town.sandbox.providers().fio.payments() {
        if movement.account != account {
            continue;
        }
        let line = lines.entry(movement.reference).or_default();
        match movement.amount_minor {
            came if came > 0 => {
                line.taken += came;
                line.paid = true;
            }
            left => line.given_back -= left,
        }
    }
    lines
}

fn stripe_key(tenant: &str) -> String {
    format!("sk_test_{tenant}")
}
