//! What goes back to the broker about a command: an answer to whoever asked for one, and the
//! message itself, with the reason, if it is a dead letter.

use super::message::Refused;
use crate::amqp::{AmqpFault, Broker, short};
use lapin::{
    BasicProperties, Channel, Confirmation,
    message::Delivery,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};
use serde::Serialize;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// Longer reasons are cut.
const REASON_MAX: usize = 1000;
/// Headers by which the broker sends copies elsewhere; a dead letter is sent to one place.
const COPIES: [&str; 2] = ["CC", "BCC"];

pub(super) struct Letters {
    broker: Broker,
    /// A channel with confirms, made when it is needed and again when it is lost.
    channel: Mutex<Option<Channel>>,
}

/// The answer to whoever asked.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
}

impl Letters {
    pub(super) fn new(broker: Broker) -> Self {
        Self { broker, channel: Mutex::default() }
    }

    /// Keeps a message among the dead letters; fine means that the broker has it.
    pub(super) async fn bury(&self, message: &Delivery, why: &Refused) -> Result<(), AmqpFault> {
        let channel = self.channel().await?;
        let to = &self.broker.settings().dead_letter_queue;
        let properties = letter(&message.properties, why);
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let publishing = async {
            let sent =
                channel.basic_publish(short(""), short(to), options, &message.data, properties);
            Ok::<_, AmqpFault>(sent.await?.await?)
        };
        let limit = Duration::from_millis(self.broker.settings().confirm_timeout_ms);
        match timeout(limit, publishing).await {
            Ok(Ok(Confirmation::Ack(None))) => Ok(()),
            Ok(Ok(Confirmation::Ack(Some(_)))) => {
                // Somebody has removed the queue.
                self.broker.declare(&channel).await?;
                Err(AmqpFault("the dead letters' queue was not there".into()))
            }
            Ok(Ok(_)) => Err(AmqpFault("the broker refused a dead letter".into())),
            Ok(Err(fault)) => Err(fault),
            Err(_) => {
                self.forget_channel();
                Err(AmqpFault("no confirm in time".into()))
            }
        }
    }

    /// Answers, if an answer was asked for. It may get lost; who asked then asks again.
    pub(super) async fn answer(
        &self,
        question: &BasicProperties,
        what: Result<(&str, i64), &Refused>,
    ) {
        let Some(to) = question.reply_to() else { return };
        let settings = self.broker.settings();
        // An answer is no command, and who asks has no say over our queues.
        if [&settings.command_queue, &settings.dead_letter_queue]
            .iter()
            .any(|own| *own == to.as_str())
        {
            return;
        }
        let answer = match what {
            Ok((subject, version)) => Answer {
                status: "done",
                subject: Some(subject),
                version: Some(version),
                code: None,
                reason: None,
                pointer: None,
            },
            Err(refused) => Answer {
                status: "refused",
                subject: None,
                version: None,
                code: Some(&refused.code),
                reason: Some(&refused.reason),
                pointer: refused.pointer.as_deref(),
            },
        };
        let Ok(body) = serde_json::to_vec(&answer) else { return };
        let mut properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_app_id("kontor".into());
        let id = question.correlation_id().as_ref().or(question.message_id().as_ref());
        if let Some(id) = id {
            properties = properties.with_correlation_id(id.clone());
        }
        let sending = async {
            let channel = self.channel().await?;
            let options = BasicPublishOptions::default();
            let sent = channel.basic_publish(short(""), to.clone(), options, &body, properties);
            Ok::<_, AmqpFault>(sent.await?.await?)
        };
        match timeout(Duration::from_secs(5), sending).await {
            Ok(Ok(_)) => {}
            Ok(Err(fault)) => tracing::info!(%fault, "an answer was not sent"),
            Err(_) => self.forget_channel(),
        }
    }

    /// A channel with a confirm that nobody waits for keeps it for ever.
    fn forget_channel(&self) {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn channel(&self) -> Result<Channel, AmqpFault> {
        let known = self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.status().connected()) {
            return Ok(known);
        }
        let made = self.broker.confirmed_channel().await?;
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
        Ok(made)
    }
}

/// The message's own properties and the reason. What would let the letter expire, have it refused,
/// or copied elsewhere, is left out.
fn letter(properties: &BasicProperties, why: &Refused) -> BasicProperties {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let mut headers = FieldTable::default();
    if let Some(own) = properties.headers() {
        let kept = own.inner().iter().filter(|(name, _)| !COPIES.contains(&name.as_str()));
        for (name, value) in kept {
            headers.insert(name.clone(), value.clone());
        }
    }
    let reason: String = why.reason.chars().take(REASON_MAX).collect();
    headers.insert("x-kontor-code".into(), text(&why.code));
    headers.insert("x-kontor-reason".into(), text(&reason));
    if let Some(pointer) = &why.pointer {
        headers.insert("x-kontor-pointer".into(), text(pointer));
    }
    if let Some(user) = properties.user_id() {
        headers.insert("x-kontor-user-id".into(), text(user.as_str()));
    }
    let mut letter = BasicProperties::default().with_headers(headers).with_delivery_mode(2);
    let own = properties.clone();
    if let Some(value) = own.content_type() {
        letter = letter.with_content_type(value.clone());
    }
    if let Some(value) = own.content_encoding() {
        letter = letter.with_content_encoding(value.clone());
    }
    if let Some(value) = own.message_id() {
        letter = letter.with_message_id(value.clone());
    }
    if let Some(value) = own.correlation_id() {
        letter = letter.with_correlation_id(value.clone());
    }
    if let Some(value) = own.reply_to() {
        letter = letter.with_reply_to(value.clone());
    }
    if let Some(value) = own.timestamp() {
        letter = letter.with_timestamp(*value);
    }
    if let Some(value) = own.kind() {
        letter = letter.with_type(value.clone());
    }
    if let Some(value) = own.app_id() {
        letter = letter.with_app_id(value.clone());
    }
    letter
}
