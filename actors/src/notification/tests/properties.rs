//! Whatever is asked, in whatever order: never twice, never for ever, never lost.

use super::*;
use crate::testing::NOW;
use kontor_messages::Timestamp;
use proptest::{collection::vec, prelude::*};

#[derive(Clone, Debug)]
enum Step {
    Ask(NotificationCommand),
    Wait(u64),
}

fn kind() -> impl Strategy<Value = FailureKind> {
    prop_oneof![
        4 => Just(FailureKind::RetryBackoff),
        2 => Just(FailureKind::RetryAfter),
        1 => Just(FailureKind::Ambiguous),
        1 => Just(FailureKind::RejectConfig),
        1 => Just(FailureKind::RejectMessage),
        1 => Just(FailureKind::RejectRecipient),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let fail = (0..40_u32, kind(), any::<Option<u32>>(), 0..2000_u16).prop_map(
        |(n, kind, retry_after_s, jitter)| {
            Step::Ask(NotificationCommand::RecordFailure {
                notification: id(),
                attempt: attempt(n),
                failure: failure(kind, "451"),
                retry_after_s,
                jitter,
            })
        },
    );
    prop_oneof![
        1 => Just(Step::Ask(queue())),
        8 => (0..40_u32).prop_map(|n| Step::Ask(begin(n))),
        8 => fail,
        1 => Just(Step::Ask(sent())),
        1 => Just(Step::Ask(NotificationCommand::Retry { notification: id() })),
        1 => Just(Step::Ask(NotificationCommand::Dismiss { notification: id() })),
        1 => Just(Step::Ask(NotificationCommand::Wake { notification: id() })),
        1 => Just(Step::Ask(NotificationCommand::Unsuppress { recipient: JANA.to_owned() })),
        4 => (0..90_000_u64).prop_map(Step::Wait),
    ]
}

/// What happened, with the instants at which it did.
type Story = Vec<(Timestamp, EntityId, NotificationEvent)>;

fn live(steps: Vec<Step>) -> (Stage<Notification>, Story) {
    let mut stage = given::<Notification>([]);
    let mut story = Story::new();
    for step in steps {
        let commands = match step {
            Step::Ask(command) => vec![command],
            Step::Wait(seconds) => {
                stage = stage.after(Duration::from_secs(seconds));
                vec![NotificationCommand::Wake { notification: id() }]
            }
        };
        for command in commands {
            let now = stage.now();
            let is_fact = matches!(
                command,
                NotificationCommand::RecordAttempt { .. }
                    | NotificationCommand::RecordSent { .. }
                    | NotificationCommand::RecordFailure { .. }
            );
            let answer = stage.obey(command.clone());
            assert!(answer.is_ok() || !is_fact, "{command:?} was refused");
            story.extend(
                answer.unwrap_or_default().into_iter().map(|(who, event)| (now, who, event)),
            );
            let again = stage.obey(command).unwrap_or_default();
            assert!(again.is_empty(), "the second time gave {again:?}");
        }
    }
    (stage, story)
}

proptest! {
    #[test]
    fn nothing_is_sent_after_it_was_sent_and_attempts_are_bounded(steps in vec(step(), 0..80)) {
        let (_, story) = live(steps);
        let (mut sent, mut attempts, mut ambiguous) = (false, 0, 0);
        for (_, _, event) in &story {
            match event {
                NotificationEvent::AttemptStarted { .. } => {
                    prop_assert!(!sent);
                    attempts += 1;
                    prop_assert!(attempts <= ATTEMPTS_MAX);
                    prop_assert!(ambiguous <= 1);
                }
                NotificationEvent::AttemptFailed { failure, .. } => {
                    ambiguous += u32::from(failure.kind == FailureKind::Ambiguous);
                }
                NotificationEvent::Sent { .. } => {
                    prop_assert!(!sent);
                    sent = true;
                }
                NotificationEvent::Retried => (attempts, ambiguous) = (0, 0),
                _ => {}
            }
        }
    }

    #[test]
    fn replay_gives_the_same_state(steps in vec(step(), 0..80)) {
        let (stage, story) = live(steps);
        let mut replayed = given::<Notification>([]);
        for (at, who, event) in story {
            let span = at.since(replayed.now());
            replayed = replayed.after(span);
            replayed.happen(who, event);
        }
        for (name, entity) in stage.book().entities() {
            prop_assert_eq!(&replayed.state(name), &*entity.state);
        }
        prop_assert!(stage.now() >= NOW);
    }

    #[test]
    fn what_waits_has_a_deadline_and_its_wake_up_moves_it_on(steps in vec(step(), 0..80)) {
        let (mut stage, _) = live(steps);
        if let NotificationState::Notification(message) = stage.state(&id()) {
            let waits = matches!(message.phase, Phase::Waiting { .. } | Phase::Sending { .. });
            let due = Notification::due(&stage.state(&id()));
            prop_assert_eq!(due.is_some(), waits);
            if let Some(due) = due {
                stage = stage.after(Duration::from_secs(100 * 3600));
                prop_assert_eq!(stage.wake_due(), 1);
                prop_assert!(Notification::due(&stage.state(&id())) != Some(due));
            }
        }
    }
}
