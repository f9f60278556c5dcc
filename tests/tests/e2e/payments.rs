//! Money under faults: hundreds of payments by all providers, each of which fails at random, while
//! the node is killed again and again. In the end our books are the providers' books.

use crate::till::{Till, Truth};
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
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How many payments there are.
const PAYMENTS: usize = 500;
/// Payers at once.
const PAYERS: usize = 100;
/// How often the process is killed.
const KILLS: usize = 5;
/// How long one step of a payment may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at a payment.
const LOOK: Duration = Duration::from_millis(250);

each! {
    payments_by_all_providers_under_faults_and_five_kills_are_the_providers_own => under_faults;
}

/// What somebody has in mind with a payment.
#[derive(Clone, Copy, Debug)]
struct Plan {
    number: usize,
    provider: &'static str,
    pays: bool,
    holds: bool,
    /// What goes back, in parts.
    gives_back: &'static [i64],
}

impl Plan {
    fn of(number: usize) -> Self {
        let provider = ["stripe", "comgate", "payu", "paypal", "halyk", "fio"][number % 6];
        let holds = matches!(provider, "stripe" | "comgate" | "paypal") && number % 4 == 1;
        let gives_back: &[i64] = match number % 5 {
            0 => &[20_000],
            1 => &[15_000, 30_000],
            _ => &[],
        };
        Self { number, provider, pays: number % 11 != 3, holds, gives_back }
    }

    /// Every one is another amount.
    fn amount(&self) -> i64 {
        100_000 + 100 * i64::try_from(self.number).unwrap()
    }
}

struct World {
    client: Client,
    till: Till,
    next: AtomicUsize,
    done: AtomicUsize,
}

async fn under_faults(kind: Kind) {
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    let till = Till::open(&shop, node.url()).await;
    till.trouble(true);
    let world = World {
        client: shop.client.clone(),
        till,
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    };
    let world = Arc::new(world);
    let payers: Vec<_> = (0..PAYERS).map(|_| tokio::spawn(payer(Arc::clone(&world)))).collect();
    for kill in 1..=KILLS {
        let wanted = kill * PAYMENTS / (KILLS + 1);
        until_true(&format!("{wanted} payments at rest"), PATIENCE, || async {
            wanted <= world.done.load(Ordering::Acquire)
        })
        .await;
        node.kill();
        node = site.start().await;
    }
    for payer in payers {
        payer.await.unwrap();
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
        self.till.pay(plan.provider, &opened).await;
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
            let amount = json!({ "amount_minor": amount, "currency": currency(plan.provider) });
            let key = format!("refund-{}-{part}", plan.number);
            self.ask(&path, json!({ "amount": amount }), &key).await;
            self.gives_back(&plan, &payment, part).await;
        }
    }

    async fn opens(&self, plan: &Plan) -> String {
        let asked = json!({
            "amount": { "amount_minor": plan.amount(), "currency": currency(plan.provider) },
            "provider": plan.provider, "account": "main", "description": "Order",
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
        let what = format!("{plan:?} gave back {part}");
        until(&what, PATIENCE, || async {
            let found = self.look(payment).await?;
            let refunds = found["refunds"].as_array()?;
            let refund = refunds.get(part)?;
            if refund["status"] == "succeeded" || refund["status"] == "failed" {
                return Some(());
            }
            let given_up = found["calls"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|call| call["state"] == "given_up" && call["refund"] == refund["refund"]);
            if given_up {
                let settled: i64 = refunds
                    .iter()
                    .filter(|other| other["status"] == "succeeded")
                    .map(|other| other["amount"]["amount_minor"].as_i64().unwrap())
                    .sum();
                let truth = self.till.truth(plan.provider, &found);
                let body = json!({ "succeeded": truth.given_back > settled });
                let refund = refund["refund"].as_str()?;
                let path = format!("/v1/payments/{payment}/refunds/{refund}/mark");
                self.ask(&path, body, &format!("mark-{refund}")).await;
            }
            self.asks(payment).await;
            None
        })
        .await;
    }

    /// Waits until a payment stands like that; asks the provider meanwhile.
    async fn rests(&self, payment: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(what, PATIENCE, || async {
            let found = self.look(payment).await?;
            if is(&found) {
                return Some(found);
            }
            self.asks(payment).await;
            None
        })
        .await
    }

    /// Asks the provider, and gives it a moment to answer.
    async fn asks(&self, payment: &str) {
        let path = format!("/v1/payments/{payment}/query");
        let _ = self.client.ask(Method::POST, &path, None, None).await;
        self.till.authorise();
        tokio::time::sleep(LOOK).await;
    }

    async fn look(&self, payment: &str) -> Option<Value> {
        let path = format!("/v1/payments/{payment}");
        let answer = self.client.ask(Method::GET, &path, None, None).await.ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// Asks with one key until there is an answer.
    async fn ask(&self, path: &str, body: Value, key: &str) -> Value {
        until(&format!("an answer to {path}"), PATIENCE, || async {
            let asked = self.client.ask(Method::POST, path, Some(body.clone()), Some(key)).await;
            let answered = asked.ok().filter(|answer| !matches!(answer.status, 429 | 503))?;
            Some(answered.ok())
        })
        .await
    }
}

/// Every payment is what its provider says; and all of them together are all that there is.
async fn assert_books(world: &World) {
    let payments = world.client.all("/v1/payments").await;
    assert_eq!(payments.len(), PAYMENTS);
    let mut ours = Truth::default();
    for payment in &payments {
        let provider = payment["attempts"][0]["provider"].as_str().unwrap();
        let booked = Truth {
            taken: payment["captured_minor"].as_i64().unwrap(),
            given_back: payment["refunded_minor"].as_i64().unwrap(),
        };
        assert_eq!(booked, world.till.truth(provider, payment), "{payment}");
        assert!(booked.given_back <= booked.taken, "{payment}");
        assert!(
            [0, payment["amount_minor"].as_i64().unwrap()].contains(&booked.taken),
            "{payment}"
        );
        let refunds = payment["refunds"].as_array().into_iter().flatten();
        for refund in refunds {
            assert!(refund["status"] == "succeeded" || refund["status"] == "failed", "{payment}");
        }
        let calls = payment["calls"].as_array().into_iter().flatten();
        for call in calls {
            assert_ne!(call["state"], "unknown", "{payment}");
        }
        ours.taken += booked.taken;
        ours.given_back += booked.given_back;
    }
    assert_eq!(ours, world.till.all(), "money at a provider that no payment knows of");
    let paid = payments.iter().filter(|payment| payment["captured_minor"] != 0).count();
    let wanted = (0..PAYMENTS).filter(|number| Plan::of(*number).pays).count();
    assert_eq!(paid, wanted);
    println!("{paid} paid, {} taken, {} given back", ours.taken, ours.given_back);
}

fn currency(provider: &str) -> &'static str {
    match provider {
        "payu" => "PLN",
        "halyk" => "KZT",
        _ => "CZK",
    }
}
