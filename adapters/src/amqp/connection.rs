//! The node's connection to the broker: made, watched, made anew, for ever.
//!
//! Nobody waits here for the broker: who wants a channel gets one or hears at once that it is
//! away. Nothing is kept for later, so an outage of hours costs no memory.

use super::{AmqpFault, AmqpSettings, set, topology};
use futures_util::StreamExt;
use lapin::{
    Channel, Connection, ConnectionProperties, Event, options::ConfirmSelectOptions, uri::AMQPUri,
};
use secrecy::ExposeSecret;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// How often a connection is looked at, should its end not be told.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A connection that lasted so long was a good one: the next is tried at once.
const GOOD_AFTER: Duration = Duration::from_secs(30);

/// The node's connection. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

struct Inner {
    settings: AmqpSettings,
    uri: AMQPUri,
    connection: watch::Sender<Option<Arc<Connection>>>,
    connected: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

impl Broker {
    /// Begins to connect, and does not wait for it. Fails only if the settings name no broker that
    /// could be reached.
    pub fn start(settings: AmqpSettings) -> Result<Self, AmqpFault> {
        let uri = address(&settings)?;
        let inner = Arc::new(Inner {
            settings,
            uri,
            connection: watch::Sender::new(None),
            connected: watch::Sender::new(false),
            stop: watch::Sender::new(false),
            supervisor: Mutex::default(),
        });
        metrics::gauge!("kontor_amqp_connected").set(0.0);
        let supervisor = tokio::spawn(supervise(Arc::clone(&inner)));
        *inner.supervisor.lock().unwrap_or_else(PoisonError::into_inner) = Some(supervisor);
        Ok(Self { inner })
    }

    /// The settings that it was started with.
    pub fn settings(&self) -> &AmqpSettings {
        &self.inner.settings
    }

    /// Whether the broker is there; changes are told.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.inner.connected.subscribe()
    }

    /// Whether the broker takes no messages because it is short of memory or disk.
    pub fn is_blocked(&self) -> bool {
        let connection = self.inner.connection.borrow();
        connection.as_ref().is_some_and(|connection| connection.status().blocked())
    }

    /// A new channel, or at once the reason why there is none.
    pub async fn channel(&self) -> Result<Channel, AmqpFault> {
        let connection = self.inner.connection.borrow().clone();
        let connection = connection.ok_or_else(|| AmqpFault("the broker is away".into()))?;
        let limit = Duration::from_millis(self.inner.settings.connect_timeout_ms);
        match timeout(limit, connection.create_channel()).await {
            Ok(channel) => Ok(channel?),
            Err(_) => Err(AmqpFault("the broker opens no channel".into())),
        }
    }

    /// A new channel on which the broker confirms what it has taken.
    pub async fn confirmed_channel(&self) -> Result<Channel, AmqpFault> {
        let channel = self.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    /// Declares exchange and queues, should somebody have removed them.
    pub async fn declare(&self, channel: &Channel) -> Result<(), AmqpFault> {
        topology::declare(channel, &self.inner.settings).await
    }

    /// Ends the connection for good.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let supervisor =
            self.inner.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(supervisor) = supervisor {
            let _ = timeout(Duration::from_secs(5), supervisor).await;
        }
    }
}

fn address(settings: &AmqpSettings) -> Result<AMQPUri, AmqpFault> {
    let url = settings.url.as_ref().ok_or_else(|| AmqpFault("no broker is named".into()))?;
    // What is wrong with it may quote it, and it holds a password.
    let mut uri: AMQPUri = url.expose_secret().parse().map_err(|_| {
        AmqpFault("expected amqp://user:password@host:port/vhost or the same with amqps".into())
    })?;
    uri.query.heartbeat.get_or_insert(settings.heartbeat_s);
    uri.query.connection_timeout.get_or_insert(settings.connect_timeout_ms);
    Ok(uri)
}

async fn supervise(inner: Arc<Inner>) {
    let stop = inner.stop.subscribe();
    let mut failures = 0_u32;
    loop {
        tokio::select! {
            made = connect(&inner) => match made {
                Ok(connection) => {
                    metrics::counter!("kontor_amqp_connects_total", "outcome" => "ok").increment(1);
                    let since = Instant::now();
                    hold(&inner, connection, &stop).await;
                    failures = if since.elapsed() < GOOD_AFTER { failures + 1 } else { 0 };
                }
                Err(fault) => {
                    metrics::counter!("kontor_amqp_connects_total", "outcome" => "fault").increment(1);
                    failures += 1;
                    tracing::warn!(%fault, failures, "the broker cannot be reached");
                }
            },
            () = set(&stop) => return,
        }
        tokio::select! {
            () = sleep(backoff(failures)) => {}
            () = set(&stop) => return,
        }
    }
}

async fn connect(inner: &Inner) -> Result<Connection, AmqpFault> {
    let properties = ConnectionProperties::default().with_connection_name("kontor".into());
    let making = async {
        let connection = Connection::connect_uri(inner.uri.clone(), properties).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel, &inner.settings).await?;
        channel.close(200, "declared".into()).await?;
        Ok(connection)
    };
    let limit = Duration::from_millis(inner.settings.connect_timeout_ms.saturating_mul(2));
    timeout(limit, making).await.unwrap_or_else(|_| Err(AmqpFault("no answer in time".into())))
}

/// Offers the connection until it is lost or no longer wanted.
async fn hold(inner: &Inner, connection: Connection, stop: &watch::Receiver<bool>) {
    let connection = Arc::new(connection);
    let mut events = Box::pin(connection.events_listener());
    inner.connection.send_replace(Some(Arc::clone(&connection)));
    inner.connected.send_replace(true);
    metrics::gauge!("kontor_amqp_connected").set(1.0);
    tracing::info!(host = inner.uri.authority.host, "connected to the broker");
    let stopped = loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::error!(reason, "the broker takes no messages");
                }
                Some(Event::ConnectionUnblocked) => tracing::info!("the broker takes messages again"),
                Some(Event::Error(error)) => tracing::warn!(%error, "the broker said an error"),
                Some(_) => {}
                None => break false,
            },
            () = sleep(LOOK_EVERY) => {}
            () = set(stop) => break true,
        }
        if !connection.status().connected() {
            break false;
        }
    };
    inner.connection.send_replace(None);
    inner.connected.send_replace(false);
    metrics::gauge!("kontor_amqp_connected").set(0.0);
    if stopped {
        let _ = timeout(Duration::from_secs(3), connection.close(200, "bye".into())).await;
    } else {
        tracing::warn!("the connection to the broker is lost");
    }
}

/// At once, then 250 ms doubling to 30 s, with a fifth of jitter.
fn backoff(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else { return Duration::from_millis(100) };
    let millis = 250_u64.saturating_mul(1 << doublings.min(10)).min(30_000);
    Duration::from_millis(millis - fastrand::u64(0..=millis / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_the_broker_grows_to_half_a_minute_and_no_further() {
        for failures in 0..100 {
            assert!(backoff(failures) <= Duration::from_secs(30));
        }
        assert!(backoff(20) >= Duration::from_secs(24));
    }

    #[test]
    fn a_wrong_address_is_told_without_the_password() {
        let url = Some("http://user:hunter2@host".to_owned().into());
        let told = address(&AmqpSettings { url, ..Default::default() }).unwrap_err().to_string();
        assert!(told.contains("expected amqp://") && !told.contains("hunter2"));
    }
}
