//! Variable symbols, account numbers, and the text of the QR code.

use crate::gateways::payments::{exact, told};
use kontor_messages::Money;

/// Of a variable symbol.
const LEN_MAX: usize = 10;
/// Of the payer's message.
const MESSAGE_MAX: usize = 60;

/// The symbol of a key: ten digits, the first no zero, the last a check digit. Two keys may have
/// the same one, once in nine hundred million; then another key is used.
pub fn of(key: &str) -> String {
    let digest = told::digest(key.as_bytes());
    let number = digest.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    with_check_digit(&(100_000_000 + number % 900_000_000).to_string())
}

/// Digits with their check digit after them (Luhn).
pub fn with_check_digit(digits: &str) -> String {
    let mut sum = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        let digit = u32::from(byte.saturating_sub(b'0'));
        let doubled = if place % 2 == 0 { digit * 2 } else { digit };
        sum += doubled / 10 + doubled % 10;
    }
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// A symbol as banks write it: without leading zeros; none if it is empty, zero, or too long.
pub fn parse(text: &str) -> Option<String> {
    let digits = text.trim().trim_start_matches('0');
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (!digits.is_empty() && digits.len() <= LEN_MAX && plain).then(|| digits.to_owned())
}

/// A symbol inside a text, as foreign and SEPA payments carry it: `/VS1` or `VS: 1`.
pub fn in_text(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    for (at, _) in upper.match_indices("VS") {
        let rest = upper.get(at + 2..)?;
        let rest = rest.trim_start_matches([':', ' ', '.']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Some(symbol) = parse(&digits) {
            return Some(symbol);
        }
    }
    None
}

/// Whether a text holds the symbol as a number of its own.
pub fn stands_in(text: &str, symbol: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit()).any(|number| number == symbol)
}

/// The account of an IBAN as the bank writes it, `19-2000145399/0800`; none if it is no Czech or
/// Slovak one.
pub fn account(iban: &str) -> Option<String> {
    let bank = iban.get(4..8)?;
    Some(format!("{}/{bank}", number(iban)?))
}

/// The same without the bank.
pub fn number(iban: &str) -> Option<String> {
    let ours = (iban.starts_with("CZ") || iban.starts_with("SK")) && iban.len() == 24;
    if !ours || !is_iban(iban) {
        return None;
    }
    let prefix = iban.get(8..14)?.trim_start_matches('0');
    let number = iban.get(14..)?.trim_start_matches('0');
    Some(if prefix.is_empty() { number.to_owned() } else { format!("{prefix}-{number}") })
}

/// The check of ISO 13616: the number with its head at the end leaves 1.
fn is_iban(iban: &str) -> bool {
    let Some((head, tail)) = iban.split_at_checked(4) else { return false };
    let mut rest = 0;
    for letter in tail.chars().chain(head.chars()) {
        let Some(value) = letter.to_digit(36).filter(|_| !letter.is_ascii_lowercase()) else {
            return false;
        };
        rest = (rest * if value < 10 { 10 } else { 100 } + value) % 97;
    }
    rest == 1
}

/// The Short Payment Descriptor 1.0 that banks' applications read from a QR code.
pub fn qr_text(iban: &str, bic: &str, amount: Money, symbol: &str, message: &str) -> String {
    let value = exact::decimal(amount.amount_minor, amount.currency.exponent());
    let message = plain(message);
    let message = if message.is_empty() { message } else { format!("*MSG:{message}") };
    let currency = amount.currency.as_str();
    format!("SPD*1.0*ACC:{iban}+{bic}*AM:{value}*CC:{currency}*X-VS:{symbol}{message}")
}

/// Capital letters, digits and a few marks: what makes a small code, and holds no separator.
pub fn plain(text: &str) -> String {
    let letters = text.chars().filter_map(|letter| {
        let letter = letter.to_lowercase().next()?;
        let at = "áäčďéěëíľĺňóôöřŕšťúůüýž".chars().position(|known| known == letter);
        let plain = at.and_then(|at| "aacdeeeillnooorrstuuuyz".chars().nth(at)).unwrap_or(letter);
        let known = plain.is_ascii_alphanumeric() || matches!(plain, ' ' | '-' | '.' | '/');
        known.then(|| plain.to_ascii_uppercase())
    });
    letters.take(MESSAGE_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::payments::testing::czk;

    const IBAN: &str = "CZ9320100000002000145399";

    #[test]
    fn fio_2_an_account_is_read_from_its_iban() {
        assert_eq!(account(IBAN).as_deref(), Some("2000145399/2010"));
        assert_eq!(account("CZ6508000000192000145399").as_deref(), Some("19-2000145399/0800"));
        for wrong in ["CZ9420100000002000145399", "CZ93", "", "cz9320100000002000145399", "DE93"] {
            assert_eq!(account(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fio_3_the_text_of_the_code() {
        let text = qr_text(IBAN, "FIOBCZPPXXX", czk(129_900), "2026000014", "Objednávka 1*");
        let expected = "SPD*1.0*ACC:CZ9320100000002000145399+FIOBCZPPXXX*AM:1299.00*CC:CZK*X-VS:2026000014*MSG:OBJEDNAVKA 1";
        assert_eq!(text, expected);
    }

    #[test]
    fn fio_4_the_last_digit_checks_the_others() {
        assert_eq!(with_check_digit("202600001"), "2026000014");
        assert_eq!(with_check_digit("202600002"), "2026000022");
        for key in 0..1000 {
            let symbol = of(&key.to_string());
            assert_eq!(symbol.len(), 10);
            assert!(!symbol.starts_with('0'));
            assert_eq!(with_check_digit(&symbol[..9]), symbol);
        }
        assert_eq!(of("kontor-1"), of("kontor-1"));
    }

    #[test]
    fn fio_5_symbols_are_read_as_banks_write_them() {
        assert_eq!(parse("0002026014").as_deref(), Some("2026014"));
        for none in ["", "0000000000", "12345678901", "12a"] {
            assert_eq!(parse(none), None, "{none}");
        }
        for text in ["/VS2026000014/SS/KS0308", "Faktura VS: 2026000014 dekuji"] {
            assert_eq!(in_text(text).as_deref(), Some("2026000014"), "{text}");
        }
        assert_eq!(in_text("VŠE nej, VS"), None);
        assert!(stands_in("order 2026000014, thanks", "2026000014"));
        assert!(!stands_in("12026000014", "2026000014"));
    }
}
