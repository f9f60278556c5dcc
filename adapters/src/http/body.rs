//! Request bodies: read once, bounded, and refused with the member at fault.

use super::problem::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// Reads a body up to a limit.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if told.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > limit) {
        return Err(too_large(limit));
    }
    let mut frames = body.into_data_stream();
    let Some(first) = frames.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|_| broken_off())?;
    let mut all = BytesMut::new();
    let mut whole = first;
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| broken_off())?;
        if all.is_empty() {
            all.extend_from_slice(&whole);
        }
        all.extend_from_slice(&frame);
        if all.len() > limit {
            return Err(too_large(limit));
        }
    }
    if !all.is_empty() {
        whole = all.freeze();
    }
    if whole.len() > limit { Err(too_large(limit)) } else { Ok(whole) }
}

/// Reads JSON, or says which member is at fault and what was expected.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(malformed("expected the body as UTF-8"));
    };
    if text.contains("\\u0000") {
        return Err(malformed("expected text without the character U+0000"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|broken| {
        let pointer = pointer(broken.path());
        told(pointer, broken.inner())
    })?;
    reader.end().map_err(|broken| told(String::new(), &broken))?;
    Ok(value)
}

/// Refuses a body that does not say that it is JSON.
pub(super) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => Ok(()),
        Some(essence) if essence.ends_with("+json") => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "expected the header Content-Type: application/json",
        )),
    }
}

/// Text that is no JSON is 400; JSON that is not what was expected is 422.
fn told(pointer: String, broken: &serde_json::Error) -> Problem {
    if broken.is_data() {
        let text = broken.to_string();
        // The reader's place in the text says nothing that the pointer does not say better.
        let expected = text.rsplit_once(" at line ").map_or(&*text, |(expected, _)| expected);
        return Problem::invalid(pointer, expected);
    }
    malformed(format!("expected JSON: {broken}"))
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", detail)
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("expected a body of {limit} bytes at most");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn broken_off() -> Problem {
    malformed("the body broke off")
}

/// The reader's path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            // The variant of a tagged value, and what the reader could not name.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_at_fault_is_named_by_its_pointer() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Line {
            #[allow(dead_code)]
            quantity: i64,
        }
        let broken = parse::<Vec<Line>>(br#"[{"quantity":1},{"quantity":"two"}]"#).err().unwrap();
        assert_eq!(broken.code(), "invalid");
        let body = String::from_utf8(broken.body("")).unwrap();
        assert!(body.contains(r#""pointer":"/1/quantity""#), "{body}");
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for bad in [&b"{"[..], b"", b"[1]x", b"\"\\u0000\"", b"\xff"] {
            assert_eq!(parse::<serde_json::Value>(bad).err().unwrap().code(), "malformed_body");
        }
    }
}
