//! A form with a file (RFC 7578), read as it comes: the file goes on while it is still being sent, and
//! is never held in memory. The fields that say whose form it is stand before it.

use crate::backend::Trouble;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use std::io;

/// Bytes of a part's head at most.
const HEAD_MAX: usize = 4 * 1024;
/// Bytes of a field before the file at most.
const FIELD_MAX: usize = 4 * 1024;
/// What ends a part's head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The parts of a form, in their order.
pub(crate) struct Parts {
    body: BodyDataStream,
    /// What has come and is not told yet.
    buffer: Vec<u8>,
    /// What stands before each part.
    boundary: Vec<u8>,
}

impl Parts {
    /// The parts of a body that says that it has some.
    pub(crate) fn new(headers: &HeaderMap, body: Body) -> Result<Self, Trouble> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let named = kind.and_then(|kind| kind.strip_prefix("multipart/form-data"));
        let named = named.and_then(|rest| rest.split(';').find_map(boundary));
        let boundary = named.filter(|name| (1..=70).contains(&name.len())).ok_or_else(broken)?;
        // The first boundary stands at the beginning, without a line end before it.
        let (buffer, boundary) = (b"\r\n".to_vec(), format!("\r\n--{boundary}").into_bytes());
        Ok(Self { body: body.into_data_stream(), buffer, boundary })
    }

    /// Passes over the rest of a part, and names the next one; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Trouble> {
        while self.chunk().await?.is_some() {}
        let start = self.boundary.len();
        let (head, len) = loop {
            let rest = self.buffer.get(start..).unwrap_or_default();
            if rest.starts_with(b"--") {
                return Ok(None);
            }
            if let Some(end) = find(rest, HEAD_END) {
                // A file's name may come in any encoding, and be longer once it is read.
                break (String::from_utf8_lossy(&rest[..end]).into_owned(), end);
            }
            if HEAD_MAX < rest.len() || !self.more().await? {
                return Err(broken());
            }
        };
        self.buffer.drain(..start + len + HEAD_END.len());
        head.split("\r\n").find_map(name).map(Some).ok_or_else(broken)
    }

    /// The whole of a short part.
    pub(crate) async fn text(&mut self) -> Result<String, Trouble> {
        let mut text = Vec::new();
        while let Some(piece) = self.chunk().await? {
            text.extend_from_slice(&piece);
            if FIELD_MAX < text.len() {
                return Err(broken());
            }
        }
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    }

    /// The content of the part, as it comes; what stands behind it is not looked at.
    pub(crate) fn content(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(Some(self), |parts| async move {
            let mut parts = parts?;
            match parts.chunk().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(parts))),
                Ok(None) => None,
                // Half a file must not look like a whole one.
                Err(_) => Some((Err(io::Error::other("the form broke off")), None)),
            }
        })
    }

    /// A piece of the part; none at its end, which the next boundary is.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Trouble> {
        loop {
            match find(&self.buffer, &self.boundary) {
                Some(0) => return Ok(None),
                Some(end) => return Ok(Some(self.buffer.drain(..end).collect())),
                None => {}
            }
            // The beginning of a boundary may be what has come last.
            let sure = self.buffer.len().saturating_sub(self.boundary.len() - 1);
            if sure > 0 {
                return Ok(Some(self.buffer.drain(..sure).collect()));
            }
            if !self.more().await? {
                return Err(broken());
            }
        }
    }

    /// Whether more has come.
    async fn more(&mut self) -> Result<bool, Trouble> {
        match self.body.next().await {
            Some(Ok(piece)) => {
                self.buffer.extend_from_slice(&piece);
                Ok(true)
            }
            Some(Err(_)) => Err(broken()),
            None => Ok(false),
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(place) = text.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + place;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn boundary(parameter: &str) -> Option<String> {
    let named = parameter.trim().strip_prefix("boundary=")?;
    Some(named.trim_matches('"').to_owned())
}

/// The name in `Content-Disposition: form-data; name="file"; filename="feed.csv"`.
fn name(line: &str) -> Option<String> {
    let (header, said) = line.split_once(':')?;
    if !header.eq_ignore_ascii_case("content-disposition") {
        return None;
    }
    let named = said.split(';').find_map(|part| part.trim().strip_prefix("name="))?;
    Some(named.trim_matches('"').to_owned())
}

fn broken() -> Trouble {
    let detail = "the form broke off, or is none with a file; nothing was done";
    Trouble::new(StatusCode::BAD_REQUEST, "form_unreadable", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const FORM: &str = "--b0\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\ntoken\r\n\
        --b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.csv\"\r\n\
        Content-Type: text/csv\r\n\r\na;b\r\n--b\r\n1;2\r\n\r\n--b0--\r\n";

    fn parts(pieces: usize, form: &'static str) -> Parts {
        parts_of(pieces, form.as_bytes())
    }

    fn parts_of(pieces: usize, form: &'static [u8]) -> Parts {
        let mut headers = HeaderMap::new();
        let kind = "multipart/form-data; boundary=b0".parse().unwrap();
        headers.insert(header::CONTENT_TYPE, kind);
        let pieces = form.chunks(pieces).map(Bytes::from_static);
        let pieces: Vec<Result<Bytes, Infallible>> = pieces.map(Ok).collect();
        Parts::new(&headers, Body::from_stream(stream::iter(pieces))).unwrap()
    }

    async fn content(parts: Parts) -> Result<Vec<u8>, io::Error> {
        let mut content = Box::pin(parts.content());
        let mut whole = Vec::new();
        while let Some(piece) = content.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole)
    }

    #[tokio::test]
    async fn a_file_is_what_stands_between_its_boundaries_however_it_comes() {
        for pieces in [1, 2, 3, 7, 1000] {
            let mut parts = parts(pieces, FORM);
            assert_eq!(parts.next().await.unwrap().as_deref(), Some("form"));
            assert_eq!(parts.text().await.unwrap(), "token");
            assert_eq!(parts.next().await.unwrap().as_deref(), Some("file"));
            assert_eq!(content(parts).await.unwrap(), b"a;b\r\n--b\r\n1;2\r\n");
        }
    }

    #[tokio::test]
    async fn a_file_whose_name_is_no_utf_8_is_taken_whole() {
        let form = b"--b0\r\nContent-Disposition: form-data; name=\"file\"; \
            filename=\"\xe8\xe8\xe8\xe8\xe8\xe8\xe8\xe8.csv\"\r\n\r\na;b\r\n--b0--\r\n";
        for pieces in [3, 1000] {
            let mut parts = parts_of(pieces, form);
            assert_eq!(parts.next().await.unwrap().as_deref(), Some("file"));
            assert_eq!(content(parts).await.unwrap(), b"a;b");
        }
    }

    #[tokio::test]
    async fn a_part_may_be_passed_over_and_the_last_boundary_ends_the_form() {
        let mut parts = parts(5, FORM);
        assert_eq!(parts.next().await.unwrap().as_deref(), Some("form"));
        assert_eq!(parts.next().await.unwrap().as_deref(), Some("file"));
        assert_eq!(parts.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn half_a_file_is_not_taken_for_a_whole_one() {
        let half = &FORM[..FORM.len() - 20];
        let mut parts = parts(8, half);
        parts.next().await.unwrap();
        parts.next().await.unwrap();
        assert!(content(parts).await.is_err());
    }

    #[test]
    fn a_body_that_names_no_boundary_is_no_such_form() {
        assert!(Parts::new(&HeaderMap::new(), Body::empty()).is_err());
    }
}
