//! What a feed says, in the words in which the supplier's domain keeps it.

use kontor_feeds::{RawRow, Record, RowError, Stock, gates};
use kontor_messages::{
    Money,
    supplier::{Availability, Figures, RowProblem},
};

/// How much there is, as it is kept.
pub fn availability(record: &Record) -> Availability {
    if record.deleted {
        return Availability::None;
    }
    match record.stock {
        None | Some(Stock::Unknown) => Availability::Unknown,
        Some(Stock::None) => Availability::None,
        Some(Stock::InStock) => Availability::Some,
        Some(Stock::Exact { quantity_milli }) => Availability::Exact(quantity_milli.floor().max(0)),
        Some(Stock::AtLeast { quantity_milli }) => {
            Availability::AtLeast(quantity_milli.floor().max(0))
        }
    }
}

/// What is known of a feed, as it is kept.
pub fn figures(found: &gates::Figures) -> Figures {
    Figures {
        rows: found.rows,
        records: found.records,
        errors: found.errors,
        zero_stock: found.zero_stock,
        no_price: found.no_price,
        eans: found.eans,
        ean_faults: found.ean_faults,
        duplicates: found.duplicates,
        known: found.known,
        missing: found.missing,
        price_median_permille: found.prices.median_permille(),
    }
}

/// What was kept of a feed, for the gates.
pub fn compared(kept: &Figures) -> gates::Figures {
    gates::Figures {
        rows: kept.rows,
        records: kept.records,
        errors: kept.errors,
        zero_stock: kept.zero_stock,
        no_price: kept.no_price,
        eans: kept.eans,
        ean_faults: kept.ean_faults,
        duplicates: kept.duplicates,
        known: kept.known,
        missing: kept.missing,
        ..gates::Figures::default()
    }
}

pub(super) fn held(row: &RawRow, before: Money, now: Money) -> RowError {
    RowError {
        row: row.number,
        line: row.line,
        field: "purchase_price".to_owned(),
        reason: format!(
            "held: the price jumps from {} to {} {}; retry the failed rows to take it",
            before.amount_minor,
            now.amount_minor,
            now.currency.as_str()
        ),
        value: None,
    }
}

pub(super) fn problem(error: RowError, code: Option<&str>) -> RowProblem {
    let found = error.value.map(|value| format!("{}, found {value:?}", error.reason));
    RowProblem {
        row: error.row,
        line: error.line,
        code: code.map(str::to_owned),
        field: error.field,
        reason: found.unwrap_or(error.reason),
    }
}
