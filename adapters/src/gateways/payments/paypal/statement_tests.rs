//! Recorded lists of PayPal's Transaction Search.

use super::*;
use crate::gateways::{
    payments::testing::PAYMENT,
    tests::{Recorded, Server, http},
};
use kontor_actors::ports_statement::EntryKind;
use kontor_messages::payment::CallFault;

const TOKEN: &str = r#"{"access_token":"tok-1","token_type":"Bearer","expires_in":32400}"#;

fn reply(body: impl ToString) -> Recorded {
    (200, &[], body.to_string())
}

async fn with(replies: impl IntoIterator<Item = Value>) -> (Server, Arc<dyn PaymentGateway>) {
    let lists = replies.into_iter().map(reply);
    let server = Server::new([reply(TOKEN)].into_iter().chain(lists)).await;
    let settings =
        json!({ "client_id": "client", "client_secret": "secret", "endpoint": server.url });
    let gateway = build(&settings, &http()).unwrap();
    (server, gateway)
}

fn moved(code: &str, id: &str, value: &str, more: Value) -> Value {
    let mut info = json!({
        "transaction_id": id, "transaction_event_code": code, "transaction_status": "S",
        "transaction_initiation_date": "2026-01-15T05:30:00+0100",
        "transaction_amount": { "currency_code": "CZK", "value": value },
    });
    for (name, value) in more.as_object().unwrap() {
        info[name] = value.clone();
    }
    json!({ "transaction_info": info, "payer_info": {} })
}

fn ask(cursor: Option<&str>) -> StatementAsk {
    StatementAsk {
        from: Timestamp::parse("2026-01-12T00:00:00Z").unwrap(),
        until: Timestamp::parse("2026-01-16T00:00:00Z").unwrap(),
        cursor: cursor.map(str::to_owned),
    }
}

#[tokio::test]
async fn payments_refunds_and_chargebacks_are_told_under_their_capture() {
    let named = json!({ "custom_field": format!("{PAYMENT}/1"),
        "paypal_reference_id": "O-1", "paypal_reference_id_type": "ODR" });
    let of = json!({ "paypal_reference_id": "C-1", "paypal_reference_id_type": "TXN" });
    let pending = json!({ "transaction_status": "P" });
    let list = json!({ "total_pages": 2, "page": 1, "transaction_details": [
        moved("T0006", "C-1", "1299.00", named),
        moved("T1107", "R-1", "-299.00", of.clone()),
        moved("T1201", "B-1", "-1000.00", of.clone()),
        moved("T1202", "B-2", "1000.00", of.clone()),
        moved("T0106", "F-1", "-5.00", of),
        moved("T0400", "W-1", "-900.00", json!({})),
        moved("T0001", "M-1", "-20.00", json!({})),
        moved("T0006", "C-9", "7.00", pending),
    ] });
    let (server, gateway) = with([list]).await;
    let page = gateway.statement(&ask(None)).await.unwrap().unwrap();
    let line = "GET /v1/reporting/transactions?start_date=2026-01-12T00%3A00%3A00Z\
                &end_date=2026-01-15T23%3A59%3A59Z&fields=transaction_info&page_size=500&page=1";
    assert_eq!(server.asked()[1].line, line);
    assert_eq!(page.next.as_deref(), Some("2"));
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|entry| (entry.reference.as_str(), entry.kind, entry.amount.amount_minor))
        .collect();
    assert_eq!(
        told,
        [
            ("C-1", EntryKind::In, 129_900),
            ("R-1", EntryKind::Out, 29_900),
            ("B-1", EntryKind::Out, 100_000),
            ("B-2", EntryKind::Out, -100_000),
            ("F-1", EntryKind::Fee, -500),
            ("W-1", EntryKind::Fee, -90_000),
            ("M-1", EntryKind::Fee, -2000),
        ]
    );
    assert_eq!(page.entries[0].names, ["capture/C-1", "O-1"]);
    assert_eq!(page.entries[0].payment.as_ref().unwrap().as_str(), PAYMENT);
    assert_eq!(page.entries[1].names, ["capture/C-1"]);
    assert_eq!(page.entries[0].at.to_string(), "2026-01-15T04:30:00.000Z");
}

#[tokio::test]
async fn the_last_page_has_none_after_it() {
    let (server, gateway) = with([json!({ "total_pages": 2, "transaction_details": [] })]).await;
    let page = gateway.statement(&ask(Some("2"))).await.unwrap().unwrap();
    assert_eq!((page.next, page.entries.len()), (None, 0));
    assert!(server.asked()[1].line.ends_with("&page=2"));
}

#[tokio::test]
async fn an_amount_that_cannot_be_read_is_no_list_without_it() {
    let list = json!({ "transaction_details": [moved("T0006", "C-1", "12,99", json!({}))] });
    let (_server, gateway) = with([list]).await;
    let fault = gateway.statement(&ask(None)).await.unwrap_err();
    assert!(matches!(fault.fault, CallFault::Retry { .. }), "{fault:?}");
}

#[tokio::test]
async fn a_day_that_has_just_ended_is_asked_about_three_hours_later() {
    let (server, gateway) = with([]).await;
    let now = Timestamp::now();
    let ask = StatementAsk { until: now, ..ask(None) };
    let fault = gateway.statement(&ask).await.unwrap_err();
    let CallFault::Retry { at: Some(at), .. } = fault.fault else { panic!("{fault:?}") };
    assert_eq!(at, now.plus(Duration::from_secs(3 * 3600)));
    assert_eq!(server.asked().len(), 0);
}
