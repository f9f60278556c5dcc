//! The live stream of a shop: it says what has changed, never how. The page asks for the rest.

use super::Answer;
use crate::{desk::Desk, state::Console};
use axum::{
    Router,
    body::{Body, Bytes},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Value, json};
use std::{convert::Infallible, pin::Pin};

/// Bytes of one event at most; the API's are far smaller.
const EVENT_MAX: usize = 256 * 1024;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/live", get(follow))
}

async fn follow(desk: Desk, headers: HeaderMap) -> Answer {
    let name = HeaderName::from_static("last-event-id");
    let last = headers.get(&name).map(|last| (name, last.clone()));
    let answer = desk.api().raw("/v1/events", "text/event-stream", last).await?;
    let chunks = answer.into_body().into_data_stream();
    let chunks = chunks.map(|chunk| chunk.unwrap_or_default());
    let told = shortened(Box::pin(chunks));
    let mut response = Body::from_stream(told.map(Ok::<_, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers what it passes on would make live late.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response as Response)
}

type Chunks = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// The stream with only what a page needs to know: which kind of event, about what.
fn shortened(chunks: Chunks) -> impl Stream<Item = Bytes> {
    // Something at once, so that the browser knows that it is connected.
    let begin = stream::once(async { Bytes::from_static(b"retry: 2000\n: connected\n\n") });
    let events = stream::unfold((chunks, Vec::new()), |(mut chunks, mut held)| async move {
        let chunk = chunks.next().await?;
        held.extend_from_slice(&chunk);
        let mut told = Vec::new();
        while let Some(end) = held.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = held.drain(..end + 2).collect();
            told.extend_from_slice(&shorten(&String::from_utf8_lossy(&event)));
        }
        if held.len() > EVENT_MAX {
            return None;
        }
        Some((Bytes::from(told), (chunks, held)))
    });
    begin.chain(events.filter(|told| std::future::ready(!told.is_empty())))
}

/// One event without what it says.
fn shorten(event: &str) -> Vec<u8> {
    let (mut id, mut data) = (None, String::new());
    for line in event.lines() {
        match line.split_once(':') {
            Some(("id", rest)) => id = Some(rest.trim().to_owned()),
            Some(("data", rest)) => data.push_str(rest.trim_start()),
            // A comment: the API shows that it is alive, and so do we.
            Some(("", _)) => return b": alive\n\n".to_vec(),
            _ => {}
        }
    }
    let told: Value = serde_json::from_str(&data).unwrap_or_default();
    if told.is_null() {
        return Vec::new();
    }
    let short = json!({ "type": told["type"], "subject": told["subject"] });
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}data: {short}\n\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_is_told_what_has_changed_and_nothing_else() {
        let event = "event: order.created\nid: 0-7\n\
            data: {\"type\":\"order.created\",\"subject\":\"o1\",\"data\":{\"name\":\"Jana\"}}\n\n";
        let (first, rest) = event.split_at(31);
        let parts = [Bytes::from(first.to_owned()), Bytes::from(rest.to_owned())];
        let told: Vec<_> = shortened(Box::pin(stream::iter(parts))).collect().await;
        let told = String::from_utf8(told.concat()).unwrap();
        assert!(
            told.ends_with("id: 0-7\ndata: {\"type\":\"order.created\",\"subject\":\"o1\"}\n\n")
        );
        assert!(!told.contains("Jana"));
    }

    #[test]
    fn a_quiet_stream_stays_alive() {
        assert_eq!(shorten(": alive\n\n"), b": alive\n\n");
    }
}
