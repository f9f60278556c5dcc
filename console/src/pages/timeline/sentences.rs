//! A sentence for each event. What has none yet is told by its name, so nothing is left out.

use super::catalog;
use crate::{desk::Desk, format, value::Read};
use serde_json::Value;

/// What an event says, in the reader's language.
pub(super) fn of(desk: &Desk, name: &str, data: &Value) -> String {
    let (domain, what) = name.split_once('.').unwrap_or((name, ""));
    let told = match domain {
        "order" => order(desk, what, data),
        "payment" => payment(desk, what, data),
        "stock" => stock(desk, what, data),
        "product" => catalog::product(desk, what, data),
        "price" => catalog::price(desk, what, data),
        _ => None,
    };
    told.unwrap_or_else(|| desk.language().word(name))
}

/// Money of an event's member: `{"minor": 1, "currency": "CZK"}` as the API writes it.
fn money(desk: &Desk, money: &Value) -> String {
    let minor =
        if money.has("amount_minor") { money.int("amount_minor") } else { money.int("minor") };
    desk.money(minor, money.text("currency"))
}

fn units(desk: &Desk, lines: &Value) -> String {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    desk.number(lines.iter().map(|line| line.int("quantity")).sum())
}

fn until(desk: &Desk, at: &str) -> String {
    let at = format::instant(at);
    at.map(|at| format::clock(desk.language(), at, desk.zone(), desk.now())).unwrap_or_default()
}

fn order(desk: &Desk, what: &str, data: &Value) -> Option<String> {
    let word = |name: &str| desk.language().word(data.text(name));
    Some(match what {
        "created" => {
            let place = data.at("place");
            let total = place.int("/totals/total_minor");
            let total = desk.money(total, place.text("currency"));
            desk.f(
                "Order {} placed through {} for {}",
                &[data.text("number"), place.text("channel"), &total],
            )
        }
        "payment_opened" => desk.f(
            "A payment was opened; the order waits for it until {}",
            &[&until(desk, data.text("until"))],
        ),
        "paid" => desk.f("Paid: {}", &[&money(desk, data.at("paid"))]),
        "payment_stranded" => desk.f(
            "{} came for an order that could not take it; it goes back",
            &[&money(desk, data.at("paid"))],
        ),
        "refunded" => desk.f("{} went back to the customer", &[&money(desk, data.at("amount"))]),
        "refund_reversed" => desk.f("A refund of {} came back", &[&money(desk, data.at("amount"))]),
        "payment_settled" => desk.t("The payment is settled: nothing of it is open").to_owned(),
        "confirmed" => desk.t("Confirmed: the goods are the customer's").to_owned(),
        "confirmation_requested" => {
            desk.t("Released by a person; goods are being committed").to_owned()
        }
        "paid_without_stock" => desk.f(
            "Paid, but the goods are gone: somebody decides by {}",
            &[&until(desk, data.text("decide_until"))],
        ),
        "stock_retried" => desk.t("Goods are looked for again").to_owned(),
        "stock_changed" => desk.f("Goods: {}", &[&word("standing")]),
        "processing" => desk.t("Packing has begun").to_owned(),
        "shipped" => {
            let parcel = data.at("parcel");
            desk.f(
                "{} pieces sent with {} {}",
                &[
                    &units(desk, parcel.at("lines")),
                    parcel.text("carrier"),
                    parcel.text("tracking_number"),
                ],
            )
        }
        "delivered" => desk.t("Arrived at the customer's").to_owned(),
        "lines_cancelled" => {
            desk.f("{} pieces taken off: {}", &[&units(desk, data.at("lines")), &word("reason")])
        }
        "cancelled" => desk.f("Cancelled: {}", &[&word("reason")]),
        "cancellation_step_done" => desk.f("Cancellation: {} is done", &[&word("step")]),
        "cancellation_step_reopened" => {
            desk.f("Cancellation: {} is to be done again", &[&word("step")])
        }
        "cancellation_overdue" => {
            desk.t("The cancellation is not complete in time; it is done again").to_owned()
        }
        "returned" => desk.f("{} pieces came back", &[&units(desk, data.at("lines"))]),
        "note_added" => desk.f("Note: {}", &[data.text("text")]),
        _ => return None,
    })
}

fn payment(desk: &Desk, what: &str, data: &Value) -> Option<String> {
    let amount = || money(desk, data.at("amount"));
    Some(match what {
        "requested" => desk.f("Payment of {} asked for at {}", &[&amount(), data.text("provider")]),
        "opened" => desk.t("The provider has opened it: it can be paid").to_owned(),
        "pending" => desk.t("The provider has the payment").to_owned(),
        "authorized" => desk.f("{} is held for us", &[&amount()]),
        "paid" => desk.f("{} is paid", &[&money(desk, data.at("paid"))]),
        "booked" => desk.f("Booked: {} {}", &[&desk.language().word(data.text("kind")), &amount()]),
        "refunded" => desk.f("Refunded in all: {}", &[&money(desk, data.at("refunded"))]),
        "failed" => desk.t("The payment failed").to_owned(),
        "cancelled" => desk.t("The payment was called off").to_owned(),
        "expired" => desk.t("The payment has expired").to_owned(),
        "mismatch" => {
            desk.t("The provider tells another amount: nothing counts as paid").to_owned()
        }
        "paid_twice" => desk.f("Paid a second time: {}", &[&amount()]),
        "capture_requested" => desk.t("The held money is being taken").to_owned(),
        "cancel_requested" => desk.t("The provider is asked to call it off").to_owned(),
        "refund_requested" => desk.f("A refund of {} is asked for", &[&amount()]),
        "refund_failed" => desk.f("A refund of {} did not work", &[&amount()]),
        "query_requested" => desk.t("The provider is asked how it stands").to_owned(),
        "called" => {
            let call = data.at("call");
            let took = format::lasting(desk.language(), call.int("duration_ms"));
            let outcome = desk.language().word(call.text("outcome"));
            desk.f("Call to {}: {}, after {}", &[call.text("provider"), &outcome, &took])
        }
        "settle_requested" => {
            desk.t("Nobody waits for this money any more: it goes back").to_owned()
        }
        "settled" => desk.t("Settled: nothing of it is open").to_owned(),
        "payer_returned" => desk.t("The payer came back to the shop").to_owned(),
        "call_failed" => desk.t("A call did not work; it is made again").to_owned(),
        "call_given_up" => desk.t("A call was given up; a person decides").to_owned(),
        "disputed" => desk.f("The payer disputes {}", &[&amount()]),
        "observed" => desk.t("The provider told something new").to_owned(),
        "attempt_closed" => {
            desk.f("An attempt ended: {}", &[&desk.language().word(data.text("status"))])
        }
        "late_payment" => desk.t("Money moved after the attempt had ended").to_owned(),
        _ => return None,
    })
}

fn stock(desk: &Desk, what: &str, data: &Value) -> Option<String> {
    let change = |member: &str| {
        let change = data.at(member);
        (
            format::signed(desk.language(), change.int("quantity")),
            change.text("warehouse").to_owned(),
        )
    };
    let pieces = || units(desk, data.at("allocations"));
    Some(match what {
        "moved" => {
            let (quantity, warehouse) = change("change");
            let kind = desk.language().word(data.text("kind"));
            match data.text("reason") {
                "" => desk.f("{}: {} in {}", &[&kind, &quantity, &warehouse]),
                reason => desk.f("{}: {} in {}, {}", &[&kind, &quantity, &warehouse, reason]),
            }
        }
        "reserved" => {
            desk.f("{} held for an order until {}", &[&pieces(), &until(desk, data.text("until"))])
        }
        "committed" => desk.f("{} taken for an order", &[&pieces()]),
        "released" => desk.f("{} given back by an order", &[&pieces()]),
        "reservation_renewed" => desk.f("Held on until {}", &[&until(desk, data.text("until"))]),
        "commit_failed" => desk.t("There was not enough for an order").to_owned(),
        "wanted" => desk.t("Wanted by an order; there is not enough").to_owned(),
        "configured" => desk.t("Settings of the product's stock were changed").to_owned(),
        "observed" => {
            let (quantity, warehouse) = change("change");
            desk.f("The supplier's count changed it by {} in {}", &[&quantity, &warehouse])
        }
        "observations" => desk.t("The supplier's feed told how many there are").to_owned(),
        "transfer_started" => {
            let (quantity, warehouse) = change("from");
            desk.f("{} left {} for {}", &[&quantity, &warehouse, data.text("to")])
        }
        "transfer_received" => {
            let (quantity, warehouse) = change("to");
            desk.f("{} arrived in {}", &[&quantity, &warehouse])
        }
        _ => return None,
    })
}
