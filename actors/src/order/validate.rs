//! What a request must look like, whatever the order's state: limits, texts, sums.
//!
//! Pointers lead into the request's body as a caller writes it: `/lines/0/quantity`.

use kontor_messages::order::{
    Address, Customer, LineQuantity, OrderLine, OrderRefusal, Parcel, PlaceOrder, Totals,
};

const LINES_MAX: usize = 200;
const QUANTITY_MAX: i64 = 1_000_000;
/// A SKU is part of an entity's name, which holds 200 bytes.
const SKU_BYTES_MAX: usize = 180;

/// Nothing, or what was expected where.
pub(super) type Checked = Result<(), OrderRefusal>;

/// Whether an order could be placed so, whatever else is known: what placing would refuse, at once.
pub fn place(place: &PlaceOrder) -> Checked {
    channel(&place.channel)?;
    optional("/account", place.account.as_deref(), 100)?;
    optional("/external_id", place.external_id.as_deref(), 100)?;
    customer(&place.customer)?;
    if let Some(known) = &place.shipping_address {
        address("/shipping_address", known)?;
    }
    if let Some(known) = &place.billing_address {
        address("/billing_address", known)?;
    }
    optional("/shipping_method", place.shipping_method.as_deref(), 100)?;
    if let Some(note) = &place.note {
        prose("/note", note, 0, 2000)?;
    }
    if place.lines.is_empty() || place.lines.len() > LINES_MAX {
        return invalid("/lines", format!("expected 1 to {LINES_MAX} lines"));
    }
    for (index, known) in place.lines.iter().enumerate() {
        line(index, known)?;
    }
    totals(&place.totals, sum(&place.lines)?)
}

/// A parcel, but for what is in it.
pub(super) fn parcel(parcel: &Parcel) -> Checked {
    text("/carrier", &parcel.carrier, 1, 100)?;
    optional("/tracking_number", parcel.tracking_number.as_deref(), 100)?;
    optional("/tracking_url", parcel.tracking_url.as_deref(), 500)
}

/// Units of lines: known lines, each once, at least one unit, and no more than `most` of each.
pub(super) fn units(
    lines: &[LineQuantity],
    known: usize,
    most: impl Fn(usize) -> i64,
    expected: &str,
) -> Checked {
    for (index, units) in lines.iter().enumerate() {
        let at = |member: &str| format!("/lines/{index}/{member}");
        let line = units.line as usize;
        if line >= known {
            return invalid(
                at("line"),
                format!("expected a line of the order, 0 to {}", known - 1),
            );
        }
        if lines[..index].iter().any(|earlier| earlier.line == units.line) {
            return invalid(at("line"), "expected each line once");
        }
        if units.quantity < 1 || units.quantity > most(line) {
            let most = most(line);
            return invalid(at("quantity"), format!("expected 1 to {most} {expected}"));
        }
    }
    Ok(())
}

/// The name of a request.
pub(super) fn key(key: Option<&str>) -> Checked {
    optional("/key", key, 100)
}

/// A text of several lines.
pub(super) fn prose(pointer: &str, value: &str, min: usize, max: usize) -> Checked {
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    sized(pointer, value, min, max, value.chars().any(bad))
}

/// Says what was expected, and where.
pub(super) fn invalid<T>(
    pointer: impl Into<String>,
    expected: impl Into<String>,
) -> Result<T, OrderRefusal> {
    Err(OrderRefusal::Invalid { pointer: pointer.into(), expected: expected.into() })
}

fn channel(channel: &str) -> Checked {
    let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = channel.as_bytes();
    let whole = bytes.iter().all(|c| known(*c) || matches!(*c, b'-' | b'_'));
    if whole && bytes.len() <= 40 && bytes.first().is_some_and(|first| known(*first)) {
        return Ok(());
    }
    invalid("/channel", "expected 1 to 40 characters of a-z, 0-9, '-' and '_', such as web")
}

fn customer(customer: &Customer) -> Checked {
    text("/customer/name", &customer.name, 0, 200)?;
    optional("/customer/phone", customer.phone.as_deref(), 40)?;
    optional("/customer/language", customer.language.as_deref(), 35)?;
    let Some(email) = &customer.email else { return Ok(()) };
    text("/customer/email", email, 3, 254)?;
    let spaced = email.chars().any(char::is_whitespace);
    match email.rsplit_once('@') {
        Some((user, host)) if !user.is_empty() && !host.is_empty() && !spaced => Ok(()),
        _ => invalid("/customer/email", "expected a mail address such as name@example.com"),
    }
}

fn address(pointer: &str, address: &Address) -> Checked {
    let at = |member: &str| format!("{pointer}/{member}");
    text(&at("name"), &address.name, 1, 200)?;
    text(&at("street"), &address.street, 1, 200)?;
    text(&at("city"), &address.city, 1, 200)?;
    text(&at("postal_code"), &address.postal_code, 1, 20)?;
    optional(&at("company"), address.company.as_deref(), 200)?;
    optional(&at("tax_id"), address.tax_id.as_deref(), 40)?;
    let country = address.country.as_bytes();
    if country.len() == 2 && country.iter().all(u8::is_ascii_uppercase) {
        return Ok(());
    }
    invalid(at("country"), "expected an ISO 3166-1 code of two upper-case letters, such as CZ")
}

fn line(index: usize, line: &OrderLine) -> Checked {
    let at = |member: &str| format!("/lines/{index}/{member}");
    text(&at("sku"), &line.sku, 1, 100)?;
    if line.sku.len() > SKU_BYTES_MAX {
        return invalid(at("sku"), format!("expected at most {SKU_BYTES_MAX} bytes"));
    }
    text(&at("title"), &line.title, 1, 500)?;
    optional(&at("warehouse"), line.warehouse.as_deref(), 40)?;
    if line.quantity < 1 || line.quantity > QUANTITY_MAX {
        return invalid(at("quantity"), format!("expected 1 to {QUANTITY_MAX}"));
    }
    not_negative(&at("unit_price_minor"), line.unit_price_minor)
}

/// The lines' worth, or the line at which it stops fitting.
fn sum(lines: &[OrderLine]) -> Result<i64, OrderRefusal> {
    let mut sum = 0_i64;
    for (index, line) in lines.iter().enumerate() {
        let worth = line.unit_price_minor.checked_mul(line.quantity);
        match worth.and_then(|worth| sum.checked_add(worth)) {
            Some(more) => sum = more,
            None => {
                let pointer = format!("/lines/{index}/unit_price_minor");
                return invalid(pointer, "expected a price whose sum fits 64 bits");
            }
        }
    }
    Ok(sum)
}

fn totals(totals: &Totals, lines: i64) -> Checked {
    not_negative("/totals/subtotal_minor", totals.subtotal_minor)?;
    not_negative("/totals/shipping_minor", totals.shipping_minor)?;
    not_negative("/totals/discount_minor", totals.discount_minor)?;
    not_negative("/totals/tax_minor", totals.tax_minor)?;
    not_negative("/totals/total_minor", totals.total_minor)?;
    if totals.subtotal_minor != lines {
        return invalid(
            "/totals/subtotal_minor",
            format!("expected the sum of the lines, {lines}"),
        );
    }
    let Some(charged) = lines.checked_add(totals.shipping_minor) else {
        return invalid("/totals/shipping_minor", "expected an amount whose sum fits 64 bits");
    };
    if totals.discount_minor > charged {
        return invalid("/totals/discount_minor", format!("expected at most {charged}"));
    }
    let total = charged - totals.discount_minor;
    if totals.total_minor != total {
        let expected = format!("expected subtotal and shipping less discount, {total}");
        return invalid("/totals/total_minor", expected);
    }
    if totals.tax_minor > total {
        return invalid("/totals/tax_minor", format!("expected at most the total, {total}"));
    }
    Ok(())
}

fn not_negative(pointer: &str, amount: i64) -> Checked {
    if amount < 0 { invalid(pointer, "expected 0 or more") } else { Ok(()) }
}

/// A text of one line that may be absent, but not empty.
fn optional(pointer: &str, value: Option<&str>, max: usize) -> Checked {
    value.map_or(Ok(()), |value| text(pointer, value, 1, max))
}

/// A text of one line.
fn text(pointer: &str, value: &str, min: usize, max: usize) -> Checked {
    sized(pointer, value, min, max, value.chars().any(char::is_control))
}

fn sized(pointer: &str, value: &str, min: usize, max: usize, bad: bool) -> Checked {
    // Four bytes a character at most: most texts need not be counted.
    let fits = value.len() <= max || value.chars().count() <= max;
    if fits && value.len() >= min && !bad {
        return Ok(());
    }
    invalid(pointer, format!("expected {min} to {max} characters, none of them control characters"))
}
