//! What holds whatever is told, in whatever order, however often.

use super::super::standing::may_move;
use super::*;
use kontor_messages::payment::{DisputeSeen, DisputeStatus, LedgerKind};
use proptest::prelude::*;

/// What a provider tells of one payment from its beginning to some end.
#[derive(Clone, Copy, Debug)]
enum Life {
    Paid,
    HeldThenTaken(i64),
    HeldThenGone,
    Ended(ObservedStatus),
    PaidAndRefunded { first: i64, bounces: bool, second: bool },
    PaidAndDisputed(DisputeStatus),
}

fn lives() -> impl Strategy<Value = Life> {
    prop_oneof![
        Just(Life::Paid),
        (1..=1000_i64).prop_map(Life::HeldThenTaken),
        Just(Life::HeldThenGone),
        prop_oneof![
            Just(ObservedStatus::Failed),
            Just(ObservedStatus::Cancelled),
            Just(ObservedStatus::Expired)
        ]
        .prop_map(Life::Ended),
        (1..=1000_i64, any::<bool>(), any::<bool>())
            .prop_map(|(first, bounces, second)| Life::PaidAndRefunded { first, bounces, second }),
        prop_oneof![Just(DisputeStatus::Open), Just(DisputeStatus::Lost), Just(DisputeStatus::Won)]
            .prop_map(Life::PaidAndDisputed),
    ]
}

impl Life {
    fn capture(self) -> CaptureMode {
        match self {
            Self::HeldThenTaken(_) | Self::HeldThenGone => CaptureMode::Manual,
            _ => CaptureMode::Automatic,
        }
    }

    /// The observations in the order in which they became true.
    fn observations(self) -> Vec<Observation> {
        let mut all =
            vec![told(Some(ObservedStatus::Created)), told(Some(ObservedStatus::Pending))];
        let dispute = |status| DisputeSeen {
            reference: "dp".into(),
            amount: czk(1000),
            status,
            reason: None,
            respond_by: None,
        };
        match self {
            Self::Paid => all.push(paid(czk(1000))),
            Self::HeldThenTaken(amount) => {
                all.extend([held(czk(1000)), paid(czk(amount))]);
            }
            Self::HeldThenGone => {
                all.extend([held(czk(1000)), told(Some(ObservedStatus::Cancelled))]);
            }
            Self::Ended(status) => all.push(told(Some(status))),
            Self::PaidAndRefunded { first, bounces, second } => {
                all.push(paid(czk(1000)));
                for status in [RefundStatus::Pending, RefundStatus::Succeeded] {
                    all.push(refund_seen("a", first, status));
                }
                if bounces {
                    all.push(refund_seen("a", first, RefundStatus::Failed));
                }
                if second && first < 1000 {
                    all.push(refund_seen("b", 1000 - first, RefundStatus::Succeeded));
                }
            }
            Self::PaidAndDisputed(status) => {
                all.push(paid(czk(1000)));
                for status in [DisputeStatus::Open, status] {
                    all.push(Observation { disputes: vec![dispute(status)], ..told(None) });
                }
            }
        }
        for (place, observation) in all.iter_mut().enumerate() {
            observation.observed_at = later(MINUTE * place as u32);
            observation.references = vec!["pi_1".into()];
        }
        all
    }
}

/// What an end state is: everything but when and how it was told.
fn essence(document: &PaymentDocument) -> impl PartialEq + std::fmt::Debug + use<> {
    let attempt = &document.attempts[0];
    let mut refunds: Vec<_> = document
        .refunds
        .iter()
        .map(|refund| (refund.refund.to_string(), refund.amount.amount_minor, refund.status as u8))
        .collect();
    refunds.sort();
    (
        document.status,
        attempt.status,
        (attempt.authorized_minor, attempt.captured_minor),
        (attempt.refunded_minor, attempt.charged_back_minor),
        (document.captured_minor, document.refunded_minor),
        refunds,
    )
}

fn sound(document: &PaymentDocument) {
    for attempt in &document.attempts {
        let all = [
            attempt.authorized_minor,
            attempt.captured_minor,
            attempt.refunded_minor,
            attempt.charged_back_minor,
        ];
        assert!(all.iter().all(|amount| *amount >= 0), "{all:?}");
        assert!(attempt.refunded_minor + attempt.charged_back_minor <= attempt.captured_minor);
    }
}

/// Every status on the way is one that the table allows.
fn legal(before: S, events: &[(EntityId, E)]) -> S {
    let mut now = before;
    for (_, event) in events {
        let to = match event {
            E::Pending { .. } => S::Pending,
            E::Authorized { .. } => S::Authorized,
            E::Paid { .. } => S::Paid,
            E::Failed { .. } => S::Failed,
            E::Cancelled { .. } => S::Cancelled,
            E::Expired { .. } => S::Expired,
            E::Disputed { .. } => S::Disputed,
            E::Refunded { status, .. }
            | E::RefundReversed { status, .. }
            | E::DisputeClosed { status, .. }
            | E::Mismatch { status, .. } => *status,
            _ => continue,
        };
        assert!(now == to || may_move(now, to), "{now:?} to {to:?}");
        now = to;
    }
    now
}

fn run(capture: CaptureMode, told: &[Observation]) -> (PaymentDocument, [i64; 4]) {
    let mut stage = after([request_with(capture), opened(1)]);
    let mut ledger = [0_i64; 4];
    for observation in told {
        let before = document(&stage).status;
        let events = stage.obey(tell(observation.clone())).unwrap();
        assert_eq!(legal(before, &events), document(&stage).status);
        for (_, event) in &events {
            if let E::Booked { kind, amount, .. } = event {
                book(&mut ledger, *kind, amount.amount_minor);
            }
        }
        sound(&document(&stage));
    }
    (document(&stage), ledger)
}

/// Held, taken, given back, lost.
fn book(ledger: &mut [i64; 4], kind: LedgerKind, amount: i64) {
    match kind {
        LedgerKind::Authorize => ledger[0] += amount,
        LedgerKind::Capture => {
            ledger[1] += amount;
            ledger[0] -= amount.min(ledger[0]);
        }
        LedgerKind::Void => ledger[0] -= amount,
        LedgerKind::Refund => ledger[2] += amount,
        LedgerKind::RefundReversal => ledger[2] -= amount,
        LedgerKind::Chargeback => ledger[3] += amount,
        LedgerKind::ChargebackReversal => ledger[3] -= amount,
    }
}

proptest! {
    #[test]
    fn any_order_and_repetition_of_what_is_told_gives_the_same_ledger_and_state(
        life in lives(),
        order in proptest::collection::vec(0..8_usize, 0..24),
    ) {
        let straight = life.observations();
        // Everything is told at least once, some of it often, in any order.
        let mut shuffled: Vec<_> =
            order.iter().map(|place| straight[place % straight.len()].clone()).collect();
        for (place, observation) in straight.iter().enumerate() {
            if !shuffled.contains(observation) {
                shuffled.insert(order.get(place).map_or(0, |at| at % (shuffled.len() + 1)), observation.clone());
            }
        }
        let (expected, _) = run(life.capture(), &straight);
        let (got, ledger) = run(life.capture(), &shuffled);
        prop_assert_eq!(essence(&got), essence(&expected));
        let attempt = &got.attempts[0];
        let booked = [
            attempt.authorized_minor,
            attempt.captured_minor,
            attempt.refunded_minor,
            attempt.charged_back_minor,
        ];
        prop_assert_eq!(ledger, booked, "the ledger's entries sum up to what is booked");
    }

    #[test]
    fn polling_alone_reaches_the_same_end(life in lives()) {
        let straight = life.observations();
        let (expected, _) = run(life.capture(), &straight);
        let polls: Vec<_> = straight
            .iter()
            .map(|told| Observation { source: ObservationSource::Poll, ..told.clone() })
            .collect();
        let (got, _) = run(life.capture(), &polls);
        prop_assert_eq!(essence(&got), essence(&expected));
    }

    #[test]
    fn whatever_is_asked_and_told_sums_stay_sound_and_replay_gives_the_same(
        script in proptest::collection::vec((0..20_usize, 1..1500_i64, 0..600_u64), 1..40),
    ) {
        let mut stage = given::<Payment>([]);
        let mut journal = Vec::new();
        stage.obey(request_with(CaptureMode::Manual)).map(|events| journal.push((stage.now(), events))).unwrap();
        for (what, amount, seconds) in script {
            stage = stage.after(Duration::from_secs(seconds * seconds));
            let before = document(&stage).status;
            let command = command(what, amount, &document(&stage), stage.now());
            let command = if amount % 4 == 0 { recorded(command, journal.len()) } else { command };
            let Ok(events) = stage.obey(command.clone()) else { continue };
            legal(before, &events);
            let now = document(&stage);
            sound(&now);
            prop_assert!(now.attempts.len() <= 10 && now.refunds.len() <= 50);
            if matches!(command, C::Wake { .. }) {
                let due = super::super::schedule::due(&now);
                prop_assert!(due.is_none_or(|due| stage.now() < due), "it wakes for ever");
            }
            if let Ok(again) = stage.obey(command) {
                prop_assert_eq!(names(&again), Vec::<&str>::new(), "twice is once");
            }
            journal.push((stage.now(), events));
        }
        let mut replayed = PaymentState::default();
        for (at, events) in &journal {
            for (entity, event) in events {
                let event = crate::domain::Event { entity, event, at: *at, version: 0 };
                <Payment as crate::domain::Domain>::apply(entity, &mut replayed, &event);
            }
        }
        prop_assert_eq!(&replayed, &stage.state(&id()));
        let text = serde_json::to_string(&replayed).unwrap();
        prop_assert_eq!(serde_json::from_str::<PaymentState>(&text).unwrap(), replayed);
    }
}

/// The same with a record of the call that brought it, if a call may bring it.
fn recorded(told: C, number: usize) -> C {
    use kontor_messages::{
        EventId,
        payment::{CallOutcome, ProviderCall},
    };
    let outcome = matches!(
        told,
        C::RecordOpened { .. } | C::RecordCallFailed { .. } | C::RecordObservation { .. }
    );
    if !outcome {
        return told;
    }
    let call = ProviderCall {
        id: EventId(uuid::Uuid::from_u128(number as u128)),
        operation: Operation::Query,
        attempt: 1,
        provider: "stripe".into(),
        account: "main".into(),
        key: String::new(),
        tries: 1,
        started_at: NOW,
        duration_ms: 0,
        outcome: CallOutcome::Answered,
        problem: None,
        exchanges: vec![],
        exchanges_left_out: 0,
    };
    C::RecordCall { payment: id(), call: Box::new(call), told: Box::new(told) }
}

fn command(what: usize, amount: i64, now: &PaymentDocument, at: Timestamp) -> C {
    let seen = |status| {
        let name = format!("r{}", amount % 3);
        tell(Observation { observed_at: at, ..refund_seen(&name, amount, status) })
    };
    let at_now = |told: Observation| tell(Observation { observed_at: at, ..told });
    let call = now.calls.first().cloned();
    match what {
        0 => opened(1),
        1 => at_now(told(Some(ObservedStatus::Pending))),
        2 => at_now(held(czk(1000))),
        3 => at_now(paid(czk(amount))),
        4 => at_now(told(Some(ObservedStatus::Cancelled))),
        5 => refund(&format!("r{}", amount % 3), amount / 3 + 1),
        6 => seen(RefundStatus::Succeeded),
        7 => seen(RefundStatus::Failed),
        8 => C::Settle { payment: id() },
        9 => C::Capture { payment: id(), amount: Some(czk(amount)) },
        10 => C::Cancel { payment: id() },
        11 | 12 => {
            let faults = [retry(), ask_first(), CallFault::GiveUp];
            let (operation, key) =
                call.map_or((Operation::Query, String::new()), |call| (call.operation, call.key));
            failed(operation, &key, faults[(amount % 3) as usize])
        }
        13 => polled(paid(czk(1000)), at),
        14 => C::RecordReturn { payment: id() },
        15 => C::Retry {
            payment: id(),
            attempt: now.attempts.len() as u32 + u32::from(amount % 2 == 0),
            provider: "stripe".into(),
            account: "main".into(),
            until: at.plus(HOUR),
        },
        16 => opened(2),
        17 => at_now(Observation { attempt: Some(2), ..paid(czk(1000)) }),
        18 => {
            let told = Observation { attempt: Some(2), ..told(Some(ObservedStatus::Expired)) };
            at_now(told)
        }
        _ => C::Wake { payment: id() },
    }
}
