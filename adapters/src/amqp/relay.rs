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
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};
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
        let publishing = Publishing {
            channel: &channel,
            exchange: &settings.exchange,
            open_max: settings.publish_window.max(1),
            limit: Duration::from_millis(settings.confirm_timeout_ms),
            open: VecDeque::new(),
            confirmed: 0,
        };
        if let Err(stuck) = publishing.all(announcements).await {
            // A late confirm is of no use any more; what is not confirmed is told again.
            let limit = Duration::from_millis(settings.confirm_timeout_ms);
            let _ = timeout(limit, channel.close(200, "again".into())).await;
            return Err(stuck);
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

/// Messages on their way, in their order: so many are published before the first one is confirmed.
struct Publishing<'a> {
    channel: &'a Channel,
    exchange: &'a str,
    open_max: usize,
    /// How long the broker may take to accept a message, and to confirm one.
    limit: Duration,
    open: VecDeque<Open>,
    /// How many are safe, from the first on.
    confirmed: usize,
}

/// A message that is not confirmed yet.
struct Open {
    name: &'static str,
    confirm: PublisherConfirm,
    /// When it is late.
    until: Instant,
    /// Ends when it is confirmed.
    _span: Option<Span>,
}

impl Publishing<'_> {
    /// Publishes all, and waits until all are confirmed.
    async fn all(mut self, announcements: &[Announcement]) -> Result<(), Stuck> {
        let told = self.publish(announcements).await;
        // What was published before a fault may be safe nevertheless.
        let mut rest = Ok(());
        while let Some(open) = self.open.pop_front() {
            rest = self.confirm(open).await;
        }
        told.and(rest).map_err(|fault| Stuck { confirmed: self.confirmed, fault })
    }

    async fn publish(&mut self, announcements: &[Announcement]) -> Result<(), AmqpFault> {
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        for announcement in announcements {
            if self.open_max <= self.open.len()
                && let Some(first) = self.open.pop_front()
            {
                self.confirm(first).await?;
            }
            let span = publishing_of(announcement);
            let (body, properties) =
                (cloudevent::body(announcement), cloudevent::properties(announcement));
            let (to, key) = (short(self.exchange), short(announcement.name));
            let sent = self.channel.basic_publish(to, key, options, &body, properties);
            let sent = timeout(self.limit, sent).await;
            let confirm = sent.map_err(|_| AmqpFault("the broker takes nothing".into()))??;
            let until = Instant::now() + self.limit;
            self.open.push_back(Open { name: announcement.name, confirm, until, _span: span });
        }
        Ok(())
    }

    /// Waits for a confirm. Without it nothing behind it counts as safe.
    async fn confirm(&mut self, open: Open) -> Result<(), AmqpFault> {
        let confirmed = confirmed(open).await;
        match &confirmed {
            Ok(()) => self.confirmed += 1,
            Err(_) => self.open.clear(),
        }
        confirmed
    }
}

async fn confirmed(open: Open) -> Result<(), AmqpFault> {
    let answer = timeout_at(open.until, open.confirm).await;
    match answer.map_err(|_| AmqpFault("no confirm in time".into()))?? {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => {
            metrics::counter!("kontor_relay_unroutable_total", "name" => open.name).increment(1);
            Ok(())
        }
        Confirmation::Nack(_) => Err(AmqpFault("the broker refused a message".into())),
        Confirmation::NotRequested => Err(AmqpFault("the broker does not confirm".into())),
    }
}

#[async_trait]
impl Follow for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn habits(&self) -> Habits {
        Habits {
            window_max: 4096,
            lanes_max: 1,
            // What is not confirmed at a batch's end keeps the next one waiting, so there are few ends.
            batch_max: 1024,
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
