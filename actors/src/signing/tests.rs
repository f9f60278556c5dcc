//! The rules of signing keys.

use super::*;
use crate::testing::{NOW, Stage, given};
use kontor_messages::signing::{NewKey, ring_entity};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;

const MONTH: u64 = 30 * 24 * 3600;

fn key(kid: &str) -> NewKey {
    NewKey { kid: kid.to_owned(), public: "AAAA".to_owned(), sealed: "v1.AAAA".to_owned() }
}

fn offer(kid: &str) -> SigningCommand {
    SigningCommand::Offer { key: key(kid), signs_for_s: MONTH }
}

/// One key signs, and the next one has been published for long enough.
fn stage() -> Stage<Signing> {
    given([])
        .when(offer("a"))
        .then_names(&["signing.published"])
        .when(offer("b"))
        .then_names(&["signing.published"])
        .after(PUBLISHED_BEFORE)
}

fn kids(stage: &Stage<Signing>) -> (String, Option<String>, Vec<String>) {
    let ring = stage.state(&ring_entity());
    let kid = |key: &KeyInRing| key.key.kid.clone();
    (ring.active.as_ref().map(kid).unwrap(), ring.next.as_ref().map(kid), {
        ring.old.iter().map(kid).collect()
    })
}

#[test]
fn the_first_key_signs_at_once_and_the_second_waits_for_its_turn() {
    let stage = stage().when(offer("c")).then_nothing().when(offer("a")).then_nothing();
    assert_eq!(kids(&stage), ("a".to_owned(), Some("b".to_owned()), vec![]));
}

#[test]
fn when_its_time_is_over_the_next_key_signs_and_the_old_one_is_believed_for_a_while() {
    let mut stage = stage().after(Duration::from_secs(MONTH));
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(kids(&stage), ("b".to_owned(), None, vec!["a".to_owned()]));
    stage = stage.after(RETIRED_AFTER);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(kids(&stage).2, Vec::<String>::new());
    assert_eq!(stage.wake_due(), 0);
}

#[test]
fn a_rotation_at_once_waits_for_nothing_and_the_old_key_is_believed_for_a_while() {
    let now = || SigningCommand::Rotate { at_once: true };
    let stage = given::<Signing>([]).when(now()).refused(SigningRefusal::NotFound);
    let stage = stage.when(offer("a")).then_names(&["signing.published"]);
    let stage = stage.when(now()).then_names(&["signing.rotation_asked"]);
    let stage = stage.when(offer("b")).then_names(&["signing.published"]);
    let stage = stage.when(now()).then_names(&["signing.rotated"]);
    assert_eq!(kids(&stage), ("b".to_owned(), None, vec!["a".to_owned()]));
}

#[test]
fn a_key_that_was_not_published_for_long_enough_does_not_sign_even_if_asked() {
    let stage = given::<Signing>([])
        .when(SigningCommand::Rotate { at_once: false })
        .refused(SigningRefusal::NotFound);
    let stage = stage.when(offer("a")).then_names(&["signing.published"]);
    let stage = stage
        .when(SigningCommand::Rotate { at_once: false })
        .then_names(&["signing.rotation_asked"]);
    let stage = stage.when(SigningCommand::Rotate { at_once: false }).then_nothing();
    let mut stage = stage.when(offer("b")).then_names(&["signing.published"]);
    assert_eq!(stage.wake_due(), 0);
    stage = stage.after(PUBLISHED_BEFORE);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(kids(&stage).0, "b");
}

#[test]
fn a_rotation_that_is_asked_for_happens_at_once_if_the_next_key_is_known() {
    let names = ["signing.rotation_asked", "signing.rotated"];
    let stage = stage().when(SigningCommand::Rotate { at_once: false }).then_names(&names);
    assert_eq!(kids(&stage), ("b".to_owned(), None, vec!["a".to_owned()]));
}

#[test]
fn what_is_no_key_is_refused() {
    let long = "x".repeat(501);
    for bad in [
        NewKey { kid: String::new(), ..key("a") },
        NewKey { public: "a b".to_owned(), ..key("a") },
        NewKey { sealed: long, ..key("a") },
    ] {
        let asked =
            given::<Signing>([]).when(SigningCommand::Offer { key: bad, signs_for_s: MONTH });
        assert!(matches!(asked.result, Err(SigningRefusal::Invalid { .. })));
    }
    let asked = given::<Signing>([]).when(SigningCommand::Offer { key: key("a"), signs_for_s: 1 });
    assert!(matches!(asked.result, Err(SigningRefusal::Invalid { .. })));
}

#[test]
fn events_keep_their_json() {
    let events = [
        SigningEvent::Published { key: key("a"), signs_for_s: MONTH },
        SigningEvent::RotationAsked,
        SigningEvent::Rotated,
        SigningEvent::Retired { kid: "a".to_owned() },
    ];
    let lines: Vec<_> = include_str!("events.jsonl").lines().collect();
    let written: Vec<_> = events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines);
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(serde_json::from_str::<SigningEvent>(line).unwrap(), event);
        assert!(Signing::event_name(&event).starts_with("signing."));
    }
}

proptest! {
    #[test]
    fn a_key_that_signs_was_published_before_and_one_that_signed_stays_long_enough(
        steps in vec((0..4_u8, 0..900_u64), 0..60)
    ) {
        let mut stage = given::<Signing>([]);
        let mut made = 0;
        for (what, wait) in steps {
            let before = stage.state(&ring_entity());
            let command = match what {
                0 => {
                    made += 1;
                    offer(&format!("key-{made}"))
                }
                1 => SigningCommand::Rotate { at_once: false },
                _ => {
                    stage = stage.after(Duration::from_secs(wait));
                    SigningCommand::Wake
                }
            };
            let _ = stage.obey(command);
            let (ring, now) = (stage.state(&ring_entity()), stage.now());
            if let (Some(was), Some(is)) = (&before.active, &ring.active)
                && was.key.kid != is.key.kid
            {
                prop_assert!(is.published_at.plus(PUBLISHED_BEFORE) <= now);
                prop_assert!(ring.old.iter().any(|old| old.key.kid == was.key.kid));
            }
            for gone in before.old.iter().filter(|old| !ring.old.contains(old)) {
                prop_assert!(gone.replaced_at.unwrap().plus(RETIRED_AFTER) <= now);
            }
            // Nothing wakes for ever: what is due is done with by waking.
            stage.wake_due();
            prop_assert_eq!(stage.wake_due(), 0);
        }
        prop_assert!(NOW <= stage.now());
    }
}
