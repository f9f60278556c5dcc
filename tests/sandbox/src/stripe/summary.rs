//! The books of the Stripe stand-in, for proofs.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::Inner;
use super::objects::{RefundStatus, SessionStatus};
use crate::common::lock;

/// The truth about all accounts, by API key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeSummary {
    /// One entry for each account that is registered or was used.
    pub accounts: BTreeMap<String, AccountSummary>,
    /// Deliveries and delayed effects that were lost because too many were under way.
    pub lost_tasks: u64,
}

/// The truth about one account. Money is in minor units, by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    /// The account's id, `acct_...`.
    pub account: String,
    /// How many sessions stand where.
    pub sessions: BTreeMap<SessionStatus, u64>,
    /// What was taken from payers; money only held does not count.
    pub captured: BTreeMap<String, i64>,
    /// What went back to payers; a refund that failed later does not count.
    pub refunded: BTreeMap<String, i64>,
    /// How often money was taken or held, by `client_reference_id` (by `metadata[payment]` where an
    /// intent has no session). Two or more is a double charge,
    /// even if one was released or refunded since.
    pub charges_by_reference: BTreeMap<String, u64>,
    /// What was taken, by `client_reference_id`.
    #[serde(default)]
    pub captured_by_reference: BTreeMap<String, i64>,
    /// What the shop has in the end, by `client_reference_id`: taken less settled refunds.
    pub kept_by_reference: BTreeMap<String, i64>,
    /// How many sessions were made, by `client_reference_id`.
    pub sessions_by_reference: BTreeMap<String, u64>,
    /// Calls that were answered from the memory of an idempotency key.
    pub idempotent_replays: u64,
    /// What came of the webhooks.
    pub webhooks: WebhookCounts,
}

/// What came of an account's webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCounts {
    /// POSTs that were made, the second copies of duplicates included.
    pub attempts: u64,
    /// POSTs without a 2xx answer.
    pub failed_attempts: u64,
    /// Events that an endpoint took.
    pub delivered: u64,
    /// Events that were never sent because of `drop_webhooks_percent`.
    pub dropped: u64,
    /// Events that an endpoint did not take in all attempts.
    pub given_up: u64,
}

impl StripeSummary {
    /// The references that were charged more than once, over all accounts.
    pub fn double_charges(&self) -> Vec<String> {
        let accounts = self.accounts.values();
        let charges = accounts.flat_map(|account| account.charges_by_reference.iter());
        charges.filter(|(_, count)| **count > 1).map(|(reference, _)| reference.clone()).collect()
    }
}

impl Inner {
    pub(crate) fn summary(&self) -> StripeSummary {
        let mut by_id: BTreeMap<String, AccountSummary> = BTreeMap::new();
        self.sum_up(&mut by_id);
        let accounts = lock(&self.accounts);
        let lost_tasks = self.lost_tasks.load(Ordering::Acquire);
        let mut summary = StripeSummary { lost_tasks, ..StripeSummary::default() };
        for (id, account) in &accounts.0 {
            let mut counted = by_id.remove(id).unwrap_or_default();
            counted.account = id.clone();
            counted.idempotent_replays = account.replays;
            counted.webhooks = account.counts;
            summary.accounts.insert(account.api_key.clone(), counted);
        }
        summary
    }

    fn sum_up(&self, by_id: &mut BTreeMap<String, AccountSummary>) {
        let book = lock(&self.book);
        let mut charged = Vec::new();
        for session in book.sessions.values() {
            let account = by_id.entry(session.account.clone()).or_default();
            *account.sessions.entry(session.status).or_default() += 1;
            let Some(reference) = &session.asked.client_reference_id else { continue };
            *account.sessions_by_reference.entry(reference.clone()).or_default() += 1;
            let intent = session.intent.as_ref().and_then(|id| book.intents.get(id));
            charged.extend(intent.map(|intent| (reference, intent)));
        }
        let alone = book.intents.values().filter(|intent| intent.session.is_none());
        charged.extend(alone.filter_map(|intent| Some((intent.metadata.get("payment")?, intent))));
        for (reference, intent) in charged {
            if intent.charge.is_none() {
                continue;
            }
            let account = by_id.entry(intent.account.clone()).or_default();
            *account.charges_by_reference.entry(reference.clone()).or_default() += 1;
            let refunds = intent.refunds.iter().filter_map(|id| book.refunds.get(id));
            let settled = refunds.filter(|refund| refund.status == RefundStatus::Succeeded);
            let returned: i64 = settled.map(|refund| refund.amount).sum();
            let kept = account.kept_by_reference.entry(reference.clone()).or_default();
            *kept += intent.received() - returned;
            let captured = account.captured_by_reference.entry(reference.clone()).or_default();
            *captured += intent.received();
        }
        for intent in book.intents.values().filter(|intent| intent.received() > 0) {
            let account = by_id.entry(intent.account.clone()).or_default();
            *account.captured.entry(intent.currency.clone()).or_default() += intent.received();
        }
        for refund in book.refunds.values() {
            if refund.status == RefundStatus::Succeeded {
                let account = by_id.entry(refund.account.clone()).or_default();
                *account.refunded.entry(refund.currency.clone()).or_default() += refund.amount;
            }
        }
    }
}
