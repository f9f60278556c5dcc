//! Trade item numbers (EAN, UPC, ISBN) as suppliers write them, as one code of 14 digits.

use kontor_messages::catalog::Gtin;
use serde::{Deserialize, Serialize};

/// Why a text is no number of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum GtinFault {
    /// Something that stands for a missing number.
    #[error("a placeholder stands in for a missing number")]
    Placeholder,
    /// Neither 8, 12, 13 nor 14 digits, nor an ISBN of 10.
    #[error("expected 8, 12, 13 or 14 digits")]
    Length,
    /// Something else than digits.
    #[error("expected digits")]
    NotDigits,
    /// A slip of the pen.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// `8,59E+12`.
    #[error("a spreadsheet has shortened the number")]
    Shortened,
}

/// Reads a number with whatever spaces and hyphens stand in it.
pub fn read(text: &str) -> Result<Gtin, GtinFault> {
    let mut digits = [0_u8; 14];
    let mut count = 0;
    let mut isbn_x = false;
    let text = undo_spreadsheet(text.trim());
    for character in text.chars().filter(|one| !one.is_whitespace() && *one != '-') {
        let digit = match character {
            '0'..='9' => character as u8 - b'0',
            'X' | 'x' if count == 9 && !isbn_x => {
                isbn_x = true;
                10
            }
            'E' | 'e' | '+' | ',' | '.' if count > 0 && is_shortened(text) => {
                return Err(GtinFault::Shortened);
            }
            _ => return Err(GtinFault::NotDigits),
        };
        if count == 14 || (isbn_x && count > 9) {
            return Err(GtinFault::Length);
        }
        digits[count] = digit;
        count += 1;
    }
    if is_placeholder(&digits[..count]) {
        return Err(GtinFault::Placeholder);
    }
    match count {
        10 => from_isbn(&digits[..10]),
        8 | 12 | 13 | 14 => of_digits(&digits[..count]),
        _ => Err(GtinFault::Length),
    }
}

/// An ISBN of ten digits has its own check digit, and is a number of 13 with 978 before it.
fn from_isbn(digits: &[u8]) -> Result<Gtin, GtinFault> {
    let sum: u32 =
        digits.iter().zip((1..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    if !sum.is_multiple_of(11) {
        return Err(GtinFault::CheckDigit);
    }
    let mut book = [0; 13];
    book[..3].copy_from_slice(&[9, 7, 8]);
    book[3..12].copy_from_slice(&digits[..9]);
    book[12] = Gtin::check_digit(&book[..12]);
    of_digits(&book)
}

/// The code of these digits, with zeros before them.
fn of_digits(digits: &[u8]) -> Result<Gtin, GtinFault> {
    let zeros = std::iter::repeat_n(&0, 14_usize.saturating_sub(digits.len()));
    let text: String = zeros.chain(digits).map(|digit| char::from(b'0' + digit)).collect();
    Gtin::parse(&text).ok_or(GtinFault::CheckDigit)
}

/// `="0012"` and `'0012` are how spreadsheets keep zeros.
pub(crate) fn undo_quotes(text: &str) -> &str {
    let inner = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    inner.or_else(|| text.strip_prefix('\'')).unwrap_or(text)
}

/// `1001.0` is how they lose a text. Codes may really end so, numbers of items never do.
fn undo_spreadsheet(text: &str) -> &str {
    let text = undo_quotes(text);
    match text.strip_suffix(".0") {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) => {
            whole
        }
        _ => text,
    }
}

/// `8,59E+12`: digits, one separator, digits, an exponent.
pub(crate) fn is_shortened(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent_is = exponent.strip_prefix('+').unwrap_or(exponent);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let separated = number.split_once([',', '.']);
    separated.is_some_and(|(whole, rest)| digits(whole) && digits(rest)) && digits(exponent_is)
        || (digits(number) && exponent.starts_with('+') && digits(exponent_is))
}

/// What people type where a field may not be empty. All zeros, all the same digit, or counting up.
fn is_placeholder(digits: &[u8]) -> bool {
    let Some(first) = digits.first() else { return true };
    if digits.iter().all(|digit| digit == first) {
        return true;
    }
    // A supplier's own short number with zeros before it: no company has the prefix 00000.
    if digits.len() >= 12 && digits[..digits.len() - 6].iter().all(|digit| *digit == 0) {
        return true;
    }
    digits.len() >= 8
        && digits[..digits.len() - 1]
            .iter()
            .enumerate()
            .all(|(at, digit)| usize::from(*digit) == (at + 1) % 10)
}

/// The check digit of twelve digits, for what makes numbers up.
pub(crate) fn ean13(mut number: u64) -> String {
    let mut digits = [0_u8; 12];
    for digit in digits.iter_mut().rev() {
        *digit = (number % 10) as u8;
        number /= 10;
    }
    let check = Gtin::check_digit(&digits);
    digits.iter().chain([&check]).map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let cases = [
            ("8590001000021", "08590001000021"),
            (" 859-0001 00002-1 ", "08590001000021"),
            ("96385074", "00000096385074"),
            ("036000291452", "00036000291452"),
            ("0036000291452", "00036000291452"),
            ("15901234123454", "15901234123454"),
            ("80-7203-717-X", "09788072037179"),
            ("097522980X", "09780975229804"),
            ("=\"8590001000021\"", "08590001000021"),
            ("8590001000021.0", "08590001000021"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).map(|gtin| gtin.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        let cases = [
            ("", GtinFault::Placeholder),
            ("0000000000000", GtinFault::Placeholder),
            ("1111111111111", GtinFault::Placeholder),
            ("1234567890128", GtinFault::Placeholder),
            ("0000000012345", GtinFault::Placeholder),
            ("8590001000022", GtinFault::CheckDigit),
            ("859000100002", GtinFault::CheckDigit),
            ("12345", GtinFault::Length),
            ("859000100002100", GtinFault::Length),
            ("neuvedeno", GtinFault::NotDigits),
            ("8,59E+12", GtinFault::Shortened),
            ("8.59E12", GtinFault::Shortened),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_number_that_was_made_up_is_true() {
        assert_eq!(ean13(859_000_100_002), "8590001000021");
    }
}
