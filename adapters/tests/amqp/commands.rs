//! The rules of commands.

use crate::office::Office;
use async_trait::async_trait;
use kontor_adapters::amqp::{
    AmqpSettings, Clerk, Commands,
    commands::message::{Ordered, Outcome, Refused},
};
use lapin::{
    BasicProperties,
    options::QueueDeclareOptions,
    types::{AMQPValue, FieldTable},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Does what the order's name says.
#[derive(Default)]
struct Rehearsed {
    seen: Mutex<Vec<Ordered>>,
}

impl Rehearsed {
    fn seen(&self, id: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|ordered| ordered.id == id).count()
    }

    fn ids(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|ordered| ordered.id.clone()).collect()
    }
}

#[async_trait]
impl Clerk for Rehearsed {
    fn knows(&self, command: &str) -> Option<&'static str> {
        (command == "order.ship").then_some("order.ship")
    }

    async fn obey(&self, ordered: Ordered) -> Outcome {
        let (id, what) = (ordered.id.clone(), ordered.data["what"].as_str().unwrap().to_owned());
        self.seen.lock().unwrap().push(ordered);
        match what.as_str() {
            "refuse" => Outcome::Refused(Refused::new("wrong_status", "it is shipped").at("/data")),
            "fail_twice" if self.seen(&id) < 3 => {
                let refused = Refused::new("fault", "the database does not answer");
                Outcome::Passing { refused, wait: None, busy: false }
            }
            "panic" => panic!("rehearsed"),
            "wait" => {
                sleep(Duration::from_millis(fastrand::u64(0..30))).await;
                done()
            }
            "wait_long" => {
                sleep(Duration::from_millis(500)).await;
                done()
            }
            _ => done(),
        }
    }

    async fn is_sound(&self) -> bool {
        true
    }
}

fn done() -> Outcome {
    Outcome::Done { subject: "o-1".into(), version: 7 }
}

fn ship(what: &str) -> String {
    let data = json!({"order": "o-1", "what": what});
    json!({"tenant": "harbour-books", "command": "order.ship", "data": data}).to_string()
}

fn id(id: &str) -> BasicProperties {
    BasicProperties::default().with_message_id(id.into())
}

struct Desk {
    office: Office,
    clerk: Arc<Rehearsed>,
    commands: Commands,
}

impl Desk {
    async fn open() -> Self {
        let office = Office::with(AmqpSettings { prefetch: 16, ..Default::default() }).await;
        let clerk = Arc::new(Rehearsed::default());
        let own: Arc<dyn Clerk> = Arc::clone(&clerk) as Arc<dyn Clerk>;
        let commands = Commands::start(office.broker.clone(), own);
        Self { office, clerk, commands }
    }

    async fn dead(&self) -> (Value, BasicProperties) {
        let queue = self.office.settings.dead_letter_queue.clone();
        let message = self.office.take(&queue).await.unwrap().delivery;
        (serde_json::from_slice(&message.data).unwrap_or(Value::Null), message.properties)
    }

    async fn close(self) {
        self.close_with(&[]).await;
    }

    async fn close_with(self, queues: &[&str]) {
        self.commands.stop().await;
        let queue = self.office.settings.command_queue.clone();
        assert_eq!(self.office.waiting(&queue).await, 0, "something was not acknowledged");
        self.office.close(queues).await;
    }

    async fn until(&self, what: impl Fn(&Rehearsed) -> bool) {
        let reached = async {
            while !what(&self.clerk) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), reached).await.unwrap();
    }
}

fn header(properties: &BasicProperties, name: &str) -> String {
    match properties.headers().as_ref().unwrap().inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_answered_and_acknowledged() {
    let desk = Desk::open().await;
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    let queue = desk.office.channel.queue_declare("".into(), options, FieldTable::default());
    let queue = queue.await.unwrap();
    let properties = id("m-1").with_reply_to(queue.name().clone()).with_correlation_id("c".into());
    desk.office.order(&ship("work"), properties).await;
    let answer = desk.office.take(queue.name().as_str()).await.unwrap().delivery;
    assert_eq!(answer.properties.correlation_id().as_ref().unwrap().as_str(), "c");
    let told: Value = serde_json::from_slice(&answer.data).unwrap();
    assert_eq!(told, json!({"status": "done", "subject": "o-1", "version": 7}));
    desk.close().await;
}

#[tokio::test]
async fn a_refused_command_is_a_dead_letter_with_the_reason() {
    let desk = Desk::open().await;
    let copied = desk.office.listen("nothing").await;
    let mut headers = FieldTable::default();
    let copies = vec![AMQPValue::LongString(copied.as_str().into())];
    headers.insert("shop".into(), AMQPValue::LongString("north".into()));
    headers.insert("CC".into(), AMQPValue::FieldArray(copies.into()));
    let first = id("m-1").with_expiration("60000".into()).with_correlation_id("c".into());
    desk.office.order(&ship("refuse"), first.with_headers(headers)).await;
    let (body, properties) = desk.dead().await;
    assert_eq!(body["command"], "order.ship");
    assert_eq!(header(&properties, "x-kontor-code"), "wrong_status");
    assert_eq!(header(&properties, "x-kontor-reason"), "it is shipped");
    assert_eq!(header(&properties, "x-kontor-pointer"), "/data");
    assert_eq!(header(&properties, "shop"), "north");
    assert_eq!(properties.message_id().as_ref().unwrap().as_str(), "m-1");
    assert_eq!(properties.correlation_id().as_ref().unwrap().as_str(), "c");
    // A letter does not expire, and nobody gets a copy but the publisher's own.
    assert_eq!(*properties.expiration(), None);
    assert_eq!(desk.office.waiting(&copied).await, 1);
    desk.close_with(&[&copied]).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter() {
    let desk = Desk::open().await;
    desk.office.order("{", id("m-1")).await;
    assert_eq!(header(&desk.dead().await.1, "x-kontor-code"), "malformed");
    desk.office.order(&ship("work"), BasicProperties::default()).await;
    assert_eq!(header(&desk.dead().await.1, "x-kontor-code"), "message_id_missing");
    desk.close().await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again_in_place() {
    let desk = Desk::open().await;
    desk.office.order(&ship("fail_twice"), id("m-1")).await;
    desk.until(|clerk| clerk.seen("m-1") == 3).await;
    desk.close().await;
}

#[tokio::test]
async fn a_command_that_crashes_is_a_dead_letter_and_the_next_one_is_carried_out() {
    let desk = Desk::open().await;
    desk.office.order(&ship("panic"), id("m-1")).await;
    desk.office.order(&ship("work"), id("m-2")).await;
    assert_eq!(header(&desk.dead().await.1, "x-kontor-code"), "crashed");
    desk.until(|clerk| clerk.seen("m-2") == 1).await;
    desk.close().await;
}

#[tokio::test]
async fn commands_about_one_order_are_carried_out_as_they_came() {
    let desk = Desk::open().await;
    let ids: Vec<_> = (0..40).map(|number| format!("m-{number}")).collect();
    for name in &ids {
        desk.office.order(&ship("wait"), id(name)).await;
    }
    desk.until(|clerk| clerk.ids().len() == 40).await;
    assert_eq!(desk.clerk.ids(), ids);
    desk.close().await;
}

#[tokio::test]
async fn a_command_whose_line_was_cut_comes_again_and_none_is_lost() {
    let desk = Desk::open().await;
    for number in 0..20 {
        let data = json!({"order": format!("o-{number}"), "what": "wait_long"});
        let body = json!({"tenant": "harbour-books", "command": "order.ship", "data": data});
        desk.office.order(&body.to_string(), id(&format!("m-{number}"))).await;
    }
    desk.until(|clerk| !clerk.ids().is_empty()).await;
    desk.office.link.cut();
    desk.office.connected(false).await;
    desk.office.link.mend();
    desk.until(|clerk| (0..20).all(|number| 1 <= clerk.seen(&format!("m-{number}")))).await;
    desk.until(|clerk| 20 < clerk.ids().len()).await;
    desk.close().await;
}

#[tokio::test]
async fn a_queue_that_was_taken_away_is_made_again() {
    let desk = Desk::open().await;
    desk.office.order(&ship("work"), id("m-1")).await;
    desk.until(|clerk| clerk.seen("m-1") == 1).await;
    let queue = desk.office.settings.command_queue.clone();
    desk.office.channel.queue_delete(queue.as_str().into(), Default::default()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    desk.office.order(&ship("work"), id("m-2")).await;
    desk.until(|clerk| clerk.seen("m-2") == 1).await;
    desk.close().await;
}
