//! Packing, parcels, arrival, return, notes.

use super::*;

#[test]
fn an_order_goes_from_packing_to_the_door() {
    let stage = confirmed_and([])
        .when(OrderCommand::Process { order: order() })
        .then([of(OrderEvent::Processing)])
        .when(OrderCommand::Process { order: order() })
        .then_nothing()
        .when(ship(&[]))
        .then_names(&["order.shipped"])
        .when(deliver(None))
        .then([of(OrderEvent::Delivered { parcels: vec![0], complete: true })])
        .when(deliver(None))
        .then_nothing();
    assert_eq!(status(&stage), OrderStatus::Delivered);
}

#[test]
fn a_parcel_without_lines_takes_all_that_is_left() {
    let stage = confirmed_and([ship(&[(0, 1)])]);
    let outcome = stage.when(ship(&[]));
    let Ok([(_, OrderEvent::Shipped { parcel, complete, .. })]) = outcome.result.as_deref() else {
        panic!("expected one parcel, got {:?}", outcome.result)
    };
    assert_eq!((parcel.lines.clone(), *complete), (units(&[(0, 2), (1, 1)]), true));
}

#[test]
fn an_order_is_shipped_only_when_nothing_is_left_to_ship() {
    let stage =
        confirmed_and([]).when(ship(&[(0, 2)])).then_names(&["order.processing", "order.shipped"]);
    assert_eq!(status(&stage), OrderStatus::Processing);
    let stage = stage.when(ship(&[(0, 1), (1, 1)])).then_names(&["order.shipped"]);
    assert_eq!(status(&stage), OrderStatus::Shipped);
}

#[test]
fn no_more_is_sent_than_ordered_less_cancelled_less_sent() {
    let left = || confirmed_and([cancel(&[(0, 1)]), ship(&[(0, 1)])]);
    assert_eq!(fault(left(), ship(&[(0, 2)])), "/lines/0/quantity");
    assert_eq!(fault(left(), ship(&[(1, 1), (0, 0)])), "/lines/1/quantity");
    assert_eq!(fault(left(), ship(&[(2, 1)])), "/lines/0/line");
    assert_eq!(fault(left(), ship(&[(1, 1), (1, 1)])), "/lines/1/line");
    left().when(ship(&[(0, 1), (1, 1)])).then_names(&["order.shipped"]);
}

#[test]
fn nothing_is_sent_before_the_order_is_confirmed_or_after_its_end() {
    let no = |status| OrderRefusal::WrongStatus { status, action: "shipped" };
    after([place()]).when(ship(&[])).refused(no("pending"));
    after([place(), cancel(&[])]).when(ship(&[])).refused(no("cancelled"));
    confirmed_and([ship(&[])]).when(ship(&[])).refused(no("shipped"));
}

#[test]
fn an_order_takes_a_hundred_parcels() {
    let cart = PlaceOrder { lines: vec![line("mug", 200, 0)], ..cart() };
    let totals = Totals { subtotal_minor: 0, total_minor: 50, tax_minor: 0, ..cart.totals };
    let placed = place_as(order(), PlaceOrder { totals, ..cart }, StockStanding::Held);
    let mut stage = after([placed, pay("p1", 50), stock(StockStanding::Committed)]);
    for _ in 0..100 {
        stage.obey(ship(&[(0, 1)])).unwrap();
    }
    stage.when(ship(&[(0, 1)])).refused(OrderRefusal::LimitReached { what: "parcels", max: 100 });
}

#[test]
fn each_parcel_arrives_by_itself() {
    let stage = confirmed_and([ship(&[(0, 3)]), ship(&[])])
        .when(deliver(Some(1)))
        .then([of(OrderEvent::Delivered { parcels: vec![1], complete: false })])
        .when(deliver(Some(1)))
        .then_nothing();
    assert_eq!(status(&stage), OrderStatus::Shipped);
    let stage = stage
        .when(deliver(None))
        .then([of(OrderEvent::Delivered { parcels: vec![0], complete: true })]);
    assert_eq!(status(&stage), OrderStatus::Delivered);
    assert_eq!(fault(stage, deliver(Some(2))), "/parcel");
}

#[test]
fn what_is_not_under_way_does_not_arrive() {
    let no = OrderRefusal::WrongStatus { status: "confirmed", action: "delivered" };
    confirmed_and([]).when(deliver(None)).refused(no);
}

#[test]
fn sent_units_come_back_and_their_price_goes_back() {
    let returned = |quantity, complete, total_minor, refund_minor| {
        of(OrderEvent::Returned {
            lines: units(&[(0, quantity)]),
            restock: true,
            reason: None,
            complete,
            total_minor,
            refund_minor,
            key: None,
        })
    };
    let stage = confirmed_and([ship(&[(0, 3)])])
        .when(take_back(&[(0, 1)]))
        .then([returned(1, false, 300, 100)]);
    let mut stage = stage.when(take_back(&[])).then([returned(2, true, 100, 200)]);
    // The pen is still to be sent.
    assert_eq!(status(&stage), OrderStatus::Processing);
    stage.obey(ship(&[])).unwrap();
    assert_eq!(status(&stage), OrderStatus::Shipped);
    stage.obey(take_back(&[])).unwrap();
    assert_eq!(status(&stage), OrderStatus::Returned);
    stage.when(take_back(&[])).then_nothing();
}

#[test]
fn no_more_comes_back_than_was_sent() {
    let sent = || confirmed_and([ship(&[(0, 2)]), take_back(&[(0, 1)])]);
    assert_eq!(fault(sent(), take_back(&[(0, 2)])), "/lines/0/quantity");
    assert_eq!(fault(sent(), take_back(&[(1, 1)])), "/lines/0/quantity");
    let no = OrderRefusal::WrongStatus { status: "confirmed", action: "returned" };
    confirmed_and([]).when(take_back(&[])).refused(no);
}

#[test]
fn never_more_goes_back_than_was_paid() {
    let mut cart = cart();
    cart.totals = Totals {
        subtotal_minor: 350,
        shipping_minor: 0,
        discount_minor: 300,
        tax_minor: 0,
        total_minor: 50,
    };
    let placed = place_as(order(), cart, StockStanding::Held);
    let sent = [placed, pay("p1", 50), stock(StockStanding::Committed), ship(&[])];
    let stage = after(sent.into_iter().chain([take_back(&[(0, 3)])]));
    assert_eq!(document(&stage).total_minor, 0);
}

#[test]
fn nothing_goes_back_where_nobody_has_paid() {
    let invoiced = [place(), confirm(), stock(StockStanding::Committed), ship(&[])];
    let outcome = after(invoiced).when(take_back(&[(1, 1)]));
    assert!(matches!(
        outcome.result.unwrap()[0].1,
        OrderEvent::Returned { total_minor: 350, refund_minor: 0, .. }
    ));
}

#[test]
fn a_named_request_is_carried_out_once() {
    let named = |command| match command {
        OrderCommand::Ship { order, parcel, .. } => {
            OrderCommand::Ship { order, parcel, key: Some("k1".to_owned()) }
        }
        OrderCommand::Return { order, lines, reason, restock, .. } => {
            OrderCommand::Return { order, lines, reason, restock, key: Some("k2".to_owned()) }
        }
        other => other,
    };
    let mut stage = confirmed_and([]);
    for command in [ship(&[(0, 1)]), take_back(&[(0, 1)])].map(named) {
        stage.obey(command.clone()).unwrap();
        stage = stage.when(command).then_nothing();
    }
    let stage = stage.when(ship(&[(0, 1)])).then_names(&["order.shipped"]);
    let long =
        OrderCommand::AddNote { order: order(), text: "x".to_owned(), key: Some("k".repeat(101)) };
    assert_eq!(fault(stage, long), "/key");
}

#[test]
fn an_order_takes_two_hundred_notes_and_shows_the_last_fifty() {
    let note = |text: String| OrderCommand::AddNote { order: order(), text, key: None };
    let mut stage = after([place()]);
    for index in 0..200 {
        stage.obey(note(format!("note {index}"))).unwrap();
    }
    let order = document(&stage);
    assert_eq!((order.notes.len(), order.notes[0].text.as_str()), (50, "note 150"));
    let stage = stage
        .when(note("one more".to_owned()))
        .refused(OrderRefusal::LimitReached { what: "notes", max: 200 });
    drop(stage);
    assert_eq!(fault(after([place()]), note(String::new())), "/text");
    assert_eq!(fault(after([place()]), note("x".repeat(2001))), "/text");
}

#[test]
fn nothing_is_asked_of_an_order_that_is_not_there() {
    let process = OrderCommand::Process { order: order() };
    for command in [confirm(), process, ship(&[]), deliver(None), cancel(&[]), take_back(&[])] {
        given::<Order>([]).when(command).refused(OrderRefusal::NotFound);
    }
}
