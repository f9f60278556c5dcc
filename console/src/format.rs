//! Money, numbers and times as people write them.

use crate::words::Language;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// Not broken at the end of a line.
const NARROW: char = '\u{202f}';

/// An amount of minor units: `CZK 1,234.50`, `1 234,50 Kč`.
pub(crate) fn money(language: Language, minor: i64, currency: &str) -> String {
    let digits = digits_of(currency);
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let sign = if minor < 0 { "\u{2212}" } else { "" };
    let whole = grouped(language, whole);
    let decimal = match language {
        Language::En => '.',
        Language::Cs => ',',
    };
    let amount = match digits {
        0 => whole,
        digits => format!("{whole}{decimal}{rest:0width$}", width = digits as usize),
    };
    match (language, currency) {
        (Language::Cs, "CZK") => format!("{sign}{amount}\u{a0}Kč"),
        (Language::Cs, "EUR") => format!("{sign}{amount}\u{a0}€"),
        (Language::Cs, _) => format!("{sign}{amount}\u{a0}{currency}"),
        (Language::En, "EUR") => format!("{sign}€{amount}"),
        (Language::En, "GBP") => format!("{sign}£{amount}"),
        (Language::En, _) => format!("{sign}{currency}\u{a0}{amount}"),
    }
}

/// Minor digits of a currency (ISO 4217); two, unless known otherwise.
fn digits_of(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// A whole number with its thousands apart.
pub(crate) fn number(language: Language, number: i64) -> String {
    let sign = if number < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(language, number.unsigned_abs()))
}

/// A change, with its sign.
pub(crate) fn signed(language: Language, change: i64) -> String {
    match change {
        0 => "0".to_owned(),
        change if change < 0 => number(language, change),
        change => format!("+{}", number(language, change)),
    }
}

/// A part of a whole in per cent with one decimal: `35.2 %`; a dash, where the whole is nothing.
pub(crate) fn share(language: Language, part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let whole = i128::from(whole);
    let tenths = (2 * 1000 * i128::from(part) + whole).div_euclid(2 * whole);
    let sign = if tenths < 0 { "\u{2212}" } else { "" };
    let point = match language {
        Language::En => '.',
        Language::Cs => ',',
    };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}{point}{}\u{a0}%", tenths / 10, tenths % 10)
}

fn grouped(language: Language, number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(match language {
                Language::En => ',',
                Language::Cs => NARROW,
            });
        }
        text.push(digit);
    }
    text
}

/// A time of the API.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

/// A day and a time of it: `27 Nov 2026, 14:03:07`, `27. 11. 2026 14:03:07`.
pub(crate) fn exact(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    match language {
        Language::En => at.format("%-d %b %Y, %H:%M:%S").to_string(),
        Language::Cs => at.format("%-d. %-m. %Y %H:%M:%S").to_string(),
    }
}

/// A day: `27 Nov 2026`, `27. 11. 2026`.
pub(crate) fn day(language: Language, day: NaiveDate) -> String {
    match language {
        Language::En => day.format("%-d %b %Y").to_string(),
        Language::Cs => day.format("%-d. %-m. %Y").to_string(),
    }
}

/// The time of a day; with the day, if it is another one than today.
pub(crate) fn clock(language: Language, at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    if at.date_naive() == now.date_naive() {
        return at.format("%H:%M:%S").to_string();
    }
    match language {
        Language::En => at.format("%-d %b %H:%M").to_string(),
        Language::Cs => at.format("%-d. %-m. %H:%M").to_string(),
    }
}

/// How long ago, or until when: `3 min ago`, `in 2 h`.
pub(crate) fn ago(language: Language, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = now.signed_duration_since(at).num_seconds();
    let lasting = lasting(language, seconds.saturating_abs().saturating_mul(1000));
    match seconds {
        -4..=4 => language.t("now").to_owned(),
        5.. => language.f("{} ago", &[&lasting]),
        _ => language.f("in {}", &[&lasting]),
    }
}

/// A length of time in the unit that one would say.
pub(crate) fn lasting(language: Language, ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => language.f("{} d", &[&(seconds / 86_400).to_string()]),
    }
}

/// An id short enough for a table, without the kind before it; the whole one is told beside it.
pub(crate) fn short(id: &str) -> &str {
    let id = id.rsplit('/').next().unwrap_or(id);
    match id.char_indices().rev().nth(7) {
        Some((start, _)) if id.len() > 14 => &id[start..],
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_the_reader_writes_it() {
        assert_eq!(money(Language::Cs, 123_450, "CZK"), "1\u{202f}234,50\u{a0}Kč");
        assert_eq!(money(Language::En, 123_450, "CZK"), "CZK\u{a0}1,234.50");
        assert_eq!(money(Language::En, -5, "EUR"), "\u{2212}€0.05");
        assert_eq!(money(Language::En, 1_000, "JPY"), "JPY\u{a0}1,000");
        assert_eq!(money(Language::En, 1_234, "KWD"), "KWD\u{a0}1.234");
    }

    #[test]
    fn times_are_those_of_the_shops_zone() {
        let at = instant("2026-11-27T23:30:00Z").unwrap();
        let now = instant("2026-11-28T08:00:00Z").unwrap();
        let zone = chrono_tz::Europe::Prague;
        assert_eq!(clock(Language::Cs, at, zone, now), "00:30:00");
        assert_eq!(exact(Language::En, at, zone), "28 Nov 2026, 00:30:00");
        let named = NaiveDate::from_ymd_opt(2026, 11, 8).unwrap();
        assert_eq!(day(Language::En, named), "8 Nov 2026");
        assert_eq!(day(Language::Cs, named), "8. 11. 2026");
    }

    #[test]
    fn lengths_are_told_in_the_unit_one_would_say() {
        let now = instant("2026-11-28T08:00:00Z").unwrap();
        let at = |text| instant(text).unwrap();
        assert_eq!(ago(Language::En, at("2026-11-28T07:57:00Z"), now), "3 min ago");
        assert_eq!(ago(Language::En, at("2026-11-28T10:30:00Z"), now), "in 2 h");
        assert_eq!(ago(Language::Cs, at("2026-11-20T08:00:00Z"), now), "před 8 d");
        assert_eq!(lasting(Language::En, 212), "212 ms");
    }

    #[test]
    fn a_long_id_is_shown_by_its_end() {
        assert_eq!(short("0198c5a0-7e1f-7c3a-9f00-0123456789ab"), "456789ab");
        assert_eq!(short("2026-000123"), "2026-000123");
        assert_eq!(short("source/wholesale"), "wholesale");
    }
}
