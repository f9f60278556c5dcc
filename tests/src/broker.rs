//! RabbitMQ, as others use it: names of one test's own, and a consumer that keeps what comes.

use crate::{SOON, until};
use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions,
        ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::FieldTable,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

/// The broker's address.
pub fn url() -> String {
    std::env::var("KONTOR_TEST_AMQP_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".into())
}

/// Where the broker listens.
pub fn server_address() -> String {
    let url = url().parse::<reqwest::Url>().unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672))
}

/// What one site calls exchange and queues, with a queue that gets every event.
pub struct Office {
    /// What the names begin with.
    pub name: String,
    channel: Channel,
    /// Keeps the channel open.
    _connection: Connection,
    events: Arc<Mutex<Vec<Told>>>,
}

/// An event as it came from the broker.
#[derive(Clone, Debug)]
pub struct Told {
    /// The property `message_id`.
    pub message_id: String,
    /// The routing key.
    pub name: String,
    /// The CloudEvent.
    pub event: Value,
    /// Whether the broker says that it has given it out before.
    pub redelivered: bool,
}

impl Office {
    /// Names that nobody else uses, and a consumer of everything that is told under them.
    ///
    /// # Panics
    /// If the broker does not do as it is asked.
    pub async fn open() -> Self {
        let name = format!("kontor_test_{}", uuid::Uuid::new_v4().simple());
        let connection = Connection::connect(&url(), ConnectionProperties::default()).await;
        let connection = connection.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let events = Arc::default();
        let office = Self { name, channel, _connection: connection, events };
        office.listen().await;
        office
    }

    async fn listen(&self) {
        let (exchange, queue) = (self.exchange(), format!("{}.all", self.name));
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let none = FieldTable::default;
        let declared = self.channel.exchange_declare(
            exchange.as_str().into(),
            ExchangeKind::Topic,
            durable,
            none(),
        );
        declared.await.unwrap();
        let own = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        self.channel.queue_declare(queue.as_str().into(), own, none()).await.unwrap();
        let bound = self.channel.queue_bind(
            queue.as_str().into(),
            exchange.as_str().into(),
            "#".into(),
            QueueBindOptions::default(),
            none(),
        );
        bound.await.unwrap();
        let options = BasicConsumeOptions::default();
        let consumed =
            self.channel.basic_consume(queue.as_str().into(), "all".into(), options, none());
        let (mut deliveries, events) = (consumed.await.unwrap(), Arc::clone(&self.events));
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = deliveries.next().await {
                let told = Told {
                    message_id: delivery.properties.message_id().as_ref().unwrap().to_string(),
                    name: delivery.routing_key.to_string(),
                    event: serde_json::from_slice(&delivery.data).unwrap(),
                    redelivered: delivery.redelivered,
                };
                events.lock().unwrap().push(told);
                let _ = delivery.ack(BasicAckOptions::default()).await;
            }
        });
    }

    /// The settings of a node by these names.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("KONTOR_AMQP__EXCHANGE", self.exchange()),
            ("KONTOR_AMQP__COMMAND_QUEUE", self.commands()),
            ("KONTOR_AMQP__DEAD_LETTER_QUEUE", format!("{}.dead", self.commands())),
        ]
    }

    /// The exchange of events.
    pub fn exchange(&self) -> String {
        format!("{}.events", self.name)
    }

    /// The queue of commands.
    pub fn commands(&self) -> String {
        format!("{}.commands", self.name)
    }

    /// All events so far, in the order in which they came.
    pub fn told(&self) -> Vec<Told> {
        self.events.lock().unwrap().clone()
    }

    /// The names of what was told about a subject, in order, each message once.
    pub fn names_of(&self, subject: &str) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let told = self.told().into_iter().filter(|told| told.event["subject"] == subject);
        told.filter(|told| seen.insert(told.message_id.clone())).map(|told| told.name).collect()
    }

    /// Waits until an event was told about a subject.
    pub async fn tells(&self, name: &str, subject: &str) -> Told {
        until(&format!("{name} of {subject}"), SOON, || async {
            let told = self.told();
            told.into_iter().find(|told| told.name == name && told.event["subject"] == subject)
        })
        .await
    }

    /// Sends a command.
    ///
    /// # Panics
    /// If the broker does not take it.
    pub async fn command(&self, id: &str, tenant: &str, command: &str, data: &Value) {
        let body = serde_json::json!({ "tenant": tenant, "command": command, "data": data });
        let (body, properties) =
            (body.to_string(), BasicProperties::default().with_message_id(id.into()));
        let sent = self.channel.basic_publish(
            "".into(),
            self.commands().as_str().into(),
            BasicPublishOptions::default(),
            body.as_bytes(),
            properties,
        );
        sent.await.unwrap();
    }

    /// Fails unless each subject's events came in the order of its versions, and whatever came
    /// twice was the same message. Says how many messages came again.
    ///
    /// # Panics
    /// If it was otherwise.
    pub fn assert_in_order(&self) -> usize {
        let mut seen: HashMap<String, Value> = HashMap::new();
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        let mut again = 0;
        for told in self.told() {
            assert_eq!(told.message_id, told.event["id"], "{told:?}");
            if let Some(first) = seen.get(&told.message_id) {
                assert_eq!(*first, told.event, "a message came again with another content");
                again += 1;
                continue;
            }
            seen.insert(told.message_id.clone(), told.event.clone());
            let subject = format!("{} {}", told.event["source"], told.event["subject"]);
            if let Some(version) = told.event["data"]["version"].as_i64() {
                let before = last.insert(subject.clone(), version).unwrap_or(0);
                assert!(before <= version, "{subject}: {version} came after {before}: {told:?}");
            }
        }
        again
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let (exchange, commands) = (self.exchange(), self.commands());
        // The test's own runtime may be ending.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(clean(exchange, commands))
        });
        let _ = cleaning.join();
    }
}

async fn clean(exchange: String, commands: String) -> Result<(), lapin::Error> {
    let connection = Connection::connect(&url(), ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in [commands.clone(), format!("{commands}.dead")] {
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
    connection.close(200, "done".into()).await
}
