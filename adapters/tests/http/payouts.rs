//! Refunds that go to the bank with a file: a stand-in Fio over sockets, the followers that call it
//! and that carry policies out, and a person with a browser.

use crate::shop::{Asker, Shop};
use kontor_actors::{follower::Follow, policies::follower::Policies, store::StoredEvent};
use kontor_adapters::{
    dispatch::{accounts::TenantAccounts, payments::PaymentCalls},
    gateways::{Accounts, http::Http},
};
use kontor_sandbox::{Fio, FioAccount, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::sync::Arc;

const TOKEN: &str = "kontor-fio-token";
const IBAN: &str = "CZ9320100000002000145399";

struct World {
    shop: Shop,
    harbour: Asker,
    sandbox: Sandbox,
    followers: [Box<dyn Follow>; 2],
    seen: i64,
}

impl World {
    async fn new() -> Self {
        let (shop, harbour) = Shop::trading().await;
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let bank = sandbox.providers().fio.clone();
        bank.register(FioAccount::new(TOKEN, IBAN, 0));
        let settings = json!({ "token": TOKEN, "iban": IBAN, "endpoint": bank.base_url(),
            "pause_s": 0, "refunds": "file" });
        harbour.put("/v1/accounts/fio/main", json!({ "settings": settings })).await.ok();
        let accounts = Arc::new(TenantAccounts::new(shop.intake.clone()));
        let accounts = Arc::new(Accounts::new(accounts, Http::new(true).unwrap()));
        let calls = PaymentCalls::new(shop.intake.clone(), accounts);
        let policies = Policies::new(shop.intake.clone());
        Self { shop, harbour, sandbox, followers: [Box::new(calls), Box::new(policies)], seen: 0 }
    }

    fn bank(&self) -> &Fio {
        &self.sandbox.providers().fio
    }

    /// Lets the followers see what has happened, until nothing more does.
    async fn settle(&mut self) {
        loop {
            let journal = &self.shop.intake.ground().journal;
            let events: Vec<Arc<StoredEvent>> = journal.read(0, self.seen, 500).await.unwrap();
            let Some(last) = events.last() else { return };
            self.seen = last.seq;
            for event in events {
                for follower in &self.followers {
                    if let Some(lane) = follower.lane(&event) {
                        follower.handle(&lane, std::slice::from_ref(&event)).await.unwrap();
                    }
                }
            }
        }
    }

    /// Asks once more, as if the last question had come again: a person's second one so soon is none.
    async fn ask_again(&mut self, payment: &str) {
        let journal = &self.shop.intake.ground().journal;
        let events = journal.read(0, 0, 5_000).await.unwrap();
        let asked = events.iter().rev().find(|event| {
            &*event.name == "payment.query_requested" && event.entity.as_str() == payment
        });
        let asked = asked.unwrap();
        let lane = self.followers[0].lane(asked).unwrap();
        self.followers[0].handle(&lane, std::slice::from_ref(asked)).await.unwrap();
        self.settle().await;
    }

    async fn query(&mut self, payment: &str) -> Value {
        self.harbour.act(&format!("/v1/payments/{payment}/query")).await.ok();
        self.settle().await;
        self.ask_again(payment).await;
        self.harbour.get(&format!("/v1/payments/{payment}")).await.ok()
    }

    /// A payment of 1000 that has come, of which so much is to go back.
    async fn refunded(&mut self, minor: i64) -> String {
        let wish = json!({ "provider": "fio", "account": "main",
            "amount": { "amount_minor": 100_000, "currency": "CZK" } });
        let asked = self.harbour.post("/v1/payments", wish).await.ok();
        let payment = asked["id"].as_str().unwrap().to_owned();
        self.settle().await;
        let known = self.harbour.get(&format!("/v1/payments/{payment}")).await.ok();
        let symbol = known["attempts"][0]["references"][0].as_str().unwrap().to_owned();
        self.bank().transfer(TOKEN, &symbol, 100_000, "");
        assert_eq!(self.query(&payment).await["status"], "paid");
        self.give_back(&payment, minor).await;
        payment
    }

    async fn give_back(&mut self, payment: &str, minor: i64) {
        let back = json!({ "amount": { "amount_minor": minor, "currency": "CZK" } });
        self.harbour.post(&format!("/v1/payments/{payment}/refunds"), back).await.ok();
        self.settle().await;
    }

    async fn form(&self) -> Value {
        let wish = json!({ "provider": "fio", "account": "main" });
        self.harbour.post("/v1/payout-batches", wish).await.ok()
    }

    async fn payouts(&self, status: &str) -> usize {
        let page = self.harbour.get(&format!("/v1/payouts?status={status}")).await.ok();
        page["items"].as_array().unwrap().len()
    }

    /// What went out of the account.
    fn paid_out(&self) -> Vec<i64> {
        let all = self.bank().payments();
        let out = all.iter().filter(|one| one.amount_minor < 0 && one.status == "MOVED");
        out.map(|one| -one.amount_minor).collect()
    }
}

fn place(batch: &Value) -> String {
    format!("/v1/payout-batches/{}", batch["id"].as_str().unwrap())
}

#[tokio::test]
async fn refunds_that_wait_go_with_one_file_and_are_done_when_the_statement_shows_them() {
    let mut world = World::new().await;
    let one = world.refunded(30_000).await;
    let two = world.refunded(100_000).await;
    assert_eq!((world.payouts("waiting").await, world.paid_out()), (2, vec![]));
    let batch = world.form().await;
    assert_eq!(
        (&batch["status"], &batch["total"]["amount_minor"]),
        (&json!("formed"), &json!(130_000))
    );
    let wish = json!({ "provider": "fio", "account": "main" });
    world.harbour.post("/v1/payout-batches", wish).await.problem(409, "nothing_waits");

    let file = format!("{}/file", place(&batch));
    let first = world.harbour.get(&file).await;
    assert_eq!(
        (first.status.as_u16(), first.head("content-type")),
        (200, "application/xml".into())
    );
    assert!(first.head("content-disposition").contains("payouts-"));
    let text = first.text();
    assert_eq!(text.matches("<DomesticTransaction>").count(), 2, "{text}");
    let taken = world.harbour.get(&place(&batch)).await.ok();
    assert_eq!((&taken["status"], &taken["open"]), (&json!("handed_over"), &json!(2)));

    // What is asked for meanwhile is not in the file, which is the same whenever it is taken.
    world.give_back(&one, 5_000).await;
    assert_eq!(world.harbour.get(&file).await.text(), text);
    assert!(world.bank().upload(TOKEN, &text));
    world.bank().authorise();
    assert_eq!(world.query(&one).await["status"], "partially_refunded");
    assert_eq!(world.query(&two).await["status"], "refunded");
    let done = world.harbour.get(&place(&batch)).await.ok();
    assert_eq!((&done["status"], &done["open"]), (&json!("done"), &json!(0)));
    assert_eq!(world.harbour.get(&file).await.text(), text);

    let next = world.form().await;
    assert_eq!(next["total"]["amount_minor"], 5_000);
    let text = world.harbour.get(&format!("{}/file", place(&next))).await.text();
    assert!(world.bank().upload(TOKEN, &text));
    world.bank().authorise();
    world.query(&one).await;
    let mut out = world.paid_out();
    out.sort_unstable();
    assert_eq!((out, world.payouts("paid").await), (vec![5_000, 30_000, 100_000], 3));
}

#[tokio::test]
async fn a_refund_that_a_person_calls_off_is_not_in_the_file() {
    let mut world = World::new().await;
    let payment = world.refunded(30_000).await;
    let batch = world.form().await;
    let known = world.harbour.get(&format!("/v1/payments/{payment}")).await.ok();
    let refund = known["refunds"][0]["refund"].as_str().unwrap();
    let mark = format!("/v1/payments/{payment}/refunds/{}/mark", refund.replace('/', "%2F"));
    let no = json!({ "succeeded": false, "note": "the customer keeps it" });
    world.harbour.post(&mark, no).await.ok();
    world.settle().await;
    assert_eq!(world.payouts("failed").await, 1);
    let file = world.harbour.get(&format!("{}/file", place(&batch))).await;
    file.problem(409, "batch_done");
    assert_eq!(world.paid_out(), Vec::<i64>::new());
}

#[tokio::test]
async fn a_file_that_the_bank_has_not_taken_is_released_and_its_refunds_go_with_another() {
    let mut world = World::new().await;
    world.refunded(30_000).await;
    let batch = world.form().await;
    let file = format!("{}/file", place(&batch));
    world.harbour.get(&file).await.text();
    let release = format!("{}/release", place(&batch));
    world.harbour.post(&release, json!({ "note": "" })).await.at(422, "invalid", "/note");
    let released = world.harbour.post(&release, json!({ "note": "refused" })).await.ok();
    assert_eq!(released["status"], "released");
    world.harbour.get(&file).await.problem(409, "batch_released");
    let next = world.form().await;
    assert_eq!((&next["total"], &next["open"]), (&batch["total"], &json!(1)));
}

#[tokio::test]
async fn who_may_only_read_takes_no_file_and_an_account_without_files_has_none() {
    let mut world = World::new().await;
    world.refunded(30_000).await;
    let batch = world.form().await;
    let reader = world.shop.key("harbour-books", &["payments:read"]).await;
    reader.get(&place(&batch)).await.ok();
    reader.get(&format!("{}/file", place(&batch))).await.problem(403, "missing_scope");
    assert_eq!(world.harbour.get(&place(&batch)).await.ok()["status"], "formed");
    let by_hand = json!({ "provider": "manual", "account": "main" });
    let refused = world.harbour.post("/v1/payout-batches", by_hand).await;
    refused.at(422, "not_supported", "/account");
    let unknown = json!({ "provider": "fio", "account": "none" });
    world.harbour.post("/v1/payout-batches", unknown).await.at(422, "invalid", "/account");
    world.harbour.get("/v1/payout-batches/none/file").await.problem(404, "not_found");
}
