//! Money under faults: hundreds of payments by all providers, each of which fails at random, while
//! the node is killed again and again. In the end our books are the providers' books.

use crate::till::{ACCOUNTS, PROVIDERS, Till, Truth, account_of};
use kontor_tests::{
    client::Client,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until, until_true,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};
use tokio::task::JoinSet;

/// How many payments there are.
const PAYMENTS: usize = 500;
/// Payers at once.
const PAYERS: usize = 60;
/// How often the process is killed.
const KILLS: usize = 5;
/// How long one step of a payment may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a payment, at first and at most.
const LOOK: Duration = Duration::from_millis(150);
const LOOK_MAX: Duration = Duration::from_millis(1500);
/// The provider tells by itself how a payment stands; after so long it is asked, and so long after
/// that again.
const ASK_AFTER: Duration = Duration::from_secs(2);
const ASK_EVERY: Duration = Duration::from_secs(5);

/// This node is in a hurry: what failed is tried again soon, and nobody rests for long. Of the calls
/// that are to fail it tells nothing, so that a failure of the test is found.
const HURRY: [(&str, &str); 5] = [
    ("KONTOR_LOG__FILTER", "error"),
    ("KONTOR_GATEWAYS__RETRY_MS", "200"),
    ("KONTOR_GATEWAYS__RETRY_MS_MAX", "2000"),
    ("KONTOR_GATEWAYS__REST_MS", "200"),
    ("KONTOR_GATEWAYS__REST_MS_MAX", "1000"),
];

each! {
    payments_by_all_providers_under_faults_and_five_kills_are_the_providers_own => under_faults;
}

/// What somebody has in mind with a payment.
#[derive(Clone, Copy, Debug)]
struct Plan {
    number: usize,
    provider: &'static str,
    account: &'static str,
    pays: bool,
    holds: bool,
    /// What goes back, in parts.
    gives_back: &'static [i64],
}

impl Plan {
    fn of(number: usize) -> Self {
        let provider = PROVIDERS[number % PROVIDERS.len()];
        let account = ACCOUNTS[number / PROVIDERS.len() % ACCOUNTS.len()];
        let holds = matches!(provider, "stripe" | "comgate" | "paypal") && number % 4 == 1;
        let gives_back: &[i64] = match number % 5 {
            0 => &[20_000],
            1 => &[15_000, 30_000],
            _ => &[],
        };
        Self { number, provider, account, pays: number % 11 != 3, holds, gives_back }
    }

    /// Every one is another amount.
    fn amount(&self) -> i64 {
        100_000 + 100 * i64::try_from(self.number).unwrap()
    }

    fn currency(&self) -> &'static str {
        match self.provider {
            "payu" => "PLN",
            "halyk" => "KZT",
            _ => "CZK",
        }
    }

    fn truth(&self) -> Truth {
        let paid = i64::from(self.pays);
        Truth {
            taken: paid * self.amount(),
            given_back: paid * self.gives_back.iter().sum::<i64>(),
        }
    }
}

struct World {
    client: Client,
    till: Till,
    /// What persons saw in the providers' books, and did about it.
    notes: Mutex<Vec<String>>,
    next: AtomicUsize,
    done: AtomicUsize,
}

async fn under_faults(kind: Kind) {
    let given = std::env::var("TEST_SEED").ok();
    let seed = given.map_or_else(|| fastrand::u64(..), |text| text.parse().unwrap());
    println!("TEST_SEED={seed} has the providers fail in the same way");
    let site = Site::on(kind).await.with_settings(&HURRY);
    // Some providers are told with each payment where to send what happens to it.
    let url = site.url();
    let site = site.with_settings(&[("KONTOR_HTTP__PUBLIC_URL", &url)]);
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    let till = Till::open(&shop, node.url(), seed).await;
    till.trouble(true);
    let world = World {
        client: shop.client.clone(),
        till,
        notes: Mutex::default(),
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    };
    let world = Arc::new(world);
    let mut payers = JoinSet::new();
    for _ in 0..PAYERS {
        payers.spawn(payer(Arc::clone(&world)));
    }
    for kill in 1..=KILLS {
        let wanted = kill * PAYMENTS / (KILLS + 1);
        until_true(&format!("{wanted} payments at rest"), 2 * PATIENCE, || async {
            wanted <= world.done.load(Ordering::Acquire)
        })
        .await;
        node.kill();
        node = site.start().await;
    }
    while let Some(payer) = payers.join_next().await {
        payer.unwrap();
    }
    world.till.trouble(false);
    world.till.settled().await;
    assert_books(&world).await;
    let ended = node.terminate().await;
    assert!(ended.status.success(), "{ended:?}");
    assert_replays(&site).await;
}

async fn payer(world: Arc<World>) {
    loop {
        let number = world.next.fetch_add(1, Ordering::AcqRel);
        if number >= PAYMENTS {
            return;
        }
        world.goes_through(Plan::of(number)).await;
        world.done.fetch_add(1, Ordering::AcqRel);
    }
}

impl World {
    async fn goes_through(&self, plan: Plan) {
        let payment = self.opens(&plan).await;
        let is_open = |found: &Value| {
            let attempt = &found["attempts"][0];
            attempt["redirect_url"].is_string() || attempt["transfer"].is_object()
        };
        let opened = self.rests(&payment, &format!("{plan:?} opened"), is_open).await;
        if !plan.pays {
            return;
        }
        self.till.pay(&opened).await;
        if plan.holds {
            let held = |found: &Value| found["status"] == "authorized";
            self.rests(&payment, &format!("{plan:?} held"), held).await;
            let path = format!("/v1/payments/{payment}/capture");
            self.ask(&path, json!({}), &format!("capture-{}", plan.number)).await;
        }
        let paid = |found: &Value| found["captured_minor"] == plan.amount();
        self.rests(&payment, &format!("{plan:?} paid"), paid).await;
        for (part, amount) in plan.gives_back.iter().enumerate() {
            let path = format!("/v1/payments/{payment}/refunds");
            let amount = json!({ "amount_minor": amount, "currency": plan.currency() });
            let key = format!("refund-{}-{part}", plan.number);
            self.ask(&path, json!({ "amount": amount }), &key).await;
            self.gives_back(&plan, &payment, part).await;
        }
    }

    async fn opens(&self, plan: &Plan) -> String {
        let asked = json!({
            "amount": { "amount_minor": plan.amount(), "currency": plan.currency() },
            "provider": plan.provider, "account": plan.account, "description": "Order",
            "capture": if plan.holds { "manual" } else { "automatic" },
            "return_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/no",
            "customer_email": "jana@example.com",
        });
        let made = self.ask("/v1/payments", asked, &format!("pay-{}", plan.number)).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a refund has come to its end. Where nobody but a person can tell, the person
    /// looks into the provider's books.
    async fn gives_back(&self, plan: &Plan, payment: &str, part: usize) {
        let refund = |found: &Value| found["refunds"].as_array()?.get(part).cloned();
        let begun = Instant::now();
        loop {
            let what = format!("{plan:?} gave back {part}");
            let found = self
                .rests(payment, &what, |found| {
                    refund(found).is_some_and(|it| is_over(&it) || is_left_to_us(found, &it))
                })
                .await;
            let known = refund(&found).unwrap();
            if is_over(&known) {
                assert_eq!(known["status"], "succeeded", "{found}");
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {found}");
            self.looks_into_the_books(payment, &found, &known).await;
        }
    }

    /// A person says what became of a refund. What was not done is asked for anew.
    async fn looks_into_the_books(&self, payment: &str, found: &Value, refund: &Value) {
        let settled = found["refunded_minor"].as_i64().unwrap();
        let amount = refund["amount"]["amount_minor"].as_i64().unwrap();
        // A call of a node that was killed may still be under way there.
        self.till.caught_up().await;
        let given_back = self.till.truth(found).given_back;
        let succeeded = given_back == settled + amount;
        let at = UNIX_EPOCH.elapsed().unwrap().as_millis();
        if !succeeded && given_back != settled {
            panic!("{given_back} went back: {found}\n{}", self.explain(found).await);
        }
        let id = refund["refund"].as_str().unwrap();
        let note =
            format!("{at} {payment} {id}: {given_back} went back, version {}", found["version"]);
        self.notes.lock().unwrap().push(note);
        if succeeded {
            let (path, body) =
                (format!("/v1/payments/{payment}/refunds/{id}/mark"), json!({ "succeeded": true }));
            let marked = self.client.ask(Method::POST, &path, Some(body), None).await;
            // The provider may have told it by itself meanwhile, or the node be away: either way
            // the payment is looked at again.
            if let Ok(marked) = marked {
                assert!(matches!(marked.status, 200 | 409 | 429 | 503), "{marked:?}");
            }
        } else {
            let calls = found["calls"].as_array().into_iter().flatten();
            let call = calls.into_iter().find(|call| call["refund"] == *id).unwrap();
            let call = call["key"].as_str().unwrap();
            let (path, body) =
                (format!("/v1/payments/{payment}/retry-call"), json!({ "key": call }));
            self.ask(&path, body, &format!("retry-{call}-{}", fastrand::u64(..))).await;
        }
    }

    /// Waits until a payment stands like that; asks the provider meanwhile.
    async fn rests(&self, payment: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let (begun, mut pause, mut asked) = (Instant::now(), LOOK, None::<Instant>);
        loop {
            let found = self.look(payment).await;
            if let Some(found) = found.as_ref().filter(|found| is(found)) {
                return found.clone();
            }
            let waited = begun.elapsed();
            assert!(waited < PATIENCE, "waited {waited:?} for {what}: {found:?}");
            let bank = found.is_some_and(|found| account_of(&found).0 == "fio");
            let again = asked.is_none_or(|asked| ASK_EVERY < asked.elapsed());
            if (bank || ASK_AFTER <= waited) && again {
                // The account's holder comes by.
                self.till.authorise();
                let path = format!("/v1/payments/{payment}/query");
                let told = self.client.ask(Method::POST, &path, None, None).await;
                asked = told.ok().map(|_| Instant::now());
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(LOOK_MAX);
        }
    }

    async fn look(&self, payment: &str) -> Option<Value> {
        let path = format!("/v1/payments/{payment}");
        let answer = self.client.ask(Method::GET, &path, None, None).await.ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// What is known of a payment: what was called, what happened, what the provider has, and what
    /// persons did.
    async fn explain(&self, payment: &Value) -> String {
        let id = payment["id"].as_str().unwrap();
        let mut told = Vec::new();
        for part in ["calls", "history"] {
            for item in self.client.all(&format!("/v1/payments/{id}/{part}")).await {
                told.push(format!("{part} {item}"));
            }
        }
        told.extend(self.till.movements(payment));
        let notes = self.notes.lock().unwrap();
        told.extend(notes.iter().filter(|note| note.contains(id)).cloned());
        told.join("\n")
    }

    /// Asks with one key until there is an answer.
    async fn ask(&self, path: &str, body: Value, key: &str) -> Value {
        until(&format!("an answer to {path}"), PATIENCE, || async {
            let asked = self.client.ask(Method::POST, path, Some(body.clone()), Some(key)).await;
            let answered = asked.ok().filter(|answer| !matches!(answer.status, 429 | 503));
            if answered.is_none() {
                // The node is away, and comes back.
                tokio::time::sleep(LOOK).await;
            }
            Some(answered?.ok())
        })
        .await
    }
}

fn is_over(refund: &Value) -> bool {
    refund["status"] == "succeeded" || refund["status"] == "failed"
}

fn is_left_to_us(found: &Value, refund: &Value) -> bool {
    let calls = found["calls"].as_array().into_iter().flatten();
    calls.into_iter().any(|call| call["state"] == "given_up" && call["refund"] == refund["refund"])
}

/// Every payment is what was planned and what its provider says; and all of them together are all
/// that there is, account by account.
async fn assert_books(world: &World) {
    let payments = world.client.all("/v1/payments").await;
    assert_eq!(payments.len(), PAYMENTS);
    let mut booked: BTreeMap<(String, String), Truth> = BTreeMap::new();
    for payment in &payments {
        let ours = ledger(world, payment).await;
        if ours != world.till.truth(payment) {
            let explained = world.explain(payment).await;
            panic!("ours {ours:?}, there {:?}\n{explained}", world.till.truth(payment));
        }
        let number = (payment["amount_minor"].as_i64().unwrap() - 100_000) / 100;
        let plan = Plan::of(usize::try_from(number).unwrap());
        assert_eq!(ours, plan.truth(), "{plan:?} {payment}");
        for refund in payment["refunds"].as_array().into_iter().flatten() {
            assert_eq!(refund["status"], "succeeded", "{payment}");
        }
        let calls = payment["calls"].as_array().map_or(0, Vec::len);
        assert_eq!(calls, 0, "calls that have not come to an end: {payment}");
        let (provider, account) = account_of(payment);
        let account = booked.entry((provider.to_owned(), account.to_owned())).or_default();
        account.taken += ours.taken;
        account.given_back += ours.given_back;
    }
    let balances = world.client.get("/v1/ledger/balances").await.ok();
    let balances = balances["items"].as_array().unwrap();
    assert_eq!(balances.len(), PROVIDERS.len() * ACCOUNTS.len());
    for balance in balances {
        let part = |member: &str| balance[member].as_str().unwrap();
        let (provider, account) = (part("provider"), part("account"));
        let told = Truth {
            taken: balance["in_minor"].as_i64().unwrap(),
            given_back: balance["out_minor"].as_i64().unwrap(),
        };
        let there = world.till.of_account(provider, account);
        assert_eq!(told, there, "money at {provider} that no payment knows of");
        assert_eq!(told, booked[&(provider.to_owned(), account.to_owned())]);
    }
}

/// What a payment's ledger says, with no entry of money that was taken or given back twice.
async fn ledger(world: &World, payment: &Value) -> Truth {
    let id = payment["id"].as_str().unwrap();
    let mut truth = Truth::default();
    for entry in world.client.all(&format!("/v1/payments/{id}/ledger")).await {
        let amount = entry["amount_minor"].as_i64().unwrap();
        match entry["kind"].as_str().unwrap() {
            "capture" => truth.taken += amount,
            "refund" => truth.given_back += amount,
            "refund_reversal" => truth.given_back -= amount,
            "authorize" | "void" => {}
            other => panic!("{other}: {entry}"),
        }
    }
    assert_eq!(payment["captured_minor"], truth.taken, "{payment}");
    assert_eq!(payment["refunded_minor"], truth.given_back, "{payment}");
    truth
}
