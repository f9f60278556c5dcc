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
