//! The tenant's books: how much came and went, by provider account and currency.
//!
//! They are one entity that every entry of a payment's ledger touches, so they are written in the
//! entries' own transaction, checked by replay like any state, and their history is the list of
//! all entries in order: entry 4711 is the change that gave the books their version 4711.

use super::state::PaymentState;
use kontor_messages::{
    Currency, EntityId,
    payment::{LedgerKind, PaymentEvent, ledger_entity},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tenant's books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerDocument {
    /// How many entries there are.
    pub entries: i64,
    /// Balances by provider, account and currency, in that order.
    pub balances: Vec<Balance>,
}

/// What came and went at one account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LedgerBalance)]
pub struct Balance {
    /// At which provider.
    pub provider: String,
    /// At which account there.
    pub account: String,
    /// In which currency.
    pub currency: Currency,
    /// What was taken in all.
    pub in_minor: i64,
    /// What has gone back in all, less what came back of it.
    pub out_minor: i64,
    /// What was lost in disputes, less what was won again.
    pub charged_back_minor: i64,
}

impl Balance {
    /// What is left of it.
    pub fn balance_minor(&self) -> i64 {
        self.in_minor.saturating_sub(self.out_minor).saturating_sub(self.charged_back_minor)
    }

    /// Carries an entry in.
    fn book(&mut self, kind: LedgerKind, amount: i64) {
        let (sum, change) = match kind {
            LedgerKind::Authorize | LedgerKind::Void => return,
            LedgerKind::Capture => (&mut self.in_minor, amount),
            LedgerKind::Refund => (&mut self.out_minor, amount),
            LedgerKind::RefundReversal => (&mut self.out_minor, amount.saturating_neg()),
            LedgerKind::Chargeback => (&mut self.charged_back_minor, amount),
            LedgerKind::ChargebackReversal => {
                (&mut self.charged_back_minor, amount.saturating_neg())
            }
        };
        *sum = sum.saturating_add(change);
    }
}

/// The books, if the event is an entry of them.
pub fn touches(event: &PaymentEvent) -> Vec<EntityId> {
    match event {
        // Entries from before there were books name no account.
        PaymentEvent::Booked { provider, .. } if !provider.is_empty() => vec![ledger_entity()],
        _ => Vec::new(),
    }
}

/// Carries an entry into the books.
pub fn apply(state: &mut PaymentState, event: &PaymentEvent) {
    let PaymentEvent::Booked { kind, amount, provider, account, .. } = event else { return };
    if !matches!(state, PaymentState::Ledger(_)) {
        *state = PaymentState::Ledger(Box::default());
    }
    let PaymentState::Ledger(ledger) = state else { return };
    ledger.entries += 1;
    let name = (&**provider, &**account, amount.currency);
    let place = ledger
        .balances
        .binary_search_by(|known| (&*known.provider, &*known.account, known.currency).cmp(&name));
    let place = place.unwrap_or_else(|place| {
        let (provider, account) = (provider.clone(), account.clone());
        let (currency, in_minor, out_minor, charged_back_minor) = (amount.currency, 0, 0, 0);
        let blank =
            Balance { provider, account, currency, in_minor, out_minor, charged_back_minor };
        ledger.balances.insert(place, blank);
        place
    });
    ledger.balances[place].book(*kind, amount.amount_minor);
}
