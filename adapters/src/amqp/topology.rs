//! What has to be there at the broker. Declaring is harmless the second time.

use super::{AmqpFault, AmqpSettings, QueueType, short};
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

/// Declares exchange and queues. What the broker itself gives up on goes to the dead letters too.
pub(super) async fn declare(channel: &Channel, settings: &AmqpSettings) -> Result<(), AmqpFault> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    let none = FieldTable::default();
    channel.exchange_declare(short(&settings.exchange), ExchangeKind::Topic, durable, none).await?;
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    let dead = queue(settings);
    channel.queue_declare(short(&settings.dead_letter_queue), options, dead).await?;
    let mut commands = queue(settings);
    let letters = &settings.dead_letter_queue;
    commands.insert("x-dead-letter-exchange".into(), text(""));
    commands.insert("x-dead-letter-routing-key".into(), text(letters));
    channel.queue_declare(short(&settings.command_queue), options, commands).await?;
    Ok(())
}

fn queue(settings: &AmqpSettings) -> FieldTable {
    let mut arguments = FieldTable::default();
    if settings.queue_type == QueueType::Quorum {
        arguments.insert("x-queue-type".into(), text("quorum"));
    }
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}
