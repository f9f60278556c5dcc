//! Whatever is asked, in whatever order: in order by subject, bounded, delivered once.

use super::*;
use kontor_messages::webhook::ReplayedEvent;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

const EVENTS: u8 = 8;

#[derive(Clone, Debug)]
enum Step {
    Ask(WebhookCommand),
    /// The next so many places of the replay that is under way.
    Look(i64),
    Wait(u64),
}

/// The replays that are asked for.
const REPLAYS: [&str; 2] = ["first", "second"];

/// A delivery, or its repeat by a replay.
fn any_delivery() -> impl Strategy<Value = EntityId> {
    let key =
        prop_oneof![2 => Just(None), 1 => Just(Some(REPLAYS[0])), 1 => Just(Some(REPLAYS[1]))];
    (0..EVENTS, key).prop_map(|(n, key)| delivery_entity(&shop(), event(n), key))
}

/// Every delivery that there may be.
fn all_deliveries() -> Vec<EntityId> {
    let keys = [None, Some(REPLAYS[0]), Some(REPLAYS[1])];
    (0..EVENTS).flat_map(|n| keys.map(|key| delivery_entity(&shop(), event(n), key))).collect()
}

fn replay(name: usize, from: Option<i64>) -> WebhookCommand {
    WebhookCommand::Replay {
        endpoint: shop(),
        replay: EntityId::named(REPLAYS[name]),
        from: from.map(|seq| Position { shard: 0, seq }),
        until: Position { shard: 0, seq: i64::from(EVENTS) - 1 },
        since: None,
        before: None,
        types: Vec::new(),
    }
}

/// What the replay's follower brings, if the endpoint has one under way.
fn look(stage: &Stage<Webhook>, places: i64) -> Option<WebhookCommand> {
    let WebhookState::Endpoint(endpoint) = stage.state(&endpoint_entity(&shop())) else {
        return None;
    };
    let open = stage.state(&tally_entity(&shop(), &endpoint.running_replay()?.id)).open();
    let step = dispatch::next_step(&endpoint, open)?;
    let reached = (step.after + places).min(step.range.until.seq);
    let events = (step.after + 1..=reached).map(|seq| {
        let n = u8::try_from(seq).unwrap();
        let position = Position { shard: 0, seq };
        let (name, subject) = ("order.created".to_owned(), subject(n));
        ReplayedEvent { event: event(n), name, subject, position }
    });
    Some(WebhookCommand::ContinueReplay {
        endpoint: shop(),
        replay: step.replay.clone(),
        after: step.after,
        reached,
        events: events.collect(),
    })
}

fn end(delivery: EntityId) -> WebhookCommand {
    WebhookCommand::RecordDelivered { delivery, status: 200, duration_ms: 12 }
}

fn fail(entity: EntityId, number: u32, answer: Option<u16>) -> WebhookCommand {
    let mut command = failed(0, number, answer);
    if let WebhookCommand::RecordFailure { delivery, .. } = &mut command {
        *delivery = entity;
    }
    command
}

fn subject(n: u8) -> String {
    format!("order/{}", n % 2)
}

fn step() -> impl Strategy<Value = Step> {
    let statuses = prop_oneof![
        20 => Just(Some(500)),
        5 => Just(None),
        1 => Just(Some(410)),
    ];
    let n = 0..EVENTS;
    prop_oneof![
        6 => n.clone().prop_map(|n| Step::Ask(deliver(n, &subject(n)))),
        4 => any_delivery().prop_map(|delivery| Step::Ask(end(delivery))),
        8 => (any_delivery(), 1..12_u32, statuses)
            .prop_map(|(delivery, attempt, status)| Step::Ask(fail(delivery, attempt, status))),
        2 => any_delivery().prop_map(|delivery| {
            Step::Ask(WebhookCommand::RecordInactive { delivery })
        }),
        3 => any_delivery().prop_map(|delivery| {
            Step::Ask(WebhookCommand::ResumeDelivery { delivery })
        }),
        3 => (0..2_usize, 1..i64::from(EVENTS))
            .prop_map(|(name, from)| Step::Ask(replay(name, Some(from)))),
        1 => Just(Step::Ask(replay(0, None))),
        1 => Just(Step::Ask(WebhookCommand::CancelReplay { endpoint: shop() })),
        6 => (1..5_i64).prop_map(Step::Look),
        2 => Just(Step::Ask(WebhookCommand::Pause { endpoint: shop() })),
        4 => Just(Step::Ask(WebhookCommand::Enable { endpoint: shop() })),
        1 => Just(Step::Ask(WebhookCommand::Disable { endpoint: shop() })),
        6 => (0..100_000_u64).prop_map(Step::Wait),
    ]
}

type Story = Vec<(Timestamp, EntityId, WebhookEvent)>;

fn live(steps: Vec<Step>) -> (Stage<Webhook>, Story) {
    let mut stage = given::<Webhook>([]);
    let mut story = Story::new();
    for step in std::iter::once(Step::Ask(create())).chain(steps) {
        let commands = match step {
            Step::Ask(command) => vec![command],
            Step::Look(places) => look(&stage, places).into_iter().collect(),
            Step::Wait(seconds) => {
                stage = stage.after(Duration::from_secs(seconds));
                let all = stage.book().entities();
                all.filter_map(|(id, entity)| Webhook::wake(id, &entity.state)).collect()
            }
        };
        for command in commands {
            let now = stage.now();
            let events = stage.obey(command.clone()).unwrap_or_default();
            story.extend(events.into_iter().map(|(who, event)| (now, who, event)));
            let again = stage.obey(command).unwrap_or_default();
            assert!(again.is_empty(), "the second time gave {again:?}");
        }
    }
    (stage, story)
}

fn open_by_subject(stage: &Stage<Webhook>) -> BTreeMap<String, Vec<(EntityId, DeliveryDocument)>> {
    let mut open: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for entity in all_deliveries() {
        let WebhookState::Delivery(delivery) = stage.state(&entity) else { continue };
        let ended = matches!(
            delivery.phase,
            DeliveryPhase::Delivered { .. } | DeliveryPhase::GivenUp { .. }
        );
        if !ended {
            open.entry(delivery.subject.clone()).or_default().push((entity, delivery));
        }
    }
    open
}

proptest! {
    #[test]
    fn of_one_subject_one_delivery_is_ahead_and_the_others_wait_in_a_chain(
        steps in vec(step(), 0..120),
    ) {
        let (stage, _) = live(steps);
        let open = open_by_subject(&stage);
        for (subject, deliveries) in &open {
            let ahead = deliveries.iter().filter(|(_, d)| d.phase != DeliveryPhase::Blocked).count();
            prop_assert_eq!(ahead, 1, "of {}", subject);
            let ends: Vec<_> = deliveries.iter().filter(|(_, d)| d.next.is_none()).collect();
            prop_assert_eq!(ends.len(), 1);
            let last = ends[0].0.clone();
            let lane = stage.state(&lane_entity(&shop(), subject));
            prop_assert_eq!(lane, WebhookState::Lane(LaneDocument { last }));
        }
        for n in 0..2 {
            if !open.contains_key(&subject(n)) {
                let lane = stage.state(&lane_entity(&shop(), &subject(n)));
                prop_assert_eq!(lane, WebhookState::Blank);
            }
        }
    }

    #[test]
    fn what_was_delivered_ends_there_and_attempts_are_bounded(steps in vec(step(), 0..120)) {
        let (stage, story) = live(steps);
        let mut ended: Vec<&EntityId> = Vec::new();
        for (_, who, event) in &story {
            match event {
                WebhookEvent::DeliveryDelivered { .. } | WebhookEvent::DeliveryGivenUp { .. } => {
                    prop_assert!(!ended.contains(&who));
                    ended.push(who);
                }
                WebhookEvent::DeliveryDue
                | WebhookEvent::DeliveryReleased
                | WebhookEvent::DeliveryAttemptFailed { .. } => {
                    prop_assert!(!ended.contains(&who));
                }
                _ => {}
            }
        }
        for entity in all_deliveries() {
            if let WebhookState::Delivery(delivery) = stage.state(&entity) {
                prop_assert!(delivery.attempts.len() <= 10);
            }
        }
    }

    #[test]
    fn replay_gives_the_same_state(steps in vec(step(), 0..120)) {
        let (stage, story) = live(steps);
        let mut replayed = given::<Webhook>([]);
        for (at, who, event) in story {
            let span = at.since(replayed.now());
            replayed = replayed.after(span);
            replayed.happen(who, event);
        }
        for (name, entity) in stage.book().entities() {
            prop_assert_eq!(&replayed.state(name), &*entity.state);
        }
    }

    #[test]
    fn a_willing_endpoint_gets_everything_that_is_kept_for_it(steps in vec(step(), 0..120)) {
        let (mut stage, _) = live(steps);
        stage.obey(WebhookCommand::Enable { endpoint: shop() }).unwrap();
        while let Some(command) = look(&stage, 3) {
            stage.obey(command).unwrap();
        }
        for _ in 0..=3 * EVENTS {
            for delivery in all_deliveries() {
                let resume = WebhookCommand::ResumeDelivery { delivery: delivery.clone() };
                stage.obey(resume).unwrap();
                stage.obey(end(delivery)).unwrap();
            }
        }
        prop_assert!(open_by_subject(&stage).is_empty());
        prop_assert!(endpoint_of(&stage).running_replay().is_none());
    }

    #[test]
    fn a_replay_counts_what_is_on_its_way_and_is_never_stuck(steps in vec(step(), 0..120)) {
        let (stage, _) = live(steps);
        let mut open: BTreeMap<EntityId, u32> = BTreeMap::new();
        for (_, delivery) in open_by_subject(&stage).into_values().flatten() {
            if let Some(tally) = delivery.replay {
                *open.entry(tally).or_default() += 1;
            }
        }
        for name in REPLAYS {
            let tally = tally_entity(&shop(), &EntityId::named(name));
            let counted = open.get(&tally).copied().unwrap_or_default();
            prop_assert_eq!(stage.state(&tally).open(), counted);
        }
        let endpoint = endpoint_of(&stage);
        if let Some(replay) = endpoint.running_replay() {
            let away = matches!(endpoint.phase, EndpointPhase::Disabled { .. });
            let open = stage.state(&tally_entity(&shop(), &replay.id)).open();
            prop_assert!(away || open > 0 || look(&stage, 1).is_some());
        }
    }
}
