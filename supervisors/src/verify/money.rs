//! The proof that no money is unaccounted for: the entries of the ledger are added up without the
//! domain's help, and compared with what the payments and the tenant's books say.

use super::{DifferenceKind, PAGE, Verify, entities::address, place};
use kontor_actors::{
    domain::Domain,
    payment::{Payment, PaymentState},
    store::{EntityRef, StoreFault, StoredEntity, StoredEvent},
};
use kontor_messages::{
    Currency, EntityId, TenantId,
    payment::{LedgerKind, PaymentEvent, ledger_entity},
};
use std::collections::{BTreeMap, HashMap};

/// What money is added up by: an attempt of a payment, or an account and its currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pot {
    Attempt(u32),
    Account(String, String, Currency),
}

/// What came, what has gone back, what was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    captured: i64,
    refunded: i64,
    charged_back: i64,
}

type Pots = BTreeMap<Pot, Sums>;

/// What the entries of one part of the entities come to.
#[derive(Default)]
pub(super) struct Money {
    pots: HashMap<(TenantId, EntityId), Pots>,
}

impl Money {
    /// Adds an entry up, for its payment and for the books, as far as they are of this part.
    pub(super) fn add(&mut self, event: &StoredEvent, keep: impl Fn(&EntityId) -> bool) {
        if !is_entry(event) {
            return;
        }
        for entity in [event.entity.clone(), ledger_entity()] {
            if keep(&entity) {
                let pots = self.pots.entry((event.tenant.clone(), entity.clone())).or_default();
                add(pots, event, &entity);
            }
        }
    }
}

impl Verify<'_> {
    /// A payment's row, or the books', against the entries.
    pub(super) async fn compare_money(
        &mut self,
        known: &mut Money,
        row: &StoredEntity,
    ) -> Result<(), StoreFault> {
        if &*row.domain != Payment::NAME {
            return Ok(());
        }
        let pots = known.pots.remove(&(row.tenant.clone(), row.entity.clone())).unwrap_or_default();
        if stored(row).is_none_or(|stored| stored == nonzero(pots)) {
            return Ok(());
        }
        self.add_up_again(&address(row)).await
    }

    /// Entries of payments and books that are not stored at all.
    pub(super) async fn compare_rest(&mut self, known: &mut Money) -> Result<(), StoreFault> {
        for ((tenant, entity), _) in known.pots.drain() {
            let at = EntityRef { tenant, domain: Payment::NAME.to_owned(), entity };
            if self.row(&at).await?.is_none() {
                let place = place(&at.tenant, &at.domain, &at.entity);
                let detail = "entries of the ledger, and nothing is stored".to_owned();
                self.differs(DifferenceKind::Money, place, detail);
            }
        }
        Ok(())
    }

    /// It may have moved on since: its entries are added up anew, up to the row's version.
    async fn add_up_again(&mut self, at: &EntityRef) -> Result<(), StoreFault> {
        let Some(row) = self.row(at).await? else { return Ok(()) };
        let (mut pots, mut last) = (Pots::new(), 0);
        while last < row.version {
            let page = self.store.history(at, last, PAGE).await?;
            let Some(end) = page.last() else { break };
            last = end.version;
            for event in page.iter().filter(|event| event.version <= row.version) {
                if is_entry(event) {
                    add(&mut pots, event, &at.entity);
                }
            }
        }
        let pots = nonzero(pots);
        let Some(stored) = stored(&row).filter(|stored| *stored != pots) else { return Ok(()) };
        let names = stored.keys().chain(pots.keys());
        let differs = names.clone().find(|name| stored.get(*name) != pots.get(*name));
        let Some(name) = differs else { return Ok(()) };
        let sums = |of: &Pots| of.get(name).copied().unwrap_or_default();
        let detail =
            format!("{name:?}: {:?} is stored, the entries say {:?}", sums(&stored), sums(&pots));
        let place = place(&at.tenant, &at.domain, &at.entity);
        self.differs(DifferenceKind::Money, place, detail);
        Ok(())
    }
}

fn is_entry(event: &StoredEvent) -> bool {
    &*event.domain == Payment::NAME && &*event.name == "payment.booked"
}

/// Adds an entry to what is known of its payment or of the books.
fn add(pots: &mut Pots, event: &StoredEvent, entity: &EntityId) {
    // One that cannot be read is told of as an event.
    let Ok(event) = serde_json::from_str::<PaymentEvent>(&event.payload) else { return };
    let PaymentEvent::Booked { attempt, kind, amount, provider, account } = event else { return };
    let pot = match *entity == ledger_entity() {
        true if provider.is_empty() => return,
        true => Pot::Account(provider, account, amount.currency),
        false => Pot::Attempt(attempt),
    };
    let sums = pots.entry(pot).or_default();
    let amount = amount.amount_minor;
    match kind {
        LedgerKind::Authorize | LedgerKind::Void => {}
        LedgerKind::Capture => sums.captured += amount,
        LedgerKind::Refund => sums.refunded += amount,
        LedgerKind::RefundReversal => sums.refunded -= amount,
        LedgerKind::Chargeback => sums.charged_back += amount,
        LedgerKind::ChargebackReversal => sums.charged_back -= amount,
    }
}

/// What a row says of money; none if it holds none, or cannot be read, which is told elsewhere.
fn stored(row: &StoredEntity) -> Option<Pots> {
    let mut pots = Pots::new();
    match serde_json::from_str(&row.state).ok()? {
        PaymentState::Payment(payment) => {
            for attempt in payment.attempts {
                let sums = Sums {
                    captured: attempt.captured_minor,
                    refunded: attempt.refunded_minor,
                    charged_back: attempt.charged_back_minor,
                };
                pots.insert(Pot::Attempt(attempt.attempt), sums);
            }
        }
        PaymentState::Ledger(books) => {
            for known in books.balances {
                let sums = Sums {
                    captured: known.in_minor,
                    refunded: known.out_minor,
                    charged_back: known.charged_back_minor,
                };
                let pot = Pot::Account(known.provider, known.account, known.currency);
                pots.insert(pot, sums);
            }
        }
        PaymentState::Blank | PaymentState::Notification(_) => return None,
    }
    Some(nonzero(pots))
}

fn nonzero(mut pots: Pots) -> Pots {
    pots.retain(|_, sums| *sums != Sums::default());
    pots
}
