//! Safety gates: whether what a run found may be applied. Pure functions over counts, asked before
//! anything is changed, so that half a feed retires nobody's catalogue.

use crate::record::Stock;
use kontor_messages::Money;
use serde::{Deserialize, Serialize};

/// The gates of a source. Shares are in permille.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gates {
    /// Fewer rows than the last good run had, by more than this.
    pub rows_drop_permille_max: u32,
    /// More rows without stock than in the last good run, by more than this many permille of all.
    pub zero_stock_rise_permille_max: u32,
    /// The same of rows without a price.
    pub no_price_rise_permille_max: u32,
    /// The median of all price changes, up or down.
    pub price_median_permille_max: u32,
    /// One item's price change, up or down: the item is held, not the run.
    pub price_item_permille_max: u32,
    /// Rows with errors.
    pub errors_permille_max: u32,
    /// Known products that would be retired because they are not in the feed.
    pub retire_permille_max: u32,
    /// Rows whose trade item number has a wrong check digit: a warning.
    pub ean_faults_permille_warn: u32,
    /// Rows whose code occurred before: a warning.
    pub duplicates_permille_warn: u32,
    /// Fewer rows or known products than this are too few to speak of shares.
    pub rows_min: u64,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            rows_drop_permille_max: 300,
            zero_stock_rise_permille_max: 300,
            no_price_rise_permille_max: 300,
            price_median_permille_max: 200,
            price_item_permille_max: 500,
            errors_permille_max: 200,
            retire_permille_max: 300,
            ean_faults_permille_warn: 50,
            duplicates_permille_warn: 10,
            rows_min: 20,
        }
    }
}

/// What a run counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were mapped without an error.
    pub records: u64,
    /// Rows with errors.
    pub errors: u64,
    /// Records that say that there is no stock; those that say nothing about it do not count.
    pub zero_stock: u64,
    /// Records without any price.
    pub no_price: u64,
    /// Records with a trade item number, true or not.
    pub eans: u64,
    /// Those with a wrong check digit.
    pub ean_faults: u64,
    /// Records whose code occurred before in the same feed.
    pub duplicates: u64,
    /// Known products that the feed does not have.
    pub missing: u64,
    /// Known products before the run.
    pub known: u64,
    /// How prices changed.
    pub prices: PriceChanges,
}

/// The gate that a run did not pass, and by how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which gate.
    pub gate: Gate,
    /// What was found, in permille.
    pub found_permille: u32,
    /// What was allowed.
    pub allowed_permille: u32,
}

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The feed has no rows at all, and there were some before.
    NoRows,
    /// Far fewer rows than last time: perhaps half of the feed.
    RowsDropped,
    /// Far more rows without stock.
    ZeroStock,
    /// Far more rows without a price.
    NoPrice,
    /// All prices moved: perhaps the currency or VAT was taken for another.
    PriceMedian,
    /// Too many rows with errors: perhaps the mapping does not fit any more.
    Errors,
    /// Too many products would be retired.
    Retire,
    /// Many wrong trade item numbers.
    EanFaults,
    /// Codes that occur twice.
    Duplicates,
}

/// What a run may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why nothing may be applied before an operator has said so; empty if it may.
    pub rejected: Vec<Finding>,
    /// What an operator should look at.
    pub warnings: Vec<Finding>,
}

impl Verdict {
    /// Whether the run may go on by itself.
    pub fn passes(&self) -> bool {
        self.rejected.is_empty()
    }
}

impl Gates {
    /// Judges a run against the last good one, if there was any.
    pub fn judge(&self, now: &Figures, before: Option<&Figures>) -> Verdict {
        let mut verdict = Verdict::default();
        let mut reject = |gate, found, allowed| put(&mut verdict.rejected, gate, found, allowed);
        let comparable = |figures: &Figures| figures.rows >= self.rows_min;
        if now.rows == 0 && (now.known > 0 || before.is_some_and(|before| before.rows > 0)) {
            reject(Gate::NoRows, 1000, 0);
        }
        if let Some(before) = before.filter(|before| comparable(before)) {
            let drop = permille(before.rows.saturating_sub(now.rows), before.rows);
            reject(Gate::RowsDropped, drop, self.rows_drop_permille_max);
            let rise = |of: fn(&Figures) -> u64| {
                let share = |figures: &Figures| permille(of(figures), figures.records);
                share(now).saturating_sub(share(before))
            };
            if comparable(now) {
                let allowed = self.zero_stock_rise_permille_max;
                reject(Gate::ZeroStock, rise(|figures| figures.zero_stock), allowed);
                let allowed = self.no_price_rise_permille_max;
                reject(Gate::NoPrice, rise(|figures| figures.no_price), allowed);
            }
        }
        if now.prices.count >= self.rows_min {
            let median = now.prices.median_permille().unsigned_abs();
            reject(Gate::PriceMedian, median, self.price_median_permille_max);
        }
        if comparable(now) {
            reject(Gate::Errors, permille(now.errors, now.rows), self.errors_permille_max);
        }
        if now.known >= self.rows_min {
            reject(Gate::Retire, permille(now.missing, now.known), self.retire_permille_max);
        }
        let mut warn = |gate, found, allowed| put(&mut verdict.warnings, gate, found, allowed);
        let faults = permille(now.ean_faults, now.eans);
        if now.eans >= self.rows_min {
            warn(Gate::EanFaults, faults, self.ean_faults_permille_warn);
        }
        if comparable(now) {
            let duplicates = permille(now.duplicates, now.records);
            warn(Gate::Duplicates, duplicates, self.duplicates_permille_warn);
        }
        verdict
    }

    /// Whether one item's new price has to be held for a person.
    pub fn holds_price(&self, before: Money, now: Money) -> bool {
        let change = change_permille(before, now);
        change.is_none_or(|change| change.unsigned_abs() > u64::from(self.price_item_permille_max))
    }
}

fn put(findings: &mut Vec<Finding>, gate: Gate, found_permille: u32, allowed_permille: u32) {
    if found_permille > allowed_permille {
        findings.push(Finding { gate, found_permille, allowed_permille });
    }
}

/// Rounded up, so that a little over the limit is over it.
fn permille(part: u64, whole: u64) -> u32 {
    if whole == 0 {
        return 0;
    }
    let share = (u128::from(part) * 1000).div_ceil(u128::from(whole));
    u32::try_from(share).unwrap_or(u32::MAX)
}

/// `None` if the two cannot be compared: another currency, or nothing before.
fn change_permille(before: Money, now: Money) -> Option<i64> {
    if before.currency != now.currency || before.amount_minor <= 0 {
        return None;
    }
    let change = i128::from(now.amount_minor) - i128::from(before.amount_minor);
    i64::try_from(change * 1000 / i128::from(before.amount_minor)).ok()
}

impl Figures {
    /// Counts a record that was mapped.
    pub fn count_record(&mut self, record: &crate::record::Record) {
        use crate::gtin::GtinFault;
        use crate::record::Note;
        self.records += 1;
        self.zero_stock += u64::from(record.stock == Some(Stock::None));
        let priced = record.purchase_price.or(record.list_price).or(record.rrp);
        self.no_price += u64::from(priced.is_none() && !record.deleted);
        let fault = |note: &Note| matches!(note, Note::Ean { fault: GtinFault::CheckDigit });
        let faulty = record.notes.iter().any(fault);
        self.eans += u64::from(faulty || record.ean.is_some());
        self.ean_faults += u64::from(faulty);
    }
}

/// Price changes of a run, counted in buckets of half a percent, so that a million of them take no
/// more room than one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChanges {
    /// How many prices were compared, unchanged ones included.
    pub count: u64,
    buckets: Vec<u64>,
}

const BUCKET_PERMILLE: i64 = 5;
/// From minus 100 % to plus 200 %; what is beyond lies in the last.
const BUCKETS: usize = 600;

impl Default for PriceChanges {
    fn default() -> Self {
        Self { count: 0, buckets: vec![0; BUCKETS] }
    }
}

impl PriceChanges {
    /// Takes one item's old and new price. Those that cannot be compared lie at the top, where a
    /// change of currency belongs.
    pub fn add(&mut self, before: Money, now: Money) {
        let change = change_permille(before, now).unwrap_or(i64::MAX - 2_000);
        let bucket =
            (change.saturating_add(1000)).div_euclid(BUCKET_PERMILLE).clamp(0, BUCKETS as i64 - 1);
        self.buckets.resize(BUCKETS, 0);
        self.buckets[bucket as usize] += 1;
        self.count += 1;
    }

    /// The change that half of the items stay below, in permille.
    pub fn median_permille(&self) -> i32 {
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen * 2 > self.count {
                return (bucket as i64 * BUCKET_PERMILLE - 1000) as i32;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests;
