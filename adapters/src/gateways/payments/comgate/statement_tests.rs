//! Recorded transfers of ComGate.

use super::*;
use crate::gateways::{
    payments::testing::PAYMENT,
    tests::{Recorded, Server, http},
};
use kontor_actors::ports_statement::EntryKind;
use kontor_messages::payment::CallFault;
use serde_json::json;

/// As ComGate documents it.
const LIST: &str = r#"[{"transferId":5211530,"transferDate":"2026-01-15","accountCounterparty":"0\/0000","accountOutgoing":"281481882\/0300","variableSymbol":"86616655"}]"#;

fn reply(body: impl ToString) -> Recorded {
    (200, &[], body.to_string())
}

fn comgate(server: &Server, more: Value) -> Arc<dyn PaymentGateway> {
    let mut settings = json!({ "merchant": "123456", "secret": "kontor-comgate-secret",
        "endpoint": server.url, "settled_after_days": 0 });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    build(&settings, &http()).unwrap()
}

fn row(kind: &str, amount: &str) -> Value {
    json!({ "typ": kind, "Merchant": "123456", "ID ComGate": "AB12-CD34-EF56", "Měna": "CZK",
        "Potvrzená částka": amount, "Převedená částka": "1", "ID od klienta": PAYMENT,
        "Datum zaplacení": "2026-01-14 23:30:00" })
}

fn ask(from: &str, until: &str, cursor: Option<&str>) -> StatementAsk {
    let at = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
    StatementAsk { from: at(from), until: at(until), cursor: cursor.map(str::to_owned) }
}

#[tokio::test]
async fn the_transfers_of_a_day_tell_of_payments_and_refunds_when_they_were_paid() {
    let rows = json!([
        row("1", "1 299,00"), row("2", "-299.00"), row("4", "-1000,00"),
        { "typ": "3", "Potvrzená částka": "-190,00" }, { "typ": "5", "Potvrzená částka": "1,00" },
        { "typ": 4, "Potvrzená částka": "-5,00" },
    ]);
    let server = Server::new([reply(LIST), reply(rows)]).await;
    let gateway = comgate(&server, json!({}));
    let page = gateway.statement(&ask("2026-01-15", "2026-01-16", None)).await.unwrap().unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /v1.0/transferList");
    assert_eq!(
        (asked[0].get("date"), asked[0].get("merchant")),
        (Some("2026-01-15"), Some("123456"))
    );
    assert_eq!(asked[0].get("secret"), Some("kontor-comgate-secret"));
    assert_eq!(asked[1].line, "POST /v1.0/singleTransfer");
    assert_eq!(asked[1].get("transferId"), Some("5211530"));
    let told: Vec<_> =
        page.entries.iter().map(|entry| (entry.kind, entry.amount.amount_minor)).collect();
    assert_eq!(
        told,
        [(EntryKind::In, 129_900), (EntryKind::Out, 29_900), (EntryKind::Out, 100_000)]
    );
    assert_eq!(page.entries[0].names, ["AB12-CD34-EF56"]);
    assert_eq!(page.entries[0].payment.as_ref().unwrap().as_str(), PAYMENT);
    assert_eq!(page.entries[1].payment, None);
    // Half past eleven at night in Prague, in winter.
    assert_eq!(page.entries[0].at.to_string(), "2026-01-14T22:30:00.000Z");
}

#[tokio::test]
async fn each_day_is_a_page_up_to_when_the_last_payment_is_passed_on() {
    let server = Server::new([reply("[]"), reply("[]"), reply("code=0&message=OK")]).await;
    let gateway = comgate(&server, json!({ "settled_after_days": 1 }));
    assert_eq!(gateway.statement_lag_days(), 1);
    let mut cursor = None;
    let mut days = Vec::new();
    loop {
        let ask = ask("2026-01-14", "2026-01-15", cursor.as_deref());
        let page = gateway.statement(&ask).await.unwrap().unwrap();
        days.push(cursor.unwrap_or_default());
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(days, ["", "2026-01-15", "2026-01-16"]);
}

#[tokio::test]
async fn the_second_interface_is_asked_by_address() {
    let server = Server::new([reply(LIST), reply(json!([row("1", "1299")]))]).await;
    let gateway = comgate(&server, json!({ "interface": "v2" }));
    let page = gateway.statement(&ask("2026-01-15", "2026-01-16", None)).await.unwrap().unwrap();
    assert_eq!(page.entries[0].amount.to_string(), "1299.00 CZK");
    let asked = server.asked();
    assert_eq!(asked[0].line, "GET /v2.0/transferList/date/2026-01-15.json");
    assert_eq!(asked[1].line, "GET /v2.0/singleTransfer/transferId/5211530.json");
    assert!(asked[0].header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn columns_that_are_called_otherwise_are_named_by_the_settings() {
    let rows = json!([{ "Druh": "1", "Číslo": "AB12-CD34-EF56", "Částka": 12.5, "Kdy": "14.01.2026",
        "Mince": "EUR" }]);
    let columns = json!({ "kind": "Druh", "id": "Číslo", "amount": "Částka", "paid_at": "Kdy",
        "currency": "Mince" });
    let server = Server::new([reply(LIST), reply(rows)]).await;
    let gateway = comgate(&server, json!({ "transfer_columns": columns }));
    let page = gateway.statement(&ask("2026-01-15", "2026-01-16", None)).await.unwrap().unwrap();
    assert_eq!(page.entries[0].amount.to_string(), "12.50 EUR");
    assert_eq!(page.entries[0].at.to_string(), "2026-01-14T11:00:00.000Z");
    let typo = json!({ "merchant": "1", "secret": "s", "transfer_columns": { "when": "Kdy" } });
    assert!(build(&typo, &http()).err().unwrap().starts_with("transfer_columns"));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_the_list_for_what_is_left_out_would_look_missing() {
    let nameless = json!({ "typ": "1", "Potvrzená částka": "1,00" });
    for broken in [row("1", "a lot"), row("1", "1,999"), row("7", "1,00"), nameless] {
        let server = Server::new([reply(LIST), reply(json!([broken]))]).await;
        let gateway = comgate(&server, json!({}));
        let fault = gateway.statement(&ask("2026-01-15", "2026-01-16", None)).await.unwrap_err();
        assert!(matches!(fault.fault, CallFault::Retry { .. }), "{fault:?}");
    }
    let server = Server::new([reply("code=1400&message=no+kontor-comgate-secret")]).await;
    let fault = comgate(&server, json!({})).statement(&ask("2026-01-15", "2026-01-16", None)).await;
    assert!(!fault.unwrap_err().message.contains("kontor-comgate-secret"));
}
