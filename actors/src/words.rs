//! What short texts must look like. Pure checks that several domains share.

/// A BCP 47 language tag as far as we look at it: `cs`, `de-AT`, `zh-Hant-TW`.
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().is_some_and(|part| {
        matches!(part.len(), 2 | 3) && part.bytes().all(|c| c.is_ascii_lowercase())
    });
    let rest = parts.all(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    });
    first && rest && text.len() <= 35
}

/// A word of ours that is safe in names of entities: `a-z`, `0-9` and what `also` holds,
/// beginning with a letter or digit.
pub fn is_word(text: &str, also: &str, len_max: usize) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(known)
        && text.len() <= len_max
        && text.chars().all(|c| known(c) || also.contains(c))
}

/// A line for people: not empty, not longer than `len_max` characters, no control characters.
pub fn is_line(text: &str, len_max: usize) -> bool {
    let len = text.chars().count();
    !text.trim().is_empty() && len <= len_max && !text.chars().any(char::is_control)
}

/// One plain mail address, without a display name: what may stand after `RCPT TO`. It cannot
/// smuggle in a header or a second recipient.
pub fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>(),;:\\\"[]".contains(c);
    let labels = domain.split('.').all(|label| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    });
    (1..=64).contains(&local.len())
        && text.len() <= 254
        && domain.contains('.')
        && labels
        && !local.contains('@')
        && text.chars().all(plain)
}

/// A telephone number in the form of E.164: `+420602123456`.
pub fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|c| c.is_ascii_digit())
}

/// A telephone number as people write it, in the form of E.164; `None` if it does not say its
/// country: `+` or `00` stands before that.
pub fn plain_phone(text: &str) -> Option<String> {
    let text = text.trim();
    let international = text.strip_prefix('+').or_else(|| text.strip_prefix("00"))?;
    let spaces = [' ', '\u{a0}', '-', '.', '/', '(', ')'];
    let digits: String = international.chars().filter(|c| !spaces.contains(c)).collect();
    Some(format!("+{digits}")).filter(|phone| is_phone(phone))
}

/// The text, cut to `len_max` characters, without control characters.
pub fn excerpt(text: &str, len_max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(len_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags_and_nothing_else() {
        for good in ["cs", "cs-CZ", "zh-Hant-TW", "fil"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "c", "CS", "cs_CZ", "cs-", "cs/../en", "czech", "cs\n"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn a_telephone_number_says_its_country_however_it_is_written() {
        for written in
            ["+420602123456", " +420 602 123 456", "00420-602.123.456", "+420 (602) 123456"]
        {
            assert_eq!(plain_phone(written).as_deref(), Some("+420602123456"), "{written}");
        }
        for bad in [
            "",
            "+",
            "602123456",
            "8 701 999 88 77",
            "+0420602123456",
            "+420",
            "+42060212345678901",
            "+420602123456,+420602123457",
            "+420602x23456",
            "++420602123456",
        ] {
            assert_eq!(plain_phone(bad), None, "{bad}");
        }
        assert!(is_phone("+77019998877") && !is_phone("+420 602 123 456"));
    }

    #[test]
    fn an_address_is_one_address_on_one_line() {
        for good in ["jana@example.com", "j.o+x@shop.example.co.uk", "žofie@příklad.example"] {
            assert!(is_mail_address(good), "{good}");
        }
        for bad in [
            "",
            "jana",
            "jana@",
            "@example.com",
            "jana@localhost",
            "jana@example..com",
            "a@example.com,b@example.com",
            "a@b@example.com",
            "Jana <jana@example.com>",
            "jana@example.com\r\nBcc: x@example.com",
            "ja na@example.com",
        ] {
            assert!(!is_mail_address(bad), "{bad}");
        }
    }
}
