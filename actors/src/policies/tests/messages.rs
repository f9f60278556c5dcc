//! What customers are written, and when.

use super::*;
use serde_json::json;

fn template(event: &OrderEvent, known: &OrderDocument) -> Option<String> {
    let command = serde_json::to_value(message(event, known)?).unwrap();
    command["template"].as_str().map(str::to_owned)
}

fn parcel() -> Parcel {
    Parcel {
        carrier: "post".to_owned(),
        tracking_number: Some("RR1".to_owned()),
        tracking_url: None,
        lines: units(&[(0, 1)]),
    }
}

#[test]
fn the_customer_hears_of_each_fact_once() {
    let known = document(&confirmed_and([]));
    let shipped = OrderEvent::Shipped { parcel: parcel(), complete: false, key: None };
    let paid = |payment| OrderEvent::Paid { payment, paid: czk(400) };
    let back = OrderEvent::Refunded { payment: id("p1"), refunded: czk(300), amount: czk(100) };
    for (event, expected) in [
        (paid(Some(id("p1"))), Some("payment_received")),
        (paid(None), None),
        (shipped, Some("shipped")),
        (back, Some("refund")),
        (OrderEvent::Confirmed, None),
    ] {
        assert_eq!(template(&event, &known).as_deref(), expected, "{event:?}");
    }
}

#[test]
fn a_message_says_what_its_text_needs() {
    let known = document(&confirmed_and([cancel(&[(1, 1)])]));
    let event = OrderEvent::Shipped { parcel: parcel(), complete: false, key: None };
    let mug = json!({ "title": "A mug", "quantity": 3, "total": "3.00 CZK" });
    let expected = NotificationCommand::Queue {
        notification: derived(EVENT, "mail"),
        template: "shipped".to_owned(),
        channel: kontor_messages::notification::ChannelKind::Email,
        recipient: "jana@example.com".to_owned(),
        language: Some("cs".to_owned()),
        data: json!({
            "order_number": "2026-000001",
            "customer_name": "Jana Nováková",
            "lines": [mug],
            "total": "3.50 CZK",
            "shipping_method": "post",
            "carrier": "post",
            "tracking_number": "RR1",
        }),
        about: Some(order()),
    };
    assert_eq!(message(&event, &known), Some(expected));
}

#[test]
fn a_cancellation_is_told_once_however_often_the_step_is_done() {
    let known = document(&confirmed_and([cancel(&[])]));
    let overdue = OrderEvent::CancellationOverdue {
        missing: vec![CancellationStep::Message],
        settle_until: NOW,
    };
    let first = message(&cancelled(), &known);
    assert!(first.is_some());
    let command = serde_json::to_value(&first).unwrap();
    assert_eq!(command["template"], "cancelled");
    assert_eq!(command["data"]["reason"], "customer");
    assert_eq!(first, message(&overdue, &known));
}

#[test]
fn whoever_left_no_address_is_not_written_to_and_nothing_waits_for_it() {
    let mut known = document(&confirmed_and([cancel(&[])]));
    known.customer.email = None;
    assert_eq!(message(&cancelled(), &known), None);
    assert!(of_order(&cancelled(), &known).contains(&step(CancellationStep::Message)));
}

#[test]
fn the_data_of_a_message_does_not_grow_with_the_order() {
    let mut known = document(&confirmed_and([]));
    let mut line = known.lines[0].clone();
    line.title = "😀".repeat(500);
    known.lines = vec![line; 200];
    let event = OrderEvent::Shipped { parcel: parcel(), complete: false, key: None };
    let command = serde_json::to_string(&message(&event, &known).unwrap()).unwrap();
    assert!(command.len() < 64 * 1024);
}
