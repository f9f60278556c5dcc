//! Amounts that providers write as decimals, read and written digit by digit. Never a float, and
//! never rounded.

use kontor_messages::{Currency, Money};

/// Longer texts are no amounts.
const LEN_MAX: usize = 40;

/// Minor units of a decimal such as `1299.5`, `-100.50` or `1e3`, with or without quotes around
/// it. None: it is no number, has more decimals than the exponent, or does not fit.
pub fn minor(text: &str, exponent: u32) -> Option<i64> {
    let text = text.trim().trim_matches('"');
    if text.len() > LEN_MAX {
        return None;
    }
    let (text, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (number, power) = match text.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain || (fraction.is_empty() && number.contains('.')) {
        return None;
    }
    let value: i64 = digits.parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    let shift = power.checked_sub(places)?.checked_add(i32::try_from(exponent).ok()?)?;
    let unit = 10_i64.checked_pow(shift.unsigned_abs());
    let minor = match (shift >= 0, unit) {
        (true, Some(unit)) => value.checked_mul(unit)?,
        (false, Some(unit)) if value % unit == 0 => value / unit,
        _ if value == 0 => 0,
        _ => return None,
    };
    Some(if negative { -minor } else { minor })
}

/// The same with the currency's own decimals.
pub fn money(text: &str, currency: &str) -> Option<Money> {
    let currency = Currency::parse(currency).ok()?;
    Some(Money::new(minor(text, currency.exponent())?, currency))
}

/// Minor units as a decimal in major units, with all decimals: `1299.00`.
pub fn decimal(minor: i64, exponent: u32) -> String {
    let places = exponent as usize;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The same without zeros at the end: `1299`, `1299.5`.
pub fn plain(minor: i64, exponent: u32) -> String {
    let text = decimal(minor, exponent);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// An amount counted in other decimals; none if it would have to be rounded.
pub fn scaled(minor: i64, from: u32, to: u32) -> Option<i64> {
    if from <= to {
        return minor.checked_mul(10_i64.checked_pow(to - from)?);
    }
    let unit = 10_i64.checked_pow(from - to)?;
    (minor % unit == 0).then_some(minor / unit)
}

/// A whole number, which some write as a text.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub enum Whole {
    /// As a number.
    Number(i64),
    /// As a text.
    Text(String),
}

impl Whole {
    /// The number.
    pub fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fio_7_and_hal_5_decimals_are_read_exactly_or_not_at_all() {
        for (text, expected) in [
            ("1299.0", Some(129_900)),
            ("0.1", Some(10)),
            ("-100.5", Some(-10_050)),
            ("1e3", Some(100_000)),
            ("1.5E+2", Some(15_000)),
            ("1299", Some(129_900)),
            ("1299.5", Some(129_950)),
            ("\"1299.50\"", Some(129_950)),
            ("1299.000", Some(129_900)),
            ("90071992547409.93", Some(9_007_199_254_740_993)),
            ("0e-300", Some(0)),
            ("1.999", None),
            ("1299.005", None),
            ("", None),
            (".5", None),
            ("1.", None),
            ("+1", None),
            ("1,5", None),
            ("NaN", None),
            ("1e19", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(minor(text, 2), expected, "{text}");
        }
        assert_eq!(minor("1299.00", 0), Some(1299));
        assert_eq!(minor("1.5", 0), None);
        assert_eq!(minor("1.234", 3), Some(1234));
    }

    #[test]
    fn other_decimals_are_counted_exactly_or_not_at_all() {
        assert_eq!(scaled(1299, 0, 2), Some(129_900));
        assert_eq!(scaled(129_900, 2, 0), Some(1299));
        assert_eq!(scaled(129_950, 2, 0), None);
        assert_eq!(scaled(i64::MAX, 0, 2), None);
    }

    #[test]
    fn decimals_are_written_with_all_their_places() {
        for (minor, exponent, expected) in [
            (129_900, 2, "1299.00"),
            (5, 2, "0.05"),
            (-10_050, 2, "-100.50"),
            (1299, 0, "1299"),
            (1234, 3, "1.234"),
        ] {
            assert_eq!(decimal(minor, exponent), expected);
            assert_eq!(super::minor(expected, exponent), Some(minor));
            assert_eq!(super::minor(&plain(minor, exponent), exponent), Some(minor));
        }
        assert_eq!(plain(129_900, 2), "1299");
        assert_eq!(plain(129_950, 2), "1299.5");
        assert_eq!(plain(100, 0), "100");
    }
}
