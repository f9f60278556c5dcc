//! Placing, numbers, names, and what is refused at the door.

use super::*;

/// What is wrong with a cart, as a pointer.
fn wrong(change: impl FnOnce(&mut PlaceOrder)) -> String {
    let mut place = cart();
    change(&mut place);
    fault(given([]), place_as(order(), place, StockStanding::Held))
}

#[test]
fn an_order_is_created_with_its_number_and_waits_for_payment() {
    let stage = given([]).when(place()).then_names(&["order.created"]);
    let order = document(&stage);
    assert_eq!((order.number.as_str(), order.status), ("2026-000001", OrderStatus::Pending));
    assert_eq!((order.total_minor, order.due()), (400, Some(NOW.plus(HOUR))));
}

#[test]
fn an_order_that_arrives_paid_is_confirmed_with_its_goods_in_one_step() {
    let stage = given([]).when(place_paid(StockStanding::Committed)).then_names(&[
        "order.created",
        "order.paid",
        "order.confirmed",
    ]);
    assert_eq!(document(&stage).due(), None);
}

#[test]
fn an_order_that_arrives_paid_and_has_no_goods_says_so_and_waits_two_days() {
    let stage = given([]).when(place_paid(StockStanding::Short)).then_names(&[
        "order.created",
        "order.paid",
        "order.paid_without_stock",
    ]);
    assert_eq!(document(&stage).due(), Some(NOW.plus(48 * HOUR)));
}

#[test]
fn the_same_external_id_and_content_is_the_same_order_whatever_its_status() {
    let again = || place_as(id("order-2"), cart(), StockStanding::Held);
    let mut stage = after([place()]);
    for step in [pay("p1", 400), stock(StockStanding::Committed), ship(&[]), deliver(None)] {
        stage = stage.when(again()).then_nothing();
        stage.obey(step).unwrap();
    }
    stage = stage.when(again()).then_nothing();
    assert_eq!(stage.book().decide(again(), NOW).unwrap().subject, order());
    after([place(), cancel(&[])]).when(again()).then_nothing();
}

#[test]
fn the_same_external_id_with_other_content_is_refused() {
    let mut other = cart();
    other.customer.name = "Somebody Else".to_owned();
    after([place()])
        .when(place_as(id("order-2"), other, StockStanding::Held))
        .refused(OrderRefusal::ExternalIdTaken { order: order() });
}

#[test]
fn an_external_id_belongs_to_channel_and_account() {
    let other = |channel: &str, account: Option<&str>| PlaceOrder {
        channel: channel.to_owned(),
        account: account.map(str::to_owned),
        ..cart()
    };
    let mut stage = after([place()]);
    for (index, place) in
        [other("allegro", None), other("web", Some("a")), other("allegro", Some("a"))]
            .into_iter()
            .enumerate()
    {
        let order = id(&format!("other-{index}"));
        stage =
            stage.when(place_as(order, place, StockStanding::Held)).then_names(&["order.created"]);
    }
}

#[test]
fn names_of_orders_with_slashes_are_never_mistaken() {
    let key = crate::order::place::external_key;
    assert_ne!(key("web", Some("a/b"), "c"), key("web", Some("a"), "b/c"));
    assert_ne!(key("web", Some("a%2Fb"), "c"), key("web", Some("a/b"), "c"));
    assert_eq!(key("web", None, "A/1").value, "web//A%2F1");
}

#[test]
fn the_same_order_twice_is_one_and_another_under_its_id_is_refused() {
    let mut other = cart();
    other.external_id = Some("A-2".to_owned());
    after([place()])
        .when(place())
        .then_nothing()
        .when(place_as(order(), other, StockStanding::Held))
        .refused(OrderRefusal::WrongStatus { status: "pending", action: "placed again" });
}

#[test]
fn numbers_count_on_without_gaps_and_begin_anew_each_year() {
    let mut stage = given::<Order>([]);
    let mut numbers = Vec::new();
    for index in 0..4 {
        if index == 3 {
            stage = stage.after(366 * 24 * HOUR);
        }
        let place = PlaceOrder { external_id: None, ..cart() };
        let order = id(&format!("order-{index}"));
        stage.obey(place_as(order.clone(), place, StockStanding::Held)).unwrap();
        // A refused order and a repeated one take no number.
        stage
            .obey(place_as(id("bad"), PlaceOrder { lines: vec![], ..cart() }, StockStanding::Held))
            .unwrap_err();
        numbers.push(stage.state(&order).order().unwrap().number.clone());
    }
    assert_eq!(numbers, ["2026-000001", "2026-000002", "2026-000003", "2027-000001"]);
}

#[test]
fn a_format_that_repeats_itself_still_gives_every_order_a_number_of_its_own() {
    let placed = |order: &str| OrderCommand::Place {
        order: id(order),
        place: Box::new(PlaceOrder { external_id: None, ..cart() }),
        stock: StockStanding::Held,
        pay_until: NOW,
        number_format: "N{number}".to_owned(),
        day: None,
        orders_max: None,
    };
    let mut stage = after([placed("a")]).after(366 * 24 * HOUR);
    stage.obey(placed("b")).unwrap();
    assert_eq!(stage.state(&id("a")).order().unwrap().number, "N1");
    assert_eq!(stage.state(&id("b")).order().unwrap().number, "2027-000001");
}

#[test]
fn a_day_is_full_until_the_tenants_next_day_begins() {
    let on = |order: &str, day: u32| {
        let place = PlaceOrder { external_id: None, ..cart() };
        match place_as(id(order), place, StockStanding::Held) {
            OrderCommand::Place { order, place, stock, pay_until, number_format, .. } => {
                let (day, orders_max) = (Some(day), Some(2));
                OrderCommand::Place {
                    order,
                    place,
                    stock,
                    pay_until,
                    number_format,
                    day,
                    orders_max,
                }
            }
            other => other,
        }
    };
    let stage = after([on("a", 20_261_231), on("b", 20_261_231)]);
    let stage = stage.when(on("c", 20_261_231)).refused(OrderRefusal::DayFull { max: 2 });
    // Asked again, an order that is there is there.
    let mut stage = stage.when(on("b", 20_261_231)).then_nothing();
    // Midnight in Prague is not midnight in Greenwich.
    stage.obey(on("d", 20_270_101)).unwrap();
    assert_eq!(stage.state(&id("d")).order().unwrap().number, "2027-000001");
}

#[test]
fn totals_that_are_not_the_sum_of_the_lines_are_refused() {
    let subtotal = |subtotal| move |place: &mut PlaceOrder| place.totals.subtotal_minor = subtotal;
    assert_eq!(wrong(subtotal(351)), "/totals/subtotal_minor");
    assert_eq!(wrong(|place| place.totals.total_minor = 401), "/totals/total_minor");
    assert_eq!(wrong(|place| place.totals.discount_minor = 441), "/totals/discount_minor");
    assert_eq!(wrong(|place| place.totals.tax_minor = 401), "/totals/tax_minor");
    assert_eq!(wrong(|place| place.totals.shipping_minor = -1), "/totals/shipping_minor");
    assert_eq!(wrong(|place| place.totals.shipping_minor = i64::MAX), "/totals/shipping_minor");
}

#[test]
fn a_sum_that_does_not_fit_is_refused_at_the_line_where_it_stops_fitting() {
    assert_eq!(
        wrong(|place| place.lines[1].unit_price_minor = i64::MAX),
        "/lines/1/unit_price_minor"
    );
    assert_eq!(
        wrong(|place| place.lines[0].unit_price_minor = i64::MAX),
        "/lines/0/unit_price_minor"
    );
}

#[test]
fn every_member_has_its_limits() {
    assert_eq!(wrong(|place| place.lines.clear()), "/lines");
    assert_eq!(wrong(|place| place.lines = vec![line("a", 1, 0); 201]), "/lines");
    assert_eq!(wrong(|place| place.lines[1].quantity = 0), "/lines/1/quantity");
    assert_eq!(wrong(|place| place.lines[0].quantity = 1_000_001), "/lines/0/quantity");
    assert_eq!(wrong(|place| place.lines[0].unit_price_minor = -1), "/lines/0/unit_price_minor");
    assert_eq!(wrong(|place| place.lines[0].sku = String::new()), "/lines/0/sku");
    assert_eq!(wrong(|place| place.lines[0].sku = "😀".repeat(60)), "/lines/0/sku");
    assert_eq!(wrong(|place| place.lines[0].title = "x".repeat(501)), "/lines/0/title");
    assert_eq!(wrong(|place| place.lines[0].warehouse = Some(String::new())), "/lines/0/warehouse");
    assert_eq!(wrong(|place| place.channel = "Web".to_owned()), "/channel");
    assert_eq!(wrong(|place| place.account = Some(String::new())), "/account");
    assert_eq!(wrong(|place| place.external_id = Some("a\nb".to_owned())), "/external_id");
    assert_eq!(wrong(|place| place.customer.name = "x".repeat(201)), "/customer/name");
    assert_eq!(wrong(|place| place.customer.email = Some("jana".to_owned())), "/customer/email");
    assert_eq!(wrong(|place| place.customer.phone = Some("1".repeat(41))), "/customer/phone");
    assert_eq!(wrong(|place| place.customer.language = Some("x".repeat(36))), "/customer/language");
    assert_eq!(wrong(|place| place.note = Some("x".repeat(2001))), "/note");
    assert_eq!(wrong(|place| place.shipping_method = Some("x".repeat(101))), "/shipping_method");
    let country = |place: &mut PlaceOrder| {
        place.billing_address = place.shipping_address.clone();
        place.billing_address.as_mut().unwrap().country = "cz".to_owned();
    };
    assert_eq!(wrong(country), "/billing_address/country");
    let city = |place: &mut PlaceOrder| {
        place.shipping_address.as_mut().unwrap().city = String::new();
    };
    assert_eq!(wrong(city), "/shipping_address/city");
}

#[test]
fn an_unknown_status_word_is_never_stored() {
    let told = r#"{"type":"record_stock","order":"o","standing":"perhaps"}"#;
    assert!(serde_json::from_str::<OrderCommand>(told).is_err());
    let asked = r#"{"type":"confirm","order":"o","status":"delivered"}"#;
    assert!(serde_json::from_str::<OrderCommand>(asked).is_err());
}
