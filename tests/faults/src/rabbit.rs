//! A private RabbitMQ, and a consumer that keeps what comes. The broker may be stopped, started,
//! told that its disk is full, or robbed of a queue.

use crate::{
    Outcome, free_port,
    process::{Process, run},
    until,
};
use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::FieldTable,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// A private RabbitMQ.
pub struct Rabbit {
    folder: PathBuf,
    node: String,
    /// Where it listens.
    pub port: u16,
    distribution_port: u16,
    process: Option<Process>,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    /// The event's identity, without hyphens.
    pub id: String,
    /// Whose: source and subject.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// Its place in the journal.
    pub sequence: String,
}

/// A consumer of everything, by a queue of its own.
pub struct Consumer {
    messages: Arc<Mutex<Vec<Message>>>,
    work: JoinHandle<()>,
    /// How long each message keeps it, in milliseconds.
    pub slowness_ms: Arc<AtomicU64>,
}

impl Rabbit {
    /// Starts one under `folder`.
    pub async fn create(folder: &Path) -> Outcome<Self> {
        let folder = folder.join("rabbitmq");
        std::fs::create_dir_all(&folder)?;
        let (port, distribution_port) = (free_port(), free_port());
        let node = format!("kontor_faults_{port}@localhost");
        std::fs::write(folder.join("enabled_plugins"), "[].")?;
        std::fs::write(
            folder.join("rabbitmq.conf"),
            format!("listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n"),
        )?;
        std::fs::write(folder.join("environment"), "")?;
        let mut rabbit = Self { folder, node, port, distribution_port, process: None };
        rabbit.start().await?;
        Ok(rabbit)
    }

    /// Starts the broker, and waits until it answers.
    pub async fn start(&mut self) -> Outcome<()> {
        let server = script("rabbitmq-server")?;
        let command = self.command(&server);
        self.process = Some(Process::start(command, &self.folder.join("output"))?);
        let url = self.url(self.port);
        until("an answer of RabbitMQ", Duration::from_secs(90), || async {
            Connection::connect(&url, ConnectionProperties::default()).await.ok().map(drop)
        })
        .await
    }

    /// Ends the broker where it stands.
    pub fn kill(&mut self) -> Outcome<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        // The process is a script around the machine; its own number is in this file.
        if let Ok(pid) = std::fs::read_to_string(self.folder.join("pid")) {
            let mut command = Command::new("kill");
            command.args(["-9", pid.trim()]);
            run(command)?;
        }
        process.kill()
    }

    /// Has the broker believe that its disk is full (or no longer).
    pub fn disk_alarm(&self, full: bool) -> Outcome<()> {
        // More than any disk of this size has, and next to nothing.
        let limit = if full { "900000GB" } else { "1MB" };
        let mut command = self.command(&script("rabbitmqctl")?);
        command.args(["-n", &self.node, "set_disk_free_limit", limit]);
        run(command).map(drop)
    }

    /// The broker's address by way of a port of this machine.
    pub fn url(&self, port: u16) -> String {
        format!("amqp://guest:guest@127.0.0.1:{port}/%2f")
    }

    /// Deletes a queue.
    pub async fn delete_queue(&self, name: &str) -> Outcome<()> {
        let channel = self.channel().await?;
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await?;
        Ok(())
    }

    /// How many messages a queue has.
    pub async fn depth(&self, name: &str) -> Outcome<u32> {
        let channel = self.channel().await?;
        let passive = QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
        let queue = channel.queue_declare(name.into(), passive, FieldTable::default()).await?;
        Ok(queue.message_count())
    }

    /// Puts bytes into a queue, as a stranger would.
    pub async fn publish(&self, queue: &str, body: &[u8], id: &str) -> Outcome<()> {
        let channel = self.channel().await?;
        let properties = BasicProperties::default().with_message_id(id.into());
        let options = BasicPublishOptions::default();
        channel.basic_publish("".into(), queue.into(), options, body, properties).await?.await?;
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    /// A consumer of all events, which comes back whenever the broker does.
    pub async fn consumer(&self) -> Outcome<Consumer> {
        let queue = format!("faults.{}", uuid::Uuid::new_v4().simple());
        bind(&self.channel().await?, &queue).await?;
        let seen = Seen { messages: Arc::default(), slowness_ms: Arc::default() };
        let work = tokio::spawn(consume_for_ever(self.url(self.port), queue, seen.clone()));
        Ok(Consumer { messages: seen.messages, slowness_ms: seen.slowness_ms, work })
    }

    async fn channel(&self) -> Outcome<Channel> {
        let url = self.url(self.port);
        let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
        Ok(connection.create_channel().await?)
    }

    fn command(&self, program: &Path) -> Command {
        let file = |name: &str| self.folder.join(name);
        let mut command = Command::new(program);
        command
            .env("HOME", &self.folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", &self.node)
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", file("environment"))
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", file("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", file("data"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_PID_FILE", file("pid"));
        command
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        // It may have been ended already.
        let _ = self.kill();
    }
}

/// Where a consumer puts what comes.
#[derive(Clone)]
struct Seen {
    messages: Arc<Mutex<Vec<Message>>>,
    slowness_ms: Arc<AtomicU64>,
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Consumer {
    /// All messages so far, in the order in which they came.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Debian's commands in PATH change to the package's user; the scripts behind them do not.
fn script(name: &str) -> Outcome<PathBuf> {
    let folders = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/sbin", "/usr/local/sbin"];
    let mut found = folders.iter().map(|folder| Path::new(folder).join(name));
    Ok(found.find(|path| path.exists()).ok_or("RabbitMQ is missing: install rabbitmq-server")?)
}

async fn bind(channel: &Channel, name: &str) -> Outcome<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    let none = FieldTable::default;
    let exchange = "kontor.events";
    channel.exchange_declare(exchange.into(), ExchangeKind::Topic, durable, none()).await?;
    let queue = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(name.into(), queue, none()).await?;
    let options = QueueBindOptions::default();
    channel.queue_bind(name.into(), exchange.into(), "#".into(), options, none()).await?;
    Ok(())
}

async fn consume_for_ever(url: String, name: String, seen: Seen) {
    loop {
        // The connection breaks when the broker does; it is made anew until the harness ends.
        let _ = consume(&url, &name, &seen).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn consume(url: &str, name: &str, seen: &Seen) -> Outcome<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    bind(&channel, name).await?;
    channel.basic_qos(200, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    let consumed =
        channel.basic_consume(name.into(), "faults".into(), options, FieldTable::default());
    let mut deliveries = consumed.await?;
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        let event: Value = serde_json::from_slice(&delivery.data)?;
        let word = |member: &str| event[member].as_str().unwrap_or_default().to_owned();
        let message = Message {
            id: word("id").replace('-', ""),
            subject: format!("{} {}", word("source"), word("subject")),
            name: delivery.routing_key.to_string(),
            sequence: word("sequence"),
        };
        seen.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        let slowness = seen.slowness_ms.load(Ordering::Acquire);
        if slowness > 0 {
            tokio::time::sleep(Duration::from_millis(slowness)).await;
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
