//! The rules of replays: one at a time, in order, a bounded number on its way, nothing twice.

use super::*;
use crate::webhook::replays::{OPEN_MAX, RELEASED_AT};
use kontor_messages::webhook::ReplayedEvent;

fn again() -> EntityId {
    EntityId::named("again")
}

fn place(seq: i64) -> Position {
    Position { shard: 0, seq }
}

fn replay(name: &str, from: Option<i64>, until: i64) -> WebhookCommand {
    WebhookCommand::Replay {
        endpoint: shop(),
        replay: EntityId::named(name),
        from: from.map(place),
        until: place(until),
        since: None,
        before: None,
        types: Vec::new(),
    }
}

/// The n-th event of the journal, about this subject.
fn told(n: u8, subject: &str) -> ReplayedEvent {
    ReplayedEvent {
        event: event(n),
        name: "order.created".to_owned(),
        subject: subject.to_owned(),
        position: place(i64::from(n)),
    }
}

/// From `after` to `reached` these are found.
fn found(after: i64, reached: i64, events: Vec<ReplayedEvent>) -> WebhookCommand {
    WebhookCommand::ContinueReplay { endpoint: shop(), replay: again(), after, reached, events }
}

fn repeat(n: u8) -> EntityId {
    delivery_entity(&shop(), event(n), Some("again"))
}

fn repeat_of(stage: &Stage<Webhook>, n: u8) -> DeliveryDocument {
    match stage.state(&repeat(n)) {
        WebhookState::Delivery(delivery) => delivery,
        other => panic!("expected a delivery, found {other:?}"),
    }
}

fn taken(n: u8) -> WebhookCommand {
    WebhookCommand::RecordDelivered { delivery: repeat(n), status: 200, duration_ms: 12 }
}

fn replay_of(stage: &Stage<Webhook>) -> ReplayDocument {
    endpoint_of(stage).replay.expect("a replay")
}

fn open(stage: &Stage<Webhook>) -> u32 {
    stage.state(&tally_entity(&shop(), &again())).open()
}

fn step(stage: &Stage<Webhook>) -> Option<usize> {
    dispatch::next_step(&endpoint_of(stage), open(stage)).map(|step| step.room)
}

fn disable() -> WebhookCommand {
    WebhookCommand::Disable { endpoint: shop() }
}

fn enable() -> WebhookCommand {
    WebhookCommand::Enable { endpoint: shop() }
}

fn cancel() -> WebhookCommand {
    WebhookCommand::CancelReplay { endpoint: shop() }
}

/// An endpoint with a replay of places 1 to 200 under way.
fn running() -> Stage<Webhook> {
    created().when(replay("again", Some(1), 200)).then_names(&["webhook.replay_requested"])
}

#[test]
fn what_was_delivered_is_delivered_again_in_order_and_the_replay_knows_its_end() {
    let stage = created()
        .when(deliver(1, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(ok(1))
        .then_names(&["webhook.delivery_delivered"])
        .when(replay("again", Some(1), 3))
        .then_names(&["webhook.replay_requested"])
        .when(found(0, 3, vec![told(1, "order/1"), told(2, "order/2"), told(3, "order/1")]))
        .then_names(&[
            "webhook.delivery_queued",
            "webhook.delivery_queued",
            "webhook.delivery_queued",
            "webhook.replay_advanced",
        ]);
    let words = [1, 2, 3].map(|n| repeat_of(&stage, n).phase.word());
    assert_eq!(words, ["queued", "queued", "blocked"]);
    assert_eq!(repeat_of(&stage, 1).event, event(1));
    assert_eq!((replay_of(&stage).queued, open(&stage)), (3, 3));
    let stage = stage
        .when(taken(1))
        .then_names(&["webhook.delivery_delivered", "webhook.delivery_released"])
        .when(taken(2))
        .then_names(&["webhook.delivery_delivered"])
        .when(taken(3))
        .then_names(&["webhook.delivery_delivered", "webhook.replay_finished"]);
    assert_eq!(replay_of(&stage).phase, ReplayPhase::Finished { at: stage.now() });
    assert_eq!(stage.state(&tally_entity(&shop(), &again())), WebhookState::Blank);
}

#[test]
fn a_step_is_made_once_and_never_from_an_earlier_place() {
    let events = || vec![told(1, "order/1"), told(1, "order/1")];
    let queued = &["webhook.delivery_queued", "webhook.replay_advanced"];
    let stage = running()
        .when(found(0, 7, events()))
        .then_names(queued)
        .when(found(0, 7, events()))
        .then_nothing()
        .when(found(0, 9, vec![told(8, "order/8")]))
        .then_nothing()
        .when(found(7, 7, vec![told(8, "order/8")]))
        .then_nothing()
        .when(found(7, 8, vec![told(8, "order/8")]))
        .then_names(queued);
    stage.when(found(8, 201, Vec::new())).refused(WebhookRefusal::Invalid {
        pointer: "/reached".to_owned(),
        expected: "expected a place within the replay".to_owned(),
    });
}

#[test]
fn what_is_new_waits_behind_what_is_replayed_of_its_subject_and_nothing_else_does() {
    let stage = running()
        .when(found(0, 1, vec![told(1, "order/1")]))
        .then_names(&["webhook.delivery_queued", "webhook.replay_advanced"])
        .when(deliver(9, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(deliver(10, "order/2"))
        .then_names(&["webhook.delivery_queued"]);
    assert_eq!((word(&stage, 9), word(&stage, 10)), ("blocked", "queued"));
    let stage = stage
        .when(found(1, 2, vec![told(2, "order/1")]))
        .then_names(&["webhook.delivery_queued", "webhook.replay_advanced"]);
    assert_eq!(repeat_of(&stage, 2).after, Some(delivery(9)));
}

#[test]
fn more_is_queued_when_half_of_what_may_be_open_has_ended() {
    let many: Vec<_> = (1..=100).map(|n| told(n, &format!("order/{n}"))).collect();
    let mut stage = running();
    assert_eq!(step(&stage), Some(100));
    stage.obey(found(0, 100, many)).unwrap();
    assert_eq!((open(&stage), step(&stage)), (OPEN_MAX, None));
    for n in 1..=49 {
        stage = stage.when(taken(n)).then_names(&["webhook.delivery_delivered"]);
    }
    assert_eq!(step(&stage), None);
    let stage = stage
        .when(taken(50))
        .then_names(&["webhook.delivery_delivered", "webhook.replay_released"])
        .when(taken(51))
        .then_names(&["webhook.delivery_delivered"]);
    assert_eq!(open(&stage), RELEASED_AT - 1);
    assert_eq!(step(&stage), Some(51));
}

#[test]
fn there_is_one_replay_at_a_time() {
    let stage = running()
        .when(replay("again", Some(1), 200))
        .then_nothing()
        .when(replay("other", Some(1), 200))
        .refused(WebhookRefusal::ReplayRunning)
        .when(found(0, 200, Vec::new()))
        .then_names(&["webhook.replay_advanced", "webhook.replay_finished"]);
    assert_eq!(step(&stage), None);
    stage
        .when(replay("other", Some(1), 200))
        .then_names(&["webhook.replay_requested"])
        .when(replay("third", Some(1), 200))
        .refused(WebhookRefusal::ReplayRunning);
}

#[test]
fn a_replay_of_nothing_is_at_its_end_at_once() {
    created()
        .when(replay("again", Some(8), 7))
        .then_names(&["webhook.replay_requested", "webhook.replay_finished"])
        .when(replay("other", Some(8), 7))
        .then_names(&["webhook.replay_requested", "webhook.replay_finished"]);
}

#[test]
fn a_cancelled_replay_queues_nothing_more_and_its_deliveries_do_not_end_the_next_one() {
    let stage = running()
        .when(found(0, 1, vec![told(1, "order/1")]))
        .then_names(&["webhook.delivery_queued", "webhook.replay_advanced"])
        .when(cancel())
        .then_names(&["webhook.replay_cancelled"])
        .when(cancel())
        .then_nothing()
        .when(found(1, 2, vec![told(2, "order/2")]))
        .then_nothing()
        .when(replay("other", Some(1), 1))
        .then_names(&["webhook.replay_requested"])
        .when(taken(1))
        .then_names(&["webhook.delivery_delivered"]);
    assert_eq!(replay_of(&stage).phase, ReplayPhase::Running);
    created().when(cancel()).refused(WebhookRefusal::NotFound("replay"));
}

#[test]
fn what_a_disabled_endpoint_missed_is_replayed_from_there() {
    let stage = created()
        .when(replay("again", None, 9))
        .refused(WebhookRefusal::Invalid {
            pointer: "/from_missed".to_owned(),
            expected: "expected an endpoint that has missed something".to_owned(),
        })
        .when(disable())
        .then_names(&["webhook.endpoint_disabled"])
        .when(deliver(7, "order/1"))
        .then_names(&["webhook.endpoint_missed"])
        .when(replay("again", None, 9))
        .refused(WebhookRefusal::Disabled)
        .when(enable())
        .then_names(&["webhook.endpoint_enabled"])
        .when(replay("again", None, 9))
        .then_names(&["webhook.replay_requested"]);
    assert_eq!(replay_of(&stage).range.from, place(7));
    assert_eq!(endpoint_of(&stage).missed_from, None);
    let stage = stage
        .when(found(6, 8, Vec::new()))
        .then_names(&["webhook.replay_advanced"])
        .when(cancel())
        .then_names(&["webhook.replay_cancelled"]);
    assert_eq!(endpoint_of(&stage).missed_from, Some(place(9)));
}

#[test]
fn a_replay_waits_while_its_endpoint_is_disabled_and_ends_with_it() {
    let stage = running().when(disable()).then_names(&["webhook.endpoint_disabled"]);
    assert_eq!(step(&stage), None);
    let stage = stage
        .when(found(0, 1, vec![told(1, "order/1")]))
        .then_nothing()
        .when(enable())
        .then_names(&["webhook.endpoint_enabled"]);
    assert_eq!(step(&stage), Some(100));
    assert!(dispatch::wants_replaying("webhook.endpoint_enabled"));
    let stage = stage
        .when(found(0, 1, vec![told(1, "order/1")]))
        .then_names(&["webhook.delivery_queued", "webhook.replay_advanced"])
        .when(WebhookCommand::Remove { endpoint: shop() })
        .then_names(&["webhook.endpoint_removed"])
        .when(WebhookCommand::RecordInactive { delivery: repeat(1) })
        .then_names(&["webhook.delivery_given_up"]);
    assert_eq!((endpoint_of(&stage).replay, open(&stage)), (None, 0));
}

#[test]
fn a_replay_narrows_what_its_endpoint_wants() {
    let mut command = replay("again", Some(1), 9);
    if let WebhookCommand::Replay { types, since, before, .. } = &mut command {
        *types = vec!["order.paid".to_owned(), "stock.*".to_owned()];
        (*since, *before) = (Some(NOW), Some(NOW.plus(HOUR)));
    }
    let stage = created().when(command).then_names(&["webhook.replay_requested"]);
    let endpoint = endpoint_of(&stage);
    let step = dispatch::next_step(&endpoint, 0).unwrap();
    assert!(step.wants("order.paid", NOW));
    assert!(!step.wants("order.created", NOW));
    // The endpoint wants orders only.
    assert!(!step.wants("stock.low", NOW));
    assert!(!step.wants("order.paid", NOW.plus(HOUR)));
    assert!(!step.wants("order.paid", Timestamp::from_millis(NOW.millis() - 1)));
}

#[test]
fn a_replay_that_makes_no_sense_is_refused_with_the_place() {
    let edit = |edit: fn(&mut WebhookCommand)| {
        let mut command = replay("again", Some(5), 9);
        edit(&mut command);
        match created().when(command).result {
            Err(WebhookRefusal::Invalid { pointer, .. }) => pointer,
            other => panic!("expected a refusal, got {other:?}"),
        }
    };
    fn types_of(command: &mut WebhookCommand, wanted: &[&str]) {
        if let WebhookCommand::Replay { types, .. } = command {
            *types = wanted.iter().map(|one| (*one).to_owned()).collect();
        }
    }
    assert_eq!(edit(|command| *command = replay("a/b", Some(5), 9)), "/replay");
    assert_eq!(edit(|command| *command = replay("again", Some(0), 9)), "/until");
    assert_eq!(edit(|command| *command = replay("again", Some(5), 3)), "/until");
    assert_eq!(edit(|command| types_of(command, &["order.*", "order.creatd"])), "/types/1");
    assert_eq!(edit(|command| types_of(command, &["webhook.*"])), "/types/0");
    assert_eq!(edit(|command| types_of(command, &["*"; 51])), "/types");
    assert_eq!(
        edit(|command| {
            if let WebhookCommand::Replay { since, before, .. } = command {
                (*since, *before) = (Some(NOW), Some(NOW));
            }
        }),
        "/until"
    );
}
