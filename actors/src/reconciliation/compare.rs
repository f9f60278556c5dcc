//! The comparison of two lists. Pure.
//!
//! The provider moves money first, and we book it when we learn of it, minutes or days later. So
//! the provider's list is read from some days before the day that is compared, and what it tells
//! of a payment has to lie between what we had booked by the end of that day and what we have
//! booked in all.

use crate::payment::{Attempt, PaymentDocument};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    reconciliation::{Difference, DifferenceKind},
};
use std::time::Duration;

/// How long before the day the provider's list is read.
pub const MARGIN: Duration = Duration::from_secs(3 * 24 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant of the next.
    pub until: Timestamp,
}

impl Day {
    /// Reads `2026-01-15`.
    pub fn parse(text: &str) -> Option<Self> {
        let from = (text.len() == 10).then(|| Timestamp::parse(&format!("{text}T00:00:00Z")))??;
        Some(Self { from, until: from.plus(DAY) })
    }

    /// Where the provider's list begins.
    pub fn begin(self) -> Timestamp {
        let margin = i64::try_from(MARGIN.as_millis()).unwrap_or(0);
        Timestamp::from_millis(self.from.millis().saturating_sub(margin))
    }

    /// Whether an instant is in it.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What one list tells of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What came.
    pub came: i64,
    /// What went back.
    pub went: i64,
    /// In which currency.
    pub currency: Option<Currency>,
    /// Some of it in another currency than the rest.
    pub mixed: bool,
    /// Some of it on the day itself.
    pub on_day: bool,
    /// What the provider calls the last of it.
    pub reference: String,
}

impl Sums {
    /// Adds an entry: what came, and what went back.
    pub fn add(&mut self, came: i64, went: i64, currency: Currency, on_day: bool) {
        self.mixed |= self.currency.is_some_and(|known| known != currency);
        self.currency.get_or_insert(currency);
        self.came = self.came.saturating_add(came);
        self.went = self.went.saturating_add(went);
        self.on_day |= on_day;
    }
}

/// A place where differences belong to.
#[derive(Clone, Debug)]
pub struct Place {
    /// At which provider.
    pub provider: String,
    /// At which account.
    pub account: String,
    /// On which day, as text.
    pub day: String,
}

impl Place {
    /// A difference there.
    pub fn difference(
        &self,
        kind: DifferenceKind,
        reference: &str,
        payment: Option<EntityId>,
    ) -> Difference {
        Difference {
            kind,
            provider: self.provider.clone(),
            account: self.account.clone(),
            day: self.day.clone(),
            reference: reference.to_owned(),
            payment,
            ours: None,
            theirs: None,
            suggestions: Vec::new(),
        }
    }
}

/// In what a payment differs: `booked` is what our ledger had by the end of the day, `theirs` what
/// the provider's list tells. Neither was on the day: it is no matter of this day.
pub fn payment(
    place: &Place,
    id: &EntityId,
    document: &PaymentDocument,
    booked: &Sums,
    theirs: &Sums,
) -> Vec<Difference> {
    if !booked.on_day && !theirs.on_day {
        return Vec::new();
    }
    let of = |kind| place.difference(kind, &theirs.reference, Some(id.clone()));
    let money =
        |amount, sums: &Sums| Some(Money::new(amount, sums.currency.unwrap_or(document.currency)));
    let ours = attempt(place, document);
    let mut found = Vec::new();
    let (captured, given_back) = ours.map_or((0, 0), |ours| {
        (ours.captured_minor, ours.refunded_minor.saturating_add(ours.charged_back_minor))
    });
    let currency = ours.map_or(document.currency, |ours| ours.currency);
    let ours_is = |amount| Some(Money::new(amount, currency));
    if theirs.mixed || theirs.currency.is_some_and(|theirs| theirs != currency) {
        let (ours, theirs) = (ours_is(captured), money(theirs.came, theirs));
        found.push(Difference { ours, theirs, ..of(DifferenceKind::Currency) });
        return found;
    }
    if theirs.came < booked.came || captured < theirs.came {
        let kind = match (theirs.came, captured) {
            (0, _) => DifferenceKind::MissingThere,
            (_, 0) => DifferenceKind::Status,
            _ => DifferenceKind::Amount,
        };
        let theirs = (theirs.came > 0).then(|| money(theirs.came, theirs)).flatten();
        found.push(Difference { ours: ours_is(captured), theirs, ..of(kind) });
    }
    if theirs.went < booked.went || given_back < theirs.went {
        let theirs = money(theirs.went, theirs);
        found.push(Difference { ours: ours_is(given_back), theirs, ..of(DifferenceKind::Refund) });
    }
    found
}

/// The attempt at the account; the one with money if there are several.
fn attempt<'a>(place: &Place, document: &'a PaymentDocument) -> Option<&'a Attempt> {
    let here =
        |attempt: &&Attempt| attempt.provider == place.provider && attempt.account == place.account;
    let mut all = document.attempts.iter().filter(here);
    let paid = all.clone().find(|attempt| attempt.captured_minor > 0);
    paid.or_else(|| all.next_back())
}
