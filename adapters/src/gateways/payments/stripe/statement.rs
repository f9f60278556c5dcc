//! Balance transactions: every movement of the account's balance, newest first.

use super::{Stripe, money, wire::Expandable};
use kontor_actors::{
    ports::GatewayFault,
    ports_statement::{EntryKind, ProviderEntry, StatementAsk, StatementPage},
};
use kontor_messages::{EntityId, Money, Timestamp, payment::Operation};
use serde::Deserialize;

/// Movements of one page; as many as Stripe gives.
const PAGE: &str = "100";

#[derive(Deserialize)]
struct List {
    data: Vec<Movement>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Movement {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    amount: i64,
    currency: String,
    created: i64,
    source: Option<Expandable<Source>>,
}

/// What moved it: a charge, a refund, a dispute. It is in the payer's currency, the movement in the
/// account's.
#[derive(Deserialize)]
struct Source {
    id: String,
    amount: Option<i64>,
    amount_captured: Option<i64>,
    currency: Option<String>,
    payment_intent: Option<Expandable<super::wire::Named>>,
    /// A charge has that of its intent, a refund its own.
    #[serde(default)]
    metadata: Option<super::wire::Metadata>,
}

/// A page of the list.
pub(super) async fn page(
    stripe: &Stripe,
    ask: &StatementAsk,
) -> Result<StatementPage, GatewayFault> {
    let (from, until) = (ask.from.seconds().to_string(), ask.until.seconds().to_string());
    let mut query = vec![
        ("created[gte]", &*from),
        ("created[lt]", &*until),
        ("limit", PAGE),
        ("expand[]", "data.source"),
    ];
    query.extend(ask.cursor.as_deref().map(|after| ("starting_after", after)));
    let call = stripe.get(&["balance_transactions"], &query);
    let list: List = stripe.read(call, Operation::Query).await?;
    let next = list.data.last().filter(|_| list.has_more).map(|last| last.id.clone());
    let entries = list.data.iter().map(entry);
    let entries = entries.map(|entry| super::readable(entry, Operation::Query));
    Ok(StatementPage { entries: entries.collect::<Result<_, _>>()?, next })
}

/// A movement as an entry; none if its amount cannot be read.
fn entry(movement: &Movement) -> Option<ProviderEntry> {
    let kind = match &*movement.kind {
        "charge" | "payment" => EntryKind::In,
        "refund"
        | "payment_refund"
        | "refund_failure"
        | "payment_failure_refund"
        | "payment_reversal" => EntryKind::Out,
        // A dispute takes the money, and gives it back if it is won.
        "adjustment" if disputed(movement) => EntryKind::Out,
        _ => EntryKind::Fee,
    };
    let source = match &movement.source {
        Some(Expandable::Object(source)) => Some(&**source),
        _ => None,
    };
    let told = source.and_then(|source| {
        let amount = source.amount_captured.or(source.amount)?;
        money::from_wire(amount, source.currency.as_deref()?)
    });
    let settled = money::from_wire(movement.amount.checked_abs()?, &movement.currency)?;
    let amount = told.filter(|_| kind != EntryKind::Fee).unwrap_or(settled);
    // What went out is negative there, and so positive here.
    let back = kind == EntryKind::Out && movement.amount > 0;
    let amount = if back { Money::new(-amount.amount_minor, amount.currency) } else { amount };
    let mut names: Vec<String> = Vec::new();
    if let Some(source) = source {
        names.extend(source.payment_intent.iter().map(|intent| intent.id().to_owned()));
        names.push(source.id.clone());
    }
    let metadata = source.and_then(|source| source.metadata.as_ref());
    let payment = metadata.and_then(|texts| EntityId::parse(texts.get("payment")?).ok());
    Some(ProviderEntry {
        reference: movement.id.clone(),
        names,
        payment,
        kind,
        amount,
        at: Timestamp::from_millis(movement.created.checked_mul(1_000)?),
    })
}

fn disputed(movement: &Movement) -> bool {
    let id = match &movement.source {
        Some(Expandable::Object(source)) => &source.id,
        Some(Expandable::Id(id)) => id,
        None => return false,
    };
    id.starts_with("dp_") || id.starts_with("du_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(movement: serde_json::Value) -> ProviderEntry {
        entry(&serde_json::from_value(movement).unwrap()).unwrap()
    }

    #[test]
    fn a_charge_is_told_in_the_payer_s_currency_under_its_intent() {
        let entry = read(json!({ "id": "txn_1", "type": "charge", "amount": 5100,
            "currency": "eur", "created": 1_768_471_200, "source": { "id": "ch_1",
            "amount": 129_900, "amount_captured": 129_900, "currency": "czk",
            "payment_intent": "pi_1" } }));
        assert_eq!((entry.kind, entry.amount.to_string()), (EntryKind::In, "1299.00 CZK".into()));
        assert_eq!(entry.names, ["pi_1", "ch_1"]);
        assert_eq!(entry.at.seconds(), 1_768_471_200);
    }

    #[test]
    fn a_refund_went_out_and_one_that_failed_came_back() {
        let refund = |kind: &str, amount: i64| {
            read(json!({ "id": "txn_2", "type": kind, "amount": amount, "currency": "czk",
                "created": 1, "source": { "id": "re_1", "amount": 500, "currency": "czk",
                "payment_intent": "pi_1" } }))
        };
        let (out, back) = (refund("refund", -500), refund("refund_failure", 500));
        assert_eq!((out.kind, out.amount.amount_minor), (EntryKind::Out, 500));
        assert_eq!((back.kind, back.amount.amount_minor), (EntryKind::Out, -500));
    }

    #[test]
    fn fees_and_payouts_are_no_payment_s_money() {
        for kind in ["stripe_fee", "payout", "adjustment", "something_new"] {
            let entry = read(json!({ "id": "txn_3", "type": kind, "amount": -50,
                "currency": "czk", "created": 1, "source": "po_1" }));
            assert_eq!(entry.kind, EntryKind::Fee);
        }
        let lost = read(json!({ "id": "txn_4", "type": "adjustment", "amount": -50,
            "currency": "czk", "created": 1, "source": { "id": "du_1", "amount": 50,
            "currency": "czk", "payment_intent": "pi_1" } }));
        assert_eq!((lost.kind, lost.amount.amount_minor), (EntryKind::Out, 50));
    }
}
