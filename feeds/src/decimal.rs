//! Numbers as suppliers write them, exactly: an integer and the place of its point. No float.

use kontor_messages::Currency;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Decimals that are kept at most; further ones are rounded.
const SCALE_MAX: u8 = 9;
/// Digits before the point that are read at most: no price has more, and sums stay in range.
const DIGITS_MAX: usize = 15;

/// An exact decimal number.
#[derive(Clone, Copy)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// What stands before the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// The last of the two, or the only one if one, two or more than three digits follow.
    #[default]
    Auto,
    /// `1 299,00`, where a point is for thousands.
    Comma,
    /// `1,299.00`, where a comma is for thousands.
    Dot,
}

/// What one separator before exactly three digits means where nobody settled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreeDigits {
    /// Ten or ten thousand: nobody knows.
    Refuse,
    /// A point is for decimals, as ERP systems write quantities; a comma is unclear still.
    DotIsDecimal,
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalFault {
    /// Nothing to read.
    #[error("expected a number, it is empty")]
    Empty,
    /// Something else.
    #[error("expected a number")]
    NotANumber,
    /// `10,000`.
    #[error("ten or ten thousand? settle the column's decimal mark")]
    Ambiguous,
    /// `8,59E+12`.
    #[error("a spreadsheet has shortened the number")]
    Shortened,
    /// More digits than any price has.
    #[error("the number is too large")]
    TooLarge,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// `units` of ten to the power of minus `scale`.
    pub fn new(units: i64, scale: u8) -> Self {
        Self { units: i128::from(units), scale: scale.min(SCALE_MAX) }
    }

    /// Reads a number with whatever spaces, separators and currency stand in it.
    pub fn parse(text: &str, mark: DecimalMark) -> Result<Self, DecimalFault> {
        Ok(Self::parse_amount(text, mark, ThreeDigits::Refuse)?.0)
    }

    /// The same, with the currency if one stands there.
    pub(crate) fn parse_amount(
        text: &str,
        mark: DecimalMark,
        three: ThreeDigits,
    ) -> Result<(Self, Option<Currency>), DecimalFault> {
        let (number, currency) = strip_currency(text.trim());
        if number.is_empty() {
            return Err(DecimalFault::Empty);
        }
        let (negative, digits) = match number.as_bytes()[0] {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let digits = digits.strip_prefix('\u{2212}').unwrap_or(digits);
        let point = Point::find(digits, mark, three)?;
        let value = read(digits, point)?;
        Ok((if negative { value.negated() } else { value }, currency))
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    fn negated(self) -> Self {
        Self { units: -self.units, ..self }
    }

    /// The whole number of `10^-scale` that is nearest, halves away from zero.
    pub fn to_units(self, scale: u32) -> Option<i64> {
        let own = u32::from(self.scale);
        let units = if scale >= own {
            self.units.checked_mul(10_i128.checked_pow(scale - own)?)?
        } else {
            divide_rounded(self.units, 10_i128.checked_pow(own - scale)?)?
        };
        i64::try_from(units).ok()
    }

    /// The product.
    pub fn times(self, other: Self) -> Option<Self> {
        let units = self.units.checked_mul(other.units)?;
        Self::fitted(units, u32::from(self.scale) + u32::from(other.scale))
    }

    /// The quotient to nine decimals; nothing when it is by zero.
    pub fn over(self, other: Self) -> Option<Self> {
        let up = u32::from(SCALE_MAX) + u32::from(other.scale) - u32::from(self.scale);
        let units = divide_rounded(self.units.checked_mul(10_i128.checked_pow(up)?)?, other.units)?;
        Self::fitted(units, u32::from(SCALE_MAX))
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let at = |one: Self| one.units.checked_mul(10_i128.pow(u32::from(scale - one.scale)));
        Some(Self { units: at(self)?.checked_add(at(other)?)?, scale })
    }

    fn fitted(mut units: i128, mut scale: u32) -> Option<Self> {
        if scale > u32::from(SCALE_MAX) {
            units = divide_rounded(units, 10_i128.checked_pow(scale - u32::from(SCALE_MAX))?)?;
            scale = u32::from(SCALE_MAX);
        }
        Some(Self { units, scale: scale as u8 })
    }
}

/// Halves go away from zero.
pub(crate) fn divide_rounded(value: i128, by: i128) -> Option<i128> {
    if by == 0 {
        return None;
    }
    let (value, by) = if by < 0 { (value.checked_neg()?, by.checked_neg()?) } else { (value, by) };
    let half = by / 2;
    let shifted = if value < 0 { value.checked_sub(half)? } else { value.checked_add(half)? };
    Some(shifted / by)
}

/// Where the decimals begin: behind which separator, by its place in the text.
struct Point(Option<usize>);

impl Point {
    fn find(digits: &str, mark: DecimalMark, three: ThreeDigits) -> Result<Self, DecimalFault> {
        let mut dots = digits.match_indices('.').map(|(at, _)| at);
        let mut commas = digits.match_indices(',').map(|(at, _)| at);
        let (first_dot, last_dot) = (dots.next(), dots.next_back());
        let (first_comma, last_comma) = (commas.next(), commas.next_back());
        let only = |first: Option<usize>, last: Option<usize>| match (first, last) {
            (Some(at), None) => Ok(Self(Some(at))),
            (None, _) => Ok(Self(None)),
            (Some(_), Some(_)) => Err(DecimalFault::NotANumber),
        };
        match mark {
            DecimalMark::Dot => only(first_dot, last_dot),
            DecimalMark::Comma => only(first_comma, last_comma),
            DecimalMark::Auto => match (first_dot, first_comma) {
                (None, None) => Ok(Self(None)),
                // Both: the last is for decimals, and there is one of it.
                (Some(dot), Some(comma)) => {
                    let last = last_dot.unwrap_or(dot).max(last_comma.unwrap_or(comma));
                    if Some(last) == last_dot || Some(last) == last_comma {
                        return Err(DecimalFault::NotANumber);
                    }
                    Ok(Self(Some(last)))
                }
                (Some(_), None) if last_dot.is_some() => thousands(digits, '.'),
                (None, Some(_)) if last_comma.is_some() => thousands(digits, ','),
                (dot, comma) => Self::judge_single(digits, dot, comma, three),
            },
        }
    }

    fn judge_single(
        digits: &str,
        dot: Option<usize>,
        comma: Option<usize>,
        three: ThreeDigits,
    ) -> Result<Self, DecimalFault> {
        let at = dot.or(comma).unwrap_or(0);
        let behind = digits[at + 1..].bytes().filter(u8::is_ascii_digit).count();
        // `0,125` is no grouping of thousands, whatever follows.
        let whole = digits[..at].trim_start_matches('0');
        let clear = behind != 3 || whole.is_empty();
        if clear || (dot.is_some() && three == ThreeDigits::DotIsDecimal) {
            Ok(Self(Some(at)))
        } else {
            Err(DecimalFault::Ambiguous)
        }
    }
}

/// Several separators of one kind are for thousands, if three digits follow each.
fn thousands(digits: &str, separator: char) -> Result<Point, DecimalFault> {
    let three = |group: &str| group.trim().len() == 3;
    if digits.split(separator).skip(1).all(three) {
        Ok(Point(None))
    } else {
        Err(DecimalFault::NotANumber)
    }
}

fn read(digits: &str, point: Point) -> Result<Decimal, DecimalFault> {
    let (mut units, mut scale, mut whole, mut any) = (0_i128, 0_u8, 0_usize, false);
    let mut round_up = None;
    for (at, character) in digits.char_indices() {
        match character {
            '0'..='9' => {
                any = true;
                let digit = i128::from(character as u32 - '0' as u32);
                let decimal = point.0.is_some_and(|point| at > point);
                if !decimal {
                    whole += usize::from(units != 0 || digit != 0);
                } else if scale == SCALE_MAX {
                    round_up = round_up.or(Some(digit >= 5));
                    continue;
                } else {
                    scale += 1;
                }
                if whole > DIGITS_MAX {
                    return Err(DecimalFault::TooLarge);
                }
                units = units * 10 + digit;
            }
            '.' | ',' | '\'' | '\u{2019}' => {}
            space if is_space(space) => {}
            'e' | 'E' if any && digits[at + 1..].starts_with(['+', '-', '0', '1', '2', '3']) => {
                return Err(DecimalFault::Shortened);
            }
            _ => return Err(DecimalFault::NotANumber),
        }
    }
    if !any {
        return Err(DecimalFault::NotANumber);
    }
    Ok(Decimal { units: units + i128::from(round_up == Some(true)), scale })
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Takes off what stands for the currency, before or behind the number.
fn strip_currency(text: &str) -> (&str, Option<Currency>) {
    // Ends in a digit: the most frequent case has nothing to take off behind.
    const SIGNS: [(&str, &str); 16] = [
        ("Kč", "CZK"),
        ("kč", "CZK"),
        ("KČ", "CZK"),
        ("Kc", "CZK"),
        ("€", "EUR"),
        ("zł", "PLN"),
        ("zl", "PLN"),
        ("Ft", "HUF"),
        ("₸", "KZT"),
        ("тг", "KZT"),
        ("₽", "RUB"),
        ("руб.", "RUB"),
        ("руб", "RUB"),
        ("$", "USD"),
        ("£", "GBP"),
        ("lei", "RON"),
    ];
    let mut rest = text;
    let mut currency = None;
    if rest.ends_with(|last: char| !last.is_ascii_digit())
        || rest.starts_with(|first: char| !first.is_ascii_digit())
    {
        for (sign, code) in SIGNS {
            if let Some(number) = rest.strip_suffix(sign).or_else(|| rest.strip_prefix(sign)) {
                (rest, currency) = (number, Currency::parse(code).ok());
                break;
            }
        }
        let code =
            rest.get(rest.len().saturating_sub(3)..).and_then(|end| Currency::parse(end).ok());
        if let Some(code) = code {
            (rest, currency) = (&rest[..rest.len() - 3], Some(code));
        } else if let Some(code) = rest.get(..3).and_then(|begin| Currency::parse(begin).ok()) {
            (rest, currency) = (&rest[3..], Some(code));
        }
        rest = rest.trim_matches(is_space);
        // `199,-` is how prices are spoken.
        for ending in [",-", ".-", ",–", ",—", "-"] {
            if let Some(number) = rest.strip_suffix(ending).filter(|number| !number.is_empty()) {
                rest = number;
                break;
            }
        }
    }
    (rest.trim_matches(is_space), currency)
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    /// 1.0 and 1.00 are equal.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scale = self.scale.max(other.scale);
        let at = |one: &Self| one.units.saturating_mul(10_i128.pow(u32::from(scale - one.scale)));
        at(self).cmp(&at(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (units, unit) = (self.units.unsigned_abs(), 10_u128.pow(u32::from(self.scale)));
        if self.scale == 0 {
            return write!(f, "{sign}{units}");
        }
        let (whole, rest, width) = (units / unit, units % unit, usize::from(self.scale));
        write!(f, "{sign}{whole}.{rest:0width$}")
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, DecimalMark::Dot).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
