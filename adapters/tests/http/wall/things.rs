//! Real things of ours, one for every parameter that a route has.

use super::OURS;
use crate::shop::{Asker, Shop, order, stock};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    notification::Notification,
    payment::Payment,
    payout::{Payout, order_entity},
    reconciliation::{Reconciliation, difference_entity},
    request::Terms,
    store::{DeadLetter, Store},
    webhook::Webhook,
};
use kontor_messages::{
    Currency, EntityId, EventId, Meta, Money, TenantId, Timestamp,
    notification::{ChannelKind, NotificationCommand},
    payment::PaymentCommand,
    payout::{PayoutCommand, Transfer},
    reconciliation::{Difference, DifferenceKind, ReconciliationCommand, run_entity},
    webhook::{Position, WebhookCommand},
};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

/// Words that others use as well: seeing one tells nothing.
const COMMON: [&str; 5] = ["language", "provider", "domain", "tenant", "shard"];

/// What is ours, by the parameter that names it.
pub struct Things(HashMap<&'static str, String>);

impl Things {
    /// Makes one of each kind.
    pub async fn make(shop: &Shop, harbour: &Asker) -> Self {
        let mut things = HashMap::from([
            ("tenant", OURS.to_owned()),
            ("domain", "order".to_owned()),
            ("language", "cs".to_owned()),
            ("provider", "smtp".to_owned()),
            ("shard", "0".to_owned()),
            ("name", "our-note".replace('-', "_")),
            ("sku", "our-atlas".to_owned()),
            ("code", "our-shelf".to_owned()),
            ("role", "our-packer".to_owned()),
            ("user", "our-olga".to_owned()),
            ("supplier", "our-acme".to_owned()),
            ("source", "our-feed".to_owned()),
        ]);
        sell(shop, harbour, &mut things).await;
        pay_out(shop, harbour, &mut things).await;
        hold(harbour, &mut things).await;
        describe(harbour, &mut things).await;
        tell(shop, harbour, &mut things).await;
        staff(shop, harbour, &mut things).await;
        supply(harbour, &mut things).await;
        Self(things)
    }

    /// A route's path with our ids in it.
    pub fn fill(&self, template: &str) -> String {
        let parts = template.split('/').map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.map_or_else(|| part.to_owned(), |name| self.of(name).replace('/', "%2F"))
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The query that a route cannot do without.
    pub fn query(&self, operation: &Value) -> String {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let needed = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
        let pairs: Vec<_> = needed
            .map(|one| one["name"].as_str().unwrap())
            .map(|name| format!("{name}={}", self.of(name)))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// What a parameter is filled with.
    pub fn of(&self, name: &str) -> &str {
        let known = self.0.get(name);
        known.unwrap_or_else(|| panic!("a route has a parameter {name}: say in things.rs what for"))
    }

    /// Everything that only we know.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(name, _)| !COMMON.contains(*name)).map(|(_, id)| &**id)
    }

    /// Our invitation with a secret that somebody made up.
    pub fn forged_invitation(&self) -> String {
        format!("inv_{OURS}_{}_{}", self.of("invitation"), "x".repeat(43))
    }
}

/// Keys that let nobody in: one that expired, one that was revoked, one whose secret is guessed.
pub async fn dead_keys(shop: &Shop, tenant: &str) -> (Asker, Asker, Asker) {
    let operator = shop.operator_for(tenant);
    let until = Timestamp::now().plus(Duration::from_millis(500));
    let wish = json!({ "name": "brief", "scopes": ["*"], "expires_at": until });
    let brief = operator.post("/v1/keys", wish).await.ok();
    let gone = operator.post("/v1/keys", json!({ "name": "gone", "scopes": ["*"] })).await.ok();
    operator.delete(&format!("/v1/keys/{}", gone["id"].as_str().unwrap())).await.ok();
    let good = operator.post("/v1/keys", json!({ "name": "good", "scopes": ["*"] })).await.ok();
    let guessed = format!("kt_{tenant}_{}_{}", good["id"].as_str().unwrap(), "x".repeat(43));
    while Timestamp::now() <= until {
        tokio::task::yield_now().await;
    }
    let bearer = |made: &Value| shop.nobody().token(made["token"].as_str().unwrap());
    (bearer(&brief), bearer(&gone), shop.nobody().token(&guessed))
}

fn system() -> Caller {
    let tenant = TenantId::parse(OURS).unwrap();
    Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime }
}

async fn made(asker: &Asker, path: &str, body: Value) -> String {
    let made = asker.post(path, body).await.ok();
    made["id"].as_str().unwrap_or_else(|| panic!("{path}: {made}")).to_owned()
}

/// An order, its payment, and money on its way back.
async fn sell(shop: &Shop, harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    stock(harbour, "our-atlas", 10).await;
    let order = made(harbour, "/v1/orders", order("our-atlas", 1)).await;
    let wish = json!({ "order": order, "provider": "manual", "account": "main" });
    let payment = made(harbour, "/v1/payments", wish).await;
    // Nobody calls providers here: this is what would be told of one by hand.
    let opened = PaymentCommand::RecordOpened {
        transfer: None,
        client: None,
        payment: EntityId::parse(&payment).unwrap(),
        attempt: 1,
        provider_ref: "our-money".to_owned(),
        references: vec![],
        redirect_url: None,
        expires_at: None,
        by_hand: true,
    };
    shop.intake.tell::<Payment>(&system(), opened, Terms::default()).await.unwrap();
    let path = format!("/v1/payments/{payment}");
    let paid = json!({ "amount": { "amount_minor": 34900, "currency": "CZK" } });
    harbour.post(&format!("{path}/mark-paid"), paid).await.ok();
    let asked = harbour.act(&format!("{path}/refunds")).await.ok();
    let refund = asked["refunds"][0]["refund"].as_str().unwrap_or_else(|| panic!("{asked}"));
    let refund = refund.to_owned();
    let again = payment.clone();
    things.extend([("order", order), ("payment", payment), ("refund", refund)]);
    things.insert("paymentId", again);
    let run = json!({ "provider": "manual", "account": "main", "day": "2026-01-15" });
    let run = made(harbour, "/v1/reconciliations", run).await;
    let difference = Difference {
        kind: DifferenceKind::MissingHere,
        provider: "manual".to_owned(),
        account: "main".to_owned(),
        day: "2026-01-15".to_owned(),
        reference: "txn_ours".to_owned(),
        payment: None,
        ours: None,
        theirs: None,
        suggestions: vec![],
    };
    let id = difference_entity(&difference).to_string().replace("difference/", "");
    let (run_entity, differences) = (run_entity(&run), vec![difference]);
    let found = ReconciliationCommand::RecordDifferences { run: run_entity, differences };
    shop.intake.tell::<Reconciliation>(&system(), found, Terms::default()).await.unwrap();
    things.extend([("run", run), ("difference", id)]);
}

/// A refund that goes to the bank with a file, and the file.
async fn pay_out(shop: &Shop, harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    let settings = json!({ "token": "our-token", "iban": "CZ9320100000002000145399" });
    harbour.put("/v1/accounts/fio/our_bank", json!({ "settings": settings })).await.ok();
    let payment = EntityId::named(things["payment"].as_str());
    let order = order_entity(&payment, "our-refund");
    let transfer = Transfer {
        payee_account: "2900000005".to_owned(),
        payee_bank: "2010".to_owned(),
        amount: Money::new(100, Currency::CZK),
        variable_symbol: "2026000014".to_owned(),
        message: "OURS".to_owned(),
    };
    let queue = PayoutCommand::Queue {
        order: order.clone(),
        payment,
        provider: "fio".to_owned(),
        account: "our_bank".to_owned(),
        transfer,
    };
    shop.intake.tell::<Payout>(&system(), queue, Terms::default()).await.unwrap();
    let wish = json!({ "provider": "fio", "account": "our_bank" });
    let batch = made(harbour, "/v1/payout-batches", wish).await;
    let payout = order.as_str().replace("order/", "");
    things.extend([("payout", payout), ("batch", batch)]);
}

/// Shelves, and goods that move, wait and are held.
async fn hold(harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    harbour.put("/v1/warehouses/our-shelf", json!({ "name": "Shelf" })).await.ok();
    let arrival =
        json!({ "sku": "our-atlas", "warehouse": "our-shelf", "kind": "in", "quantity": 5 });
    let movement = made(harbour, "/v1/stock/movements", arrival).await;
    let move_on = json!({ "sku": "our-atlas", "from": "main", "to": "our-shelf", "quantity": 1 });
    let transfer = made(harbour, "/v1/stock/transfers", move_on).await;
    let hold = json!({ "channel": "web", "until": "2099-01-01T00:00:00Z",
        "lines": [{ "sku": "our-atlas", "quantity": 1 }] });
    let reservation = made(harbour, "/v1/stock/reservations", hold).await;
    things.extend([("movement", movement), ("transfer", transfer), ("reservation", reservation)]);
}

/// A product, where it stands, and what can be said of it.
async fn describe(harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    let shelf = made(harbour, "/v1/categories", json!({ "names": { "cs": "Naše" } })).await;
    let second = made(harbour, "/v1/categories", json!({ "names": { "cs": "Druhá" } })).await;
    let wish = json!({ "sku": "our-atlas", "titles": { "cs": "Atlas" }, "categories": [shelf] });
    let product = made(harbour, "/v1/products", wish).await;
    let color = json!({ "labels": { "cs": "Barva" }, "kind": { "type": "text" } });
    harbour.put("/v1/attributes/our_color", color).await.ok();
    let set = json!({ "name": "Naše", "attributes": [{ "code": "our_color" }] });
    harbour.put("/v1/attribute-sets/our_set", set).await.ok();
    things.extend([("product", product), ("category", shelf), ("second", second)]);
    things.extend([("attribute", "our_color".to_owned()), ("set", "our_set".to_owned())]);
}

/// Messages, their texts, endpoints with a delivery, and what could not be done.
async fn tell(shop: &Shop, harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    let text = json!({ "subject": "Hello", "text": "Hello" });
    harbour.put("/v1/templates/our_note/cs", text).await.ok();
    let account = json!({ "settings": { "host": "127.0.0.1", "from": "a@example.com" } });
    harbour.put("/v1/accounts/smtp/our_note", account).await.ok();
    let wish = json!({ "url": "http://127.0.0.1:9/hooks", "events": ["*"] });
    let endpoint = made(harbour, "/v1/webhook-endpoints", wish).await;
    let tenant = TenantId::parse(OURS).unwrap();
    let event = EventId::fresh(Timestamp::now());
    let deliver = WebhookCommand::Deliver {
        endpoint: EntityId::parse(&endpoint).unwrap(),
        event,
        name: "order.created".to_owned(),
        subject: "order/ours".to_owned(),
        position: Position { shard: 0, seq: 1 },
        key: None,
    };
    shop.intake.tell::<Webhook>(&system(), deliver, Terms::default()).await.unwrap();
    let replay = format!("/v1/webhook-endpoints/{endpoint}/replay");
    harbour.post(&replay, json!({ "from": "2026-01-15T10:00:00Z" })).await.ok();
    things.extend([("endpoint", endpoint), ("event", event.to_string())]);

    let notification = EntityId::fresh(Timestamp::now());
    let queue = NotificationCommand::Queue {
        notification: notification.clone(),
        template: "shipped".to_owned(),
        channel: ChannelKind::Email,
        recipient: "jana@example.com".to_owned(),
        language: None,
        data: Value::Null,
        about: None,
    };
    shop.intake.tell::<Notification>(&system(), queue, Terms::default()).await.unwrap();
    things.insert("notification", notification.to_string());

    let letter = DeadLetter {
        id: "our-letter".to_owned(),
        tenant: Some(tenant),
        source: "follower:policies".to_owned(),
        lane: "order".to_owned(),
        event: None,
        reason: "unreadable".to_owned(),
        payload: "{}".to_owned(),
        attempts: 1,
        retry_at: None,
        at: Timestamp::now(),
    };
    shop.store.bury(&letter).await.unwrap();
    things.insert("letter", letter.id);
}

/// A supplier with a source, and an import from it.
async fn supply(harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    harbour.put("/v1/suppliers/our-acme", json!({ "name": "Acme" })).await.ok();
    let source = super::bodies::source("our-acme");
    harbour.put("/v1/sources/our-feed", source.clone()).await.ok();
    // Clients of the system before know a supplier's only source by the supplier.
    harbour.put("/v1/sources/our-acme", source).await.ok();
    let import = made(harbour, "/v1/imports", json!({ "source": "our-feed" })).await;
    things.insert("import", import);
}

/// Keys, members, roles and invitations.
async fn staff(shop: &Shop, harbour: &Asker, things: &mut HashMap<&'static str, String>) {
    let key = made(harbour, "/v1/keys", json!({ "name": "till", "scopes": ["*"] })).await;
    shop.member("our-olga", OURS, "owner").await;
    let packs = json!({ "permissions": ["stock:read"] });
    harbour.put("/v1/roles/our-packer", packs).await.ok();
    let wish = json!({ "email": "nina@example.com", "role": "our-packer" });
    let invitation = made(harbour, "/v1/invitations", wish).await;
    let gone = json!({ "email": "gone@example.com" });
    let erasure = made(harbour, "/v1/erasures", gone).await;
    things.extend([("key", key), ("invitation", invitation), ("erasure", erasure)]);
}
