//! The rules of erasures.

use super::*;
use crate::testing::{Stage, given};

fn request() -> EntityId {
    EntityId::named("e1")
}

fn person() -> String {
    "0f".repeat(16)
}

fn asked(persons: Vec<String>) -> ErasureCommand {
    ErasureCommand::Request { erasure: request(), persons, reason: None }
}

fn stage() -> Stage<Erasure> {
    given([]).when(asked(vec![person()])).then_names(&["erasure.requested"])
}

fn done() -> ErasureCommand {
    ErasureCommand::RecordDone { erasure: request(), entities: 3 }
}

#[test]
fn an_erasure_is_asked_for_once_and_done_once() {
    let stage = stage().when(asked(vec![person()])).then_nothing();
    let stage = stage.when(done()).then_names(&["erasure.completed"]);
    let stage = stage.when(done()).then_nothing();
    let state = stage.state(&request());
    let document = state.document().unwrap();
    assert_eq!((document.status, document.entities), (ErasureStatus::Completed, Some(3)));
    assert_eq!(Erasure::due(&state), None);
}

#[test]
fn an_erasure_that_nobody_finishes_is_done_again() {
    let wake = ErasureCommand::Wake { erasure: request() };
    let stage = stage().when(wake.clone()).then_nothing();
    let mut stage = stage.after(ANSWER);
    assert_eq!(stage.wake_due(), 1);
    let stage = stage.when(wake).then_nothing();
    stage.when(done()).then_names(&["erasure.completed"]);
}

#[test]
fn a_person_is_named_by_hashes_only() {
    for persons in [vec![], vec!["jana@example.com".to_owned()], vec![person(); 9]] {
        let pointer = "/persons".to_owned();
        let expected = "expected 1 to 8 hashes".to_owned();
        given::<Erasure>([])
            .when(asked(persons))
            .refused(ErasureRefusal::Invalid { pointer, expected });
    }
}

#[test]
fn what_is_not_known_is_not_done() {
    given::<Erasure>([]).when(done()).then_nothing();
}

#[test]
fn events_keep_their_json() {
    for (event, json) in [
        (
            ErasureEvent::Requested { persons: vec!["ab".into()], reason: None },
            r#"{"type":"requested","persons":["ab"]}"#,
        ),
        (ErasureEvent::Repeated, r#"{"type":"repeated"}"#),
        (ErasureEvent::Completed { entities: 2 }, r#"{"type":"completed","entities":2}"#),
    ] {
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert_eq!(serde_json::from_str::<ErasureEvent>(json).unwrap(), event);
    }
}
