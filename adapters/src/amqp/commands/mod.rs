//! Commands from the queue: read, carried out, answered, and only then acknowledged.
//!
//! Nothing is lost: a message is acknowledged when its effect is durable, or when it lies among
//! the dead letters with the reason. Nothing goes round and round: what may work later is tried
//! again here, with growing pauses, and goes back to the queue only when that has lasted long.

pub mod desk;
mod letters;
pub mod message;
mod wire;

use super::{AmqpFault, Broker, set, short};
use crate::telemetry::join;
use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use kontor_messages::TenantId;
use lapin::{
    Channel,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    },
    types::FieldTable,
};
use letters::Letters;
use message::{Ordered, Outcome, Refused};
use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout},
};
use tracing::Instrument;

/// After so many failures of one command, while the database answers, the fault is its own.
const TRIES_MAX: u32 = 16;
/// After so long a command goes back to the queue: brokers take a channel away from whoever keeps a
/// message for half an hour.
const HOLD_MAX: Duration = Duration::from_secs(20 * 60);
/// How long what is under way may take to end when the node stops.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// Carries out commands.
#[async_trait]
pub trait Clerk: Send + Sync + 'static {
    /// The command's name, if there is such a command.
    fn knows(&self, command: &str) -> Option<&'static str>;
    /// Carries it out and says what came of it. The same one again is harmless.
    async fn obey(&self, ordered: Ordered) -> Outcome;
    /// Whether what all commands need is there.
    async fn is_sound(&self) -> bool;
}

/// The consumer of the command queue.
pub struct Commands {
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Commands {
    /// Takes commands from now on, whenever the broker is there.
    pub fn start(broker: Broker, clerk: Arc<dyn Clerk>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve(broker, clerk, stopped));
        Self { stop, serving }
    }

    /// Takes no more, and waits until what is under way is acknowledged.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = timeout(DRAIN_MAX.saturating_mul(2), self.serving).await;
    }
}

async fn serve(broker: Broker, clerk: Arc<dyn Clerk>, stop: watch::Receiver<bool>) {
    let connected = broker.connected();
    let mut failures = 0;
    loop {
        tokio::select! {
            () = set(&connected) => {}
            () = set(&stop) => return,
        }
        let begun = Instant::now();
        match Session::run(&broker, &clerk, &stop).await {
            Ok(()) => return,
            Err(fault) => tracing::warn!(%fault, "no commands are taken from the broker"),
        }
        failures = if HOLD_MAX < begun.elapsed() { 0 } else { failures + 1 };
        tokio::select! {
            () = sleep(pause(failures)) => {}
            () = set(&stop) => return,
        }
    }
}

/// One channel's time.
struct Session {
    clerk: Arc<dyn Clerk>,
    letters: Letters,
    /// Whether its messages can no longer be acknowledged, or should not wait any more.
    over: watch::Receiver<bool>,
}

impl Session {
    /// Ends well when it is to stop.
    async fn run(
        broker: &Broker,
        clerk: &Arc<dyn Clerk>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), AmqpFault> {
        let (channel, settings) = (broker.channel().await?, broker.settings());
        broker.declare(&channel).await?;
        channel.basic_qos(settings.prefetch.max(1), BasicQosOptions::default()).await?;
        let queue = short(&settings.command_queue);
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut messages = channel.basic_consume(queue, short(""), options, none).await?;
        let tag = messages.tag();
        let (ending, over) = watch::channel(false);
        let letters = Letters::new(broker.clone());
        let session = Arc::new(Self { clerk: Arc::clone(clerk), letters, over });
        let mut work = JoinSet::new();
        let mut lanes = Lanes::default();
        let end = loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(delivery)) => {
                        let read = message::read(&delivery.data, &delivery.properties);
                        let turn = lanes.turn(read.as_ref().ok());
                        work.spawn(Arc::clone(&session).settle(delivery, read, turn));
                    }
                    Some(Err(error)) => break Err(AmqpFault::from(error)),
                    None => break Err(AmqpFault("the queue was taken away".into())),
                },
                Some(_) = work.join_next(), if !work.is_empty() => {}
                () = set(stop) => break Ok(()),
            }
        };
        if end.is_ok() {
            let _ = channel.basic_cancel(tag, BasicCancelOptions::default()).await;
        }
        ending.send_replace(true);
        let drained = async { while work.join_next().await.is_some() {} };
        let _ = timeout(DRAIN_MAX, drained).await;
        close(&channel).await;
        end
    }

    /// Sees a message to its end.
    async fn settle(
        self: Arc<Self>,
        delivery: Delivery,
        read: Result<Ordered, Refused>,
        turn: Turn,
    ) {
        let Turn { before, mine } = turn;
        if let Some(before) = before {
            // Ends, with an error, when the one before is dropped.
            let _ = before.await;
        }
        let name = read.as_ref().ok().and_then(|ordered| self.clerk.knows(&ordered.command));
        let name = name.unwrap_or("unknown");
        let outcome = match read {
            Ok(ordered) => {
                let (tenant, id) = (&ordered.tenant, ordered.id.as_str());
                let span = tracing::info_span!("command", %tenant, name, id);
                join(&span, ordered.trace.as_deref());
                self.insist(ordered).instrument(span).await
            }
            Err(refused) => Some(Outcome::Refused(refused)),
        };
        let (acknowledge, word) = match outcome {
            Some(Outcome::Done { subject, version }) => {
                self.letters.answer(&delivery.properties, Ok((&subject, version))).await;
                (true, "done")
            }
            Some(Outcome::Refused(refused)) => {
                let buried = self.bury(&delivery, &refused).await;
                if buried {
                    self.letters.answer(&delivery.properties, Err(&refused)).await;
                }
                (buried, if buried { "refused" } else { "given_back" })
            }
            _ => (false, "given_back"),
        };
        metrics::counter!("kontor_commands_total", "command" => name, "outcome" => word)
            .increment(1);
        // If that does not arrive the message comes again, and is known then.
        let sent = if acknowledge {
            delivery.ack(BasicAckOptions::default()).await
        } else {
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a message was not acknowledged and comes again");
        }
        drop(mine);
    }

    /// Tries until it is known what becomes of the command; none: it goes back to the queue.
    async fn insist(&self, ordered: Ordered) -> Option<Outcome> {
        let begun = Instant::now();
        let mut failures = 0;
        loop {
            let trying = AssertUnwindSafe(self.clerk.obey(ordered.clone())).catch_unwind();
            let outcome = trying
                .await
                .unwrap_or_else(|_| Outcome::Refused(Refused::new("crashed", "an internal error")));
            let (refused, wait, busy) = match outcome {
                Outcome::Done { .. } | Outcome::Refused(_) => return Some(outcome),
                Outcome::Stopping => {
                    // Not at once: it would come back at once.
                    self.rest(Duration::from_secs(1)).await;
                    return None;
                }
                Outcome::Passing { refused, wait, busy } => (refused, wait, busy),
            };
            failures += 1;
            let own = !busy && TRIES_MAX <= failures && self.clerk.is_sound().await;
            if own {
                return Some(Outcome::Refused(refused));
            }
            tracing::info!(reason = refused.reason, failures, "a command waits");
            let wait = wait.unwrap_or_default().max(pause(failures));
            if HOLD_MAX < begun.elapsed() || !self.rest(wait).await {
                return None;
            }
        }
    }

    /// Puts a message among the dead letters, however often that has to be tried while the session
    /// lasts.
    async fn bury(&self, delivery: &Delivery, refused: &Refused) -> bool {
        tracing::warn!(code = refused.code, reason = refused.reason, "a command is a dead letter");
        let mut failures = 0;
        while let Err(fault) = self.letters.bury(delivery, refused).await {
            failures += 1;
            tracing::warn!(%fault, failures, "a dead letter cannot be kept");
            if !self.rest(pause(failures)).await {
                return false;
            }
        }
        true
    }

    /// False if the session ended meanwhile.
    async fn rest(&self, span: Duration) -> bool {
        tokio::select! {
            () = sleep(span) => true,
            () = set(&self.over) => false,
        }
    }
}

/// Commands about the same thing are carried out one after the other, as they came.
#[derive(Default)]
struct Lanes {
    last: HashMap<(TenantId, String), oneshot::Receiver<()>>,
}

/// A command's turn in its lane.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    mine: Option<oneshot::Sender<()>>,
}

impl Lanes {
    fn turn(&mut self, ordered: Option<&Ordered>) -> Turn {
        let Some(lane) = ordered.and_then(lane) else { return Turn { before: None, mine: None } };
        if 1024 < self.last.len() {
            self.last.retain(|_, last| last.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        }
        let (mine, next) = oneshot::channel();
        Turn { before: self.last.insert(lane, next), mine: Some(mine) }
    }
}

/// The thing that a command names: an order, a payment, a product.
fn lane(ordered: &Ordered) -> Option<(TenantId, String)> {
    let (domain, _) = ordered.command.split_once('.')?;
    let names = ["order", "payment", "sku", "transfer", "code"].iter();
    let named = names.filter_map(|name| ordered.data.get(name)?.as_str()).next()?;
    Some((ordered.tenant.clone(), format!("{domain}/{named}")))
}

async fn close(channel: &Channel) {
    let _ = timeout(Duration::from_secs(2), channel.close(200, "bye".into())).await;
}

/// 200 ms doubling to 15 s, with a fifth of jitter.
fn pause(failures: u32) -> Duration {
    let millis = 100_u64.saturating_mul(1 << failures.min(10)).min(15_000);
    Duration::from_millis(millis - fastrand::u64(0..=millis / 5))
}
