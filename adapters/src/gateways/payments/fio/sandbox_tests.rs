//! The gateway against a stand-in that speaks Fio's wire format over sockets.

use super::*;
use crate::gateways::{
    payments::testing::{cancel, czk, open_in, query, refund},
    tests::http,
};
use kontor_messages::EntityId;
use kontor_sandbox::{FioAccount, Sandbox, SandboxConfig};
use serde_json::json;

const IBAN: &str = "CZ9320100000002000145399";
const TOKEN: &str = "kontor-fio-token";

struct World {
    sandbox: Sandbox,
    gateway: Arc<dyn PaymentGateway>,
}

impl World {
    async fn new(pause_ms: u64, more: &Value) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        sandbox.providers().fio.register(FioAccount::new(TOKEN, IBAN, pause_ms));
        let mut settings = json!({
            "token": TOKEN, "iban": IBAN, "endpoint": sandbox.providers().fio.base_url(),
            "pause_s": 0
        });
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        let gateway = build(&settings, &http()).unwrap();
        Self { sandbox, gateway }
    }

    async fn open(&self) -> Vec<String> {
        let opened = self.gateway.open(&open_in("CZK")).await.unwrap();
        let transfer = opened.transfer.unwrap();
        assert_eq!(transfer.variable_symbol, opened.provider_ref);
        assert!(transfer.qr_text.contains(&format!("*X-VS:{}", opened.provider_ref)));
        std::iter::once(opened.provider_ref).chain(opened.references).collect()
    }

    fn pays(&self, symbol: &str, amount: i64, message: &str) {
        self.sandbox.providers().fio.transfer(TOKEN, symbol, amount, message);
    }
}

#[tokio::test]
async fn a_payment_is_opened_transferred_seen_and_given_back_in_part() {
    let world = World::new(0, &json!({"refunds": "import"})).await;
    let names = world.open().await;
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Created));
    world.pays("1234567897", 129_900, "somebody else's");
    world.pays(&format!("00{}", names[0]), 129_900, "");
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
    let give = refund(&names, "r/1", czk(29_900));
    let seen = world.gateway.refund(&give).await.unwrap();
    assert_eq!((seen.status, seen.refund), (RefundStatus::Pending, Some(give.refund)));
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.refunds, [], "a person has to authorise it");
    world.sandbox.providers().fio.authorise();
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.refunds[0].reference, seen.reference);
    assert_eq!(told.refunds[0].status, RefundStatus::Succeeded);
    assert_eq!(told.refunds[0].amount, czk(29_900));
    // The message of the transfer follows from our id, so the bank's list names our refund.
    let ours = ["r/0", "r/1"].map(EntityId::named).to_vec();
    let told = world.gateway.query(&QueryPayment { ours, ..query(&names) }).await.unwrap();
    assert_eq!(told.refunds[0].refund, Some(EntityId::named("r/1")));
}

#[tokio::test]
async fn a_symbol_that_came_as_text_is_found() {
    for text in ["/VS{}/SS/KS0308", "Faktura VS: {} dekuji", "order {}"] {
        let world = World::new(0, &json!({})).await;
        let names = world.open().await;
        world.pays("", 129_900, &text.replace("{}", &names[0]));
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.captured, Some(czk(129_900)), "{text}");
    }
}

#[tokio::test]
async fn less_than_was_asked_for_waits_and_more_is_seen() {
    let world = World::new(0, &json!({})).await;
    let names = world.open().await;
    world.pays(&names[0], 100_000, "");
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Pending), None));
    assert_eq!(told.problem.unwrap().code, "underpaid");
    world.pays(&names[0], 29_900, "the rest");
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.captured, Some(czk(129_900)));
    world.sandbox.providers().fio.set_switches(|switches| switches.wrong_amount = true);
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(130_100))));
}

#[tokio::test]
async fn the_bank_is_asked_once_in_a_pause_and_the_answer_serves_all() {
    let world = World::new(60_000, &json!({"pause_s": 60})).await;
    let names = world.open().await;
    world.pays(&names[0], 129_900, "");
    for _ in 0..5 {
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.captured, Some(czk(129_900)));
    }
    assert_eq!(world.sandbox.providers().fio.calls(), 1);
    // An order has to wait for its turn, and is not lost.
    let settings = json!({
        "token": TOKEN, "iban": IBAN, "endpoint": world.sandbox.providers().fio.base_url(),
        "refunds": "import"
    });
    // Somebody else who has the token: another node, or another program.
    let another = build(&settings, &http()).unwrap();
    let fault = another.query(&query(&names)).await.unwrap_err();
    let CallFault::Retry { at: Some(at), .. } = fault.fault else { panic!("{fault:?}") };
    assert!(at.since(Timestamp::now()) > Duration::from_secs(25));
    assert_eq!((fault.cause, world.sandbox.providers().fio.calls()), (FaultCause::Throttled, 2));
    let fault = another.refund(&refund(&names, "r", czk(1))).await.unwrap_err();
    assert_eq!((fault.cause, world.sandbox.providers().fio.calls()), (FaultCause::Here, 2));
}

#[tokio::test]
async fn a_token_of_another_account_is_not_believed() {
    let world = World::new(0, &json!({"iban": "CZ6508000000192000145399"})).await;
    let names = world.open().await;
    world.pays(&names[0], 129_900, "");
    let fault = world.gateway.query(&query(&names)).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.fault), ("foreign_account", CallFault::GiveUp));
}

#[tokio::test]
async fn an_outcome_that_nobody_told_is_unknown() {
    let world = World::new(0, &json!({"refunds": "import"})).await;
    let names = world.open().await;
    world.pays(&names[0], 129_900, "");
    world.gateway.query(&query(&names)).await.unwrap();
    world.sandbox.providers().fio.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.refund(&refund(&names, "r-1", czk(400))).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    assert!(!world.gateway.abilities().refund_reference, "so it is left to a person");
    world.sandbox.providers().fio.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.query(&query(&names)).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
    let told = world.gateway.cancel(&cancel(&names, false)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Cancelled));
}

#[tokio::test]
async fn accounts_that_share_a_token_share_its_turn() {
    let world = World::new(60_000, &json!({})).await;
    let names = world.open().await;
    let settings = json!({
        "token": TOKEN, "iban": IBAN, "endpoint": world.sandbox.providers().fio.base_url(),
    });
    let http = http();
    let (one, two) = (build(&settings, &http).unwrap(), build(&settings, &http).unwrap());
    one.query(&query(&names)).await.unwrap();
    let fault = two.query(&query(&names)).await.unwrap_err();
    assert_eq!((fault.cause, world.sandbox.providers().fio.calls()), (FaultCause::Here, 1));
    // And so does the same account once its settings have changed.
    drop(one);
    let again = build(&settings, &http).unwrap();
    let fault = again.query(&query(&names)).await.unwrap_err();
    assert_eq!((fault.cause, world.sandbox.providers().fio.calls()), (FaultCause::Here, 1));
}

#[tokio::test]
async fn a_refund_by_file_is_sent_nowhere_until_a_person_takes_the_file_to_the_bank() {
    let world = World::new(0, &json!({"refunds": "file"})).await;
    let names = world.open().await;
    world.pays(&names[0], 129_900, "");
    assert!(world.gateway.abilities().refund_reference, "asking again sends nothing twice");
    let give = refund(&names, "r/1", czk(29_900));
    let seen = world.gateway.refund(&give).await.unwrap();
    assert_eq!(world.gateway.refund(&give).await.unwrap(), seen);
    assert_eq!(seen.status, RefundStatus::Pending);
    let bank = &world.sandbox.providers().fio;
    assert_eq!(bank.payments().len(), 1, "only the money that came");
    let transfer = seen.transfer.unwrap();
    let file = world.gateway.payout_file(&[&transfer], Timestamp::now()).unwrap();
    assert_eq!((file.content_type, file.extension), ("application/xml", "xml"));
    assert!(bank.upload(TOKEN, &file.text));
    bank.authorise();
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.refunds[0].reference, seen.reference);
    assert_eq!(told.refunds[0].status, RefundStatus::Succeeded);
}
