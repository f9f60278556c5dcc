//! Decides from what was recorded, what the database says, what a consumer has seen and what the
//! provider's books say whether a promise was broken. Every finding is a sentence.

use crate::{
    load::{Placed, Purchase},
    rabbit::Message,
    truth::{Entity, Event, Truth},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How long after its time something may still wait.
const GRACE_MS: i64 = 60_000;

/// All that is known about a run.
pub struct Evidence<'a> {
    /// What customers did, and what they were told.
    pub purchases: &'a [Purchase],
    /// What the database says.
    pub truth: &'a Truth,
    /// What a consumer has seen, if there was one.
    pub messages: Option<&'a [Message]>,
    /// The provider's books about our account.
    pub books: &'a Value,
    /// Goods that were put on the shelf, by product.
    pub shelf: &'a [(&'a str, i64)],
    /// When the database was read, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What was counted, and what is wrong.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Numbers that people want to see.
    pub counts: BTreeMap<&'static str, i64>,
    /// What is wrong; empty if every promise was kept.
    pub findings: Vec<String>,
}

impl Verdict {
    fn find(&mut self, text: String) {
        // Hundreds of the same say no more than some.
        if self.findings.len() < 100 {
            self.findings.push(text);
        }
    }

    fn count(&mut self, what: &'static str, number: usize) {
        self.counts.insert(what, i64::try_from(number).unwrap_or(i64::MAX));
    }
}

/// Judges a run.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    sequences(evidence.truth, &mut verdict);
    versions(evidence.truth, &mut verdict);
    let orders = orders(evidence, &mut verdict);
    fates(evidence, &orders, &mut verdict);
    shelf(evidence, &orders, &mut verdict);
    money(evidence, &mut verdict);
    promises(evidence, &mut verdict);
    if let Some(messages) = evidence.messages {
        published(evidence.truth, messages, &mut verdict);
    }
    verdict
}

/// Each shard's journal has no gap.
fn sequences(truth: &Truth, verdict: &mut Verdict) {
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for Event { shard, seq, .. } in &truth.journal {
        let before = last.insert(*shard, *seq).unwrap_or(0);
        if *seq != before + 1 {
            verdict.find(format!("shard {shard} has {seq} after {before}"));
        }
    }
    verdict.count("events", truth.journal.len());
}

/// An entity's changes are numbered without gap or repetition, and its state is the last of them.
fn versions(truth: &Truth, verdict: &mut Verdict) {
    let mut all: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for event in truth.journal.iter().filter(|event| event.version > 0) {
        all.entry((&event.domain, &event.entity)).or_default().push(event.version);
    }
    for (domain, entity, version) in &truth.touches {
        all.entry((domain, entity)).or_default().push(*version);
    }
    for ((domain, entity), mut versions) in all {
        versions.sort_unstable();
        let whole = versions.iter().zip(1..).all(|(version, place)| *version == place);
        if !whole {
            verdict.find(format!("{domain}/{entity} has the versions {versions:?}"));
        }
        let stands = truth.entities.get(&(domain.to_owned(), entity.to_owned()));
        let stands = stands.map_or(0, |entity| entity.version);
        if versions.last() != Some(&stands) {
            verdict.find(format!("{domain}/{entity} stands at {stands} after {versions:?}"));
        }
    }
}

/// The orders in the database by their price, which says whose they are.
fn orders<'t>(
    evidence: &Evidence<'t>,
    verdict: &mut Verdict,
) -> BTreeMap<i64, (&'t str, &'t Entity)> {
    let mut orders = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for ((domain, id), entity) in &evidence.truth.entities {
        if domain != "order" || entity.state["kind"] != "order" {
            continue;
        }
        if !numbers.insert(entity.state["number"].as_str()) {
            verdict.find(format!("two orders have the number {}", entity.state["number"]));
        }
        let price = entity.state["lines"][0]["unit_price_minor"].as_i64().unwrap_or(0);
        if let Some((other, _)) = orders.insert(price, (id.as_str(), entity)) {
            verdict.find(format!("one request has led to two orders, {id} and {other}"));
        }
    }
    verdict.count("orders", orders.len());
    orders
}

/// Whoever was told yes has their order as it was asked, whoever was told no has none; what was paid
/// is confirmed, and what was cancelled is cancelled.
fn fates(evidence: &Evidence<'_>, orders: &BTreeMap<i64, (&str, &Entity)>, verdict: &mut Verdict) {
    let mut counted = BTreeMap::new();
    for purchase in evidence.purchases {
        let found = orders.get(&purchase.price_minor);
        let what = match (&purchase.placed, found) {
            (Placed::Yes(id), Some((there, order))) if id == there => {
                fate(purchase, id, &order.state, verdict);
                "acknowledged"
            }
            (Placed::Yes(id), found) => {
                let found = found.map(|(id, _)| id);
                verdict.find(format!("order {id} was acknowledged; there is {found:?}"));
                "lost"
            }
            (Placed::No, None) => "refused",
            (Placed::No, Some((id, _))) => {
                verdict.find(format!("order {id} was refused, and is there"));
                "refused and there"
            }
            (Placed::Unknown, Some(_)) => "unknown, and there",
            (Placed::Unknown, None) => "unknown, and not there",
        };
        *counted.entry(what).or_insert(0) += 1;
    }
    verdict.counts.extend(counted);
    let asked: HashSet<i64> = evidence.purchases.iter().map(|one| one.price_minor).collect();
    for (price, (id, _)) in orders {
        if !asked.contains(price) {
            verdict.find(format!("nobody has asked for order {id}"));
        }
    }
    let paid = evidence.purchases.iter().filter(|purchase| purchase.paid).count();
    verdict.count("paid at the provider", paid);
}

fn fate(purchase: &Purchase, id: &str, order: &Value, verdict: &mut Verdict) {
    let line = &order["lines"][0];
    if line["sku"] != *purchase.sku || line["quantity"] != purchase.quantity {
        verdict.find(format!("order {id} is not as it was asked: {line}"));
    }
    let status = order["status"].as_str().unwrap_or_default();
    let wanted: &[&str] = match purchase {
        Purchase { unsure: true, .. } => return,
        Purchase { cancelled: true, .. } => &["cancelled"],
        Purchase { paid: true, .. } | Purchase { by_channel: true, .. } => {
            &["confirmed", "paid_without_stock"]
        }
        _ => &["pending"],
    };
    if !wanted.contains(&status) {
        verdict.find(format!("order {id} is {status}, not {wanted:?}: {purchase:?}"));
    }
    let missing = order["cancellation"]["missing"].as_array().map_or(0, Vec::len);
    if status == "cancelled" && missing > 0 {
        verdict.find(format!("the cancellation of order {id} is not done: {order}"));
    }
}

/// Nothing is sold that is not there, and nothing is lost: counted once by orders and once by the
/// journal's movements.
fn shelf(evidence: &Evidence<'_>, orders: &BTreeMap<i64, (&str, &Entity)>, verdict: &mut Verdict) {
    let mut free: BTreeMap<String, i64> = BTreeMap::new();
    for event in evidence.truth.journal.iter().filter(|event| event.domain == "stock") {
        let sign = match event.name.as_str() {
            "stock.moved" | "stock.released" => 1,
            "stock.reserved" => -1,
            _ => continue,
        };
        let change = std::iter::once(&event.payload["change"]).filter(|change| change.is_object());
        let allocations = event.payload["allocations"].as_array().into_iter().flatten();
        for allocation in change.chain(allocations) {
            let sku = allocation["sku"].as_str().unwrap_or_default().to_owned();
            let free = free.entry(sku.clone()).or_insert(0);
            *free += sign * allocation["quantity"].as_i64().unwrap_or(0);
            if *free < 0 {
                verdict.find(format!("{sku} is oversold by {} at {}", -*free, event.seq));
            }
        }
    }
    for (sku, delivered) in evidence.shelf {
        let sold: i64 = orders
            .values()
            .filter(|(_, order)| order.state["stock"] == "committed")
            .flat_map(|(_, order)| order.state["lines"].as_array().into_iter().flatten())
            .filter(|line| line["sku"] == **sku)
            .map(|line| line["quantity"].as_i64().unwrap_or(0))
            .sum();
        let key = ("stock".to_owned(), format!("sku/{sku}"));
        let Some(known) = evidence.truth.entities.get(&key) else {
            verdict.find(format!("{sku} is gone"));
            continue;
        };
        let level = &known.state["levels"][0];
        let on_hand = level["on_hand"].as_i64().unwrap_or(0);
        let reserved = level["reserved"].as_i64().unwrap_or(0);
        if on_hand != delivered - sold || reserved < 0 || on_hand < reserved {
            verdict.find(format!(
                "of {delivered} {sku} {sold} are sold, {on_hand} on the shelf, {reserved} held"
            ));
        }
        let counted = free.get(*sku).copied().unwrap_or(0);
        if counted != on_hand - reserved {
            verdict.find(format!("{sku}: the movements leave {counted}, the level says {level}"));
        }
    }
}

/// The ledger is the provider's books; nobody was charged twice.
fn money(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut booked: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for event in evidence.truth.journal.iter().filter(|event| event.name == "payment.booked") {
        let amount = event.payload["amount"]["amount_minor"].as_i64().unwrap_or(0);
        let known = booked.entry(&event.entity).or_default();
        match event.payload["kind"].as_str() {
            Some("capture") => known.0 += amount,
            Some("refund") => known.1 += amount,
            Some("refund_reversal") => known.1 -= amount,
            _ => {}
        }
    }
    let table = |name: &str| evidence.books[name].as_object().cloned().unwrap_or_default();
    for (payment, charges) in table("charges_by_reference") {
        if charges.as_i64() > Some(1) {
            verdict.find(format!("payment {payment} was charged {charges} times"));
        }
    }
    let (taken, kept) = (table("captured_by_reference"), table("kept_by_reference"));
    let payments: BTreeSet<&str> =
        booked.keys().copied().chain(taken.keys().map(String::as_str)).collect();
    let (mut came, mut stayed) = (0, 0);
    for payment in payments {
        let (captured, refunded) = booked.get(payment).copied().unwrap_or_default();
        let number = |books: &serde_json::Map<String, Value>| {
            books.get(payment).and_then(Value::as_i64).unwrap_or(0)
        };
        if (captured, captured - refunded) != (number(&taken), number(&kept)) {
            verdict.find(format!(
                "payment {payment}: {captured} and back {refunded} are booked; the provider took {} \
                 and kept {}",
                number(&taken),
                number(&kept)
            ));
        }
        (came, stayed) = (came + captured, stayed + captured - refunded);
    }
    verdict.counts.insert("money taken, minor units", came);
    verdict.counts.insert("money kept, minor units", stayed);
}

/// Nothing waits for a time that is over, and nothing was given up.
fn promises(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    for ((domain, id), entity) in &evidence.truth.entities {
        if entity.due.is_some_and(|due| due + GRACE_MS < evidence.now_ms) {
            verdict.find(format!("{domain}/{id} waits for a time that is over: {:?}", entity.due));
        }
    }
    for (reason, again) in &evidence.truth.dead_letters {
        verdict.find(format!("a dead letter, tried again: {again}: {reason}"));
    }
}

/// Every order, payment and movement that is in the journal was told, in order, with one identity.
fn published(truth: &Truth, messages: &[Message], verdict: &mut Verdict) {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    let mut again = 0;
    for message in messages {
        if !seen.insert(&message.id) {
            again += 1;
            continue;
        }
        let before = last.insert(&message.subject, &message.sequence);
        if before.is_some_and(|before| message.sequence.as_str() < before) {
            verdict.find(format!("{message:?} came after {before:?}"));
        }
    }
    verdict.count("messages", seen.len());
    verdict.count("messages that came again", again);
    // What is told as it is; other events are told in other words, or not at all.
    let told = ["order.created", "order.confirmed", "order.cancelled", "payment.paid"];
    for event in truth.journal.iter().filter(|event| told.contains(&event.name.as_str())) {
        if !seen.contains(event.id.as_str()) {
            verdict.find(format!("{} of {} was never told", event.name, event.entity));
        }
    }
}

#[cfg(test)]
mod tests;
