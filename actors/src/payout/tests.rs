//! The rules of payouts, each as a sentence.

use super::{BatchStatus, OrderStatus, Payout, PayoutBatch, PayoutOrder, order_entity};
use crate::testing::{NOW, Stage, given};
use kontor_messages::{
    Currency, EntityId, Money,
    payout::{
        PayoutCommand as C, PayoutEvent as E, PayoutOutcome, PayoutRefusal as R, Transfer,
        batch_entity,
    },
};
use std::{collections::BTreeSet, time::Duration};

const DAY: Duration = Duration::from_secs(24 * 3600);
const PINNED: &str = include_str!("events.json");

fn payment(name: &str) -> EntityId {
    EntityId::named(format!("01977e4e-0000-7000-8000-00000000000{name}"))
}

fn order(name: &str) -> EntityId {
    order_entity(&payment(name), "2026000014/refund/KONTOR-1")
}

fn czk(minor: i64) -> Money {
    Money::new(minor, Currency::CZK)
}

fn queue(name: &str) -> C {
    C::Queue {
        order: order(name),
        payment: payment(name),
        provider: "fio".into(),
        account: "main".into(),
        transfer: Transfer {
            payee_account: "2900000005".into(),
            payee_bank: "2010".into(),
            amount: czk(500),
            variable_symbol: "2026000014".into(),
            message: "KONTOR-1".into(),
        },
    }
}

fn form(batch: &str, names: &[&str]) -> C {
    C::FormBatch {
        batch: batch_entity(batch),
        provider: "fio".into(),
        account: "main".into(),
        orders: names.iter().map(|name| order(name)).collect(),
    }
}

fn close(name: &str, outcome: PayoutOutcome) -> C {
    C::Close { order: order(name), outcome }
}

fn hand_over(batch: &str) -> C {
    C::HandOver { batch: batch_entity(batch) }
}

/// Refunds that wait.
fn waiting(names: &[&str]) -> Stage<Payout> {
    let mut stage = given([]);
    for name in names {
        stage.obey(queue(name)).unwrap();
    }
    stage
}

fn known(stage: &Stage<Payout>, name: &str) -> PayoutOrder {
    stage.state(&order(name)).order().unwrap().clone()
}

fn batch(stage: &Stage<Payout>, name: &str) -> PayoutBatch {
    stage.state(&batch_entity(name)).batch().unwrap().clone()
}

#[test]
fn a_refund_waits_once_however_often_it_is_told() {
    let stage = waiting(&["1"]);
    assert_eq!(known(&stage, "1").status, OrderStatus::Waiting);
    stage.when(queue("1")).then_nothing();
}

#[test]
fn orders_go_with_one_file_and_no_other() {
    let stage = waiting(&["1", "2"]);
    let stage = stage.when(form("a", &["1", "2", "1"])).then_names(&["payout.batch_formed"]);
    assert_eq!((batch(&stage, "a").total, batch(&stage, "a").open), (czk(1000), 2));
    assert_eq!(known(&stage, "1").batch, Some(batch_entity("a")));
    let stage = stage.when(form("a", &["1"])).then_nothing();
    stage.when(form("b", &["1", "2"])).refused(R::NothingWaits);
}

#[test]
fn only_what_waits_at_this_account_is_taken() {
    let mut stage = waiting(&["1", "2"]);
    let mut elsewhere = queue("3");
    if let C::Queue { account, .. } = &mut elsewhere {
        *account = "euro".into();
    }
    let mut in_euro = queue("4");
    if let C::Queue { transfer, .. } = &mut in_euro {
        transfer.amount = Money::new(500, Currency::parse("EUR").unwrap());
    }
    stage.obey(elsewhere).unwrap();
    stage.obey(in_euro).unwrap();
    stage.obey(close("2", PayoutOutcome::Failed)).unwrap();
    stage.obey(form("a", &["1", "2", "3", "4", "9"])).unwrap();
    assert_eq!(batch(&stage, "a").orders, [order("1")]);
    assert_eq!(known(&stage, "4").status, OrderStatus::Waiting);
    assert_eq!(known(&stage, "3").status, OrderStatus::Waiting);
}

#[test]
fn a_file_that_is_taken_again_is_the_same_file() {
    let mut stage = waiting(&["1", "2"]);
    stage.obey(form("a", &["1", "2"])).unwrap();
    // Called off before anybody took the file: it is not in it.
    stage.obey(close("2", PayoutOutcome::Failed)).unwrap();
    let mut stage = stage.when(hand_over("a")).then_names(&["payout.handed_over"]);
    assert_eq!((batch(&stage, "a").orders, batch(&stage, "a").total), (vec![order("1")], czk(500)));
    assert_eq!(known(&stage, "1").status, OrderStatus::HandedOver);
    stage = stage.after(DAY).when(hand_over("a")).then_nothing();
    assert_eq!(batch(&stage, "a").handed_over_at, Some(NOW));
    // What came later goes with another one.
    stage.obey(queue("3")).unwrap();
    stage.obey(form("b", &["1", "2", "3"])).unwrap();
    assert_eq!(batch(&stage, "b").orders, [order("3")]);
    assert_eq!(batch(&stage, "a").orders, [order("1")]);
}

#[test]
fn a_batch_is_done_when_the_bank_has_paid_all_of_it_and_its_file_stays_what_it_was() {
    let mut stage = waiting(&["1", "2"]);
    for step in [form("a", &["1", "2"]), hand_over("a"), close("1", PayoutOutcome::Paid)] {
        stage.obey(step).unwrap();
    }
    assert_eq!((batch(&stage, "a").status, batch(&stage, "a").open), (BatchStatus::HandedOver, 1));
    stage.obey(close("2", PayoutOutcome::Paid)).unwrap();
    let stage = stage.when(close("2", PayoutOutcome::Paid)).then_nothing();
    assert_eq!((batch(&stage, "a").status, batch(&stage, "a").open), (BatchStatus::Done, 0));
    let stage = stage.when(hand_over("a")).then_nothing();
    assert_eq!(batch(&stage, "a").orders, [order("1"), order("2")]);
}

#[test]
fn a_batch_of_which_nothing_is_left_has_no_file() {
    let mut stage = waiting(&["1"]);
    stage.obey(form("a", &["1"])).unwrap();
    stage.obey(close("1", PayoutOutcome::Failed)).unwrap();
    stage.when(hand_over("a")).refused(R::Done);
}

#[test]
fn what_the_bank_has_not_taken_waits_again_and_its_file_pays_nothing_any_more() {
    let mut stage = waiting(&["1", "2"]);
    for step in [form("a", &["1", "2"]), hand_over("a"), close("1", PayoutOutcome::Paid)] {
        stage.obey(step).unwrap();
    }
    let release = |note: &str| C::Release { batch: batch_entity("a"), note: note.into() };
    assert!(
        matches!(stage.obey(release("")), Err(R::Invalid { pointer, .. }) if pointer == "/note")
    );
    let stage = stage.when(release("refused by the bank")).then_names(&["payout.released"]);
    assert_eq!(known(&stage, "1").status, OrderStatus::Paid);
    assert_eq!((known(&stage, "2").status, known(&stage, "2").batch), (OrderStatus::Waiting, None));
    let stage = stage.when(release("again")).then_nothing();
    let mut stage = stage.when(hand_over("a")).refused(R::Released);
    stage.obey(form("b", &["1", "2"])).unwrap();
    assert_eq!(batch(&stage, "b").orders, [order("2")]);
    // The bank had taken it after all: the money has gone, and the next file does not hold it.
    stage.obey(close("2", PayoutOutcome::Paid)).unwrap();
    stage.when(hand_over("b")).refused(R::Done);
}

#[test]
fn money_that_was_seen_going_out_has_gone_whatever_a_person_said() {
    let mut stage = waiting(&["1"]);
    stage.obey(close("1", PayoutOutcome::Failed)).unwrap();
    let stage = stage.when(close("1", PayoutOutcome::Paid)).then_names(&["payout.closed"]);
    let stage = stage.when(close("1", PayoutOutcome::Failed)).then_nothing();
    assert_eq!(known(&stage, "1").status, OrderStatus::Paid);
    stage.when(close("9", PayoutOutcome::Paid)).then_nothing();
}

#[test]
fn who_waits_for_long_is_told_once_for_each_step() {
    let mut stage = waiting(&["1"]).after(3 * DAY);
    assert_eq!((stage.wake_due(), stage.wake_due()), (1, 0));
    assert!(known(&stage, "1").overdue);
    stage.obey(form("a", &["1"])).unwrap();
    stage.obey(hand_over("a")).unwrap();
    assert!(!known(&stage, "1").overdue);
    let mut stage = stage.after(6 * DAY);
    assert_eq!(stage.wake_due(), 0);
    let mut stage = stage.after(DAY);
    assert_eq!((stage.wake_due(), stage.wake_due()), (1, 0));
}

#[test]
fn what_is_no_order_is_refused_with_its_member() {
    for (change, at) in [
        (
            (|it: &mut Transfer| it.payee_account = "[erased]".into()) as fn(&mut Transfer),
            "/transfer/payee_account",
        ),
        (|it| it.payee_bank = String::new(), "/transfer/payee_account"),
        (|it| it.amount = czk(0), "/transfer/amount"),
        (|it| it.variable_symbol = "x".into(), "/transfer"),
        (|it| it.message = "a\nb".into(), "/transfer"),
    ] {
        let mut command = queue("1");
        if let C::Queue { transfer, .. } = &mut command {
            change(transfer);
        }
        let refusal = given::<Payout>([]).obey(command).unwrap_err();
        assert!(matches!(refusal, R::Invalid { pointer, .. } if pointer == at), "{at}");
    }
}

#[test]
fn every_event_reads_and_writes_the_json_it_was_released_with() {
    let pinned: Vec<serde_json::Value> = serde_json::from_str(PINNED).unwrap();
    let mut names = BTreeSet::new();
    for value in &pinned {
        let event: E = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&event).unwrap(), value);
        assert_eq!(event.name(), format!("payout.{}", value["type"].as_str().unwrap()));
        names.insert(event.name());
    }
    assert_eq!((names.len(), pinned.len()), (6, 6));
}
