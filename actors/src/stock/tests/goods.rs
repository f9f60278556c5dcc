//! Goods that come, go, are counted, travel; a supplier's news.

use super::*;
use kontor_messages::stock::{Allocation, LevelAfter, movement_entity, transfer_entity};

fn transfer(name: &str, from: &str, to: &str, quantity: i64) -> StockCommand {
    let (sku, from, to) = ("A".to_owned(), from.to_owned(), to.to_owned());
    StockCommand::Transfer { transfer: id(name), sku, from, to, quantity }
}

fn receive(name: &str) -> StockCommand {
    StockCommand::ReceiveTransfer { transfer: id(name) }
}

// W19, W120: the row, the sellable total and the version are in the event.
#[test]
fn goods_that_arrive_are_told_with_row_total_and_version() {
    let after = LevelAfter {
        on_hand: 5,
        reserved: 0,
        total_available: 15,
        version: 2,
        low: false,
        out: false,
    };
    let (sku, warehouse) = ("A".to_owned(), "side".to_owned());
    let change = Allocation { sku, warehouse, quantity: 5, line: None, after };
    let stage = ten().when(moved("m", "A", "side", MovementKind::In, 5)).then([(
        movement_entity(&id("m")),
        StockEvent::Moved { kind: MovementKind::In, change, reason: None },
    )]);
    assert_eq!(stage.total("A"), 15);
}

// W12: a movement has an id, so that a caller's retry is the same movement.
#[test]
fn the_same_movement_twice_is_one() {
    let goods = moved("m", "A", "main", MovementKind::In, 5);
    let stage = ten().then_do(goods.clone()).when(goods).then_nothing();
    assert_eq!(stage.at("A", "main"), (15, 0));
    stage
        .when(moved("m", "A", "main", MovementKind::In, 6))
        .refused(StockRefusal::Differs(id("m")));
}

#[test]
fn goods_cannot_leave_that_are_not_there_or_are_held() {
    let stage = ten().then_do(reserve("o", &[line("A", 4)]));
    let stage = impossible(stage.when(moved("m", "A", "main", MovementKind::Out, 7)));
    let stage = stage.then_do(moved("m", "A", "main", MovementKind::Out, 6));
    assert_eq!(stage.at("A", "main"), (4, 4));
}

#[test]
fn an_adjustment_says_why_and_never_leaves_less_than_nothing() {
    let without = StockCommand::Move {
        movement: id("m"),
        sku: "A".to_owned(),
        warehouse: "main".to_owned(),
        kind: MovementKind::Adjustment,
        quantity: -1,
        reason: None,
    };
    invalid("/reason", ten().when(without));
    invalid("/quantity", ten().when(moved("m", "A", "main", MovementKind::Adjustment, 0)));
    impossible(ten().when(moved("m", "A", "main", MovementKind::Adjustment, -11)));
    let stage = ten().then_do(moved("m", "A", "main", MovementKind::Adjustment, -3));
    assert_eq!(stage.at("A", "main"), (7, 0));
}

#[test]
fn a_count_is_what_is_there_even_if_more_is_held() {
    let stage = ten().then_do(reserve("o", &[line("A", 8)]));
    let outcome = stage.when(moved("m", "A", "main", MovementKind::Count, 5));
    assert_eq!(told(&outcome), ["A@main:-5"]);
    let stage = outcome.stage;
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((5, 8), 0));
    stage.when(moved("m", "A", "main", MovementKind::Count, 5)).then_nothing();
}

#[test]
fn quantities_and_levels_have_limits() {
    for quantity in [0, -1, 1_000_000_001, i64::MAX, i64::MIN] {
        invalid("/quantity", ten().when(moved("m", "A", "main", MovementKind::In, quantity)));
    }
    invalid("/quantity", ten().when(moved("m", "A", "main", MovementKind::Adjustment, i64::MIN)));
    let mut stage = ten();
    for count in 0..999 {
        let movement = format!("m{count}");
        stage.obey(moved(&movement, "A", "main", MovementKind::In, 1_000_000_000)).unwrap();
    }
    let before = stage.sku("A");
    let stage = impossible(stage.when(moved("m", "A", "main", MovementKind::In, 1_000_000_000)));
    assert_eq!(stage.sku("A"), before);
}

#[test]
fn a_sku_has_a_name_that_fits_everywhere() {
    for sku in ["", "a\nb", &"x".repeat(101), &"\u{1F980}".repeat(50)] {
        invalid("/sku", ten().when(moved("m", sku, "main", MovementKind::In, 1)));
    }
    ten()
        .when(moved("m", &"x".repeat(100), "main", MovementKind::In, 1))
        .then_names(&["stock.moved"]);
}

#[test]
fn a_warehouse_must_be_known_before_goods_arrive() {
    ten()
        .when(arrive("A", "nowhere", 1))
        .refused(StockRefusal::UnknownWarehouse("nowhere".to_owned()));
}

#[test]
fn goods_on_their_way_are_in_neither_warehouse() {
    let stage =
        ten().when(transfer("t", "main", "side", 4)).then_names(&["stock.transfer_started"]);
    assert_eq!((stage.at("A", "main"), stage.at("A", "side")), ((6, 0), (0, 0)));
    assert_eq!((stage.total("A"), stage.sku("A").level("side").unwrap().in_transit), (6, 4));
    let stage = stage.when(transfer("t", "main", "side", 4)).then_nothing();
    let stage =
        stage.when(transfer("t", "main", "side", 5)).refused(StockRefusal::Differs(id("t")));
    let stage = stage.when(receive("t")).then_names(&["stock.transfer_received"]);
    assert_eq!((stage.at("A", "side"), stage.total("A")), ((4, 0), 10));
    assert_eq!(stage.sku("A").level("side").unwrap().in_transit, 0);
    let stage = stage.when(receive("t")).then_nothing();
    stage.when(transfer("t", "main", "side", 4)).then_nothing();
}

#[test]
fn a_transfer_takes_nothing_that_is_held_and_goes_to_another_active_warehouse() {
    let stage = ten().then_do(reserve("o", &[line("A", 8)]));
    let stage = impossible(stage.when(transfer("t", "main", "side", 3)));
    let stage = stage.then_do(off(warehouse("side", 5)));
    stage
        .when(transfer("t", "main", "side", 2))
        .refused(StockRefusal::InactiveWarehouse("side".to_owned()));
    invalid("/to", ten().when(transfer("t", "main", "main", 1)));
    ten().when(receive("t")).refused(StockRefusal::NotFound("transfer"));
    assert_eq!(ten().state(&transfer_entity(&id("t"))), StockState::Blank);
}

// W19: an older feed must not overwrite a newer one.
#[test]
fn older_news_of_a_supplier_changes_nothing() {
    let stage = ten().after(MINUTE * 10).then_do(observed("A", 7, minutes(5)));
    assert_eq!((stage.at("A", "sup"), stage.total("A")), ((7, 0), 17));
    let stage = stage.when(observed("A", 9, minutes(4))).then_nothing();
    let stage = stage.when(observed("A", 7, minutes(5))).then_nothing();
    // The same count again is news: it makes everything before it old.
    let stage = stage.when(observed("A", 7, minutes(8))).then_names(&["stock.observed"]);
    stage.when(observed("A", 9, minutes(6))).then_nothing();
}

// W19: when the supplier has less than is held, the old level must not stay for sale.
#[test]
fn a_level_that_is_held_beyond_what_is_there_is_not_sold_further() {
    let stage = after(warehouses()).then_do(observed("A", 10, NOW));
    let stage = stage.then_do(reserve("o", &[line("A", 6)])).after(MINUTE);
    let stage = stage.then_do(observed("A", 4, minutes(1)));
    assert_eq!((stage.at("A", "sup"), stage.total("A")), ((4, 6), 0));
    let stage = stage.when(reserve("p", &[line("A", 1)])).refused(out_of_stock(0, "A", 0, 1));
    // It takes nothing from the other warehouses either.
    let stage = stage.then_do(arrive("A", "main", 3));
    assert_eq!(stage.total("A"), 3);
}

#[test]
fn a_suppliers_news_is_never_refused() {
    let own = StockCommand::RecordObservation {
        sku: "A".to_owned(),
        warehouse: "main".to_owned(),
        quantity: 3,
        observed_at: NOW,
    };
    let stage = ten().when(own).then_nothing();
    let stage = stage.when(observed("", 3, NOW)).then_nothing();
    let stage = stage.when(observed("A", -3, NOW)).then_nothing();
    let stage = stage.when(observed("A", i64::MAX, NOW)).then_nothing();
    stage.when(observed("new", 3, NOW)).then_names(&["stock.observed"]);
    given::<Stock>([]).when(observed("A", 3, NOW)).then_nothing();
}

#[test]
fn a_supplier_whose_clock_is_ahead_can_still_tell_more() {
    let stage = ten().then_do(observed("A", 3, minutes(600))).after(MINUTE);
    assert_eq!(stage.sku("A").level("sup").unwrap().observed_at, Some(NOW));
    stage.when(observed("A", 2, minutes(1))).then_names(&["stock.observed"]);
}

#[test]
fn a_feed_tells_of_many_products_in_one_event_and_of_each_only_what_is_news() {
    let counts = |list: &[(&str, i64)]| list.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect();
    let told = observed_many(counts(&[("C", 1), ("B", 4), ("A", 7), ("A", 2)]), NOW);
    let stage = ten().when(told.clone()).then_names(&["stock.observations"]);
    let units = |stage: &Stage<Stock>, sku: &str| stage.sku(sku).level("sup").unwrap().on_hand;
    assert_eq!((units(&stage, "A"), units(&stage, "B"), units(&stage, "C")), (2, 4, 1));
    assert_eq!(stage.sku("A").total_available, 12);
    let stage = stage.when(told).then_nothing();
    let stage = stage.after(MINUTE).then_do(observed("A", 3, minutes(1)));
    let late = observed_many(counts(&[("A", 9), ("B", 5)]), NOW);
    let stage = stage.when(late).then_names(&["stock.observations"]);
    assert_eq!((units(&stage, "A"), units(&stage, "B")), (3, 5));
}

#[test]
fn a_count_is_taken_back_only_while_it_stands() {
    let back = |instead_of| StockCommand::RecordObservations {
        warehouse: "sup".to_owned(),
        observed_at: NOW,
        counts: vec![Observed { sku: "A".to_owned(), quantity: 5, instead_of: Some(instead_of) }],
    };
    let stage = ten().then_do(observed("A", 9, NOW));
    let stage = stage.when(back(8)).then_nothing();
    let stage = stage.when(back(9)).then_names(&["stock.observations"]);
    assert_eq!(stage.sku("A").level("sup").unwrap().on_hand, 5);
    let stage = stage.after(MINUTE).then_do(observed("A", 5, minutes(1)));
    stage.when(back(5)).then_nothing();
}

#[test]
fn low_and_out_are_told_once_when_they_are_crossed() {
    let stage = ten()
        .then_do(configure("A", StockSettings { low_threshold: 3, ..StockSettings::default() }));
    let flags = |outcome: &Outcome<Stock>| match &outcome.result.as_ref().unwrap()[0].1 {
        StockEvent::Moved { change, .. } => (change.after.low, change.after.out),
        other => panic!("{other:?}"),
    };
    let mut stage = stage;
    let steps = [(6, (false, false)), (1, (true, false)), (1, (false, false)), (2, (false, true))];
    for (count, (units, expected)) in steps.into_iter().enumerate() {
        let outcome =
            stage.when(moved(&format!("m{count}"), "A", "main", MovementKind::Out, units));
        assert_eq!(flags(&outcome), expected, "{units}");
        stage = outcome.stage;
    }
}
