//! The ledger: every money fact in order, per payment and for the whole tenant, and what is left
//! at each account.

mod csv;

use super::{
    Api,
    access::Access,
    document::Payments,
    path::Named,
    problem::Problem,
    query,
    read::{self, Asked, Page, Paging},
};
use crate::books;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    payment::{LedgerDocument, Payment, PaymentDocument, PaymentState},
    store::{EntityRef, StoreFault, StoredEvent},
};
use kontor_messages::{
    Currency, EntityId, EventId, TenantId, Timestamp,
    payment::{LedgerKind, PaymentEvent, ledger_entity},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rows read at a time.
const ROWS: u32 = 200;
/// Rows that one answer looks through at most for entries that are wanted.
const ROWS_MAX: usize = 2_000;

/// All kinds of entries.
const KINDS: [LedgerKind; 7] = [
    LedgerKind::Authorize,
    LedgerKind::Capture,
    LedgerKind::Void,
    LedgerKind::Refund,
    LedgerKind::RefundReversal,
    LedgerKind::Chargeback,
    LedgerKind::ChargebackReversal,
];

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only at this provider.
    #[param(min_length = 1, max_length = 40)]
    provider: Option<String>,
    /// Only at accounts of this name.
    #[param(min_length = 1, max_length = 40)]
    account: Option<String>,
    /// Only in this currency.
    #[param(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// Only of these kinds, with commas between them.
    #[param(min_length = 1, max_length = 100, example = "refund,refund_reversal")]
    kind: Option<String>,
    /// Only from this instant on.
    from: Option<Timestamp>,
    /// Only before this instant.
    until: Option<Timestamp>,
}

/// An entry of the ledger. Entries are never changed, only followed.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerEntry {
    /// Its identity.
    id: EventId,
    /// Which change of what was asked about it is: of the payment, or of the tenant's books.
    number: i64,
    /// Of which payment.
    payment: EntityId,
    /// By which attempt.
    attempt: u32,
    /// What kind of money fact.
    kind: LedgerKind,
    /// How much.
    amount_minor: i64,
    /// In which currency.
    currency: Currency,
    /// What it changes in what is there: nothing while money is only held.
    change_minor: i64,
    /// At which provider.
    provider: String,
    /// At which account there.
    account: String,
    /// When.
    at: Timestamp,
    /// What is left of the payment's money in this currency after it; only where one payment is
    /// asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance_minor: Option<i64>,
}

/// What came and went at one account in one currency.
#[derive(Serialize, ToSchema)]
struct AccountBalance {
    /// At which provider.
    provider: String,
    /// At which account there.
    account: String,
    /// In which currency.
    currency: Currency,
    /// What was taken in all.
    in_minor: i64,
    /// What has gone back in all.
    out_minor: i64,
    /// What was lost in disputes.
    charged_back_minor: i64,
    /// What is left: in, less out, less charged back.
    balance_minor: i64,
}

/// The tenant's balances.
#[derive(Serialize, ToSchema)]
struct Balances {
    /// How many entries they are the sum of.
    entries: i64,
    /// By provider, account and currency.
    items: Vec<AccountBalance>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(of_payment))
        .routes(routes!(list))
        .routes(routes!(balances))
        .merge(csv::routes())
}

/// The ledger of a payment, oldest first, with what is left after each entry.
#[utoipa::path(get, path = "/v1/payments/{payment}/ledger", tag = "payments",
    params(("payment" = String, Path, max_length = 200), Paging),
    responses((status = OK, body = Page<LedgerEntry>)))]
async fn of_payment(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
    query::Asked(paging): query::Asked<Paging>,
) -> Result<Response, Problem> {
    let asked = Asked::try_from(paging)?;
    let after = place(asked.cursor.as_deref())?;
    let there = read::load::<Payments>(&api, access.id(), &payment).await?;
    let known = there.state.payment().ok_or_else(|| Problem::not_found("payment"))?;
    let address = books::address(access.id(), there.entity);
    // The balance after an entry is the sum of all before it: a payment's history is short.
    let (mut items, mut last, mut left) = (Vec::new(), 0, HashMap::new());
    while items.len() <= asked.limit {
        let events = api.store().history(&address, last, ROWS).await?;
        let full = events.len() == ROWS as usize;
        for event in &events {
            last = event.version;
            let Some(mut entry) = entry(event)? else { continue };
            let left = left.entry(entry.currency).or_insert(0_i64);
            *left = left.saturating_add(entry.change_minor);
            entry.balance_minor = Some(*left);
            name_account(&mut entry, known);
            if entry.number > after {
                items.push(entry);
            }
        }
        if !full {
            break;
        }
    }
    let more = items.len() > asked.limit;
    items.truncate(asked.limit);
    let next_cursor = items.last().filter(|_| more).map(|entry| entry.number.to_string());
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// The tenant's ledger, oldest first. A page may hold few entries, or none, although more follow:
/// go on while there is a `next_cursor`.
#[utoipa::path(get, path = "/v1/ledger", tag = "payments", params(Wanted),
    responses((status = OK, body = Page<LedgerEntry>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let mut reading = Reading::begin(api, access.id(), wanted).await?;
    let limit = Asked::new(reading.wanted.limit, None)?.limit;
    let (mut items, mut rows) = (Vec::new(), 0);
    while items.len() < limit && rows < ROWS_MAX {
        let left = u32::try_from(limit - items.len()).unwrap_or(ROWS);
        let rows_wanted = if reading.filters() { ROWS } else { left };
        let Some(page) = reading.page(rows_wanted, limit - items.len()).await? else { break };
        rows += rows_wanted as usize;
        items.extend(page);
    }
    let next_cursor = reading.goes_on().then(|| reading.after.to_string());
    Ok(super::json(StatusCode::OK, &Page { items, next_cursor }))
}

/// What came, what went and what is left, by provider account and currency.
#[utoipa::path(get, path = "/v1/ledger/balances", tag = "payments",
    responses((status = OK, body = Balances)))]
async fn balances(State(api): State<Api>, access: Access) -> Result<Response, Problem> {
    let books = tenant_books(&api, access.id()).await?;
    let items = books.balances.into_iter().map(|known| AccountBalance {
        balance_minor: known.balance_minor(),
        provider: known.provider,
        account: known.account,
        currency: known.currency,
        in_minor: known.in_minor,
        out_minor: known.out_minor,
        charged_back_minor: known.charged_back_minor,
    });
    let balances = Balances { entries: books.entries, items: items.collect() };
    Ok(super::json(StatusCode::OK, &balances))
}

/// Entries of the tenant's books, read in order.
struct Reading {
    api: Api,
    address: EntityRef,
    wanted: Wanted,
    currency: Option<Currency>,
    kinds: Option<Vec<LedgerKind>>,
    /// The last row that was looked at.
    after: i64,
    /// The last row that there was when the reading began.
    end: i64,
}

impl Reading {
    /// Begins after the cursor, or where the wanted time begins.
    async fn begin(api: Api, tenant: &TenantId, wanted: Wanted) -> Result<Self, Problem> {
        read::bounded("provider", wanted.provider.as_deref(), 40)?;
        read::bounded("account", wanted.account.as_deref(), 40)?;
        let currency = wanted.currency.as_deref().map(Currency::parse).transpose();
        let currency = currency.map_err(|why| Problem::parameter("currency", why.to_string()))?;
        // That an empty one is none is said with the kinds that there are.
        let kind = wanted.kind.as_deref().filter(|kind| !kind.is_empty());
        read::bounded("kind", kind, 100)?;
        let kinds = wanted.kind.as_deref().map(kinds).transpose()?;
        let after = place(wanted.cursor.as_deref())?;
        let end = tenant_books(&api, tenant).await?.entries;
        let address = books::address(tenant, ledger_entity());
        let mut reading = Self { api, address, wanted, currency, kinds, after, end };
        if let (Some(from), None) = (reading.wanted.from, &reading.wanted.cursor) {
            reading.after = books::before(reading.api.store(), &reading.address, end, from).await?;
        }
        Ok(reading)
    }

    /// Whether some entries are not wanted.
    fn filters(&self) -> bool {
        let Wanted { provider, account, .. } = &self.wanted;
        let narrowed = self.currency.is_some() || self.kinds.is_some();
        narrowed || provider.is_some() || account.is_some()
    }

    /// Whether there may be more.
    fn goes_on(&self) -> bool {
        self.after < self.end
    }

    /// The wanted ones of the next rows, so many at most; none at the end.
    async fn page(
        &mut self,
        rows: u32,
        entries: usize,
    ) -> Result<Option<Vec<LedgerEntry>>, StoreFault> {
        if !self.goes_on() {
            return Ok(None);
        }
        let page = self.api.store().history(&self.address, self.after, rows).await?;
        if page.is_empty() {
            self.after = self.end;
        }
        let mut found = Vec::new();
        for row in page {
            if self.end < row.version || self.wanted.until.is_some_and(|until| until <= row.at) {
                self.after = self.end;
                break;
            }
            if found.len() == entries {
                break;
            }
            self.after = row.version;
            found.extend(entry(&row)?.filter(|entry| self.wants(entry)));
        }
        Ok(Some(found))
    }

    fn wants(&self, entry: &LedgerEntry) -> bool {
        let Wanted { provider, account, from, .. } = &self.wanted;
        provider.as_ref().is_none_or(|provider| *provider == entry.provider)
            && account.as_ref().is_none_or(|account| *account == entry.account)
            && self.currency.is_none_or(|currency| currency == entry.currency)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&entry.kind))
            && from.is_none_or(|from| from <= entry.at)
    }
}

/// The tenant's books.
async fn tenant_books(api: &Api, tenant: &TenantId) -> Result<LedgerDocument, Problem> {
    match api.intake().read::<Payment>(tenant, &ledger_entity()).await? {
        Some((PaymentState::Ledger(books), _)) => Ok(*books),
        _ => Ok(LedgerDocument::default()),
    }
}

/// The kinds of a list of them, each once.
fn kinds(listed: &str) -> Result<Vec<LedgerKind>, Problem> {
    let known = |word: &str| KINDS.into_iter().find(|kind| kind.word() == word);
    let named: Option<Vec<_>> = listed.split(',').map(known).collect();
    let named = named.ok_or_else(|| {
        let all = KINDS.map(LedgerKind::word).join(", ");
        Problem::parameter("kind", format!("expected one or more of {all}"))
    })?;
    Ok(KINDS.into_iter().filter(|kind| named.contains(kind)).collect())
}

fn place(cursor: Option<&str>) -> Result<i64, Problem> {
    let place = cursor.unwrap_or("0").parse().ok().filter(|place| 0 <= *place);
    place.ok_or_else(|| Problem::parameter("cursor", "expected next_cursor of the page before"))
}

/// A row as an entry, if it is one.
fn entry(row: &StoredEvent) -> Result<Option<LedgerEntry>, StoreFault> {
    if &*row.name != "payment.booked" {
        return Ok(None);
    }
    let event: PaymentEvent = serde_json::from_str(&row.payload)
        .map_err(|broken| StoreFault(format!("event {}: {broken}", row.id)))?;
    let PaymentEvent::Booked { attempt, kind, amount, provider, account } = event else {
        return Ok(None);
    };
    Ok(Some(LedgerEntry {
        id: row.id,
        number: row.version,
        payment: row.entity.clone(),
        attempt,
        kind,
        amount_minor: amount.amount_minor,
        currency: amount.currency,
        change_minor: kind.change(amount.amount_minor),
        provider,
        account,
        at: row.at,
        balance_minor: None,
    }))
}

/// Entries from before there were books do not name their account; the attempt does.
fn name_account(entry: &mut LedgerEntry, known: &PaymentDocument) {
    if let (true, Some(attempt)) = (entry.provider.is_empty(), known.attempt(entry.attempt)) {
        entry.provider.clone_from(&attempt.provider);
        entry.account.clone_from(&attempt.account);
    }
}
