//! Recorded exchanges with Fio.

use super::*;
use crate::gateways::{
    payments::testing::{NOW, czk, money, open_in, query, refund},
    tests::{Recorded, Server, http},
};
use kontor_actors::ports_statement::EntryKind;
use serde_json::json;

const IBAN: &str = "CZ9320100000002000145399";
const TOKEN: &str = "aGEMQB9Idh35fh1g51h3ekkQwyGlQ";
/// FIO-6, but for the movement's time.
const STATEMENT: &str = r#"{"accountStatement":{"info":{"accountId":"2000145399","bankId":"2010","currency":"CZK","iban":"CZ9320100000002000145399","bic":"FIOBCZPPXXX","openingBalance":100.10,"closingBalance":1399.10,"dateStart":"2026-01-01+0100","dateEnd":"2026-01-08+0100","yearList":null,"idList":null,"idFrom":26512345678,"idTo":26512345678,"idLastDownload":null},"transactionList":{"transaction":[{"column22":{"value":26512345678,"name":"ID pohybu","id":22},"column0":{"value":"2026-01-05+0100","name":"Datum","id":0},"column1":{"value":1299.00,"name":"Objem","id":1},"column14":{"value":"CZK","name":"Měna","id":14},"column2":{"value":"2900000005","name":"Protiúčet","id":2},"column3":{"value":"2010","name":"Kód banky","id":3},"column5":{"value":"2026000014","name":"VS","id":5},"column16":null,"column8":{"value":"Bezhotovostní příjem","name":"Typ","id":8}}]}}}"#;

fn names() -> Vec<String> {
    vec!["2026000014".into(), "2026000014/asked/129900".into()]
}

async fn with(reply: Recorded, more: &Value) -> (Server, Arc<dyn PaymentGateway>) {
    let server = Server::new([reply]).await;
    let mut settings =
        json!({"token": TOKEN, "iban": IBAN, "endpoint": server.url, "days": 7, "pause_s": 0});
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let gateway = build(&settings, &http()).unwrap();
    (server, gateway)
}

async fn asked_with(reply: Recorded) -> Result<Observation, GatewayFault> {
    let (_server, gateway) = with(reply, &json!({})).await;
    gateway.query(&query(&names())).await
}

#[tokio::test]
async fn fio_1_the_tokens_address_is_called_and_told_to_nobody() {
    let settings: Settings = serde_json::from_value(json!({"token": TOKEN, "iban": IBAN})).unwrap();
    let shown = format!("{settings:?}");
    let bank = Fio { settings, http: http(), turn: Turn::default(), last: Mutex::default() };
    let expected = format!(
        "https://fioapi.fio.cz/v1/rest/periods/{TOKEN}/2026-01-01/2026-01-08/transactions.json"
    );
    assert_eq!(bank.movements("2026-01-01", "2026-01-08").as_str(), expected);
    assert!(!shown.contains(TOKEN), "{shown}");
    // An address that is not there ends up in the fault's words.
    let nowhere = json!({"token": TOKEN, "iban": IBAN, "endpoint": "http://127.0.0.1:1/v1/rest"});
    let fault = build(&nowhere, &http()).unwrap().query(&query(&names())).await.unwrap_err();
    assert!(!format!("{fault:?}{fault}").contains(TOKEN), "{fault:?}");
}

#[tokio::test]
async fn fio_6_a_paid_movement_is_read_exactly() {
    let (server, gateway) = with((200, &[], STATEMENT.into()), &json!({})).await;
    let told = gateway.query(&query(&names())).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
    let (from, to) = (movements::day(Timestamp::now(), 7), movements::day(Timestamp::now(), 0));
    let line = format!("GET /periods/{TOKEN}/{from}/{to}/transactions.json");
    assert_eq!(server.asked()[0].line, line);
    assert_eq!(movements::day(NOW, 0), "2026-01-01");
    assert_eq!(movements::day(NOW, 7), "2025-12-25");
}

#[tokio::test]
async fn movements_of_a_period_are_told_with_their_symbol_and_day() {
    let (server, gateway) = with((200, &[], STATEMENT.into()), &json!({})).await;
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-01-08T00:00:00Z"));
    let ask = StatementAsk { from, until, cursor: None };
    let page = gateway.statement(&ask).await.unwrap().unwrap();
    let line = format!("GET /periods/{TOKEN}/2026-01-01/2026-01-08/transactions.json");
    assert_eq!(server.asked()[0].line, line);
    let [entry] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!((&*entry.reference, &entry.names[..]), ("26512345678", &["2026000014".into()][..]));
    assert_eq!((entry.kind, entry.amount), (EntryKind::In, czk(129_900)));
    assert_eq!((entry.at, page.next.as_deref()), (at("2026-01-05T12:00:00Z"), None));
}

#[tokio::test]
async fn one_movement_without_a_list_and_none_at_all_are_read() {
    let one = STATEMENT.replace("[{\"column22", "{\"column22").replace("}]}", "}}");
    assert_eq!(asked_with((200, &[], one)).await.unwrap().captured, Some(czk(129_900)));
    let (head, _) = STATEMENT.split_once("\"transactionList\"").unwrap();
    let head = head.replace("1399.10", "100.1");
    for rest in ["\"transactionList\":null}}", "\"transactionList\":{\"transaction\":null}}}"] {
        let told = asked_with((200, &[], format!("{head}{rest}"))).await.unwrap();
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Created), None));
    }
}

#[tokio::test]
async fn a_statement_that_is_not_whole_exact_or_ours_is_not_believed() {
    for (from, to) in [
        ("1399.10", "1399.11"),
        ("1299.00", "1299.001"),
        ("\"value\":\"CZK\"", "\"value\":\"EUR\""),
        ("\"iban\":\"CZ93", "\"iban\":\"CZ94"),
        ("\"column22\"", "\"column99\""),
    ] {
        let told = asked_with((200, &[], STATEMENT.replace(from, to))).await;
        assert!(told.is_err(), "{to}");
    }
}

#[tokio::test]
async fn fio_8_errors_say_what_is_to_be_done_and_never_the_token() {
    let xml: &[_] = &[("content-type", "text/xml;charset=UTF-8")];
    let document = "<Response><result><errorCode>15</errorCode></result></Response>";
    for (reply, again) in [
        ((409, &[][..], String::new()), true),
        ((200, xml, document.to_owned()), true),
        ((500, &[][..], String::new()), true),
        ((503, &[][..], String::new()), true),
        ((0, &[][..], String::new()), true),
        ((422, &[][..], String::new()), false),
        ((404, &[][..], String::new()), false),
    ] {
        let text = format!("{reply:?}");
        let fault = asked_with(reply).await.unwrap_err();
        assert_eq!(matches!(fault.fault, CallFault::Retry { .. }), again, "{text}");
        assert!(!format!("{fault:?}").contains(TOKEN), "{fault:?}");
    }
}

#[tokio::test]
async fn what_the_account_cannot_take_is_refused() {
    let (_server, gateway) = with((200, &[], String::new()), &json!({})).await;
    for open in [open_in("EUR"), OpenPayment { amount: money(0, "CZK"), ..open_in("CZK") }] {
        assert_eq!(gateway.open(&open).await.unwrap_err().code, "amount_not_possible");
    }
    let one = gateway.open(&open_in("CZK")).await.unwrap();
    let same = gateway.open(&open_in("CZK")).await.unwrap();
    assert_eq!(one, OpenedAt(same, one.expires_at).into());
    let other = OpenPayment { key: "kontor-2".into(), ..open_in("CZK") };
    assert_ne!(gateway.open(&other).await.unwrap().provider_ref, one.provider_ref);
}

/// The same but for its end, which is counted from now.
struct OpenedAt(Opened, Option<Timestamp>);

impl From<OpenedAt> for Opened {
    fn from(OpenedAt(opened, expires_at): OpenedAt) -> Self {
        Self { expires_at, ..opened }
    }
}

#[tokio::test]
async fn a_refund_that_nobody_sends_is_left_to_a_person_with_its_message() {
    let (server, gateway) = with((200, &[], STATEMENT.into()), &json!({})).await;
    let give = refund(&names(), "r-1", czk(400));
    let fault = gateway.refund(&give).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.fault), ("transfer_by_hand", CallFault::LeaveToPerson));
    assert!(fault.message.contains(&import::tag(&give.refund)), "{}", fault.message);
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn an_order_is_written_in_the_schemas_order() {
    let order = Transfer {
        payee_account: "2900000005".into(),
        payee_bank: "2010".into(),
        amount: czk(29_900),
        variable_symbol: "2026000014".into(),
        message: "KONTOR-0123456789AB".into(),
    };
    let expected = "<DomesticTransaction><accountFrom>2000145399</accountFrom><currency>CZK</currency><amount>299.00</amount><accountTo>2900000005</accountTo><bankCode>2010</bankCode><vs>2026000014</vs><date>2026-01-01</date><messageForRecipient>KONTOR-0123456789AB</messageForRecipient><paymentType>431001</paymentType></DomesticTransaction>";
    let file = |orders: &[&Transfer]| import::file("2000145399", orders, "2026-01-01");
    let two = file(&[&order, &order]).unwrap();
    assert_eq!(two.matches(expected).count(), 2, "{two}");
    let erased = Transfer { payee_account: "[erased]".into(), ..order.clone() };
    assert_eq!(file(&[&order, &erased]), None, "all of them, or none");
}

#[tokio::test]
async fn settings_name_an_account_that_there_can_be() {
    for (settings, member) in [
        (json!({"token": "t", "iban": "CZ9420100000002000145399"}), "iban"),
        (json!({"token": "t", "iban": IBAN, "days": 90}), "days"),
        (json!({"iban": IBAN}), "token"),
    ] {
        let error = build(&settings, &http()).err().unwrap();
        assert!(error.contains(member), "{error}");
    }
}
