//! Whatever is shown, in whatever order: nobody comes in without proof, nothing counts twice.

use super::*;
use crate::user::{
    login::FAILURES_FREE,
    sessions::SESSIONS_MAX,
    tickets::{TICKETS_MAX, TRIES},
};
use kontor_messages::{EntityId, Timestamp};
use proptest::{collection::vec, prelude::*};

#[derive(Clone, Debug)]
enum Step {
    Ask(UserCommand),
    Wait(u64),
}

fn second() -> impl Strategy<Value = Option<SecondFactor>> {
    prop_oneof![
        2 => Just(None),
        2 => (0..40_i64).prop_map(totp),
        1 => Just(Some(SecondFactor::Totp { step: None })),
        1 => (0..4_u8).prop_map(|n| Some(SecondFactor::Recovery { hash: hash(n) })),
    ]
}

fn purpose() -> impl Strategy<Value = TicketPurpose> {
    prop_oneof![
        Just(TicketPurpose::VerifyEmail),
        Just(TicketPurpose::ResetPassword),
        Just(TicketPurpose::SetPassword),
        Just(TicketPurpose::LoginCode),
        Just(TicketPurpose::PhoneCode),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let right = prop::bool::weighted(0.6);
    let by_password = (0..60_u128, right, 0..4_u32, second())
        .prop_map(|(n, right, version, second)| log_in(n, password(right, version), second));
    let by_code = (0..60_u128, 0..30_u128, right, second())
        .prop_map(|(n, ticket, right, second)| log_in(n, code(ticket, right), second));
    let more = prop_oneof![
        (0..30_u128).prop_map(|n| register_as(PETR, new_user(), n)),
        (0..30_u128, purpose()).prop_map(|(n, purpose)| open_ticket(n, purpose)),
        (0..30_u128).prop_map(|n| UserCommand::VerifyEmail { user: JANA, ticket: ticket(n) }),
        (0..30_u128).prop_map(|n| UserCommand::ResetPassword {
            user: JANA,
            ticket: ticket(n),
            password: OTHER_PASSWORD.to_owned(),
        }),
        (0..4_u32, 0..4_u8, 0..4_u8).prop_map(|(n, shown, next)| refresh(n, shown, next)),
        Just(UserCommand::RevokeAll { user: JANA, except: None }),
        Just(UserCommand::EnrolTotp { user: JANA, sealed: "v1.AAAA".to_owned() }),
        (0..40_i64).prop_map(|n| UserCommand::ConfirmTotp {
            user: JANA,
            step: Some(n),
            recovery: vec![hash(1), hash(2), hash(3)],
        }),
        (0..40_i64).prop_map(|n| UserCommand::DisableTotp {
            user: JANA,
            second: SecondFactor::Totp { step: Some(n) },
        }),
    ];
    prop_oneof![
        1 => Just(Step::Ask(register_as(JANA, new_user(), 1))),
        6 => by_password.prop_map(Step::Ask),
        4 => by_code.prop_map(Step::Ask),
        9 => more.prop_map(Step::Ask),
        4 => (0..2_000_u64).prop_map(Step::Wait),
    ]
}

type Story = Vec<(Timestamp, EntityId, UserEvent)>;

/// Lives through the steps, and looks at each on the way.
fn live(
    steps: Vec<Step>,
    mut look: impl FnMut(&UserState, &UserCommand, &[(EntityId, UserEvent)], Timestamp),
) -> (Stage<User>, Story) {
    let mut stage = given::<User>([]);
    let mut story = Story::new();
    let start = Step::Ask(register_as(JANA, new_user(), 1));
    for step in std::iter::once(start).chain(steps) {
        match step {
            Step::Wait(seconds) => stage = stage.after(Duration::from_secs(seconds)),
            Step::Ask(command) => {
                let before = stage.state(&user_entity(JANA));
                let now = stage.now();
                let events = stage.obey(command.clone()).unwrap_or_default();
                look(&before, &command, &events, now);
                story.extend(events.into_iter().map(|(who, event)| (now, who, event)));
            }
        }
    }
    (stage, story)
}

proptest! {
    #[test]
    fn nobody_comes_in_without_proof_or_while_locked(steps in vec(step(), 0..120)) {
        live(steps, |before, command, events, now| {
            let came = events.iter().any(|(_, event)| matches!(event, UserEvent::SessionOpened { .. }));
            let (UserCommand::LogIn { proof, second, .. }, true) = (command, came) else {
                assert!(!came, "{command:?} let somebody in");
                return;
            };
            let jana = before.user().unwrap();
            assert!(jana.locked(now).is_none());
            match proof {
                Proof::Password { right, version, .. } => {
                    assert!(*right && *version == jana.password_version && jana.password.is_some());
                }
                Proof::Code { ticket, right } => {
                    assert!(*right && jana.code_ticket(*ticket, now).is_some());
                }
            }
            assert!(!jana.has_totp() || second.is_some());
        });
    }

    #[test]
    fn steps_recovery_codes_and_tickets_count_once(steps in vec(step(), 0..160)) {
        let (mut used, mut last) = (Vec::new(), None);
        live(steps, |_, _, events, _| {
            for (_, event) in events {
                match event {
                    UserEvent::LoggedIn { ticket, step, recovery, .. } => {
                        if let Some(step) = step {
                            assert!(last < Some(*step));
                            last = Some(*step);
                        }
                        for once in ticket.iter().map(ToString::to_string).chain(recovery.clone()) {
                            assert!(!used.contains(&once), "{once} counted twice");
                            used.push(once);
                        }
                    }
                    UserEvent::TicketOpened { ticket, .. } => {
                        used.retain(|once| *once != ticket.to_string());
                    }
                    UserEvent::TotpEnrolled { .. } => {
                        last = None;
                        used.retain(|once| once.len() != 64);
                    }
                    UserEvent::TotpConfirmed { step, .. } => last = Some(*step),
                    _ => {}
                }
            }
        });
    }

    #[test]
    fn another_password_leaves_no_other_session_and_no_ticket(steps in vec(step(), 0..120)) {
        let (mut stage, _) = live(Vec::new(), |_, _, _, _| ());
        for step in steps {
            match step {
                Step::Wait(seconds) => stage = stage.after(Duration::from_secs(seconds)),
                Step::Ask(command) => {
                    let events = stage.obey(command).unwrap_or_default();
                    let changed = events
                        .iter()
                        .any(|(_, event)| matches!(event, UserEvent::PasswordChanged { .. }));
                    if changed {
                        let jana = known(&stage, JANA);
                        prop_assert!(jana.sessions.is_empty());
                        // The one that a registration opens with it is newer.
                        prop_assert!(jana.tickets.iter().all(|open| open.opened_at == stage.now()));
                    }
                }
            }
        }
    }

    #[test]
    fn everything_has_a_limit_and_the_list_of_sessions_is_true(steps in vec(step(), 0..160)) {
        let (stage, _) = live(steps, |_, _, _, _| ());
        let jana = known(&stage, JANA);
        prop_assert!(jana.tickets.len() <= TICKETS_MAX);
        prop_assert!(jana.tickets.iter().all(|ticket| 0 < ticket.tries && ticket.tries <= TRIES));
        prop_assert!(jana.sessions.len() <= SESSIONS_MAX);
        prop_assert!(jana.failures < FAILURES_FREE || jana.locked_until.is_some());
        let open = stage.book().entities().filter(|(_, entity)| {
            entity.state.session().is_some_and(|session| session.revoked_at.is_none())
        });
        prop_assert_eq!(open.count(), jana.sessions.len());
    }

    #[test]
    fn replay_gives_the_same_state(steps in vec(step(), 0..120)) {
        let (stage, story) = live(steps, |_, _, _, _| ());
        let mut replayed = given::<User>([]);
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
    fn what_waits_is_woken_once(steps in vec(step(), 0..120)) {
        let (mut stage, _) = live(steps, |_, _, _, _| ());
        stage = stage.after(Duration::from_secs(31 * 24 * 3600));
        stage.wake_due();
        prop_assert_eq!(stage.wake_due(), 0);
    }
}
