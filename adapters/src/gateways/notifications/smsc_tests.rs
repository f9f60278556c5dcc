//! What is sent to SMSC, and what its answers mean; against the stand-in.

use super::*;
use kontor_sandbox::{Sandbox, SandboxConfig, SmscAccount};
use serde_json::json;

const NUMBER: &str = "+77019998877";

async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    sandbox.providers().smsc.register(SmscAccount::new("shop", "secret", "key-1"));
    sandbox
}

fn settings(sandbox: &Sandbox) -> Value {
    let endpoint = sandbox.providers().smsc.base_url();
    json!({ "api_key": "key-1", "sender": "Shop", "endpoint": endpoint })
}

fn account(settings: Value) -> Arc<dyn NotificationChannel> {
    build(&AccountSettings(settings), &crate::gateways::tests::http()).unwrap()
}

fn message(id: &str, text: &str) -> OutgoingMessage {
    OutgoingMessage {
        notification: EntityId::named(id),
        recipient: NUMBER.to_owned(),
        subject: "not sent".to_owned(),
        text: text.to_owned(),
        html: None,
        language: "kk".to_owned(),
    }
}

fn fault(answer: Result<Accepted, SendFault>) -> (FailureKind, String) {
    let fault = answer.unwrap_err();
    (fault.failure.kind, fault.failure.code)
}

#[tokio::test]
async fn a_text_arrives_whole_in_any_script_and_its_number_comes_back() {
    let sandbox = sandbox().await;
    let accepted = account(settings(&sandbox)).send(&message("n1", "Сіздің кодыңыз 123456")).await;
    let kept = sandbox.providers().smsc.to(NUMBER);
    assert_eq!(kept.len(), 1);
    assert_eq!((&*kept[0].text, &*kept[0].sender), ("Сіздің кодыңыз 123456", "Shop"));
    assert_eq!(accepted.unwrap().provider_id, Some(kept[0].id.to_string()));
    let by_name = json!({ "login": "shop", "password": "secret",
        "endpoint": sandbox.providers().smsc.base_url() });
    account(by_name).send(&message("n2", "hello")).await.unwrap();
    assert_eq!(sandbox.providers().smsc.to(NUMBER).len(), 2);
}

#[tokio::test]
async fn after_a_lost_answer_the_second_try_finds_the_first_and_sends_nothing() {
    let sandbox = sandbox().await;
    let smsc = &sandbox.providers().smsc;
    smsc.set_switches(|switches| switches.silent_after = 1);
    let shop = account(settings(&sandbox));
    let lost = fault(shop.send(&message("n1", "code 1")).await);
    assert_eq!(lost.0, FailureKind::Ambiguous);
    let found = shop.send(&message("n1", "code 1")).await.unwrap();
    let kept = smsc.to(NUMBER);
    assert_eq!((kept.len(), found.provider_id), (1, Some(kept[0].id.to_string())));
    // The same text under another id is not there: it is sent later.
    let other = fault(shop.send(&message("n2", "code 1")).await);
    assert_eq!(other, (FailureKind::RetryBackoff, "9".to_owned()));
}

#[tokio::test]
async fn errors_come_with_status_200_and_mean_what_is_documented() {
    let sandbox = sandbox().await;
    let smsc = &sandbox.providers().smsc;
    let shop = account(settings(&sandbox));
    for (code, kind) in [
        (1, FailureKind::RejectMessage),
        (3, FailureKind::RejectConfig),
        (4, FailureKind::RetryAfter),
        (6, FailureKind::RejectMessage),
        (7, FailureKind::RejectRecipient),
        (8, FailureKind::RejectRecipient),
        (77, FailureKind::RetryBackoff),
    ] {
        smsc.set_switches(|switches| switches.error_code = code);
        assert_eq!(fault(shop.send(&message("n", "x")).await), (kind, code.to_string()));
    }
    smsc.set_switches(|switches| switches.error_code = 0);
    let stranger = json!({ "api_key": "wrong", "endpoint": smsc.base_url() });
    let refused = fault(account(stranger).send(&message("n", "x")).await);
    assert_eq!(refused, (FailureKind::RejectConfig, "2".to_owned()));
    assert_eq!(smsc.to(NUMBER).len(), 0);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_tried() {
    let sandbox = sandbox().await;
    let shop = account(settings(&sandbox));
    let long = fault(shop.send(&message("n", &"x".repeat(1_001))).await);
    assert_eq!(long, (FailureKind::RejectMessage, "length".to_owned()));
    let to = OutgoingMessage { recipient: "701 999".to_owned(), ..message("n", "x") };
    assert_eq!(fault(shop.send(&to).await).0, FailureKind::RejectRecipient);
    assert_eq!(sandbox.providers().smsc.to(NUMBER).len(), 0);
    sandbox.shutdown().await;
    assert_eq!(fault(shop.send(&message("n", "x")).await).0, FailureKind::RetryBackoff);
}

#[test]
fn settings_that_cannot_be_are_told_by_member_and_never_by_value() {
    for (bad, member) in [
        (json!({}), "api_key"),
        (json!({ "login": "shop" }), "api_key"),
        (json!({ "api_key": ["hunter2"] }), "api_key"),
        (json!({ "api_key": "hunter2", "endpoint": "ftp://example.com" }), "endpoint"),
        (json!({ "api_key": "hunter2", "sender": "" }), "sender"),
        (json!({ "api_key": "hunter2", "mistyped": 1 }), "mistyped"),
    ] {
        let told = build(&AccountSettings(bad), &crate::gateways::tests::http());
        let told = told.err().unwrap().to_string();
        assert!(told.contains(member) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_message_s_number_is_its_own_and_fits() {
    let numbers = ["a", "b", "c"].map(|id| number_of(&EntityId::named(id)));
    assert!(numbers.iter().all(|number| (1..=2_147_483_647).contains(number)));
    assert!(numbers[0] != numbers[1] && numbers[0] == number_of(&EntityId::named("a")));
}
