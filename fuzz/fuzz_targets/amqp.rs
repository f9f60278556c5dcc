//! Messages of the queue of commands, with their properties: whatever they hold, reading them ends
//! in a command or a refusal, and what is carried out ends in one of these too. Nothing that a
//! message says can make it come again for ever.

#![no_main]
// The language of the rules says more than is needed here.
#![allow(dead_code)]

mod house;
#[path = "../../adapters/tests/http/people.rs"]
mod people;
#[path = "../../adapters/tests/http/shop.rs"]
mod shop;
mod wall;

use house::{House, first_line};
use kontor_adapters::amqp::{
    Clerk, Desk,
    commands::message::{Outcome, Refused, read},
};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

thread_local! {
    static WORLD: RefCell<Option<(House, Desk)>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    WORLD.with_borrow_mut(|world| {
        let (house, desk) = world.get_or_insert_with(open);
        let (line, body) = first_line(bytes);
        let properties = properties(line);
        match read(&house.fill(body), &properties) {
            Err(refused) => check(&refused),
            Ok(ordered) => {
                assert_eq!(read(&house.fill(body), &properties).as_ref(), Ok(&ordered));
                let known = desk.knows(&ordered.command);
                assert!(known.is_none_or(|known| known == ordered.command));
                match house.runtime.block_on(desk.obey(ordered)) {
                    Outcome::Done { subject, version } => {
                        assert!(!subject.is_empty() && 0 <= version);
                    }
                    Outcome::Refused(refused) => check(&refused),
                    // Nothing is wrong with this node, so nothing may be put off.
                    other => panic!("{other:?}"),
                }
            }
        }
        if house.is_old() {
            *world = None;
        }
    });
});

fn open() -> (House, Desk) {
    let house = House::build();
    let desk = Desk::new(house.shop.intake.clone());
    (house, desk)
}

/// What is written beside a dead letter: a code, a sentence, a pointer.
fn check(refused: &Refused) {
    assert!(!refused.code.is_empty() && !refused.reason.is_empty(), "{refused:?}");
    let pointer = refused.pointer.as_deref().unwrap_or_default();
    assert!(pointer.is_empty() || pointer.starts_with('/'), "{refused:?}");
}

/// Media type, message id, user and trace, between bars; what is empty is not there.
fn properties(line: &[u8]) -> BasicProperties {
    let line = String::from_utf8_lossy(line);
    let mut parts = line.split('|').map(|part| {
        let short: String = part.chars().take(60).collect();
        (!short.is_empty()).then(|| ShortString::from(short))
    });
    let mut next = || parts.next().flatten();
    let mut properties = BasicProperties::default();
    if let Some(kind) = next() {
        properties = properties.with_content_type(kind);
    }
    if let Some(id) = next() {
        properties = properties.with_message_id(id);
    }
    if let Some(user) = next() {
        properties = properties.with_user_id(user);
    }
    if let Some(trace) = next() {
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString(trace.as_str().into()));
        properties = properties.with_headers(headers);
    }
    properties
}
