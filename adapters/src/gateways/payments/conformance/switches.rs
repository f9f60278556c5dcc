//! Every switch at every provider: whatever goes wrong, the end is what is true, or a fault that
//! says to ask first or to call again; never a success that is none.

use super::bench::{self, AMOUNT, Bench, PART, Trap, Truth, bench, ways};
use crate::gateways::payments::testing::{money, query, refund};
use kontor_actors::ports::{GatewayFault, Opened};
use kontor_messages::{
    Timestamp,
    payment::{CallFault, CaptureMode, Observation, ObservedStatus},
};
use kontor_sandbox::PayerAct;

/// How often something is tried again.
const TRIES: usize = 5;

/// What happens to calls.
const CALLS: [Trap; 7] = [
    Trap::FailsBefore,
    Trap::FailsAfter,
    Trap::Silent,
    Trap::Hangs,
    Trap::TooFast,
    Trap::Outage,
    Trap::Slow,
];
/// What happens to notifications and what is told.
const TOLD: [Trap; 7] = [
    Trap::Lags,
    Trap::Dropped,
    Trap::Twice,
    Trap::Late,
    Trap::Shuffled,
    Trap::BeforeAnswer,
    Trap::Contradicts,
];

/// Runs a course at every provider, each with every one of the traps, all beside each other.
async fn everywhere<F: Future<Output = ()>>(traps: &[Trap], course: impl Fn(Bench, Trap) -> F) {
    let mut courses = Vec::new();
    for (provider, way) in ways() {
        for trap in traps {
            let bench = bench((provider, way), false).await;
            let bench = bench.unwrap_or_else(|| panic!("{way} has no bench"));
            courses.push(course(bench, *trap));
        }
    }
    futures_util::future::join_all(courses).await;
}

/// Opens a payment as the domain does: again where the fault says so, with another key if asked.
async fn opens(bench: &Bench, what: &str) -> Opened {
    let mut key = 0;
    for _ in 0..TRIES {
        match bench.opens(CaptureMode::Automatic, &format!("kontor-{key}")).await {
            Ok(opened) => return opened,
            Err(GatewayFault { fault: CallFault::Retry { fresh_key, .. }, .. }) => {
                bench.till.calm();
                key += i32::from(fresh_key);
            }
            Err(fault) => panic!("{what}: opening ends with {fault:?}"),
        }
    }
    panic!("{what}: it was never opened")
}

/// Asks until it is paid, or until nothing new comes.
async fn asks(bench: &Bench, opened: &Opened, what: &str) -> Observation {
    let mut last = None;
    for _ in 0..TRIES {
        match bench.gateway.query(&query(&bench::names(opened))).await {
            Ok(told) if told.status == Some(ObservedStatus::Paid) => return told,
            Ok(told) => last = Some(told),
            Err(fault) => {
                let again = matches!(fault.fault, CallFault::Retry { .. });
                assert!(again, "{what}: asking ends with {fault:?}");
                bench.till.calm();
            }
        }
    }
    last.unwrap_or_else(|| panic!("{what}: nothing was ever told"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_goes_wrong_opens_and_takes_nothing_twice() {
    everywhere(&CALLS, async |bench: Bench, trap: Trap| {
        let what = format!("{} {trap:?}", bench.gateway.name());
        bench.till.switch(trap);
        let opened = opens(&bench, &what).await;
        bench.till.calm();
        assert!(bench.till.act(&bench::names(&opened), PayerAct::Pay).await, "{what}");
        bench.till.switch(trap);
        let told = asks(&bench, &opened, &what).await;
        let all = money(AMOUNT, bench.currency);
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(all)), "{what}");
        assert_eq!(bench.till.truth().taken, AMOUNT, "{what}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_goes_wrong_is_given_once_or_known_to_be_unknown() {
    everywhere(&CALLS, async |bench: Bench, trap: Trap| {
        let what = format!("{} {trap:?}", bench.gateway.name());
        let (names, _) = bench.paid("kontor-1").await;
        let give = refund(&names, "r-1", money(PART, bench.currency));
        let mut known = None;
        bench.till.switch(trap);
        for _ in 0..TRIES {
            match bench.gateway.refund(&give).await {
                Ok(seen) => {
                    assert_eq!(seen.amount, give.amount, "{what}");
                    known = Some(true);
                    break;
                }
                Err(fault) => {
                    bench.till.calm();
                    match fault.fault {
                        CallFault::Retry { .. } => {}
                        CallFault::AskFirst { .. } => {
                            let told = bench.gateway.query(&query(&names)).await.unwrap();
                            let there = |seen: &kontor_messages::payment::RefundSeen| {
                                seen.refund.as_ref() == Some(&give.refund)
                            };
                            if told.refunds.iter().any(there) {
                                known = Some(true);
                                break;
                            }
                            // Nobody can tell: it is left to a person, and not sent again.
                            if !bench.gateway.abilities().refund_reference {
                                break;
                            }
                        }
                        other => panic!("{what}: {other:?}"),
                    }
                }
            }
        }
        let Truth { given_back, .. } = bench.till.truth();
        match known {
            Some(_) => assert_eq!(given_back, PART, "{what}: once"),
            None => assert!([0, PART].contains(&given_back), "{what}: at most once"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_notifications_asking_tells_the_truth() {
    everywhere(&TOLD, async |bench: Bench, trap: Trap| {
        let what = format!("{} {trap:?}", bench.gateway.name());
        bench.till.switch(trap);
        let opened = opens(&bench, &what).await;
        // With a payment before the answer it is paid already.
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        let told = asks(&bench, &opened, &what).await;
        let all = money(AMOUNT, bench.currency);
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(all)), "{what}");
        assert_eq!(bench.till.truth().taken, AMOUNT, "{what}");
        if !bench.gateway.abilities().push || trap == Trap::Dropped {
            return;
        }
        // The one that comes says nothing that is not true, whenever it comes.
        let (headers, body) = bench.hook.next().await;
        let read = bench.gateway.interpret(&headers, &body, Timestamp::now()).await.unwrap();
        let seen = read.observation.and_then(|seen| seen.captured);
        assert!(seen.is_none() || seen == Some(all), "{what}: {seen:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_amount_is_told_as_it_is_and_never_as_the_one_asked_for() {
    everywhere(&[Trap::WrongAmount], async |bench: Bench, trap: Trap| {
        let what = format!("{} {trap:?}", bench.gateway.name());
        let opened = opens(&bench, &what).await;
        bench.till.switch(trap);
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        let more = money(AMOUNT + 100, bench.currency);
        // Stripe tells it in what it sends.
        let told = match bench.gateway.name() {
            "stripe" => {
                let read = bench.notified(&bench::names(&opened)).await;
                read.observation.unwrap().amount
            }
            _ => asks(&bench, &opened, &what).await.captured,
        };
        assert_eq!(told, Some(more), "{what}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_nobody_knows_is_asked_about_again_and_is_no_end() {
    everywhere(&[Trap::UnknownStatus], async |bench: Bench, trap: Trap| {
        let what = format!("{} {trap:?}", bench.gateway.name());
        let opened = opens(&bench, &what).await;
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        // A bank has no words for it, only movements.
        if bench.gateway.name() != "fio" {
            bench.till.switch(trap);
            let told = asks(&bench, &opened, &what).await;
            assert_eq!(
                (told.status, told.captured),
                (Some(ObservedStatus::Pending), None),
                "{what}"
            );
            bench.till.calm();
        }
        let told = asks(&bench, &opened, &what).await;
        assert_eq!(told.status, Some(ObservedStatus::Paid), "{what}");
    })
    .await;
}
