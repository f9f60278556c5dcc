//! The two lists of a run, added up by payment.

use crate::{books, gateways::Account};
use kontor_actors::{
    domain::Domain,
    payment::{Payment, PaymentState},
    ports::GatewayFault,
    ports_statement::{EntryKind, ProviderEntry, StatementAsk},
    reconciliation::{
        RunDocument,
        compare::{self, Day, Place, Sums},
    },
    store::{EntityRef, Found, ListQuery, Lookup, Store, StoreFault},
};
use kontor_messages::{
    EntityId, Money, TenantId,
    payment::{LedgerKind, PaymentEvent, ledger_entity, provider_key},
    reconciliation::{Difference, DifferenceKind, Report},
};
use std::collections::BTreeMap;

/// Pages of a provider's list.
const PAGES_MAX: usize = 5_000;
/// Payments of a run: their sums are in memory together.
const PAYMENTS_MAX: usize = 200_000;
/// Differences of a run; with so many, a person had better look at the account as a whole.
const DIFFERENCES_MAX: usize = 10_000;
/// Rows read at a time.
const ROWS: u32 = 500;
/// Waiting payments that are looked through for one of the amount.
const WAITING_MAX: u32 = 200;
/// Payments that are suggested for money that nobody claims.
const SUGGESTIONS_MAX: usize = 3;

/// What a run has come to.
pub struct Compared {
    /// What was looked at.
    pub report: Report,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Why lists could not be compared.
pub enum Trouble {
    /// The database does not answer.
    Store(StoreFault),
    /// The provider does not, or not as it should.
    Gateway(GatewayFault),
    /// It is more than can be compared at once.
    TooMuch(String),
}

impl From<StoreFault> for Trouble {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}

struct Lists<'a> {
    store: &'a dyn Store,
    tenant: &'a TenantId,
    place: Place,
    day: Day,
    theirs: BTreeMap<EntityId, Sums>,
    booked: BTreeMap<EntityId, Sums>,
    compared: Compared,
}

/// Reads both lists and compares them; none if the provider has none.
pub async fn compare(
    store: &dyn Store,
    tenant: &TenantId,
    account: &Account,
    run: &RunDocument,
    day: Day,
) -> Result<Option<Compared>, Trouble> {
    let place = Place {
        provider: run.provider.clone(),
        account: run.account.clone(),
        day: run.day.clone(),
    };
    let (theirs, booked) = (BTreeMap::new(), BTreeMap::new());
    let compared = Compared { report: Report::default(), differences: Vec::new() };
    let mut lists = Lists { store, tenant, place, day, theirs, booked, compared };
    if !lists.read_theirs(account).await? {
        return Ok(None);
    }
    lists.read_ours().await?;
    lists.compare_payments().await?;
    lists.compared.report.differences = lists.compared.differences.len() as u64;
    Ok(Some(lists.compared))
}

impl Lists<'_> {
    /// False if the provider has no list.
    async fn read_theirs(&mut self, account: &Account) -> Result<bool, Trouble> {
        let (from, until) = (self.day.begin(), self.day.until);
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let ask = StatementAsk { from, until, cursor };
            let page = account.statement(&ask).await.map_err(Trouble::Gateway)?;
            let Some(page) = page else { return Ok(false) };
            // Banks tell of whole days, which are not ours at both ends.
            let moved = |entry: &ProviderEntry| {
                entry.kind != EntryKind::Fee && from <= entry.at && entry.at < until
            };
            let entries: Vec<_> = page.entries.into_iter().filter(moved).collect();
            let payments = self.payments_of(&entries).await?;
            for (entry, payment) in entries.iter().zip(payments) {
                self.their_entry(entry, payment).await?;
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(true),
            }
        }
        Err(Trouble::TooMuch("the provider's list does not end".to_owned()))
    }

    /// Which payments entries are of: they go by one of the names, or the provider says so.
    async fn payments_of(
        &self,
        entries: &[ProviderEntry],
    ) -> Result<Vec<Option<EntityId>>, StoreFault> {
        let Place { provider, account, .. } = &self.place;
        let key = |name: &String| Lookup::Key {
            tenant: self.tenant.clone(),
            domain: Payment::NAME.into(),
            name: "provider_ref".into(),
            value: provider_key(provider, account, name),
        };
        let wanted: Vec<_> = entries.iter().flat_map(|entry| entry.names.iter().map(key)).collect();
        let mut found = match wanted.is_empty() {
            true => Vec::new(),
            false => self.store.fetch(&wanted).await?,
        }
        .into_iter();
        let of = |entry: &ProviderEntry| {
            let keys: Vec<_> = found.by_ref().take(entry.names.len()).collect();
            keys.into_iter().find_map(|key| match key {
                Found::Key(payment) => payment,
                _ => None,
            })
        };
        let mut payments: Vec<_> = entries.iter().map(of).collect();
        for (entry, payment) in entries.iter().zip(&mut payments) {
            if let (None, Some(said)) = (&payment, &entry.payment) {
                *payment = self.own(said).await?;
            }
        }
        Ok(payments)
    }

    /// A payment that somebody else names, if there is one at this account.
    async fn own(&self, payment: &EntityId) -> Result<Option<EntityId>, StoreFault> {
        let address = books::address(self.tenant, payment.clone());
        let Some(PaymentState::Payment(known)) = row_of(self.store, &address).await? else {
            return Ok(None);
        };
        let here = known.attempts.iter().any(|attempt| {
            attempt.provider == self.place.provider && attempt.account == self.place.account
        });
        Ok(here.then(|| payment.clone()))
    }

    async fn their_entry(
        &mut self,
        entry: &ProviderEntry,
        payment: Option<EntityId>,
    ) -> Result<(), Trouble> {
        let on_day = self.day.holds(entry.at);
        self.compared.report.theirs += u64::from(on_day);
        let (amount, currency) = (entry.amount.amount_minor, entry.amount.currency);
        let came = entry.kind == EntryKind::In;
        if let Some(payment) = payment {
            let sums = self.theirs.entry(payment).or_default();
            let (came, went) = if came { (amount, 0) } else { (0, amount) };
            sums.add(came, went, currency, on_day);
            sums.reference.clone_from(&entry.reference);
            return within("payments", self.theirs.len(), PAYMENTS_MAX);
        }
        if !on_day {
            return Ok(());
        }
        let mut difference =
            self.place.difference(DifferenceKind::MissingHere, &entry.reference, None);
        let told = if came { amount } else { amount.saturating_neg() };
        difference.theirs = Some(Money::new(told, currency));
        if came {
            difference.suggestions = self.waiting_for(entry.amount).await?;
        }
        self.compared.differences.push(difference);
        within("differences", self.compared.differences.len(), DIFFERENCES_MAX)
    }

    /// Payments by this account that wait for such an amount.
    async fn waiting_for(&self, amount: Money) -> Result<Vec<EntityId>, StoreFault> {
        let query = ListQuery {
            tenant: self.tenant.clone(),
            domain: Payment::NAME.to_owned(),
            prefix: String::new(),
            status: Some("pending".to_owned()),
            label: None,
            from: None,
            before: None,
            limit: WAITING_MAX,
        };
        let mut found = Vec::new();
        for row in self.store.list(&query).await? {
            let Ok(PaymentState::Payment(payment)) = serde_json::from_str(&row.state) else {
                continue;
            };
            let here = payment.attempts.iter().any(|attempt| {
                attempt.provider == self.place.provider && attempt.account == self.place.account
            });
            if here && payment.amount() == amount && found.len() < SUGGESTIONS_MAX {
                found.push(row.entity);
            }
        }
        Ok(found)
    }

    /// What we had booked by the end of the day.
    async fn read_ours(&mut self) -> Result<(), Trouble> {
        let address = books::address(self.tenant, ledger_entity());
        let entries = match row_of(self.store, &address).await? {
            Some(PaymentState::Ledger(books)) => books.entries,
            _ => 0,
        };
        let mut last = books::before(self.store, &address, entries, self.day.begin()).await?;
        loop {
            let page = self.store.history(&address, last, ROWS).await?;
            let full = page.len() == ROWS as usize;
            for row in page {
                last = row.version;
                if self.day.until <= row.at {
                    return Ok(());
                }
                let on_day = self.day.holds(row.at);
                let event = serde_json::from_str(&row.payload)
                    .map_err(|broken| StoreFault(format!("event {}: {broken}", row.id)))?;
                self.our_entry(row.entity, event, on_day)?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn our_entry(
        &mut self,
        payment: EntityId,
        event: PaymentEvent,
        on_day: bool,
    ) -> Result<(), Trouble> {
        let PaymentEvent::Booked { kind, amount, provider, account, .. } = event else {
            return Ok(());
        };
        if provider != self.place.provider || account != self.place.account {
            return Ok(());
        }
        let minor = amount.amount_minor;
        let (came, went) = match kind {
            LedgerKind::Authorize | LedgerKind::Void => return Ok(()),
            LedgerKind::Capture => (minor, 0),
            LedgerKind::Refund | LedgerKind::Chargeback => (0, minor),
            LedgerKind::RefundReversal | LedgerKind::ChargebackReversal => (0, -minor),
        };
        self.compared.report.ours += u64::from(on_day);
        self.booked.entry(payment).or_default().add(came, went, amount.currency, on_day);
        within("payments", self.booked.len(), PAYMENTS_MAX)
    }

    async fn compare_payments(&mut self) -> Result<(), Trouble> {
        let theirs = std::mem::take(&mut self.theirs);
        let booked = std::mem::take(&mut self.booked);
        let nothing = Sums::default();
        let only_booked = booked.keys().filter(|payment| !theirs.contains_key(*payment));
        for payment in theirs.keys().chain(only_booked) {
            let ours = booked.get(payment).unwrap_or(&nothing);
            let theirs = theirs.get(payment).unwrap_or(&nothing);
            if !ours.on_day && !theirs.on_day {
                continue;
            }
            let address = books::address(self.tenant, payment.clone());
            let Some(PaymentState::Payment(document)) = row_of(self.store, &address).await? else {
                continue;
            };
            let found = compare::payment(&self.place, payment, &document, ours, theirs);
            self.compared.report.matched += u64::from(found.is_empty());
            self.compared.differences.extend(found);
            within("differences", self.compared.differences.len(), DIFFERENCES_MAX)?;
        }
        Ok(())
    }
}

fn within(what: &str, count: usize, max: usize) -> Result<(), Trouble> {
    if count <= max {
        return Ok(());
    }
    Err(Trouble::TooMuch(format!("more than {max} {what} on one day cannot be compared at once")))
}

/// An entity's state as the database has it.
async fn row_of(store: &dyn Store, at: &EntityRef) -> Result<Option<PaymentState>, StoreFault> {
    let found = store.fetch(&[Lookup::Entity(at.clone())]).await?;
    let Some(Found::Entity(Some(row))) = found.into_iter().next() else { return Ok(None) };
    let state = serde_json::from_str(&row.state);
    state.map(Some).map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))
}
