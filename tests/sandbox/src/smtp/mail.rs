//! A kept message and the reading of its headers.

use serde::{Serialize, Serializer};

/// A message as it was handed over.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// The envelope's sender, without angle brackets; empty for a bounce.
    pub from: String,
    /// The envelope's recipients that were accepted.
    pub to: Vec<String>,
    /// Who logged in, if anybody did.
    pub user: Option<String>,
    /// Headers in their order, unfolded; encoded words stay encoded.
    pub headers: Vec<(String, String)>,
    /// Headers and body with dots unstuffed, line ends CRLF.
    #[serde(serialize_with = "as_text")]
    pub raw: Vec<u8>,
    /// Unix time in milliseconds.
    pub received_ms: u64,
}

impl Mail {
    /// The first header of that name, in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes after the headers, as text where they are text.
    pub fn body(&self) -> String {
        let blank = self.raw.windows(4).position(|window| window == b"\r\n\r\n");
        let body = blank.and_then(|at| self.raw.get(at + 4..)).unwrap_or_default();
        String::from_utf8_lossy(body).into_owned()
    }
}

/// Reads the header block. A line that begins with a blank continues the one before.
pub(crate) fn headers(raw: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(raw);
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n").take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = headers.last_mut()
        {
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim_end().to_owned(), value.trim().to_owned()));
        }
    }
    headers
}

fn as_text<S: Serializer>(raw: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(raw))
}
