//! Order numbers: a tenant's format with the year and the counter filled in.

/// Widest a counter is padded to.
const WIDTH_MAX: usize = 20;
/// Longest number that is given out.
const LENGTH_MAX: usize = 60;

/// Fills `{year}`, `{number}` and `{number:0W}` into a format. Anything else stays as it is, so
/// that no format can fail. A format that does not name the counter, or makes too long a number,
/// is passed over for `{year}-{number:06}`.
pub(super) fn format(format: &str, year: i32, number: i64) -> String {
    match fill(format, year, number) {
        Some(text) if !text.is_empty() && text.chars().count() <= LENGTH_MAX => text,
        _ => plain(year, number),
    }
}

/// The format of those who have none.
pub(super) fn plain(year: i32, number: i64) -> String {
    format!("{year}-{number:06}")
}

/// None if the counter is not in it.
fn fill(format: &str, year: i32, number: i64) -> Option<String> {
    let (mut text, mut rest, mut counted) = (String::new(), format, false);
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('}') else { break };
        let placeholder = &rest[1..close];
        if placeholder == "year" {
            text.push_str(&year.to_string());
        } else if let Some(width) = width(placeholder) {
            text.push_str(&format!("{number:0width$}"));
            counted = true;
        } else {
            // Not ours: the brace is a brace, and what follows may still hold a placeholder.
            text.push('{');
            rest = &rest[1..];
            continue;
        }
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    counted.then_some(text).filter(|text| !text.chars().any(char::is_control))
}

fn width(placeholder: &str) -> Option<usize> {
    let format = placeholder.strip_prefix("number")?;
    if format.is_empty() {
        return Some(0);
    }
    let digits = format.strip_prefix(":0")?;
    let wide = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    wide.then(|| digits.parse().unwrap_or(WIDTH_MAX).min(WIDTH_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn year_and_counter_are_filled_in() {
        assert_eq!(format("{year}-{number:06}", 2026, 123), "2026-000123");
        assert_eq!(format("A{number}", 2026, 7), "A7");
        assert_eq!(format("{x}{{number:02}}", 2026, 7), "{x}{07}");
    }

    #[test]
    fn a_format_without_counter_falls_back_to_year_and_counter() {
        for bad in ["", "{year}", "{number:6}", "{number", "{number:0}", &"x".repeat(99)] {
            assert_eq!(format(bad, 2026, 7), "2026-000007", "{bad}");
        }
    }

    #[test]
    fn a_width_beyond_reason_is_cut() {
        let number = format("{number:099999999999999999999}", 2026, 7);
        assert_eq!(number, format!("{:020}", 7));
    }

    proptest! {
        #[test]
        fn no_format_fails(text in "[{}a-z:0-9éß]{0,40}", number in 1_i64..) {
            let number = format(&text, 2026, number);
            prop_assert!(!number.is_empty() && number.chars().count() <= LENGTH_MAX);
        }
    }
}
