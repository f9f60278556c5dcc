//! Feeds that are told in pages: each page's rows become lines of one file.

use super::{super::files::Spool, Entry, FetchFault, Fetcher, PATIENCE, called, disk};
use crate::gateways::http::Opened;
use kontor_messages::{
    Timestamp,
    supplier::{Fetched, Paging},
};
use serde_json::value::RawValue;
use std::{collections::HashMap, time::Duration};
use url::Url;

/// Pages of a feed.
const PAGES_MAX: u32 = 100_000;
/// Bytes of a page.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// For one page.
const TOTAL: Duration = Duration::from_secs(300);

impl Fetcher {
    /// All pages, row by row.
    pub(super) async fn pages(
        &self,
        url: &Url,
        access: &Entry,
        paging: &Paging,
        mut spool: Spool,
    ) -> Result<Fetched, FetchFault> {
        let observed_at = Timestamp::now();
        let mut next = Some(first(url, paging));
        for number in 0..PAGES_MAX {
            let Some(at) = next.take() else { break };
            // A page elsewhere than where the supplier is may be told by anybody, and our
            // access goes with it.
            if at.origin() != url.origin() {
                return Err(FetchFault::lasting("the next page is at another host"));
            }
            let opened = self.open(|| access.of(self.http.get(at.clone())).within(TOTAL)).await?;
            let link = opened.header("link").and_then(next_link).map(str::to_owned);
            let body = body(opened).await?;
            let rows = rows(&body, paging).ok_or_else(|| {
                FetchFault::lasting(format!(
                    "page {} holds no rows where they should be",
                    number + 1
                ))
            })?;
            for row in &rows {
                // A text in JSON holds no line ends of its own.
                let line = row.get().replace(['\n', '\r'], " ") + "\n";
                spool.write(line.as_bytes()).await.map_err(disk)?;
            }
            next = following(url, &at, paging, number, rows.len(), &body, link.as_deref())?;
            if next.as_ref() == Some(&at) {
                return Err(FetchFault::lasting("the supplier names the same page as the next"));
            }
        }
        if next.is_some() {
            return Err(FetchFault::lasting(format!("the feed has more than {PAGES_MAX} pages")));
        }
        let file = Some(spool.finish().await.map_err(disk)?);
        Ok(Fetched { file, etag: None, last_modified: None, observed_at })
    }
}

async fn body(mut opened: Opened) -> Result<Vec<u8>, FetchFault> {
    let mut body = Vec::new();
    while let Some(part) = opened.part(PATIENCE).await.map_err(called)? {
        if PAGE_BYTES_MAX < body.len() + part.len() {
            return Err(FetchFault::lasting("a page is longer than 64 MiB"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn with(url: &Url, pairs: &[(&str, String)]) -> Url {
    let mut at = url.clone();
    let ours = |name: &str| pairs.iter().any(|(own, _)| *own == name);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !ours(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    at.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(pairs);
    at
}

fn first(url: &Url, paging: &Paging) -> Url {
    match paging {
        Paging::Offset { offset, limit, size, .. } => {
            with(url, &[(offset, "0".to_owned()), (limit, size.to_string())])
        }
        Paging::Number { page, first, per_page, size, .. } => {
            numbered(url, page, *first, per_page.as_deref(), *size)
        }
        Paging::Cursor { .. } | Paging::Link { .. } => url.clone(),
    }
}

fn numbered(url: &Url, page: &str, number: u32, per_page: Option<&str>, size: u32) -> Url {
    let mut pairs = vec![(page, number.to_string())];
    pairs.extend(per_page.map(|per_page| (per_page, size.to_string())));
    with(url, &pairs)
}

/// Where the page after this one is, if there is one.
fn following(
    url: &Url,
    at: &Url,
    paging: &Paging,
    number: u32,
    rows: usize,
    body: &[u8],
    link: Option<&str>,
) -> Result<Option<Url>, FetchFault> {
    let elsewhere = |text: &str| {
        let next = at.join(text);
        next.map(Some).map_err(|_| FetchFault::lasting("the supplier names no address as the next"))
    };
    match paging {
        Paging::Offset { offset, limit, size, .. } => {
            let short = rows < *size as usize;
            let before = u64::from(number + 1) * u64::from(*size);
            let next = with(url, &[(offset, before.to_string()), (limit, size.to_string())]);
            Ok((!short).then_some(next))
        }
        Paging::Number { page, first, per_page, size, .. } => {
            let short = rows < *size as usize;
            let next = numbered(url, page, first + number + 1, per_page.as_deref(), *size);
            Ok((!short).then_some(next))
        }
        Paging::Cursor { next, parameter, .. } => match (at_pointer(body, next), parameter) {
            (None, _) => Ok(None),
            (Some(named), parameter) => match (text(&named), parameter) {
                (None, _) => Ok(None),
                (Some(cursor), Some(parameter)) => Ok(Some(with(url, &[(parameter, cursor)]))),
                (Some(address), None) => elsewhere(&address),
            },
        },
        Paging::Link { .. } => link.map_or(Ok(None), elsewhere),
    }
}

/// What a cursor says; nothing if it is null, false or empty.
fn text(value: &RawValue) -> Option<String> {
    let read: serde_json::Value = serde_json::from_str(value.get()).ok()?;
    match read {
        serde_json::Value::String(text) if !text.is_empty() => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The rows of a page, each as it is written: a number stays a decimal number.
fn rows(body: &[u8], paging: &Paging) -> Option<Vec<Box<RawValue>>> {
    let (Paging::Offset { rows, .. }
    | Paging::Number { rows, .. }
    | Paging::Cursor { rows, .. }
    | Paging::Link { rows }) = paging;
    let found = at_pointer(body, rows)?;
    serde_json::from_str(found.get()).ok()
}

/// What is at a JSON pointer, through objects only.
fn at_pointer(body: &[u8], pointer: &str) -> Option<Box<RawValue>> {
    let mut here: Box<RawValue> = serde_json::from_slice(body).ok()?;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let mut members: HashMap<String, Box<RawValue>> = serde_json::from_str(here.get()).ok()?;
        here = members.remove(&name)?;
    }
    Some(here)
}

/// The address of `rel="next"` in a header `Link` (RFC 8288).
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let next = parameters.split(';').any(|parameter| {
            let told = parameter.trim().strip_prefix("rel=");
            told.is_some_and(|rel| rel.trim_matches('"').eq_ignore_ascii_case("next"))
        });
        next.then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://acme.example/items?key=1&page=9").unwrap()
    }

    #[test]
    fn the_first_page_keeps_what_the_address_says_and_its_own_parameters_win() {
        let paging = Paging::Number {
            page: "page".into(),
            first: 1,
            per_page: Some("per".into()),
            size: 50,
            rows: "/data".into(),
        };
        let first = first(&url(), &paging);
        assert_eq!(first.as_str(), "https://acme.example/items?key=1&page=1&per=50");
        let next = following(&url(), &first, &paging, 0, 50, b"{}", None).unwrap().unwrap();
        assert_eq!(next.as_str(), "https://acme.example/items?key=1&page=2&per=50");
        assert_eq!(following(&url(), &next, &paging, 1, 49, b"{}", None).unwrap(), None);
    }

    #[test]
    fn a_cursor_is_followed_until_there_is_none() {
        let paging = Paging::Cursor {
            next: "/meta/next".into(),
            parameter: Some("after".into()),
            rows: String::new(),
        };
        let at = |body: &[u8]| following(&url(), &url(), &paging, 0, 1, body, None).unwrap();
        let next = at(br#"{"meta":{"next":"abc="}}"#).unwrap();
        assert!(next.as_str().ends_with("&after=abc%3D"), "{next}");
        assert_eq!(at(br#"{"meta":{"next":null}}"#), None);
        assert_eq!(at(br#"{"meta":{}}"#), None);
    }

    #[test]
    fn a_link_header_names_the_next_page() {
        let header = r#"<https://a.cz/1>; rel="prev", </items?p=3>; rel="next""#;
        assert_eq!(next_link(header), Some("/items?p=3"));
        assert_eq!(next_link(r#"<https://a.cz/1>; rel="last""#), None);
    }

    #[test]
    fn rows_keep_their_numbers_as_they_are_written() {
        let paging = Paging::Link { rows: "/data".into() };
        let body = br#"{"code":200,"data":[{"price":180.0000},{"price":1e2}]}"#;
        let rows = rows(body, &paging).unwrap();
        assert_eq!(rows[0].get(), r#"{"price":180.0000}"#);
        let refused = br#"{"code":401,"message":"no","data":null}"#;
        assert!(super::rows(refused, &paging).is_none(), "an error is no empty catalogue");
    }
}
