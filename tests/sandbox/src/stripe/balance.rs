//! Balance transactions: what charges and refunds did to the account's balance.

use serde_json::{Value, json};

use super::Inner;
use super::book::{Book, Done};
use super::error::ApiError;
use super::objects::{Intent, Refund, RefundStatus};
use super::routes::{Call, expands, page};
use crate::common::lock;

const KNOWN: [&str; 4] = ["limit", "starting_after", "created", "expand"];

struct Movement {
    id: String,
    kind: &'static str,
    amount: i64,
    currency: String,
    created: u64,
    source: Value,
}

impl Inner {
    /// The account's movements, newest first.
    pub(super) fn list_balance(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let expand = expands(call.params, &KNOWN, &["data.source"])?;
        let bound = |name| call.params.integer(name);
        let from = u64::try_from(bound("created[gte]")?.unwrap_or(0)).unwrap_or(0);
        let until = u64::try_from(bound("created[lt]")?.unwrap_or(i64::MAX)).unwrap_or(u64::MAX);
        let mut all = movements(&lock(&self.book), call.account);
        all.retain(|movement| (from..until).contains(&movement.created));
        all.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let whole = !expand.is_empty();
        page(call, all.iter(), |movement| &movement.id, |movement| movement.json(whole))
    }
}

fn movements(book: &Book, account: &str) -> Vec<Movement> {
    let taken = book.intents.values().filter(|one| one.account == account && one.received() > 0);
    let mut all: Vec<_> = taken.map(charge).collect();
    for refund in book.refunds.values().filter(|refund| refund.account == account) {
        all.push(back("refund", refund, -refund.amount));
        if refund.status == RefundStatus::Failed {
            all.push(back("refund_failure", refund, refund.amount));
        }
    }
    all
}

fn charge(intent: &Intent) -> Movement {
    let mut source = intent.charge_json();
    source["amount_captured"] = intent.received().into();
    Movement {
        id: intent.id.replacen("pi_", "txn_", 1),
        kind: "charge",
        amount: intent.received(),
        currency: intent.currency.clone(),
        created: intent.created,
        source,
    }
}

fn back(kind: &'static str, refund: &Refund, amount: i64) -> Movement {
    let prefix = if amount > 0 { "txn_f" } else { "txn_" };
    Movement {
        id: refund.id.replacen("re_", prefix, 1),
        kind,
        amount,
        currency: refund.currency.clone(),
        created: refund.created,
        source: refund.json(),
    }
}

impl Movement {
    fn json(&self, whole: bool) -> Value {
        let source = if whole { self.source.clone() } else { self.source["id"].clone() };
        json!({
            "id": self.id, "object": "balance_transaction", "type": self.kind,
            "amount": self.amount, "net": self.amount, "fee": 0, "currency": self.currency,
            "created": self.created, "source": source, "status": "available",
        })
    }
}
