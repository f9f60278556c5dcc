//! The goods are the customer's: exactly once, or a plain word of what is short.

use super::*;

fn held() -> Stage<Stock> {
    ten().then_do(reserve("o", &[line("A", 6)]))
}

fn expired() -> Stage<Stock> {
    let mut stage = held().after(MINUTE * 15);
    assert_eq!(stage.wake_due(), 1);
    stage
}

#[test]
fn goods_are_committed_exactly_once() {
    let stage = held().when(commit("o")).then_names(&["stock.committed"]);
    let stage = stage.when(commit("o")).then_nothing();
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((4, 0), 4));
    stage.when(commit("p")).refused(StockRefusal::NotFound("reservation"));
}

// W17: whether the sweep has come by already decides nothing.
#[test]
fn an_overdue_hold_is_committed_whether_or_not_it_was_swept() {
    let unswept = held().after(MINUTE * 60).when(commit("o")).then_names(&["stock.committed"]);
    let swept = expired().when(commit("o")).then_names(&["stock.reserved", "stock.committed"]);
    for stage in [unswept, swept] {
        assert_eq!((stage.at("A", "main"), stage.status("o")), ((4, 0), "committed"));
        stage.when(commit("o")).then_nothing();
    }
}

// W17, W32: money after the hold's end is never a silent yes.
#[test]
fn a_commit_after_the_end_says_each_time_what_is_short() {
    let stage = expired().then_do(StockCommand::Reserve {
        reservation: id("p"),
        channel: "web".to_owned(),
        lines: vec![line("A", 7)],
        until: minutes(60),
        paid: false,
    });
    let failed = || {
        let short = [("A".to_owned(), 3)].into();
        [(reservation_entity(&id("o")), StockEvent::CommitFailed { short })]
    };
    let stage = stage.when(commit("o")).then(failed());
    let stage = stage.when(commit("o")).then(failed());
    assert_eq!((stage.at("A", "main"), stage.status("o")), ((10, 7), "short"));
    let stage = stage.then_do(cancel("p"));
    stage.when(commit("o")).then_names(&["stock.reserved", "stock.committed"]);
}

#[test]
fn what_its_holder_gave_back_is_taken_anew_by_a_commit() {
    let stage = held().then_do(release("o", "k", &[]));
    let stage = stage.when(commit("o")).then_names(&["stock.reserved", "stock.committed"]);
    // The release that was told again does not bring the goods back.
    let stage = stage.when(release("o", "k", &[])).then_nothing();
    assert_eq!(stage.at("A", "main"), (4, 0));
}

#[test]
fn a_cancelled_reservation_is_not_committed() {
    held().then_do(cancel("o")).when(commit("o")).refused(StockRefusal::Ended("cancelled"));
}

// W19: what a supplier no longer has is not the customer's.
#[test]
fn a_hold_that_a_warehouse_cannot_keep_is_taken_from_elsewhere_or_told() {
    let stage = after(warehouses()).then_do(observed("A", 10, NOW));
    let stage = stage.then_do(reserve("o", &[line("A", 3)])).then_do(reserve("p", &[line("A", 2)]));
    let stage = stage.after(MINUTE).then_do(observed("A", 2, minutes(1)));
    let outcome = stage.when(commit("o"));
    let short = [("A".to_owned(), 3)].into();
    let stage = outcome.then([(reservation_entity(&id("o")), StockEvent::CommitFailed { short })]);
    assert_eq!(stage.status("o"), "held");
    let stage = stage.then_do(arrive("A", "main", 3));
    let outcome = stage.when(commit("o"));
    assert_eq!(told(&outcome), ["A@sup:3", "A@main:3", "A@main:3"]);
    let stage = outcome.then_names(&["stock.released", "stock.reserved", "stock.committed"]);
    let stage = stage.when(commit("p")).then_names(&["stock.committed"]);
    assert_eq!((stage.at("A", "sup"), stage.at("A", "main")), ((0, 0), (0, 0)));
}

// W13, W14: a decision sees all its products at once; there is no order of locks to get wrong.
#[test]
fn what_a_decision_needs_is_loaded_at_once() {
    use crate::{book::Book, book::Halt, testing::tenant};
    let mut book = Book::<Stock>::new(tenant());
    let lines = [line("A", 1), line("B", 1)];
    let mut rounds = 0;
    let refusal = loop {
        match book.decide(reserve("o", &lines), NOW) {
            Err(Halt::Wanted(wanted)) => {
                rounds += 1;
                for id in wanted.entities {
                    book.remember(id, Default::default());
                }
            }
            Err(Halt::Refused(refusal)) => break refusal,
            Ok(decision) => panic!("{decision:?}"),
        }
    };
    assert_eq!(refusal, StockRefusal::UnknownSku { line: Some(0), sku: "A".to_owned() });
    assert!(rounds <= 3, "{rounds}");
}
