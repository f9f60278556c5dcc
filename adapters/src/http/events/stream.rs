//! Events as they happen (server-sent events). A stream has a place among a bounded number, ends
//! when the node stops or its key does, and goes on by `Last-Event-ID` where it broke off.

use super::{EventDocument, Following, Problem};
use crate::http::access::Access;
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use http::StatusCode;
use kontor_actors::store::Seq;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// How often a quiet stream shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Announcements that wait for a slow reader at most; the rest waits in the journal.
const WAITING_MAX: usize = 200;

/// One reader.
struct Stream {
    following: Following,
    access: Access,
    after: Seq,
    waiting: VecDeque<Event>,
    head: watch::Receiver<Seq>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream of what happens after a place; from now on if none is named.
pub(super) fn open(
    following: Following,
    access: Access,
    after: Option<Seq>,
) -> Result<Response, Problem> {
    let places = Arc::clone(following.api.streams());
    let Ok(place) = places.try_acquire_owned() else {
        let detail = "as many streams are open as may be";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Problem::new(status, "too_many_streams", detail).retry_after(30));
    };
    let head = following.api.intake().ground().journal.head(following.shard);
    let after = after.unwrap_or_else(|| *head.borrow());
    let closing = following.api.closing();
    let waiting = VecDeque::new();
    let stream = Stream { following, access, after, waiting, head, closing, _place: place };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let alive = KeepAlive::new().interval(HEARTBEAT).text("alive");
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

impl Stream {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.after < *self.head.borrow_and_update() {
                self.fill().await?;
                continue;
            }
            tokio::select! {
                moved = self.head.changed() => moved.ok()?,
                closed = self.closing.changed() => closed.ok()?,
            }
        }
    }

    /// Takes over what has happened since; ends the stream if its key counts no longer, or the
    /// journal cannot be read: the reader comes back with the last id.
    async fn fill(&mut self) -> Option<()> {
        if !self.access.still_counts(&self.following.api).await {
            return None;
        }
        let part = self.following.part(self.after, WAITING_MAX).await.ok()?;
        let mut told = part.found.into_iter().peekable();
        while let Some((seq, one)) = told.next() {
            let event = Event::default().event(one.name);
            // Only the last thing told of an event carries its place, so that nothing is missed.
            let whole = told.peek().is_none_or(|(next, _)| *next != seq);
            let event = if whole { event.id(self.following.cursor(seq)) } else { event };
            self.waiting.extend(event.json_data(EventDocument::from(one)).ok());
        }
        self.after = part.last;
        Some(())
    }
}
