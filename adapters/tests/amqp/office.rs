//! A test's own corner of the broker.

use crate::link::Link;
use kontor_adapters::amqp::{AmqpSettings, Broker};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    message::BasicGetMessage,
    options::{BasicGetOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
    uri::AMQPUri,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub struct Office {
    pub settings: AmqpSettings,
    pub link: Link,
    pub broker: Broker,
    pub channel: Channel,
    connection: Connection,
}

impl Office {
    pub async fn open() -> Self {
        Self::with(AmqpSettings::default()).await
    }

    pub async fn with(settings: AmqpSettings) -> Self {
        let url = std::env::var("KONTOR_TEST_AMQP_URL")
            .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned());
        let mut uri: AMQPUri = url.parse().unwrap();
        let connection =
            Connection::connect_uri(uri.clone(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let link = Link::to(format!("{}:{}", uri.authority.host, uri.authority.port)).await;
        uri.authority.host = "127.0.0.1".into();
        uri.authority.port = link.port;
        let corner = format!("kontor.test.{:016x}", fastrand::u64(..));
        let settings = AmqpSettings {
            url: Some(uri.to_string().into()),
            exchange: format!("{corner}.events"),
            command_queue: format!("{corner}.commands"),
            dead_letter_queue: format!("{corner}.dead"),
            ..settings
        };
        let broker = Broker::start(settings.clone()).unwrap();
        let office = Self { settings, link, broker, channel, connection };
        office.connected(true).await;
        office
    }

    pub async fn connected(&self, wanted: bool) {
        let mut connected = self.broker.connected();
        let changed = connected.wait_for(|connected| *connected == wanted);
        tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap().unwrap();
    }

    /// A queue that gets what is published under these keys.
    pub async fn listen(&self, key: &str) -> String {
        let queue = format!("{}.{}", self.settings.exchange, fastrand::u32(..));
        let (options, none) = (QueueDeclareOptions::default(), FieldTable::default());
        let name = queue.as_str();
        self.channel.queue_declare(name.into(), options, none.clone()).await.unwrap();
        let (exchange, options) = (self.settings.exchange.as_str(), QueueBindOptions::default());
        let bound =
            self.channel.queue_bind(name.into(), exchange.into(), key.into(), options, none);
        bound.await.unwrap();
        queue
    }

    pub async fn order(&self, body: &str, properties: BasicProperties) {
        let queue = self.settings.command_queue.as_str();
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(
            "".into(),
            queue.into(),
            options,
            body.as_bytes(),
            properties,
        );
        sent.await.unwrap().await.unwrap();
    }

    /// The next message of a queue, or none if there is none for some seconds.
    pub async fn take(&self, queue: &str) -> Option<BasicGetMessage> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            let options = BasicGetOptions { no_ack: true };
            if let Some(got) = self.channel.basic_get(queue.into(), options).await.unwrap() {
                return Some(got);
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// How many messages wait in a queue.
    pub async fn waiting(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions { passive: true, ..Default::default() };
        let declared = self.channel.queue_declare(queue.into(), options, FieldTable::default());
        declared.await.unwrap().message_count()
    }

    pub async fn close(self, queues: &[&str]) {
        self.broker.stop().await;
        let own = [&self.settings.command_queue, &self.settings.dead_letter_queue];
        for queue in queues.iter().copied().chain(own.into_iter().map(String::as_str)) {
            self.channel.queue_delete(queue.into(), Default::default()).await.unwrap();
        }
        let exchange = self.settings.exchange.as_str();
        self.channel.exchange_delete(exchange.into(), Default::default()).await.unwrap();
        self.connection.close(200, "bye".into()).await.unwrap();
    }
}
