//! Renewing, expiring, giving back.

use super::*;

fn held() -> Stage<Stock> {
    ten()
        .then_do(arrive("A", "side", 5))
        .then_do(arrive("B", "main", 5))
        .then_do(reserve("o", &[line("A", 12), line("B", 2)]))
}

#[test]
fn a_hold_ends_at_its_deadline() {
    let mut stage = held().after(MINUTE * 14);
    assert_eq!(stage.wake_due(), 0);
    let mut stage = stage.after(MINUTE);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!((stage.status("o"), stage.total("A"), stage.total("B")), ("expired", 15, 5));
    assert_eq!(stage.wake_due(), 0);
}

// W182: a hold is renewed while a payment is open.
#[test]
fn a_hold_that_was_renewed_lives_on() {
    let stage = held().then_do(renew("o", minutes(30)));
    let stage = stage.when(renew("o", minutes(20))).then_nothing();
    let mut stage = stage.when(renew("o", minutes(30))).then_nothing().after(MINUTE * 20);
    assert_eq!(stage.wake_due(), 0);
    let stage = stage.when(StockCommand::Expire { reservation: id("o") }).then_nothing();
    let mut stage = stage.after(MINUTE * 10);
    assert_eq!(stage.wake_due(), 1);
    let stage = stage.when(renew("o", minutes(90))).then_nothing();
    stage.when(renew("p", minutes(90))).refused(StockRefusal::NotFound("reservation"));
}

#[test]
fn what_is_given_back_is_sellable_again() {
    let outcome = held().when(release("o", "k", &[]));
    assert_eq!(told(&outcome), ["A@main:10", "A@side:2", "B@main:2"]);
    let stage = outcome.stage;
    assert_eq!((stage.status("o"), stage.total("A"), stage.total("B")), ("released", 15, 5));
    let stage = stage.when(release("o", "k", &[])).then_nothing();
    stage.when(release("o", "other", &[])).then_nothing();
}

// W15: a partial release has a key; repeated, it gives nothing back again.
#[test]
fn a_part_is_given_back_once_under_its_key() {
    let outcome = held().when(release("o", "k", &[line("A", 3)]));
    assert_eq!(told(&outcome), ["A@side:2", "A@main:1"]);
    let stage = outcome.stage.when(release("o", "k", &[line("A", 3)])).then_nothing();
    assert_eq!((stage.status("o"), stage.total("A")), ("held", 6));
    let stage = stage.then_do(release("o", "l", &[line("A", 9), line("B", 2)]));
    assert_eq!((stage.status("o"), stage.total("A"), stage.total("B")), ("released", 15, 5));
    // None of it is wanted any more.
    stage.when(commit("o")).refused(StockRefusal::Ended("released"));
}

#[test]
fn no_more_is_given_back_than_there_is() {
    invalid("/lines/0/quantity", held().when(release("o", "k", &[line("A", 13)])));
    invalid("/lines/0/quantity", held().when(release("o", "k", &[line("C", 1)])));
    let twice = [line("B", 1), line("B", 2)];
    invalid("/lines/1/quantity", held().when(release("o", "k", &twice)));
    invalid("/lines/0/quantity", held().when(release("o", "k", &[line_at("A", 3, "side")])));
    let outcome = held().when(release("o", "k", &[line_at("A", 3, "main")]));
    assert_eq!(told(&outcome), ["A@main:3"]);
}

#[test]
fn parts_of_bundles_are_given_back_in_whole_bundles() {
    let stage = held()
        .then_do(configure("KIT", bundle(&[("A", 1), ("B", 1)])))
        .then_do(reserve("p", &[line("KIT", 2), line("A", 1)]))
        // What is a bundle's part now does not matter to what is held.
        .then_do(configure("KIT", bundle(&[("B", 5)])));
    let outcome = stage.when(release("p", "k", &[line("KIT", 1)]));
    assert_eq!(told(&outcome), ["A@side:1", "B@main:1"]);
    let outcome = outcome.stage.when(release("p", "l", &[]));
    assert_eq!(told(&outcome), ["A@side:1", "B@main:1", "A@side:1"]);
}

#[test]
fn committed_goods_return_to_the_shelf() {
    let stage = held().then_do(commit("o"));
    let outcome = stage.when(release("o", "k", &[line("A", 2)]));
    assert_eq!(told(&outcome), ["A@side:2"]);
    let returned =
        |event: &StockEvent| matches!(event, StockEvent::Released { returned: true, .. });
    assert!(outcome.result.as_ref().unwrap().iter().all(|(_, event)| returned(event)));
    let stage = outcome.stage.when(release("o", "k", &[line("A", 2)])).then_nothing();
    assert_eq!((stage.at("A", "side"), stage.status("o")), ((5, 0), "committed"));
    let stage = stage.when(release("o", "rest", &[])).then_names(&["stock.released"]);
    assert_eq!((stage.total("A"), stage.total("B"), stage.status("o")), (15, 5, "returned"));
    let stage = stage.when(release("o", "more", &[])).then_nothing();
    stage.when(commit("o")).then_nothing();
}

#[test]
fn giving_back_what_is_not_held_is_no_fault() {
    ten().when(release("unknown", "k", &[])).then_nothing();
    let mut stage = held().after(MINUTE * 20);
    stage.wake_due();
    let stage = stage.when(release("o", "k", &[])).then_nothing();
    assert_eq!(stage.status("o"), "expired");
}

#[test]
fn a_cancelled_order_that_had_expired_is_not_taken_anew() {
    let mut stage = held().after(MINUTE * 20);
    stage.wake_due();
    let stage = stage.when(cancel("o")).then_names(&["stock.released"]);
    let stage = stage.when(cancel("o")).then_nothing();
    let stage = stage.when(commit("o")).refused(StockRefusal::Ended("cancelled"));
    assert_eq!(stage.total("A"), 15);
}

#[test]
fn lines_that_are_cancelled_after_the_hold_has_expired_are_not_taken_anew() {
    let mut stage = held().after(MINUTE * 20);
    stage.wake_due();
    let stage = stage.then_do(release("o", "k", &[line("A", 11)]));
    let stage = stage.when(release("o", "k", &[line("A", 11)])).then_nothing();
    assert_eq!((stage.status("o"), stage.total("A")), ("expired", 15));
    let outcome = stage.when(commit("o"));
    assert_eq!(told(&outcome), ["A@main:1", "B@main:2", "A@main:1", "B@main:2"]);
}

#[test]
fn the_names_of_releases_are_remembered_up_to_a_limit() {
    let stage = ten().then_do(arrive("C", "main", 200)).then_do(reserve("o", &[line("C", 150)]));
    let mut stage = stage;
    for count in 0..100 {
        stage.obey(release("o", &format!("k{count}"), &[line("C", 1)])).unwrap();
    }
    let stage = impossible(stage.when(release("o", "k100", &[line("C", 1)])));
    let stage = stage.when(release("o", "k0", &[line("C", 1)])).then_nothing();
    stage.when(release("o", "k100", &[])).then_names(&["stock.released"]);
}

#[test]
fn only_the_clock_lets_a_hold_expire() {
    invalid("/reason", held().when(give_back("o", "k", &[], ReleaseReason::Expired)));
    invalid("/key", held().when(release("o", "", &[])));
}
