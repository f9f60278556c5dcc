//! Events in, calls out, outcomes back in; with the real domain on one side and recorded
//! exchanges on the other.

use super::*;
use crate::gateways::{
    Accounts,
    tests::{Recorded, Server, Settings, http, strict},
};
use kontor_actors::{
    payment::{Payment, PaymentState},
    testing::{NOW, Stage, given, tenant},
};
use kontor_messages::{
    Currency, Money,
    payment::{CaptureMode, PaymentCommand as C, ProviderCall},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};

fn id() -> EntityId {
    EntityId::named("01977e4e-0000-7000-8000-000000000001")
}

fn request(provider: &str) -> C {
    C::Request {
        payment: id(),
        order: None,
        amount: Money::new(129_900, Currency::CZK),
        provider: provider.into(),
        account: "main".into(),
        capture: CaptureMode::Automatic,
        return_url: Some("https://shop.example/".into()),
        cancel_url: None,
        description: "Order".into(),
        until: NOW.plus(Duration::from_secs(7200)),
        customer_email: None,
        plan: Default::default(),
    }
}

fn accounts(server: &Server) -> Accounts {
    let settings = json!({"secret_key": "sk_test_1", "endpoint": server.url});
    let map = HashMap::from([(("stripe", "main"), settings)]);
    Accounts::new(Arc::new(Settings(map)), http())
}

fn document(stage: &Stage<Payment>) -> PaymentDocument {
    match stage.state(&id()) {
        PaymentState::Payment(document) => *document,
        other => panic!("no payment but {other:?}"),
    }
}

/// Obeys, and carries every event to the provider and its outcome back, until nothing is left.
async fn live(stage: &mut Stage<Payment>, accounts: &Accounts, command: C) -> Vec<&'static str> {
    let mut told = Vec::new();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        for (_, event) in stage.obey(command).unwrap() {
            told.push(event.name());
            let state = document(stage);
            commands.extend(run(accounts, &tenant(), &id(), &event, &state, stage.now()).await);
        }
    }
    told
}

/// What a call brought, without the record of it.
fn brought(command: &C) -> &C {
    match command {
        C::RecordCall { told, .. } => told,
        other => other,
    }
}

/// The record of a call.
fn record(command: &C) -> &ProviderCall {
    let C::RecordCall { call, .. } = command else { panic!("no record in {command:?}") };
    call
}

fn reply(body: Value) -> Recorded {
    (200, &[], body.to_string())
}

fn session(status: &str, paid: &str) -> Value {
    json!({"id": "cs_1", "status": status, "payment_status": paid, "amount_total": 129_900,
           "currency": "czk", "payment_intent": "pi_1", "url": "https://checkout.stripe.com/1",
           "metadata": {}})
}

#[tokio::test]
async fn a_payment_is_opened_asked_about_and_given_back() {
    let refund = json!({"id": "re_1", "amount": 129_900, "currency": "czk", "status": "succeeded"});
    let server = Server::new([
        reply(session("open", "unpaid")),
        reply(session("complete", "paid")),
        reply(refund),
    ])
    .await;
    let accounts = accounts(&server);
    let mut stage = given::<Payment>([]);
    let told = live(&mut stage, &accounts, request("stripe")).await;
    assert_eq!(told, ["payment.requested", "payment.called", "payment.opened", "payment.pending"]);
    let told = live(&mut stage, &accounts, C::RecordReturn { payment: id() }).await;
    assert_eq!(told.last(), Some(&"payment.paid"));
    let told = live(&mut stage, &accounts, C::Settle { payment: id() }).await;
    assert_eq!(told.last(), Some(&"payment.settled"));
    let keys: Vec<_> = server
        .asked()
        .iter()
        .filter_map(|asked| asked.header("idempotency-key").map(String::from))
        .collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_payment_is_not_opened_at_an_address_inside_and_says_why() {
    let server = Server::new([]).await;
    let port = server.url.rsplit(':').next().unwrap();
    let name = format!("https://localhost:{port}");
    for (endpoint, code, message) in [
        (&name, "address_refused", "the address is not public"),
        (&server.url, "account_settings", "endpoint: expected an https URL"),
    ] {
        let settings = json!({"merchant": "1", "secret": "s", "endpoint": endpoint,
            "payer_email": "a@b.cz"});
        let map = HashMap::from([(("comgate", "main"), settings)]);
        let accounts = Accounts::new(Arc::new(Settings(map)), strict());
        let mut stage = given::<Payment>([]);
        let events = stage.obey(request("comgate")).unwrap();
        let (event, state) = (&events[0].1, document(&stage));
        let command = run(&accounts, &tenant(), &id(), event, &state, NOW).await.unwrap();
        let C::RecordCallFailed { fault, problem, .. } = brought(&command) else {
            panic!("{command:?}")
        };
        assert_eq!((*fault, &*problem.code), (CallFault::GiveUp, code));
        assert!(problem.message.starts_with(message), "{}", problem.message);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_event_given_again_after_its_answer_leads_to_no_second_call() {
    let server = Server::new([reply(session("open", "unpaid"))]).await;
    let accounts = accounts(&server);
    let mut stage = given::<Payment>([]);
    let events = stage.obey(request("stripe")).unwrap();
    let event = &events[0].1;
    let state = document(&stage);
    let command = run(&accounts, &tenant(), &id(), event, &state, NOW).await.unwrap();
    stage.obey(command).unwrap();
    let again = run(&accounts, &tenant(), &id(), event, &document(&stage), NOW).await;
    assert_eq!(again, None);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_unknown_outcome_is_recorded_and_never_lost() {
    let server = Server::new([
        reply(session("open", "unpaid")),
        reply(session("complete", "paid")),
        (0, &[], String::new()),
    ])
    .await;
    let accounts = accounts(&server);
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("stripe")).await;
    live(&mut stage, &accounts, C::RecordReturn { payment: id() }).await;
    let told = live(&mut stage, &accounts, C::Settle { payment: id() }).await;
    assert_eq!(
        told,
        [
            "payment.settle_requested",
            "payment.refund_requested",
            "payment.called",
            "payment.call_failed"
        ]
    );
    assert_eq!(document(&stage).calls[0].state, CallState::Unknown);
}

#[tokio::test]
async fn without_its_account_a_payment_fails_at_once_and_says_why() {
    let server = Server::new([]).await;
    let accounts = Accounts::new(Arc::new(Settings(HashMap::new())), http());
    let mut stage = given::<Payment>([]);
    let told = live(&mut stage, &accounts, request("stripe")).await;
    assert_eq!(told.last(), Some(&"payment.failed"));
    let problem = document(&stage).attempts[0].problem.clone().unwrap();
    assert_eq!(problem.code, "unknown_account");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn payments_by_hand_call_nobody() {
    let server = Server::new([]).await;
    let accounts = accounts(&server);
    let mut stage = given::<Payment>([]);
    let told = live(&mut stage, &accounts, request("manual")).await;
    assert_eq!(told, ["payment.requested", "payment.called", "payment.opened", "payment.pending"]);
    let amount = Money::new(129_900, Currency::CZK);
    let mark = C::MarkPaid { payment: id(), amount, reference: None };
    let told = live(&mut stage, &accounts, mark).await;
    assert_eq!(told.last(), Some(&"payment.paid"));
    let told = live(&mut stage, &accounts, C::Settle { payment: id() }).await;
    assert_eq!(told.last(), Some(&"payment.observed"), "the refund waits for a person");
    let refund = document(&stage).refunds[0].refund.clone();
    let mark = C::MarkRefund { payment: id(), refund, succeeded: true, note: None };
    let told = live(&mut stage, &accounts, mark).await;
    assert_eq!(told.last(), Some(&"payment.settled"));
}

#[tokio::test]
async fn what_was_called_off_before_its_opening_is_not_opened() {
    let server = Server::new([]).await;
    let accounts = accounts(&server);
    let mut stage = given::<Payment>([]);
    let requested = stage.obey(request("stripe")).unwrap();
    stage.obey(C::Cancel { payment: id() }).unwrap();
    let state = document(&stage);
    let event = &requested[0].1;
    let command = run(&accounts, &tenant(), &id(), event, &state, NOW).await.unwrap();
    let told: Vec<_> = stage.obey(command).unwrap().iter().map(|(_, event)| event.name()).collect();
    assert_eq!(told.last(), Some(&"payment.cancelled"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_refund_that_cannot_be_asked_about_is_left_to_a_person() {
    let made = "code=0&message=OK&transId=AB12-CD34-EF56&redirect=http%3A%2F%2Fpay%2F";
    let paid =
        "code=0&message=OK&test=true&price=129900&curr=CZK&transId=AB12-CD34-EF56&status=PAID";
    let replies = [(200, made), (200, paid), (0, "")];
    let server = Server::new(replies.map(|(status, text)| (status, &[][..], text.into()))).await;
    let settings =
        json!({"merchant": "1", "secret": "s", "endpoint": server.url, "payer_email": "a@b.cz"});
    let map = HashMap::from([(("comgate", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("comgate")).await;
    let told = live(&mut stage, &accounts, C::RecordReturn { payment: id() }).await;
    assert_eq!(told.last(), Some(&"payment.paid"));
    let events = stage.obey(C::Settle { payment: id() }).unwrap();
    let wanted =
        |(_, event): &&(EntityId, PaymentEvent)| event.name() == "payment.refund_requested";
    let (_, event) = events.iter().find(wanted).unwrap();
    let now = stage.now();
    for (now, calls) in [(now, 3), (now.plus(Duration::from_secs(300)), 3)] {
        let state = document(&stage);
        let command = run(&accounts, &tenant(), &id(), event, &state, now).await.unwrap();
        let C::RecordCallFailed { fault, problem, .. } = brought(&command) else {
            panic!("{command:?}")
        };
        assert_eq!((*fault, problem.code.as_str()), (CallFault::LeaveToPerson, "refund_unknown"));
        assert_eq!(server.asked().len(), calls);
    }
}

#[tokio::test]
async fn a_refund_that_was_begun_when_the_node_died_is_not_made_a_second_time() {
    let made = "code=0&message=OK&transId=AB12-CD34-EF56&redirect=http%3A%2F%2Fpay%2F";
    let paid =
        "code=0&message=OK&test=true&price=129900&curr=CZK&transId=AB12-CD34-EF56&status=PAID";
    let replies = [(200, made), (200, paid), (200, "code=0&message=OK")];
    let server = Server::new(replies.map(|(status, text)| (status, &[][..], text.into()))).await;
    let settings =
        json!({"merchant": "1", "secret": "s", "endpoint": server.url, "payer_email": "a@b.cz"});
    let map = HashMap::from([(("comgate", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("comgate")).await;
    live(&mut stage, &accounts, C::RecordReturn { payment: id() }).await;
    let events = stage.obey(C::Settle { payment: id() }).unwrap();
    let wanted =
        |(_, event): &&(EntityId, PaymentEvent)| event.name() == "payment.refund_requested";
    let (_, event) = events.iter().find(wanted).unwrap();
    let (before, now) = (document(&stage), stage.now());
    let first = begins(&accounts, &tenant(), &id(), event, &before, now).await.unwrap().unwrap();
    let C::RecordCallBegun { key, .. } = first.clone() else { panic!("{first:?}") };
    stage.obey(first).unwrap();
    // The call is made, and the node dies before its answer is recorded.
    let answer = run(&accounts, &tenant(), &id(), event, &before, now).await.unwrap();
    assert!(matches!(brought(&answer), C::RecordObservation { .. }), "{answer:?}");
    let state = document(&stage);
    assert_eq!(begins(&accounts, &tenant(), &id(), event, &state, now).await, Ok(None));
    let command = run(&accounts, &tenant(), &id(), event, &state, now).await.unwrap();
    let C::RecordCallFailed { fault, problem, .. } = brought(&command) else {
        panic!("{command:?}")
    };
    assert_eq!((*fault, problem.code.as_str()), (CallFault::LeaveToPerson, "refund_unknown"));
    assert_eq!(server.asked().len(), 3, "the provider was asked once");
    // A person has looked there, and it was not done after all.
    stage.obey(command).unwrap();
    let events = stage.obey(C::RetryCall { payment: id(), key }).unwrap();
    let state = document(&stage);
    let again = begins(&accounts, &tenant(), &id(), &events[0].1, &state, now).await;
    assert!(matches!(again, Ok(Some(C::RecordCallBegun { .. }))), "{again:?}");
}

#[tokio::test]
async fn a_transfer_is_told_to_the_payer_and_found_in_the_banks_movements() {
    let iban = "CZ9320100000002000145399";
    let sandbox = kontor_sandbox::Sandbox::start(Default::default()).await.unwrap();
    let bank = &sandbox.providers().fio;
    bank.register(kontor_sandbox::FioAccount::new("token", iban, 0));
    let settings =
        json!({"token": "token", "iban": iban, "endpoint": bank.base_url(), "pause_s": 0});
    let map = HashMap::from([(("fio", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("fio")).await;
    let transfer = document(&stage).attempts[0].transfer.clone().unwrap();
    bank.transfer("token", &transfer.variable_symbol, 129_900, "");
    let told = live(&mut stage, &accounts, C::RecordReturn { payment: id() }).await;
    assert_eq!(told.last(), Some(&"payment.paid"));
    // A person transfers it back, and says so.
    let told = live(&mut stage, &accounts, C::Settle { payment: id() }).await;
    assert!(told.contains(&"payment.call_given_up"), "{told:?}");
    let refund = document(&stage).refunds[0].refund.clone();
    let done = C::MarkRefund { payment: id(), refund, succeeded: true, note: None };
    let told = live(&mut stage, &accounts, done).await;
    assert_eq!(told.last(), Some(&"payment.settled"));
}

#[tokio::test]
async fn a_provider_that_waits_for_our_word_gets_none_once_the_payment_is_called_off() {
    let made = json!({"id": "O1", "status": "PAYER_ACTION_REQUIRED",
        "links": [{"rel": "payer-action", "href": "https://www.paypal.com/1"}]});
    let approved = json!({"id": "O1", "status": "APPROVED", "intent": "CAPTURE"});
    let token = json!({"access_token": "t", "expires_in": 100});
    let server = Server::new([reply(token), reply(made), reply(approved)]).await;
    let settings = json!({"client_id": "c", "client_secret": "s", "endpoint": server.url});
    let map = HashMap::from([(("paypal", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("paypal")).await;
    let told = live(&mut stage, &accounts, C::Settle { payment: id() }).await;
    assert!(told.contains(&"payment.settled"), "{told:?}");
    let event = PaymentEvent::QueryRequested {
        attempt: 1,
        query: document(&stage).queries + 1,
        reason: kontor_messages::payment::QueryReason::Doubt,
        step: None,
        provider: "paypal".into(),
        account: "main".into(),
    };
    let state = document(&stage);
    run(&accounts, &tenant(), &id(), &event, &state, stage.now()).await.unwrap();
    let lines: Vec<_> = server.asked().iter().map(|asked| asked.line.clone()).collect();
    assert_eq!(lines.last().map(String::as_str), Some("GET /v2/checkout/orders/O1"));
    assert_eq!(lines.len(), 3, "nothing was taken");
}

/// The command that a payment's first event leads to.
async fn opening(accounts: &Accounts, provider: &str) -> C {
    let mut stage = given::<Payment>([]);
    let events = stage.obey(request(provider)).unwrap();
    let state = document(&stage);
    run(accounts, &tenant(), &id(), &events[0].1, &state, NOW).await.unwrap()
}

fn outcomes(call: &ProviderCall) -> Vec<(&str, CallOutcome, Option<u16>)> {
    let of = call.exchanges.iter().map(|made| {
        let path = made.address.splitn(4, '/').nth(3).unwrap();
        (path, made.outcome, made.status)
    });
    of.collect()
}

#[tokio::test]
async fn a_call_is_recorded_with_every_request_in_it() {
    let token = |name: &str| reply(json!({"access_token": name, "expires_in": 100}));
    let made = json!({"id": "O1", "status": "PAYER_ACTION_REQUIRED",
        "links": [{"rel": "payer-action", "href": "https://www.paypal.com/checkoutnow?token=O1"}]});
    let server = Server::new([
        token("A21-first-token"),
        (401, &[("paypal-debug-id", "debug-1")], json!({"error": "invalid_token"}).to_string()),
        token("A21-second-token"),
        (201, &[("paypal-debug-id", "debug-2")], made.to_string()),
    ])
    .await;
    let settings = json!({"client_id": "c", "client_secret": "the-client-secret",
        "endpoint": server.url});
    let map = HashMap::from([(("paypal", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let command = opening(&accounts, "paypal").await;
    let call = record(&command);
    let (token, orders) = ("v1/oauth2/token", "v2/checkout/orders");
    let expected = [
        (token, CallOutcome::Answered, Some(200)),
        (orders, CallOutcome::Refused, Some(401)),
        (token, CallOutcome::Answered, Some(200)),
        (orders, CallOutcome::Answered, Some(201)),
    ];
    assert_eq!(outcomes(call), expected);
    let ids: Vec<_> = call.exchanges.iter().map(|made| made.request_id.as_deref()).collect();
    assert_eq!(ids, [None, Some("debug-1"), None, Some("debug-2")]);
    assert_eq!((call.operation, call.attempt, call.tries), (Operation::Open, 1, 1));
    assert_eq!((call.outcome, &call.problem), (CallOutcome::Answered, &None));
    assert_eq!((&*call.provider, &*call.account), ("paypal", "main"));
    let text = serde_json::to_string(call).unwrap();
    assert!(text.contains("PAYER_ACTION_REQUIRED") && text.contains("1299.00"), "{text}");
    for secret in ["the-client-secret", "token=O1", "first-token", "second-token", "shop.example"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn what_came_of_each_request_is_told_apart() {
    let refused = json!({"error": {"code": "parameter_missing", "message": "Missing"}});
    for (status, body, expected) in [
        (400, refused.to_string(), CallOutcome::Refused),
        (429, String::new(), CallOutcome::Throttled),
        (503, "<html>Ann</html>".to_owned(), CallOutcome::Failed),
        (0, String::new(), CallOutcome::TimedOut),
    ] {
        let server = Server::new([(status, &[("request-id", "req_1")][..], body)]).await;
        let command = opening(&accounts(&server), "stripe").await;
        let call = record(&command);
        let status = (status > 0).then_some(status);
        assert_eq!(outcomes(call), [("v1/checkout/sessions", expected, status)]);
        assert_eq!(call.outcome, expected, "{call:?}");
        let id = status.map(|_| "req_1");
        assert_eq!(call.exchanges[0].request_id.as_deref(), id);
        assert!(call.problem.is_some());
    }
}

#[tokio::test]
async fn a_call_that_is_not_made_is_recorded_without_a_request() {
    let nowhere = json!({"secret_key": "sk_test_1", "endpoint": "http://127.0.0.1:1"});
    let map = HashMap::from([(("stripe", "main"), nowhere)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    for _ in 0..5 {
        let command = opening(&accounts, "stripe").await;
        let call = record(&command);
        assert_eq!(call.outcome, CallOutcome::Failed);
        assert_eq!(outcomes(call), [("v1/checkout/sessions", CallOutcome::NotSent, None)]);
    }
    // The account gets a rest.
    for (provider, code) in [("stripe", "breaker_open"), ("comgate", "unknown_account")] {
        let command = opening(&accounts, provider).await;
        let call = record(&command);
        assert_eq!((call.outcome, call.exchanges.len()), (CallOutcome::NotSent, 0));
        assert_eq!(call.problem.as_ref().unwrap().code, code);
        assert_eq!((&*call.provider, &*call.account), (provider, "main"));
    }
}

#[tokio::test]
async fn a_token_in_an_address_is_in_no_record() {
    let iban = "CZ9320100000002000145399";
    let server = Server::new([(500, &[][..], String::new())]).await;
    let settings =
        json!({"token": "the-banks-token", "iban": iban, "endpoint": server.url, "pause_s": 0});
    let map = HashMap::from([(("fio", "main"), settings)]);
    let accounts = Accounts::new(Arc::new(Settings(map)), http());
    let mut stage = given::<Payment>([]);
    live(&mut stage, &accounts, request("fio")).await;
    let events = stage.obey(C::Query { payment: id() }).unwrap();
    let state = document(&stage);
    let command = run(&accounts, &tenant(), &id(), &events[0].1, &state, NOW).await.unwrap();
    let call = record(&command);
    assert!(server.asked()[0].line.contains("the-banks-token"));
    assert!(call.exchanges[0].address.contains("/periods/***/"), "{call:?}");
    assert!(!format!("{command:?}").contains("the-banks-token"));
}
