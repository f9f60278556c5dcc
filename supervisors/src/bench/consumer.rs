//! A consumer of everything that a node publishes, on a quorum queue of its own.

use super::{node::Environment, process::Watched};
use futures_util::StreamExt;
use kontor_messages::Timestamp;
use lapin::{
    Channel, Connection, ConnectionProperties, Consumer as Deliveries, ExchangeKind,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ExchangeDeclareOptions,
        ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Messages on their way to it at once, and how many it acknowledges together.
const PREFETCH: u16 = 1000;
const TOGETHER: u64 = 100;
/// Times that are kept, at most.
const LAGS_MAX: usize = 2_000_000;

/// A consumer, with the names that it and a node have at the broker.
pub(super) struct Consumer {
    url: String,
    name: String,
    channel: Channel,
    /// Keeps the channel open.
    _connection: Connection,
    taken: Arc<Mutex<Vec<Duration>>>,
}

impl Consumer {
    /// Declares exchange and queue, and begins to take.
    pub(super) async fn open(url: &str) -> Result<Self, String> {
        let name = format!("kontor_bench_{:08x}", fastrand::u32(..));
        let connection = Connection::connect(url, ConnectionProperties::default()).await;
        let connection = connection.map_err(told)?;
        let channel = connection.create_channel().await.map_err(told)?;
        let (url, taken) = (url.to_owned(), Arc::default());
        let consumer = Self { url, name, channel, _connection: connection, taken };
        consumer.declare().await.map_err(told)?;
        Ok(consumer)
    }

    async fn declare(&self) -> lapin::Result<()> {
        let (exchange, queue) = (self.exchange(), self.queue());
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let (topic, none) = (ExchangeKind::Topic, FieldTable::default());
        let channel = &self.channel;
        channel.exchange_declare(exchange.as_str().into(), topic, durable, none.clone()).await?;
        let mut quorum = FieldTable::default();
        quorum.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        channel.queue_declare(queue.as_str().into(), durable, quorum).await?;
        let (from, options) = (exchange.as_str().into(), QueueBindOptions::default());
        channel.queue_bind(queue.as_str().into(), from, "#".into(), options, none.clone()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumed = channel.basic_consume(queue.as_str().into(), "bench".into(), options, none);
        tokio::spawn(take(consumed.await?, Arc::clone(&self.taken)));
        Ok(())
    }

    /// The settings of a node that publishes to it.
    pub(super) fn environment(&self) -> Environment {
        vec![
            ("KONTOR_AMQP_URL", self.url.clone()),
            ("KONTOR_AMQP__EXCHANGE", self.exchange()),
            ("KONTOR_AMQP__COMMAND_QUEUE", self.commands()),
            ("KONTOR_AMQP__DEAD_LETTER_QUEUE", self.dead()),
        ]
    }

    /// The broker's processes, if they run here.
    pub(super) fn watched(&self) -> Option<Watched> {
        let url: url::Url = self.url.parse().ok()?;
        Watched::listener("rabbitmq", url.port().unwrap_or(5672))
    }

    /// How many messages it has taken.
    pub(super) fn count(&self) -> u64 {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// How long each took since what it tells of was decided; forgets them.
    pub(super) fn take_lags(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Leaves nothing behind at the broker.
    pub(super) async fn close(self) -> Result<(), String> {
        for queue in [self.queue(), self.commands(), self.dead()] {
            let options = QueueDeleteOptions::default();
            self.channel.queue_delete(queue.as_str().into(), options).await.map_err(told)?;
        }
        let options = ExchangeDeleteOptions::default();
        self.channel.exchange_delete(self.exchange().as_str().into(), options).await.map_err(told)
    }

    fn exchange(&self) -> String {
        format!("{}.events", self.name)
    }

    fn queue(&self) -> String {
        format!("{}.all", self.name)
    }

    fn commands(&self) -> String {
        format!("{}.commands", self.name)
    }

    fn dead(&self) -> String {
        format!("{}.commands.dead", self.name)
    }
}

async fn take(mut deliveries: Deliveries, taken: Arc<Mutex<Vec<Duration>>>) {
    let mut count = 0_u64;
    while let Some(Ok(delivery)) = deliveries.next().await {
        let lag = lag(&delivery.data, Timestamp::now());
        {
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            if taken.len() < LAGS_MAX {
                taken.push(lag.unwrap_or_default());
            }
        }
        count += 1;
        if count.is_multiple_of(TOGETHER) {
            let _ = delivery.ack(BasicAckOptions { multiple: true }).await;
        }
    }
}

/// How long ago what a CloudEvent tells of was decided. Its `time` is looked for in the text: to
/// parse all of it would cost more than publishing it.
fn lag(body: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("\"time\":\"")?;
    let time: Timestamp = serde_json::from_str(&format!("\"{}\"", rest.split_once('"')?.0)).ok()?;
    Some(Duration::from_millis(u64::try_from(now.millis() - time.millis()).unwrap_or(0)))
}

fn told(fault: lapin::Error) -> String {
    format!("RabbitMQ: {fault}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_counts_from_when_it_was_decided() {
        let now = Timestamp::from_millis(1_700_000_000_250);
        let time = serde_json::to_string(&Timestamp::from_millis(1_700_000_000_000)).unwrap();
        let body = format!("{{\"id\":\"1\",\"time\":{time},\"data\":{{}}}}");
        assert_eq!(lag(body.as_bytes(), now), Some(Duration::from_millis(250)));
        assert_eq!(lag(b"{}", now), None);
    }
}
