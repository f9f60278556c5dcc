//! Money that the payer contests.

use super::*;
use kontor_messages::payment::{DisputeSeen, DisputeStatus, PaymentRefusal as R};

fn dispute(status: DisputeStatus) -> C {
    let seen = DisputeSeen {
        reference: "dp_1".into(),
        amount: czk(1000),
        status,
        reason: Some("fraudulent".into()),
        respond_by: Some(later(DAY)),
    };
    tell(Observation { disputes: vec![seen], ..told(None) })
}

#[test]
fn a_dispute_lies_over_the_state_and_gives_it_back_when_it_is_won() {
    let stage = paid_stage()
        .when(dispute(DisputeStatus::Open))
        .then_names(&["payment.observed", "payment.disputed"]);
    assert_eq!(document(&stage).status, S::Disputed);
    let stage = stage
        .when(dispute(DisputeStatus::Won))
        .then_names(&["payment.observed", "payment.dispute_closed"]);
    assert_eq!(document(&stage).status, S::Paid);
}

#[test]
fn a_lost_dispute_is_a_chargeback_in_the_ledger_and_no_refund() {
    let mut stage = paid_stage();
    stage.obey(dispute(DisputeStatus::Open)).unwrap();
    let stage = stage.when(dispute(DisputeStatus::Lost)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.dispute_closed",
    ]);
    let now = document(&stage);
    assert_eq!((now.status, now.charged_back_minor, now.refunded_minor), (S::Refunded, 1000, 0));
}

#[test]
fn contested_money_is_not_refunded_besides() {
    let mut stage = paid_stage();
    stage.obey(dispute(DisputeStatus::Open)).unwrap();
    stage.when(refund("r", 1)).refused(R::RefundTooLarge { remaining: czk(0) });
}

#[test]
fn settling_waits_for_the_dispute() {
    let mut stage = paid_stage();
    stage.obey(dispute(DisputeStatus::Open)).unwrap();
    let stage = stage.when(C::Settle { payment: id() }).then_names(&["payment.settle_requested"]);
    stage.when(dispute(DisputeStatus::Lost)).then_names(&[
        "payment.observed",
        "payment.booked",
        "payment.dispute_closed",
        "payment.settled",
    ]);
}

#[test]
fn a_dispute_told_after_its_end_does_not_open_again() {
    let mut stage = paid_stage();
    stage.obey(dispute(DisputeStatus::Won)).unwrap();
    stage.when(dispute(DisputeStatus::Open)).then_nothing();
}
