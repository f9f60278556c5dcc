//! What was passed on to the shop: all of a day in one transfer, at the day's end.

use serde_json::{Value, json};

use super::{ComGate, ComGateShop, Fields};
use crate::common::date;
use crate::stand::{Answer, TillPayment};

pub(super) fn answer(
    stand: &ComGate,
    shop: &ComGateShop,
    operation: &str,
    form: &Fields,
) -> Answer {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let own = stand.payments().into_iter().filter(|one| one.account == shop.merchant);
    let taken = own.filter(|one| one.captured_minor > 0);
    match operation {
        "transferList" => {
            let day = get("date");
            let any = taken.filter(|one| date(one.changed_at_s) == day).count() > 0;
            let transfer = json!([{
                "transferId": number_of(day), "transferDate": day, "accountCounterparty": "0/0000",
                "accountOutgoing": "281481882/0300", "variableSymbol": "86616655",
            }]);
            Answer::json(200, &if any { transfer } else { json!([]) })
        }
        _ => {
            let wanted = get("transferId");
            let of = |one: &TillPayment| number_of(&date(one.changed_at_s)).to_string() == wanted;
            let mut rows: Vec<_> = taken.filter(of).flat_map(|one| rows(&one)).collect();
            rows.push(json!({ "typ": "5", "Merchant": shop.merchant, "Potvrzená částka": "0,00" }));
            Answer::json(200, &rows.into())
        }
    }
}

/// A transfer's number: the digits of its day.
fn number_of(day: &str) -> u64 {
    day.replace('-', "").parse().unwrap_or(0)
}

fn rows(payment: &TillPayment) -> Vec<Value> {
    let row = |kind: &str, name: &str, minor: i64| {
        let sign = if minor < 0 { "-" } else { "" };
        json!({
            "typ": kind, "Merchant": payment.account, "ID ComGate": payment.id,
            "ID od klienta": name, "Měna": payment.currency,
            "Potvrzená částka": format!("{sign}{},{:02}", minor.abs() / 100, minor.abs() % 100),
            "Datum zaplacení": date(payment.changed_at_s),
        })
    };
    let taken = row("1", &payment.reference, payment.captured_minor);
    let back = payment.refunds.iter().map(|(_, name, amount)| row("2", name, -amount));
    std::iter::once(taken).chain(back).collect()
}
