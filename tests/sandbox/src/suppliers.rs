//! A stand-in for suppliers' servers: files with `ETag`, and rows that are told page by page.
//! Whoever runs it says what is there, and may change it at any time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::lock;

const FEEDS_MAX: usize = 1_000;
/// Rows of a page where the question does not say.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

/// Servers of suppliers, at one address.
#[derive(Clone)]
pub struct Suppliers {
    base_url: String,
    feeds: Arc<Mutex<BTreeMap<String, Feed>>>,
}

#[derive(Clone)]
struct Feed {
    content: Content,
    /// A bearer's token that is asked for.
    token: Option<String>,
    asked: u64,
    unchanged: u64,
}

#[derive(Clone)]
enum Content {
    File { kind: &'static str, tag: String, bytes: Bytes },
    Rows(Arc<[Value]>),
}

/// How often a feed was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Questions, refused ones left out.
    pub asked: u64,
    /// Of these, answered that nothing has changed (304).
    pub unchanged: u64,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

impl Suppliers {
    pub(crate) fn new(base_url: String) -> Self {
        Self { base_url, feeds: Arc::default() }
    }

    /// Where a feed is.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base_url)
    }

    /// What a file holds from now on; whether there was room for it.
    pub fn put_file(&self, name: &str, kind: &'static str, bytes: Vec<u8>) -> bool {
        let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
        self.put(name, Content::File { kind, tag, bytes: bytes.into() })
    }

    /// Which rows are told page by page from now on: `{"code": 200, "data": [...]}` for `offset`
    /// and `limit`; whether there was room for them.
    pub fn put_rows(&self, name: &str, rows: Vec<Value>) -> bool {
        self.put(name, Content::Rows(rows.into()))
    }

    /// Who asks for the feed must show this token from now on.
    pub fn guard(&self, name: &str, token: &str) {
        if let Some(feed) = lock(&self.feeds).get_mut(name) {
            feed.token = Some(token.to_owned());
        }
    }

    /// How often a feed was asked for.
    pub fn counts(&self, name: &str) -> FeedCounts {
        let feeds = lock(&self.feeds);
        feeds.get(name).map_or_else(FeedCounts::default, |feed| FeedCounts {
            asked: feed.asked,
            unchanged: feed.unchanged,
        })
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().route("/{name}", get(told)).with_state(self.clone())
    }

    fn put(&self, name: &str, content: Content) -> bool {
        let mut feeds = lock(&self.feeds);
        if let Some(feed) = feeds.get_mut(name) {
            feed.content = content;
            return true;
        }
        if FEEDS_MAX <= feeds.len() {
            return false;
        }
        let feed = Feed { content, token: None, asked: 0, unchanged: 0 };
        feeds.insert(name.to_owned(), feed);
        true
    }
}

async fn told(
    State(suppliers): State<Suppliers>,
    Path(name): Path<String>,
    Query(place): Query<Place>,
    headers: HeaderMap,
) -> Response {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut feeds = lock(&suppliers.feeds);
    let Some(feed) = feeds.get_mut(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let shown = said(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    if feed.token.is_some() && feed.token.as_deref() != shown {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    feed.asked += 1;
    match &feed.content {
        Content::File { tag, .. } if said(header::IF_NONE_MATCH) == Some(tag) => {
            feed.unchanged += 1;
            (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response()
        }
        Content::File { kind, tag, bytes } => {
            let about = [(header::CONTENT_TYPE, (*kind).to_owned()), (header::ETAG, tag.clone())];
            (about, bytes.clone()).into_response()
        }
        Content::Rows(rows) => {
            let size = place.limit.unwrap_or(PAGE).min(PAGE_MAX);
            let page: Vec<&Value> = rows.iter().skip(place.offset).take(size).collect();
            Json(json!({ "code": 200, "message": "OK", "data": page })).into_response()
        }
    }
}
