//! One contract for every registered provider, against a stand-in that speaks its wire format over
//! sockets and goes wrong in every way it can. A provider without a bench fails here.

mod bench;
mod switches;

use super::testing::{NOW, cancel, capture, money, query, refund};
use bench::{AMOUNT, Bench, PART, bench, ways};
use kontor_actors::ports::{NotificationError, QueryPayment};
use kontor_messages::{
    Timestamp,
    payment::{CaptureMode, ObservedStatus, RefundStatus},
};
use kontor_sandbox::PayerAct;

/// A bench of every provider, whose accounts hold money first if that is asked for.
async fn benches(held: bool) -> Vec<(&'static str, Bench)> {
    let mut benches = Vec::new();
    // All but the one that calls nobody: its payments are marked by a person.
    for (provider, way) in ways() {
        let bench = bench((provider, way), held).await;
        benches.push((way, bench.unwrap_or_else(|| panic!("{way} has no bench"))));
    }
    assert!(benches.len() >= 7);
    benches
}

#[tokio::test]
async fn what_is_opened_can_be_paid_and_is_told_as_paid_with_the_exact_amount() {
    for (name, bench) in benches(false).await {
        let opened = bench.opens(CaptureMode::Automatic, "kontor-1").await.unwrap();
        let abilities = bench.gateway.abilities();
        assert_eq!(opened.redirect_url.is_some(), abilities.redirect, "{name}");
        let ways =
            [opened.redirect_url.is_some(), opened.transfer.is_some(), opened.client.is_some()];
        assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{name}: {opened:?}");
        let names = bench::names(&opened);
        let told = bench.gateway.query(&query(&names)).await.unwrap();
        let waits = matches!(told.status, Some(ObservedStatus::Created | ObservedStatus::Pending));
        assert!(waits && told.captured.is_none(), "{name}: {told:?}");
        assert!(bench.till.act(&names, PayerAct::Pay).await, "{name}");
        let told = bench.gateway.query(&query(&names)).await.unwrap();
        let all = money(AMOUNT, bench.currency);
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(all)), "{name}");
        assert_eq!(bench.till.truth().taken, AMOUNT, "{name}");
    }
}

#[tokio::test]
async fn a_notification_is_believed_if_it_is_genuine_and_names_its_payment() {
    for (name, bench) in benches(false).await {
        let opened = bench.opens(CaptureMode::Automatic, "kontor-1").await.unwrap();
        let names = bench::names(&opened);
        bench.till.act(&names, PayerAct::Pay).await;
        if !bench.gateway.abilities().push {
            let read = bench.gateway.interpret(&bench::no_headers(), b"{}", NOW).await;
            assert_eq!(read, Err(NotificationError::Unsupported), "{name}");
            continue;
        }
        bench.notified(&names).await;
        let other = bench.opens(CaptureMode::Automatic, "kontor-2").await.unwrap();
        bench.till.act(&bench::names(&other), PayerAct::Pay).await;
        let (headers, body) = bench.hook.next().await;
        let now = Timestamp::now();
        let read = bench.gateway.interpret(&headers, &body, now).await.unwrap();
        let again = bench.gateway.interpret(&headers, &body, now).await.unwrap();
        assert_eq!(read.event_id, again.event_id, "{name}: the same is known as the same");
        let bare = bench.gateway.interpret(&bench::no_headers(), b"", now).await;
        assert!(bare.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_forged_notification_is_refused() {
    for (name, bench) in benches(false).await {
        if !bench.gateway.abilities().push {
            continue;
        }
        let opened = bench.opens(CaptureMode::Automatic, "kontor-1").await.unwrap();
        bench.till.switch(bench::Trap::WrongSignature);
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        let (headers, body) = bench.hook.next().await;
        let read = bench.gateway.interpret(&headers, &body, Timestamp::now()).await;
        assert_eq!(read, Err(NotificationError::Unsigned), "{name}");
    }
}

#[tokio::test]
async fn held_money_is_taken_in_part_once_or_let_go() {
    for (name, bench) in benches(true).await {
        if !bench.gateway.abilities().hold {
            continue;
        }
        let gateway = &bench.gateway;
        let opened = bench.opens(CaptureMode::Manual, "kontor-1").await.unwrap();
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        let told = gateway.query(&query(&bench::names(&opened))).await.unwrap();
        let all = money(AMOUNT, bench.currency);
        let held = (told.status, told.authorized, told.captured);
        assert_eq!(held, (Some(ObservedStatus::Authorized), Some(all), None), "{name}");
        let names = bench::known(&opened, &told);
        let part = if gateway.abilities().partial_capture { PART } else { AMOUNT };
        let taking = capture(&names, money(part, bench.currency));
        let seen = gateway.capture(&taking).await.unwrap();
        // Whatever it says the second time, nothing is taken twice.
        let _ = gateway.capture(&taking).await;
        assert_eq!(bench.till.truth().taken, part, "{name}");
        let known = [names, seen.references].concat();
        let told = gateway.query(&query(&known)).await.unwrap();
        assert_eq!(told.captured, Some(money(part, bench.currency)), "{name}");

        let opened = bench.opens(CaptureMode::Manual, "kontor-9").await.unwrap();
        bench.till.act(&bench::names(&opened), PayerAct::Pay).await;
        let told = gateway.query(&query(&bench::names(&opened))).await.unwrap();
        let names = bench::known(&opened, &told);
        gateway.cancel(&cancel(&names, true)).await.unwrap();
        let told = gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.status, Some(ObservedStatus::Cancelled), "{name}");
        assert_eq!(bench.till.truth().taken, part, "{name}: nothing more");
    }
}

#[tokio::test]
async fn money_goes_back_in_parts_each_once_and_never_more_than_was_taken() {
    for (name, bench) in benches(false).await {
        let gateway = &bench.gateway;
        let (names, _) = bench.paid("kontor-1").await;
        assert!(gateway.abilities().partial_refund, "{name}");
        let give = refund(&names, "r-1", money(PART, bench.currency));
        let seen = gateway.refund(&give).await.unwrap();
        assert!(matches!(seen.status, RefundStatus::Succeeded | RefundStatus::Pending), "{name}");
        assert_eq!(seen.amount, give.amount, "{name}");
        if gateway.abilities().refund_reference {
            let again = gateway.refund(&give).await.unwrap();
            assert_eq!(again.reference, seen.reference, "{name}");
            let told = gateway.query(&query(&names)).await.unwrap();
            let back = told.refunds.iter().map(|one| (one.refund.clone(), one.amount));
            assert_eq!(back.collect::<Vec<_>>(), [(Some(give.refund.clone()), give.amount)]);
        }
        assert_eq!(bench.till.truth().given_back, PART, "{name}: once");
        if bench.till.counts() {
            let over = refund(&names, "r-2", money(AMOUNT, bench.currency));
            assert!(gateway.refund(&over).await.is_err(), "{name}: more than was taken");
        }
        let rest = refund(&names, "r-3", money(AMOUNT - PART, bench.currency));
        gateway.refund(&rest).await.unwrap();
        assert_eq!(bench.till.truth().given_back, AMOUNT, "{name}: all of it");
    }
}

#[tokio::test]
async fn what_nobody_has_paid_can_be_called_off() {
    for (name, bench) in benches(false).await {
        let opened = bench.opens(CaptureMode::Automatic, "kontor-1").await.unwrap();
        let names = bench::names(&opened);
        match bench.gateway.cancel(&cancel(&names, false)).await {
            Ok(told) => assert!(told.captured.is_none(), "{name}"),
            Err(fault) => assert_eq!(fault.cause, kontor_actors::ports::FaultCause::Refused),
        }
        bench.till.act(&names, PayerAct::Pay).await;
        let unwanted = QueryPayment { wanted: false, ..query(&names) };
        let told = bench.gateway.query(&unwanted).await.unwrap();
        // What comes all the same is told; it is a late payment.
        let taken = told.captured.map_or(0, |amount| amount.amount_minor);
        assert_eq!(taken, bench.till.truth().taken, "{name}");
    }
}
