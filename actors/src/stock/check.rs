//! What a command's members must look like, whatever the state.

use super::ledger::Step;
use crate::domain::refuse;
use kontor_messages::{
    EntityId,
    stock::{ReservationLine, StockRefusal, Warehouse},
};

/// What one command may move of one product.
pub(super) const QUANTITY_MAX: i64 = 1_000_000_000;
/// How many lines a reservation may have.
pub(super) const LINES_MAX: usize = 200;

/// Says which member is at fault.
pub(super) fn invalid<T>(pointer: impl Into<String>, expected: impl Into<String>) -> Step<T> {
    refuse(StockRefusal::Invalid { pointer: pointer.into(), expected: expected.into() })
}

/// A product's name also has to fit into its entity's.
pub(super) fn is_sku(sku: &str) -> bool {
    is_text(sku, 100) && sku.len() <= 196
}

/// A product's name at a place of the command.
pub(super) fn sku(pointer: &str, sku: &str) -> Step<()> {
    if is_sku(sku) {
        return Ok(());
    }
    invalid(pointer, "expected a SKU of 1 to 100 characters without control characters")
}

/// An id that is short enough to stand behind the word for its kind.
pub(super) fn id(pointer: &str, id: &EntityId) -> Step<()> {
    if is_text(id.as_str(), 180) && id.as_str().len() <= 180 {
        return Ok(());
    }
    invalid(pointer, "expected an id of at most 180 characters")
}

/// A text of `1..=max` characters.
pub(super) fn text(pointer: &str, text: &str, max: usize) -> Step<()> {
    if is_text(text, max) {
        return Ok(());
    }
    invalid(pointer, format!("expected 1 to {max} characters without control characters"))
}

/// A number of units from `min` to what one command may move.
pub(super) fn quantity(pointer: impl Into<String>, quantity: i64, min: i64) -> Step<()> {
    if (min..=QUANTITY_MAX).contains(&quantity) {
        return Ok(());
    }
    invalid(pointer, format!("expected a quantity from {min} to {QUANTITY_MAX}"))
}

/// Lines of a reservation, or of a part of it.
pub(super) fn lines(lines: &[ReservationLine], min: usize) -> Step<()> {
    if lines.len() < min || lines.len() > LINES_MAX {
        return invalid("/lines", format!("expected {min} to {LINES_MAX} lines"));
    }
    for (index, line) in lines.iter().enumerate() {
        if !is_sku(&line.sku) {
            return sku(&format!("/lines/{index}/sku"), &line.sku);
        }
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return quantity(format!("/lines/{index}/quantity"), line.quantity, 1);
        }
    }
    Ok(())
}

/// All members of a warehouse.
pub(super) fn warehouse(warehouse: &Warehouse) -> Step<()> {
    let code = warehouse.code.as_bytes();
    let plain = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins = code.first().is_some_and(plain);
    if !begins || code.len() > 40 || !code.iter().all(|c| plain(c) || *c == b'-') {
        return invalid(
            "/warehouse/code",
            "expected 1 to 40 characters of a-z, 0-9 and '-', beginning with a letter or digit",
        );
    }
    text("/warehouse/name", &warehouse.name, 200)?;
    let two = |country: &str| country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase());
    match &warehouse.country {
        Some(country) if !two(country) => {
            invalid("/warehouse/country", "expected two letters of ISO 3166-1, such as CZ")
        }
        _ => Ok(()),
    }
}

fn is_text(text: &str, max: usize) -> bool {
    // The length in bytes spares most texts the counting.
    let fits = text.len() <= max || text.chars().count() <= max;
    !text.is_empty() && fits && !text.chars().any(char::is_control)
}
