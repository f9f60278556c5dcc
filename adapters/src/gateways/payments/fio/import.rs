//! Refunds: a file of orders, which goes to the bank and which a person authorises there. Until the
//! money is seen going out, a refund is pending.

use super::movements::Movement;
use crate::gateways::{
    http::Reply,
    payments::{exact, told},
};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{EntityId, payment::Problem, payout::Transfer};
use quick_xml::{Reader, events::Event};
use std::fmt::Write;

/// The error of an interface that is down.
const DOWN: &str = "15";
const TAG: &str = "KONTOR-";
const TAG_LEN: usize = 12;
/// An ordinary domestic payment.
const ORDINARY: &str = "431001";
/// Separates the parts of the form; it stands in none of them.
const BOUNDARY: &str = "kontor-5f0c1d2b7a";

/// The text by which a refund is found again among the movements.
pub fn tag(refund: &EntityId) -> String {
    let digest = told::digest(refund.as_str().as_bytes());
    format!("{TAG}{}", digest.get(..TAG_LEN).unwrap_or_default().to_ascii_uppercase())
}

/// The tag in a movement's texts.
pub fn tag_in(movement: &Movement) -> Option<String> {
    movement.texts().find_map(|text| {
        let upper = text.to_ascii_uppercase();
        let (_, rest) = upper.split_once(TAG)?;
        let digits: String =
            rest.chars().take_while(char::is_ascii_hexdigit).take(TAG_LEN).collect();
        (digits.len() == TAG_LEN).then(|| format!("{TAG}{digits}"))
    })
}

/// The refund's name.
pub fn reference(symbol: &str, tag: &str) -> String {
    format!("{symbol}/refund/{tag}")
}

/// The import file (schema `importIB.xsd`); its members are in the schema's order. Everything in
/// it is made of digits, capitals and dashes, so nothing has to be escaped: an order that is made of
/// anything else is not written, and neither is the file.
pub fn file(from: &str, orders: &[&Transfer], date: &str) -> Option<String> {
    let mut text = String::new();
    for order in orders {
        let amount = exact::decimal(order.amount.amount_minor, order.amount.currency.exponent());
        text.push_str("<DomesticTransaction>");
        for (name, value) in [
            ("accountFrom", from),
            ("currency", order.amount.currency.as_str()),
            ("amount", &amount),
            ("accountTo", &order.payee_account),
            ("bankCode", &order.payee_bank),
            ("vs", &order.variable_symbol),
            ("date", date),
            ("messageForRecipient", &order.message),
            ("paymentType", ORDINARY),
        ] {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            if value.is_empty() || !value.bytes().all(plain) {
                return None;
            }
            // Writing into a string cannot fail.
            let _ = write!(text, "<{name}>{value}</{name}>");
        }
        text.push_str("</DomesticTransaction>");
    }
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Import \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"http://www.fio.cz/schema/importIB.xsd\"><Orders>\
         {text}</Orders></Import>"
    ))
}

/// The form that brings a file to the bank: its type, and its body.
pub fn multipart(token: &str, file: &str) -> (String, Vec<u8>) {
    let mut body = String::new();
    for (name, value) in [("token", token), ("type", "xml"), ("lng", "en")] {
        let _ = write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(
        body,
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"order.xml\"\r\n\
         Content-Type: text/xml\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
    );
    (format!("multipart/form-data; boundary={BOUNDARY}"), body.into_bytes())
}

/// Whether the bank took the order: `errorCode` 0 of its answer.
pub fn accepted(reply: &Reply) -> Result<(), GatewayFault> {
    let text = std::str::from_utf8(&reply.body).unwrap_or_default();
    match first(text, "errorCode").as_deref() {
        Some("0") => Ok(()),
        // The interface is down for a while; nothing was taken in.
        Some(DOWN) => Err(super::not_now(FaultCause::Provider, None)),
        Some(code) => {
            let said = first(text, "message").unwrap_or_else(|| "the bank refused it".into());
            let problem = Problem::new(
                told::sentence(&format!("fio_{code}"), &[]),
                told::sentence(&said, &[]),
            );
            Err(GatewayFault::give_up(FaultCause::Refused, problem))
        }
        None => {
            let problem = Problem::new("unreadable", "the bank's answer cannot be read");
            Err(GatewayFault::ask_first(FaultCause::Provider, problem))
        }
    }
}

/// The text of the first element of a name.
fn first(xml: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut inside = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => inside = start.local_name().as_ref() == name,
            Event::Text(text) if inside => {
                return Some(text.trim().to_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
