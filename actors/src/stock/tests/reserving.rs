//! All lines or none, from several warehouses, once.

use super::*;

// W18: an order of several lines is held whole.
#[test]
fn all_lines_are_held_or_none() {
    let stage = ten().then_do(arrive("B", "main", 1));
    let lines = [line("A", 2), line("B", 2)];
    let stage = stage.when(reserve("o", &lines)).refused(out_of_stock(1, "B", 1, 2));
    assert_eq!((stage.at("A", "main"), stage.status("o")), ((10, 0), "unknown"));
    let stage = stage.then_do(reserve("o", &[line("A", 2), line("B", 1)]));
    assert_eq!((stage.at("A", "main"), stage.at("B", "main")), ((10, 2), (1, 1)));
}

#[test]
fn lines_of_the_same_product_do_not_count_on_the_same_units() {
    let lines = [line("A", 6), line("A", 6)];
    let stage = ten().when(reserve("o", &lines)).refused(out_of_stock(1, "A", 4, 6));
    assert_eq!(stage.total("A"), 10);
}

#[test]
fn a_line_is_taken_by_priority_and_may_be_split() {
    let stage = ten().then_do(arrive("A", "side", 5)).then_do(observed("A", 5, NOW));
    let outcome = stage.when(reserve("o", &[line("A", 17)]));
    assert_eq!(told(&outcome), ["A@main:10", "A@side:5", "A@sup:2"]);
    assert_eq!(outcome.stage.total("A"), 3);
}

#[test]
fn a_line_may_ask_for_one_warehouse() {
    let stage = ten().then_do(arrive("A", "side", 5));
    let outcome = stage.when(reserve("o", &[line_at("A", 4, "side")]));
    assert_eq!(told(&outcome), ["A@side:4"]);
    let stage = outcome.stage;
    let stage =
        stage.when(reserve("p", &[line_at("A", 2, "side")])).refused(out_of_stock(0, "A", 1, 2));
    stage
        .when(reserve("p", &[line_at("A", 2, "moon")]))
        .refused(StockRefusal::UnknownWarehouse("moon".to_owned()));
}

#[test]
fn the_last_allocation_of_a_product_carries_the_whole_events_figures() {
    let low = StockSettings { low_threshold: 3, ..StockSettings::default() };
    let stage = ten().then_do(configure("A", low)).then_do(arrive("A", "side", 5));
    let version = stage.book().get(&sku_entity("A")).unwrap().version;
    let outcome = stage.when(reserve("o", &[line("A", 11), line("A", 2)]));
    let events = outcome.result.as_ref().unwrap();
    let StockEvent::Reserved { allocations, .. } = &events[0].1 else { panic!() };
    let figures = |a: &kontor_messages::stock::Allocation| {
        (
            a.line,
            a.quantity,
            a.after.reserved,
            a.after.total_available,
            a.after.version,
            a.after.low,
        )
    };
    let expected = [
        (Some(0), 10, 10, 5, version + 1, false),
        (Some(0), 1, 1, 4, version + 1, false),
        (Some(1), 2, 3, 2, version + 1, true),
    ];
    assert_eq!(allocations.iter().map(figures).collect::<Vec<_>>(), expected);
    let outcome = outcome.stage.when(commit("o"));
    let events = outcome.result.as_ref().unwrap();
    let StockEvent::Committed { allocations } = &events[0].1 else { panic!() };
    let versions: Vec<_> = allocations.iter().map(|a| (a.after.version, a.after.low)).collect();
    assert_eq!(versions, [(version + 2, false); 3]);
    assert_eq!(outcome.stage.book().get(&sku_entity("A")).unwrap().version, version + 2);
}

// W14: the order's id is the hold's, so there is never a second one.
#[test]
fn the_same_reservation_again_changes_nothing() {
    let stage = ten().then_do(reserve("o", &[line("A", 2)]));
    let stage = stage.when(reserve("o", &[line("A", 2)])).then_nothing();
    let stage = stage.when(reserve("o", &[line("A", 3)])).refused(StockRefusal::Differs(id("o")));
    assert_eq!(stage.at("A", "main"), (10, 2));
}

// W16: reserving again after the goods have gone makes no second hold.
#[test]
fn a_reservation_that_has_ended_is_not_made_again() {
    let lines = [line("A", 2)];
    let held = || ten().then_do(reserve("o", &lines));
    let ended = [
        held().then_do(commit("o")),
        held().then_do(cancel("o")),
        held().then_do(release("o", "k", &[])),
        held().then_do(commit("o")).then_do(release("o", "k", &[])),
        expired(held()),
    ];
    for stage in ended {
        let before = stage.sku("A");
        let stage = stage.when(reserve("o", &lines)).then_nothing();
        let stage = stage.when(reserve_paid("o", &lines)).then_nothing();
        assert_eq!(stage.sku("A"), before);
        stage.when(reserve("o", &[line("A", 3)])).refused(StockRefusal::Differs(id("o")));
    }
}

fn expired(stage: Stage<Stock>) -> Stage<Stock> {
    let mut stage = stage.after(MINUTE * 20);
    assert_eq!(stage.wake_due(), 1);
    stage
}

#[test]
fn an_unknown_product_is_the_lines_fault() {
    let lines = [line("A", 1), line("X", 1)];
    let refusal = StockRefusal::UnknownSku { line: Some(1), sku: "X".to_owned() };
    assert_eq!(kontor_messages::Refusal::pointer(&refusal).as_deref(), Some("/lines/1/sku"));
    ten().when(reserve("o", &lines)).refused(refusal);
}

#[test]
fn a_reservation_is_well_formed() {
    invalid("/lines", ten().when(reserve("o", &[])));
    invalid("/lines", ten().when(reserve("o", &vec![line("A", 1); 201])));
    invalid("/lines/1/quantity", ten().when(reserve("o", &[line("A", 1), line("A", 0)])));
    invalid("/lines/0/quantity", ten().when(reserve("o", &[line("A", i64::MAX)])));
    invalid("/lines/0/sku", ten().when(reserve("o", &[line("", 1)])));
    invalid("/reservation", ten().when(reserve(&"x".repeat(190), &[line("A", 1)])));
    invalid("/until", ten().after(MINUTE * 15).when(reserve("o", &[line("A", 1)])));
}

// W31, W126: the commit follows the order; until then the hold has a deadline, so a crash before
// the order is there leaves nothing behind.
#[test]
fn goods_of_a_paid_order_are_held_until_the_order_commits_them() {
    let held = || {
        let stage = ten().when(reserve_paid("o", &[line("A", 2)])).then_names(&["stock.reserved"]);
        assert_eq!((stage.at("A", "main"), stage.status("o")), ((10, 2), "held"));
        stage.when(reserve_paid("o", &[line("A", 2)])).then_nothing()
    };
    let stage = held().when(commit("o")).then_names(&["stock.committed"]);
    assert_eq!((stage.at("A", "main"), stage.status("o")), ((8, 0), "committed"));
    let unplaced = expired(held());
    assert_eq!((unplaced.at("A", "main"), unplaced.status("o")), ((10, 0), "expired"));
}

#[test]
fn a_paid_order_that_is_short_is_remembered_and_can_be_tried_again() {
    let lines = [line("A", 12), line("new", 1)];
    let outcome = ten().when(reserve_paid("o", &lines));
    let short = [("A".to_owned(), 2), ("new".to_owned(), 1)].into();
    let entity = reservation_entity(&id("o"));
    let wanted = StockEvent::Wanted { channel: "web".to_owned(), wanted: lines.to_vec() };
    let failed = StockEvent::CommitFailed { short };
    let stage = outcome.then([(entity.clone(), wanted), (entity, failed)]);
    assert_eq!((stage.total("A"), stage.status("o")), (10, "short"));
    let stage = stage.when(reserve_paid("o", &lines)).then_nothing();
    let stage = stage.when(commit("o")).then_names(&["stock.commit_failed"]);
    let stage = stage.then_do(arrive("A", "side", 2)).then_do(arrive("new", "side", 1));
    let stage = stage.when(commit("o")).then_names(&["stock.reserved", "stock.committed"]);
    assert_eq!((stage.total("A"), stage.status("o")), (0, "committed"));
}
