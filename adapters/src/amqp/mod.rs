//! RabbitMQ: what happened goes out by the relay, what is asked for comes in by the commands.
//!
//! Nothing is decided here and nothing is kept: the journal is the outbox, the broker's queue the
//! inbox. With the broker away the node goes on, and the relay's cursor stands still.

pub mod cloudevent;
pub mod commands;
pub mod connection;
pub mod relay;
mod topology;

pub use commands::{Clerk, Commands, desk::Desk};
pub use connection::Broker;
pub use relay::Relay;

use secrecy::SecretString;
use serde::Deserialize;

/// How the broker is reached and used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AmqpSettings {
    /// `amqp://` or `amqps://`, with user, password and virtual host; without it there is no broker.
    pub url: Option<SecretString>,
    /// The topic exchange that events go to.
    pub exchange: String,
    /// The queue that commands come from.
    pub command_queue: String,
    /// Where commands go that cannot be carried out.
    pub dead_letter_queue: String,
    /// What kind of queues these two are made as.
    pub queue_type: QueueType,
    /// Whether this node takes commands from the queue.
    pub consume: bool,
    /// Commands under way at once.
    pub prefetch: u16,
    /// Messages that may be on their way, not confirmed yet.
    pub publish_window: usize,
    /// How long each confirm is waited for.
    pub confirm_timeout_ms: u64,
    /// Silence after which the connection counts as lost.
    pub heartbeat_s: u16,
    /// How long a connection may take to come about.
    pub connect_timeout_ms: u64,
}

/// What kind of queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueType {
    /// On one broker node.
    Classic,
    /// On several broker nodes, for clusters. The broker counts how often a command was given out
    /// and dead-letters it past its limit.
    Quorum,
}

impl Default for AmqpSettings {
    fn default() -> Self {
        Self {
            url: None,
            exchange: "kontor.events".into(),
            command_queue: "kontor.commands".into(),
            dead_letter_queue: "kontor.commands.dead".into(),
            queue_type: QueueType::Classic,
            consume: true,
            prefetch: 64,
            publish_window: 128,
            confirm_timeout_ms: 30_000,
            heartbeat_s: 30,
            connect_timeout_ms: 10_000,
        }
    }
}

/// The broker did not do what it was asked; ask again later.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct AmqpFault(pub String);

impl From<lapin::Error> for AmqpFault {
    fn from(error: lapin::Error) -> Self {
        Self(error.to_string())
    }
}

/// A short text of the protocol; cut at its limit of 255 bytes.
fn short(text: &str) -> lapin::types::ShortString {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

/// Ends when a flag is set, or nobody is left to set it.
async fn set(flag: &tokio::sync::watch::Receiver<bool>) {
    let _ = flag.clone().wait_for(|flag| *flag).await;
}
