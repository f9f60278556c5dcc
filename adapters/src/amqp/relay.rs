//! The relay: follows the journal and tells the broker, in order per shard, at least once.
//!
//! The cursor moves past an event when the broker has confirmed everything that is told of it. A
//! message that no queue is bound for is confirmed as well: nobody wants it, which is no error.

use super::{AmqpFault, Broker, cloudevent, short};
use crate::telemetry::join;
use async_trait::async_trait;
use kontor_actors::{
    announce::{Announcement, announce, coalesce, is_public},
    follower::{Follow, Habits, Hitch, OnHitch},
    store::{Seq, StoredEvent},
};
use lapin::{Channel, Confirmation, PublisherConfirm, options::BasicPublishOptions};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use tracing::Span;

/// How soon a broker that is away is looked for again: to look costs nothing, and whoever waits for
/// messages waits no longer than the broker was away.
const AWAY_LOOK: Duration = Duration::from_secs(2);

/// Tells the broker what happened.
pub struct Relay {
    broker: Broker,
    /// One channel a shard, so that shards do not wait for each other.
    channels: Mutex<HashMap<u32, Channel>>,
}

impl Relay {
    /// A relay to this broker.
    pub fn new(broker: Broker) -> Self {
        Self { broker, channels: Mutex::default() }
    }

    async fn tell(&self, shard: u32, announcements: &[Announcement]) -> Result<(), Stuck> {
        if self.broker.is_blocked() {
            return Err(Stuck::at_first(AmqpFault("the broker takes no messages now".into())));
        }
        let known = self.channels().remove(&shard).filter(|known| known.status().connected());
        let channel = match known {
            Some(channel) => channel,
            None => self.broker.confirmed_channel().await.map_err(Stuck::at_first)?,
        };
        let settings = self.broker.settings();
        let limit = Duration::from_millis(settings.confirm_timeout_ms);
        let mut confirmed = 0;
        for window in announcements.chunks(settings.publish_window.max(1)) {
            let mut here = 0;
            let spans: Vec<_> = window.iter().filter_map(publishing_of).collect();
            let publishing = publish(&channel, &settings.exchange, window, &mut here);
            let result = timeout(limit, publishing).await;
            let result = result.unwrap_or_else(|_| Err(AmqpFault("no confirm in time".into())));
            drop(spans);
            confirmed += here;
            if let Err(fault) = result {
                // A late confirm is of no use any more; what is not confirmed is told again.
                let _ = timeout(limit, channel.close(200, "again".into())).await;
                return Err(Stuck { confirmed, fault });
            }
        }
        self.channels().insert(shard, channel);
        Ok(())
    }

    fn channels(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What publishing is recorded under, if the event belongs to a trace: until it is confirmed.
fn publishing_of(announcement: &Announcement) -> Option<Span> {
    let trace = announcement.trace.as_deref()?;
    let span = tracing::debug_span!("publish", name = announcement.name);
    join(&span, Some(trace));
    Some(span)
}

/// The broker did not take everything.
struct Stuck {
    /// How many it took, from the first on.
    confirmed: usize,
    fault: AmqpFault,
}

impl Stuck {
    fn at_first(fault: AmqpFault) -> Self {
        Self { confirmed: 0, fault }
    }
}

/// Publishes all, then waits for all; `confirmed` counts those that are safe, in order.
async fn publish(
    channel: &Channel,
    exchange: &str,
    window: &[Announcement],
    confirmed: &mut usize,
) -> Result<(), AmqpFault> {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let mut confirms: Vec<PublisherConfirm> = Vec::with_capacity(window.len());
    let mut broken = None;
    for announcement in window {
        let (body, properties) =
            (cloudevent::body(announcement), cloudevent::properties(announcement));
        let (to, key) = (short(exchange), short(announcement.name));
        match channel.basic_publish(to, key, options, &body, properties).await {
            Ok(confirm) => confirms.push(confirm),
            Err(error) => {
                broken = Some(AmqpFault::from(error));
                break;
            }
        }
    }
    for (announcement, confirm) in window.iter().zip(confirms) {
        match confirm.await? {
            Confirmation::Ack(None) => {}
            Confirmation::Ack(Some(_)) => {
                metrics::counter!("kontor_relay_unroutable_total", "name" => announcement.name)
                    .increment(1);
            }
            Confirmation::Nack(_) => return Err(AmqpFault("the broker refused a message".into())),
            Confirmation::NotRequested => {
                return Err(AmqpFault("the broker does not confirm".into()));
            }
        }
        *confirmed += 1;
    }
    broken.map_or(Ok(()), Err)
}

#[async_trait]
impl Follow for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn habits(&self) -> Habits {
        Habits {
            window_max: 2048,
            lanes_max: 1,
            batch_max: 256,
            lane_max: usize::MAX,
            on_hitch: OnHitch::Stand,
        }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        is_public(&event.name).then(|| "broker".into())
    }

    async fn handle(&self, _lane: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        let Some(first) = events.first() else { return Ok(()) };
        let announcements = coalesce(events.iter().flat_map(|event| announce(event)).collect());
        let told = self.tell(first.shard, &announcements).await;
        let confirmed =
            told.as_ref().map_or_else(|stuck| stuck.confirmed, |()| announcements.len());
        for announcement in &announcements[..confirmed] {
            metrics::counter!("kontor_relay_published_total", "name" => announcement.name)
                .increment(1);
        }
        told.map_err(|stuck| {
            let done = done(events.iter().map(|event| event.seq), &announcements[confirmed..]);
            let mut hitch = Hitch::new(stuck.fault.to_string()).after(done);
            hitch.retry_after = (!*self.broker.connected().borrow()).then_some(AWAY_LOOK);
            hitch
        })
    }
}

/// How many events are done with: those before the first one that is still to be told. What a
/// later event's announcement has made superfluous is told with that one.
fn done(events: impl Iterator<Item = Seq>, untold: &[Announcement]) -> usize {
    match untold.first() {
        Some(first) => events.take_while(|seq| *seq < first.seq).count(),
        None => events.count(),
    }
}
