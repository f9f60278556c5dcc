//! Texts into typed values. Each function says what was wrong in words that an operator understands.

use super::rules::{
    CategoryReading, LeadTimeUnit, MinusOne, StockReading, StockWord, VatNotation, WeightUnit,
};
use super::words::{availability, boolean, fold};
use crate::decimal::{Decimal, DecimalFault, DecimalMark, ThreeDigits};
use crate::record::{LeadTime, Quantity, Stock, VatRate};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// 900 years of days: what is longer is no lead time.
const LEAD_DAYS_MAX: u32 = 3_650;
/// The first day that a spreadsheet's serial may mean, in 2009.
const SERIAL_MIN: u32 = 40_000;

/// A price and the currency that stands with it.
pub(super) fn price(
    text: &str,
    mark: DecimalMark,
) -> Result<(Decimal, Option<kontor_messages::Currency>), String> {
    let three = ThreeDigits::Refuse;
    let (price, currency) =
        Decimal::parse_amount(text, mark, three).map_err(|fault| fault.to_string())?;
    if price.is_negative() {
        return Err("expected a price of zero or more".to_owned());
    }
    Ok((price, currency))
}

pub(super) fn number(text: &str, mark: DecimalMark) -> Result<Decimal, String> {
    Decimal::parse(text, mark).map_err(|fault| fault.to_string())
}

pub(super) fn vat(
    text: &str,
    mark: DecimalMark,
    notation: VatNotation,
    words: &BTreeMap<String, String>,
) -> Result<VatRate, String> {
    let expected = || "expected a rate of VAT between 0 and 100 percent".to_owned();
    let word = words.get(&fold(text));
    let text = word.map_or(text, String::as_str).trim().trim_end_matches('%').trim_end();
    let mark = if word.is_some() { DecimalMark::Dot } else { mark };
    let (rate, _) = Decimal::parse_amount(text, mark, ThreeDigits::DotIsDecimal)
        .map_err(|fault| format!("{}: {fault}", expected()))?;
    let one = Decimal::new(1, 0);
    let below_one = !rate.is_zero() && rate < one;
    let fraction = match notation {
        VatNotation::Fraction if rate > one => {
            return Err(format!("{}, as a fraction", expected()));
        }
        VatNotation::Fraction => true,
        VatNotation::Auto => below_one && word.is_none(),
        VatNotation::Percent if below_one => {
            return Err(format!("{}: {rate} looks like a fraction", expected()));
        }
        VatNotation::Percent => false,
    };
    let hundredths = rate.to_units(if fraction { 4 } else { 2 });
    hundredths
        .and_then(|hundredths| u16::try_from(hundredths).ok())
        .filter(|hundredths| *hundredths <= 10_000)
        .map(VatRate)
        .ok_or_else(expected)
}

/// What a text says about stock, and about when there will be some.
pub(super) struct StockFound {
    pub(super) stock: Stock,
    pub(super) lead_time: Option<LeadTime>,
    pub(super) oversold: bool,
}

impl StockFound {
    fn plain(stock: Stock) -> Self {
        Self { stock, lead_time: None, oversold: false }
    }
}

pub(super) fn stock(
    text: &str,
    mark: DecimalMark,
    reading: &StockReading,
) -> Result<StockFound, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(StockFound::plain(Stock::Unknown));
    }
    // Digits alone are by far the most frequent.
    let plain = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    let folded = if plain { String::new() } else { fold(text) };
    if let Some(word) = reading.words.iter().find(|(word, _)| fold(word) == folded && !plain) {
        return Ok(told(*word.1));
    }
    if reading.yes_no
        && let Some(some) = boolean(if plain { text } else { &folded })
    {
        return Ok(StockFound::plain(if some { Stock::InStock } else { Stock::None }));
    }
    if let Some(known) = availability(&folded).filter(|_| !plain) {
        return Ok(StockFound { stock: known.stock, lead_time: known.lead_time, oversold: false });
    }
    let (bound, counted) = if plain { (Bound::Exact, text) } else { Bound::split(&folded) };
    let quantity = quantity(counted, mark)?;
    Ok(counted_stock(quantity, bound, reading))
}

fn told(word: StockWord) -> StockFound {
    match word {
        StockWord::InStock => StockFound::plain(Stock::InStock),
        StockWord::None => StockFound::plain(Stock::None),
        StockWord::Unknown => StockFound::plain(Stock::Unknown),
        StockWord::OnRequest => {
            StockFound { stock: Stock::None, lead_time: Some(LeadTime::OnRequest), oversold: false }
        }
    }
}

fn counted_stock(quantity: Quantity, bound: Bound, reading: &StockReading) -> StockFound {
    let quantity_milli = quantity;
    if quantity.0 < 0 {
        let stock = match reading.minus_one {
            MinusOne::Unknown if quantity == Quantity::whole(-1) => Stock::Unknown,
            MinusOne::Unlimited if quantity == Quantity::whole(-1) => Stock::InStock,
            _ => Stock::None,
        };
        return StockFound { oversold: stock == Stock::None, ..StockFound::plain(stock) };
    }
    let capped = reading.capped_at.is_some_and(|cap| quantity >= Quantity::whole(cap));
    StockFound::plain(match bound {
        // Fewer than so many, but some: a number would be a guess.
        Bound::Below => Stock::InStock,
        Bound::AtLeast if quantity.0 == 0 => Stock::InStock,
        Bound::AtLeast => Stock::AtLeast { quantity_milli },
        Bound::Exact if capped && quantity.0 > 0 => Stock::AtLeast { quantity_milli },
        Bound::Exact if quantity.0 == 0 => Stock::None,
        Bound::Exact => Stock::Exact { quantity_milli },
    })
}

pub(super) fn quantity(text: &str, mark: DecimalMark) -> Result<Quantity, String> {
    let (number, _) = Decimal::parse_amount(text, mark, ThreeDigits::DotIsDecimal).map_err(
        |fault| match fault {
            DecimalFault::NotANumber => {
                "expected a quantity or a known word about availability".to_owned()
            }
            other => other.to_string(),
        },
    )?;
    number.to_units(3).map(Quantity).ok_or_else(|| "the quantity is too large".to_owned())
}

#[derive(Clone, Copy)]
enum Bound {
    Exact,
    AtLeast,
    Below,
}

impl Bound {
    /// Takes what stands around the number off it.
    fn split(folded: &str) -> (Self, &str) {
        const UNITS: [&str; 14] = [
            "kusu", "kusy", "kus", "ks", "szt", "pcs", "pieces", "pc", "stk", "шт", "дана", "m",
            "kg", "bal",
        ];
        const MORE: [&str; 13] = [
            ">=",
            "=>",
            "≥",
            ">",
            "vice nez",
            "viac ako",
            "nad",
            "over",
            "more than",
            "powyzej",
            "wiecej niz",
            "больше",
            "min",
        ];
        const LESS: [&str; 7] = ["<=", "≤", "<", "mene nez", "menej ako", "less than", "ponizej"];
        let mut rest = folded.trim().trim_end_matches('.');
        for before in ["skladem", "skladom", "in stock", "na sklade"] {
            if let Some(behind) = rest.strip_prefix(before) {
                rest = behind.trim_matches([':', ' ', '(', ')']);
                break;
            }
        }
        for unit in UNITS {
            if let Some(number) = rest.strip_suffix(unit)
                && number.ends_with(|last: char| last.is_ascii_digit() || " +.".contains(last))
            {
                rest = number.trim_end_matches(['.', ' ']);
                break;
            }
        }
        if let Some(number) = rest.strip_suffix('+') {
            return (Self::AtLeast, number.trim());
        }
        for ending in [" a vice", " a viac", " i wiecej", " or more", " и более"] {
            if let Some(number) = rest.strip_suffix(ending) {
                return (Self::AtLeast, number.trim());
            }
        }
        let after = |signs: &[&str]| {
            signs
                .iter()
                .find_map(|sign| rest.strip_prefix(*sign))
                .map(|rest| rest.trim_matches([' ', '.']))
        };
        match (after(&MORE), after(&LESS)) {
            (Some(number), _) => (Self::AtLeast, number),
            (None, Some(number)) => (Self::Below, number),
            (None, None) => (Self::Exact, rest),
        }
    }
}

/// Words about availability alone, without a number.
pub(super) fn word(text: &str, reading: &StockReading) -> Option<StockFound> {
    let folded = fold(text);
    if let Some((_, word)) = reading.words.iter().find(|(word, _)| fold(word) == folded) {
        return Some(told(*word));
    }
    let known = availability(&folded)?;
    Some(StockFound { stock: known.stock, lead_time: known.lead_time, oversold: false })
}

/// `None` where the supplier says that it does not know.
pub(super) fn lead_time(text: &str, unit: LeadTimeUnit) -> Result<Option<LeadTime>, String> {
    let text = text.trim();
    if text.is_empty() || text == "-1" {
        return Ok(None);
    }
    if let Some(date) = date(text) {
        return Ok(Some(LeadTime::From { date }));
    }
    let folded = fold(text);
    if let Some(known) = availability(&folded) {
        return Ok(match known.stock {
            Stock::InStock => Some(LeadTime::Days { days: 0 }),
            _ => known.lead_time,
        });
    }
    // `do 3 dnu`, `3-5 dni`, `48 hodin`: the last number counts, the supplier's caution with it.
    let numbers = folded.split(|character: char| !character.is_ascii_digit());
    let last = numbers.rev().find_map(|digits| digits.parse::<u32>().ok());
    let hours = ["hod", "godz", "hour", "час"].iter().any(|word| folded.contains(word));
    let weeks = ["tyd", "tyz", "week", "недел"].iter().any(|word| folded.contains(word));
    let negative = folded.starts_with('-');
    let days = last.filter(|_| !negative).and_then(|number| match unit {
        _ if hours => Some(number.div_ceil(24)),
        _ if weeks => number.checked_mul(7),
        LeadTimeUnit::Hours if folded.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(number.div_ceil(24))
        }
        _ => Some(number),
    });
    match days {
        Some(days) if days <= LEAD_DAYS_MAX => Ok(Some(LeadTime::Days { days })),
        _ => Err("expected a number of days or hours, or a date".to_owned()),
    }
}

/// A day as written in the countries of our suppliers, or as a spreadsheet's serial.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let day = text.trim().split(['T', ' ']).next()?;
    if let Ok(serial) = day.parse::<u32>() {
        let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?;
        return (SERIAL_MIN..100_000)
            .contains(&serial)
            .then(|| epoch.checked_add_days(Days::new(u64::from(serial))))?;
    }
    // With spaces behind the points: `2. 3. 2026`.
    let joined: String = text.chars().filter(|character| *character != ' ').collect();
    ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d"].iter().find_map(|format| {
        NaiveDate::parse_from_str(day, format)
            .or_else(|_| NaiveDate::parse_from_str(&joined, format))
            .ok()
    })
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    boolean(&fold(text)).ok_or_else(|| "expected yes or no".to_owned())
}

pub(super) fn grams(text: &str, mark: DecimalMark, unit: WeightUnit) -> Result<i64, String> {
    let folded = fold(text);
    let (number, grams) = match folded.strip_suffix("kg") {
        Some(number) => (number, false),
        None => match folded.strip_suffix('g') {
            Some(number) => (number, true),
            None => (folded.as_str(), unit == WeightUnit::Grams),
        },
    };
    let (number, _) = Decimal::parse_amount(number, mark, ThreeDigits::DotIsDecimal)
        .map_err(|fault| fault.to_string())?;
    number
        .to_units(if grams { 0 } else { 3 })
        .filter(|grams| *grams >= 0)
        .ok_or_else(|| "expected a weight of zero or more".to_owned())
}

/// The paths in a value, each from the root to the leaf.
pub(super) fn categories(text: &str, reading: &CategoryReading) -> Vec<Vec<String>> {
    // Those with spaces come first: a name may hold the sign alone.
    const SEPARATORS: [&str; 8] = [" | ", " > ", " » ", "|", ">", " / ", "\\", "/"];
    let paths: Vec<&str> = match &reading.between_paths {
        Some(between) if !between.is_empty() => text.split(between.as_str()).collect(),
        _ => vec![text],
    };
    let mut found = Vec::new();
    for path in paths {
        let separator = match &reading.separator {
            Some(settled) if !settled.is_empty() => Some(settled.as_str()),
            _ => SEPARATORS.into_iter().find(|separator| path.contains(separator)),
        };
        let levels: Vec<&str> = match separator {
            Some(separator) => path.split(separator).collect(),
            None => vec![path],
        };
        // Two separators in a row share a space.
        let sign = separator.map_or("", str::trim);
        let bare = |level: &&str| {
            let line = one_line(level);
            if sign.is_empty() {
                line
            } else {
                line.trim_matches([' ']).trim_start_matches(sign).trim_start().to_owned()
            }
        };
        let mut levels: Vec<String> =
            levels.iter().map(bare).filter(|level| !level.is_empty()).collect();
        let first = levels.first().map(|first| fold(first));
        if reading.drop_first.iter().any(|name| Some(fold(name)) == first) {
            levels.remove(0);
        }
        if !levels.is_empty() && !found.contains(&levels) {
            found.push(levels);
        }
    }
    found
}

/// One line with single spaces.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// An address of a picture, complete and without what addresses may not hold.
pub(super) fn image(text: &str, base: Option<&str>) -> Option<String> {
    let text = text.trim();
    let complete = if text.starts_with("http://") || text.starts_with("https://") {
        text.to_owned()
    } else if let Some(rest) = text.strip_prefix("//") {
        format!("https://{rest}")
    } else {
        let base = base?.trim_end_matches('/');
        let rooted = text.starts_with('/');
        // A path from the root stays on the base's host.
        let host_end =
            base.find("://").and_then(|at| base[at + 3..].find('/').map(|slash| at + 3 + slash));
        let base = if rooted { &base[..host_end.unwrap_or(base.len())] } else { base };
        format!("{base}/{}", text.trim_start_matches('/'))
    };
    let host = complete.split("://").nth(1)?.split('/').next()?;
    if host.is_empty()
        || host.contains(char::is_whitespace)
        || complete.contains(['\n', '\t', '<', '"'])
    {
        return None;
    }
    Some(complete.replace(' ', "%20"))
}

#[cfg(test)]
mod tests;
