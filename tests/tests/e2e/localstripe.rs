//! Money over a Stripe that nobody here wrote.

use kontor_tests::{
    SOON,
    localstripe::LocalStripe,
    replay::assert_replays,
    shop::{STRIPE_SECRET, Shop},
    site::{Kind, Site},
    until,
};
use serde_json::{Value, json};

each! {
    money_comes_and_goes_over_a_stripe_of_others => comes_and_goes;
}

const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000000341";

struct World {
    stripe: LocalStripe,
    shop: Shop,
}

impl World {
    /// A payment that can be paid: its id, and its intent's.
    async fn opened(&self, capture: &str) -> (String, String) {
        let wish = json!({
            "provider": "stripe", "account": "main", "capture": capture,
            "amount": { "amount_minor": 34_900, "currency": "CZK" },
        });
        let payment = self.shop.client.post("/v1/payments", wish).await.id();
        let attempt = until("an intent", SOON, || async {
            let known = self.known(&payment).await;
            let attempt = known["attempts"][0].clone();
            attempt["client"].is_object().then_some(attempt)
        })
        .await;
        assert_eq!(attempt["client"]["publishable_key"], "pk_test_of_the_tests");
        let intent = attempt["references"][0].as_str().unwrap().to_owned();
        let made = self.stripe.get(&format!("/v1/payment_intents/{intent}")).await;
        assert_eq!(attempt["client"]["client_secret"], made["client_secret"]);
        assert_eq!((&made["amount"], &made["currency"]), (&json!(34_900), &json!("czk")));
        (payment, intent)
    }

    async fn known(&self, payment: &str) -> Value {
        self.shop.client.get(&format!("/v1/payments/{payment}")).await.ok()
    }

    async fn stands(&self, payment: &str, status: &str) -> Value {
        until(&format!("{payment} {status}"), SOON, || async {
            let known = self.known(payment).await;
            (known["status"] == status).then_some(known)
        })
        .await
    }

    async fn act(&self, payment: &str, what: &str, body: Value) {
        self.shop.client.post(&format!("/v1/payments/{payment}/{what}"), body).await.ok();
    }

    /// What went back there, in all.
    async fn given_back(&self, intent: &str) -> i64 {
        let list = self.stripe.get(&format!("/v1/refunds?payment_intent={intent}")).await;
        list["data"].as_array().unwrap().iter().map(|one| one["amount"].as_i64().unwrap()).sum()
    }
}

async fn comes_and_goes(kind: Kind) {
    let stripe = LocalStripe::start().await;
    let site = Site::on(kind).await;
    let mut node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    let settings = json!({
        "secret_key": stripe.key(), "webhook_secrets": [STRIPE_SECRET], "endpoint": stripe.url(),
        "flow": "payment_intent", "publishable_key": "pk_test_of_the_tests",
        "payment_method_types": ["card"],
    });
    shop.client.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
    let hook = shop.stripe_hook(&node).await;
    stripe.tell(&hook, STRIPE_SECRET).await;
    let world = World { stripe, shop };

    let secret = paid_and_given_back(&world).await;
    declined_and_called_off(&world).await;
    held_and_taken(&world).await;

    assert!(!site.raw().await.contains(&secret), "it was written in the clear");
    assert!(!node.stderr().contains(&secret) && !node.stdout().contains(&secret), "it was logged");
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// Paid, told by the webhook alone, and given back in two parts; what only the browser needed.
async fn paid_and_given_back(world: &World) -> String {
    let (payment, intent) = world.opened("automatic").await;
    let known = world.known(&payment).await;
    let secret = known["attempts"][0]["client"]["client_secret"].as_str().unwrap().to_owned();
    let (status, body) = world.stripe.pay(&intent, GOOD_CARD).await;
    assert_eq!(status, 200, "{body}");
    let paid = world.stands(&payment, "paid").await;
    assert_eq!(paid["captured_minor"], 34_900);
    assert_eq!(paid["attempts"][0]["client"], Value::Null, "nobody needs it any more");
    assert_eq!(paid["queries"], 0, "it was told, and not asked for");

    let part = json!({ "amount": { "amount_minor": 4900, "currency": "CZK" } });
    world.act(&payment, "refunds", part).await;
    world.stands(&payment, "partially_refunded").await;
    assert_eq!(world.given_back(&intent).await, 4900);
    let rest = json!({ "amount": { "amount_minor": 30_000, "currency": "CZK" } });
    world.act(&payment, "refunds", rest).await;
    world.stands(&payment, "refunded").await;
    assert_eq!(world.given_back(&intent).await, 34_900);
    secret
}

async fn declined_and_called_off(world: &World) {
    let (payment, intent) = world.opened("automatic").await;
    let (status, body) = world.stripe.pay(&intent, DECLINED_CARD).await;
    assert_eq!(status, 402, "{body}");
    let problem = until("the decline", SOON, || async {
        let known = world.known(&payment).await;
        let problem = known["attempts"][0]["problem"].clone();
        problem.is_object().then_some(problem)
    })
    .await;
    assert_eq!(problem["code"], "card_declined");
    assert_eq!(world.known(&payment).await["status"], "pending", "another try may follow");
    world.act(&payment, "cancel", json!({})).await;
    world.stands(&payment, "cancelled").await;
    let off = world.stripe.get(&format!("/v1/payment_intents/{intent}")).await;
    assert_eq!(off["status"], "canceled");
}

/// It does not tell of holds, so it is asked.
async fn held_and_taken(world: &World) {
    let (payment, intent) = world.opened("manual").await;
    let (status, body) = world.stripe.pay(&intent, GOOD_CARD).await;
    assert_eq!((status, &body["status"]), (200, &json!("requires_capture")), "{body}");
    world.act(&payment, "query", json!({})).await;
    world.stands(&payment, "authorized").await;
    world.act(&payment, "capture", json!({})).await;
    let paid = world.stands(&payment, "paid").await;
    assert_eq!((&paid["captured_minor"], &paid["authorized_minor"]), (&json!(34_900), &json!(0)));
}
