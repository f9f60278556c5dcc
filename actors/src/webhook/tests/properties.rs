//! Whatever is asked, in whatever order: in order by subject, bounded, delivered once.

use super::*;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

const EVENTS: u8 = 8;

#[derive(Clone, Debug)]
enum Step {
    Ask(WebhookCommand),
    Wait(u64),
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
        4 => n.clone().prop_map(|n| Step::Ask(ok(n))),
        8 => (n.clone(), 1..12_u32, statuses)
            .prop_map(|(n, attempt, status)| Step::Ask(failed(n, attempt, status))),
        2 => n.clone().prop_map(|n| {
            Step::Ask(WebhookCommand::RecordInactive { delivery: delivery(n) })
        }),
        3 => n.prop_map(|n| Step::Ask(WebhookCommand::ResumeDelivery { delivery: delivery(n) })),
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

fn open_by_subject(stage: &Stage<Webhook>) -> BTreeMap<String, Vec<DeliveryDocument>> {
    let mut open: BTreeMap<String, Vec<DeliveryDocument>> = BTreeMap::new();
    for n in 0..EVENTS {
        let WebhookState::Delivery(delivery) = stage.state(&delivery(n)) else { continue };
        let ended = matches!(
            delivery.phase,
            DeliveryPhase::Delivered { .. } | DeliveryPhase::GivenUp { .. }
        );
        if !ended {
            open.entry(delivery.subject.clone()).or_default().push(delivery);
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
            let ahead = deliveries.iter().filter(|d| d.phase != DeliveryPhase::Blocked).count();
            prop_assert_eq!(ahead, 1, "of {}", subject);
            let ends: Vec<_> = deliveries.iter().filter(|d| d.next.is_none()).collect();
            prop_assert_eq!(ends.len(), 1);
            let last = delivery_entity(&shop(), ends[0].event, None);
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
        for n in 0..EVENTS {
            if let WebhookState::Delivery(delivery) = stage.state(&delivery(n)) {
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
        for _ in 0..=EVENTS {
            for n in 0..EVENTS {
                stage.obey(WebhookCommand::ResumeDelivery { delivery: delivery(n) }).unwrap();
                stage.obey(ok(n)).unwrap();
            }
        }
        prop_assert!(open_by_subject(&stage).is_empty());
    }
}
