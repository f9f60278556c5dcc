//! Codes of goods: EAN, UPC and GTIN, with their check digit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A code of 8, 12, 13 or 14 digits whose check digit is right.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gtin(String);

/// Where a code means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GtinScope {
    /// Everywhere: goods of several suppliers may be matched by it.
    Global,
    /// Books, by ISBN or ISMN.
    Book,
    /// Periodicals, where one code is many issues.
    Periodical,
    /// One shop's or supplier's own codes: never matched elsewhere.
    InStore,
    /// A package of several pieces: another unit of sale than the piece.
    Package,
}

/// Codes that are typed where there is none.
const PLACEHOLDERS: [&str; 3] = ["01234567890128", "09999999999994", "12345678901231"];

impl Gtin {
    /// Reads a code as people and feeds write it: spaces and hyphens do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let spaces = [' ', '\u{a0}', '-'];
        let digits: String = text.chars().filter(|c| !spaces.contains(c)).collect();
        let known = matches!(digits.len(), 8 | 12 | 13 | 14);
        let plain = digits.bytes().all(|c| c.is_ascii_digit());
        (known && plain && has_check_digit(&digits)).then_some(Self(digits))
    }

    /// The code as it was written, digits only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code with fourteen digits, by which codes of different lengths compare.
    pub fn padded(&self) -> String {
        format!("{:0>14}", self.0)
    }

    /// Where it means something, by its first digits (GS1 General Specifications, prefixes).
    pub fn scope(&self) -> GtinScope {
        match self.padded().as_bytes() {
            [b'1'..=b'8', ..] => GtinScope::Package,
            [b'9', ..] | [b'0', b'2', ..] | [b'0', b'0', b'2' | b'4', ..] => GtinScope::InStore,
            // Eight digits have a range of their own for shops.
            [b'0', b'0', b'0', b'0', b'0', b'0', b'0' | b'2', ..] => GtinScope::InStore,
            [b'0', b'9', b'7', b'7', ..] => GtinScope::Periodical,
            [b'0', b'9', b'7', b'8' | b'9', ..] => GtinScope::Book,
            _ => GtinScope::Global,
        }
    }

    /// Whether the code is unique in the world: neither made up in a shop nor typed for want of
    /// one, nor that of a periodical's every issue. Only such codes may tell that goods of two
    /// suppliers are the same.
    pub fn is_worldwide(&self) -> bool {
        let padded = self.padded();
        let same = padded.bytes().skip(1).take(12).collect::<std::collections::BTreeSet<_>>();
        let local = matches!(self.scope(), GtinScope::InStore | GtinScope::Periodical);
        !(local || same.len() == 1 || PLACEHOLDERS.contains(&&*padded))
    }

    /// Whether it names a package of several pieces, which are not the unit of sale.
    pub fn is_package(&self) -> bool {
        self.scope() == GtinScope::Package
    }

    /// The check digit, 0 to 9, of the digits before it: weights 3, 1, 3, 1 ... from the right.
    pub fn check_digit(digits: &[u8]) -> u8 {
        let weighed = digits.iter().rev().enumerate();
        let sum: u32 = weighed
            .map(|(place, digit)| u32::from(*digit) * if place % 2 == 0 { 3 } else { 1 })
            .sum();
        // Less than ten.
        ((10 - sum % 10) % 10) as u8
    }
}

fn has_check_digit(digits: &str) -> bool {
    let values: Vec<u8> = digits.bytes().map(|c| c - b'0').collect();
    values.split_last().is_some_and(|(told, before)| Gtin::check_digit(before) == *told)
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Gtin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Gtin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(EXPECTED))
    }
}

/// What is expected where a code is asked for.
pub const EXPECTED: &str = "expected an EAN or GTIN of 8, 12, 13 or 14 digits with its check digit";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_digits_with_their_check_digit_however_it_is_written() {
        for (written, read) in [
            ("8594000000006", "8594000000006"),
            ("859 4000-000006", "8594000000006"),
            ("96385074", "96385074"),
            ("036000291452", "036000291452"),
            ("10614141000415", "10614141000415"),
        ] {
            assert_eq!(Gtin::parse(written).map(|code| code.to_string()).as_deref(), Some(read));
        }
        for bad in ["", "8594000000007", "859400000001", "8594000000006x", "0", "123456789"] {
            assert_eq!(Gtin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn codes_of_different_lengths_compare() {
        let long = Gtin::parse("0036000291452").unwrap();
        assert_eq!(Gtin::parse("036000291452").unwrap().padded(), long.padded());
    }

    #[test]
    fn what_a_shop_made_up_or_nobody_knew_matches_nothing_elsewhere() {
        for local in
            ["2000000000008", "0200000000004", "0000000000000", "1234567890128", "20000004"]
        {
            assert!(!Gtin::parse(local).unwrap().is_worldwide(), "{local}");
        }
        for known in ["8594000000006", "9788090000001", "036000291452", "96385074"] {
            let code = Gtin::parse(known);
            assert!(code.is_none_or(|code| code.is_worldwide()), "{known}");
        }
    }

    #[test]
    fn a_code_says_where_it_means_something() {
        let cases = [
            ("8590001000021", GtinScope::Global),
            ("2000000000015", GtinScope::InStore),
            ("200000000004", GtinScope::InStore),
            ("9788072037179", GtinScope::Book),
            ("9771234567003", GtinScope::Periodical),
            ("15901234123454", GtinScope::Package),
        ];
        for (text, expected) in cases {
            assert_eq!(Gtin::parse(text).map(|code| code.scope()), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_package_is_told_from_a_piece() {
        assert!(Gtin::parse("10614141000415").unwrap().is_package());
        assert!(!Gtin::parse("08594000000006").unwrap().is_package());
    }
}
