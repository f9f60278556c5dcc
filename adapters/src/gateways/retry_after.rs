//! `Retry-After`: seconds or a date (RFC 9110, 10.2.3).

use kontor_messages::Timestamp;
use std::time::Duration;

/// How long to wait from now; nothing if it is neither.
pub fn delay(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(Timestamp::from_millis(at.timestamp_millis()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-10-21 07:00:00.
    const NOW: Timestamp = Timestamp::from_millis(1_445_410_800_000);

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        assert_eq!(delay("120", NOW), Some(Duration::from_secs(120)));
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(delay(date, NOW), Some(Duration::from_secs(28 * 60)));
        assert_eq!(delay("Tue, 20 Oct 2015 07:28:00 GMT", NOW), Some(Duration::ZERO));
        for nonsense in ["soon", "-1", "1.5", ""] {
            assert_eq!(delay(nonsense, NOW), None, "{nonsense}");
        }
    }
}
