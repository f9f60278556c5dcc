//! The next account, when one could not open the payment.

use super::*;
use kontor_messages::payment::AccountName;
use proptest::prelude::*;

fn account(provider: &str, account: &str) -> AccountName {
    AccountName { provider: provider.into(), account: account.into() }
}

/// By Stripe's main account, else by another, else by PayU's.
fn routed() -> C {
    let mut command = request();
    if let C::Request { plan, .. } = &mut command {
        plan.method = Some("card".into());
        plan.fallback = vec![account("stripe", "spare"), account("payu", "main")];
    }
    command
}

fn open_failed(attempt: u32, fault: CallFault) -> C {
    C::RecordCallFailed {
        payment: id(),
        operation: Operation::Open,
        attempt,
        key: key(attempt, Operation::Open, 1),
        fault,
        problem: Problem::new("no_answer", "none came"),
        jitter_permille: 0,
        backoff: Backoff::default(),
    }
}

fn at(attempt: u32, stage: &Stage<Payment>) -> (String, String) {
    let attempt = document(stage).attempt(attempt).cloned().unwrap();
    (attempt.provider, attempt.account)
}

#[test]
fn when_an_account_refuses_to_open_it_the_next_one_is_asked_at_once() {
    let stage = after([routed()]).when(open_failed(1, CallFault::GiveUp)).then_names(&[
        "payment.call_failed",
        "payment.attempt_closed",
        "payment.requested",
    ]);
    assert_eq!(at(2, &stage), ("stripe".into(), "spare".into()));
    assert_eq!(document(&stage).status, S::Created, "nobody was told that it failed");
    let stage = stage.when(open_failed(2, CallFault::GiveUp)).then_names(&[
        "payment.call_failed",
        "payment.attempt_closed",
        "payment.requested",
    ]);
    assert_eq!(at(3, &stage), ("payu".into(), "main".into()));
}

#[test]
fn when_no_account_is_left_the_payment_has_failed() {
    let mut stage = after([routed()]);
    for attempt in 1..3 {
        stage.obey(open_failed(attempt, CallFault::GiveUp)).unwrap();
    }
    let stage = stage.when(open_failed(3, CallFault::GiveUp)).then_names(&[
        "payment.call_failed",
        "payment.attempt_closed",
        "payment.failed",
    ]);
    assert_eq!(document(&stage).attempts.len(), 3);
}

#[test]
fn an_account_that_is_down_is_tried_three_times_and_then_the_next_one() {
    let mut stage = after([routed()]);
    for _ in 0..2 {
        stage.obey(open_failed(1, retry())).unwrap();
        assert_eq!(document(&stage).attempts.len(), 1);
        let wait = document(&stage).calls[0].next.unwrap().since(stage.now());
        stage = stage.after(wait);
        assert_eq!(stage.wake_due(), 1);
    }
    stage.obey(open_failed(1, retry())).unwrap();
    assert_eq!(at(2, &stage), ("stripe".into(), "spare".into()));
}

#[test]
fn an_account_that_gets_a_rest_is_not_waited_for() {
    let rest = CallFault::Retry { at: Some(later(MINUTE)), fresh_key: false };
    let mut stage = after([routed()]);
    stage.obey(open_failed(1, rest)).unwrap();
    assert_eq!(at(2, &stage), ("stripe".into(), "spare".into()));
    // Without another account it is waited for.
    let mut alone = after([request()]);
    alone.obey(open_failed(1, rest)).unwrap();
    assert_eq!(document(&alone).attempts.len(), 1);
    assert_eq!(document(&alone).status, S::Created);
}

#[test]
fn while_nobody_knows_whether_it_was_opened_no_other_account_is_asked() {
    let mut stage = after([routed()]);
    stage.obey(open_failed(1, ask_first())).unwrap();
    assert_eq!(document(&stage).attempts.len(), 1);
    let wait = document(&stage).calls[0].next.unwrap().since(stage.now());
    stage = stage.after(wait);
    stage.wake_due();
    // The same key again, and this time it was surely not done; the first time is still open.
    stage.obey(open_failed(1, retry())).unwrap();
    stage = stage.after(HOUR / 2);
    stage.wake_due();
    stage.obey(open_failed(1, CallFault::GiveUp)).unwrap();
    assert_eq!(document(&stage).attempts.len(), 1);
    assert_eq!(document(&stage).status, S::Failed);
}

#[test]
fn a_payer_who_is_declined_is_not_sent_to_another_account() {
    let stage = after([routed(), opened(1), status(ObservedStatus::Failed)]);
    assert_eq!(document(&stage).attempts.len(), 1);
    assert_eq!(document(&stage).status, S::Failed);
}

#[test]
fn what_was_called_off_or_is_over_is_not_opened_elsewhere() {
    let mut stage = after([routed(), C::Cancel { payment: id() }]);
    stage.obey(open_failed(1, CallFault::GiveUp)).unwrap();
    assert_eq!(document(&stage).attempts.len(), 1);
    assert_eq!(document(&stage).status, S::Cancelled);
    let mut late = after([routed()]).after(HOUR * 2);
    late.obey(open_failed(1, CallFault::GiveUp)).unwrap();
    assert_eq!(document(&late).attempts.len(), 1);
}

#[test]
fn what_an_account_opened_after_all_is_called_off_there() {
    let stage = after([routed(), open_failed(1, CallFault::GiveUp)])
        .when(opened(1))
        .then_names(&["payment.opened", "payment.cancel_requested"]);
    assert!(document(&stage).attempt(2).unwrap().is_open());
}

proptest! {
    #[test]
    fn whatever_fails_no_account_is_asked_twice_and_none_while_one_may_have_opened_it(
        faults in proptest::collection::vec((0..3_usize, 0..1200_u64), 1..40),
    ) {
        let mut stage = after([routed()]);
        let mut unknown = false;
        for (fault, seconds) in faults {
            let attempts = document(&stage).attempts.len();
            let Some(call) = document(&stage).calls.first().cloned() else { break };
            let fault = [retry(), ask_first(), CallFault::GiveUp][fault];
            unknown |= call.state == super::super::CallState::Sent && fault == ask_first();
            let told = C::RecordCallFailed {
                payment: id(),
                operation: Operation::Open,
                attempt: call.attempt,
                key: call.key,
                fault,
                problem: Problem::new("no_answer", "none came"),
                jitter_permille: 0,
        backoff: Backoff::default(),
            };
            stage.obey(told).unwrap();
            let now = document(&stage);
            if unknown {
                prop_assert_eq!(now.attempts.len(), attempts);
            }
            let mut asked: Vec<_> =
                now.attempts.iter().map(|one| (one.provider.clone(), one.account.clone())).collect();
            asked.sort();
            asked.dedup();
            prop_assert_eq!(asked.len(), now.attempts.len());
            let open = now.attempts.iter().filter(|attempt| attempt.is_open()).count();
            prop_assert!(open <= 1);
            stage = stage.after(Duration::from_secs(seconds));
            stage.wake_due();
        }
    }
}
