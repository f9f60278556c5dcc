//! The copy of a notification that is kept: bounded, and without what lets a browser go on.

/// The member of a notification that no copy keeps.
const BROWSER_SECRET: &str = "\"client_secret\"";
/// Of a notification's body.
pub const NOTIFICATION_MAX: usize = 64 * 1024;

/// What lets a payer's browser go on with a payment is kept in no copy of a notification.
fn masked(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BROWSER_SECRET) {
        kept.push_str(before);
        kept.push_str(BROWSER_SECRET);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        let secret = value.and_then(|value| value.strip_prefix('"'));
        if let Some((_, behind)) = secret.and_then(|secret| secret.split_once('"')) {
            kept.push_str(":\"***\"");
            rest = behind;
        }
    }
    kept.push_str(rest);
    kept
}

/// The text of a body, cut at the limit between two characters.
pub(super) fn bounded(body: &[u8]) -> String {
    let mut text = masked(&String::from_utf8_lossy(body));
    let mut end = NOTIFICATION_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
