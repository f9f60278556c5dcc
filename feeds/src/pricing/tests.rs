use super::*;

const CZK: Currency = Currency::CZK;

fn item(purchase_minor: i64, rrp_minor: Option<i64>) -> Item<'static> {
    Item {
        code: "VL-1001",
        supplier: "testa",
        brand: Some("Testa"),
        categories: &["drills", "tools"],
        purchase: Money::new(purchase_minor, CZK),
        rrp: rrp_minor.map(|minor| Money::new(minor, CZK)),
        vat: VatRate::percent(21),
        action_price: None,
    }
}

fn rule(name: &str, change: Change) -> PriceRule {
    PriceRule {
        name: name.to_owned(),
        scope: Scope::default(),
        priority: 0,
        change,
        bands: Vec::new(),
        rounding: Rounding::default(),
        floor: None,
        not_above_rrp: false,
    }
}

fn price(rule: PriceRule, item: &Item<'_>) -> Result<Priced, PriceFault> {
    PriceRules { rules: vec![rule] }.price(item)
}

fn gross(change: Change, item: &Item<'_>) -> Result<i64, PriceFault> {
    price(rule("one", change), item).map(|priced| priced.gross.amount_minor)
}

#[test]
fn each_kind_of_rule_is_its_formula() {
    let item = item(10_000, Some(20_000));
    let cases = [
        (Change::Markup { basis_points: 3_000 }, Ok(15_730)),
        (Change::Margin { basis_points: 3_000 }, Ok(17_286)),
        (Change::Add { amount: Money::new(2_000, CZK) }, Ok(14_520)),
        (Change::FromRrp { below_basis_points: 500 }, Ok(19_000)),
        (Change::ShareOfMargin { given_basis_points: 5_000 }, Ok(16_050)),
        (Change::Margin { basis_points: 10_000 }, Err(PriceFault::NoPrice)),
        (Change::Add { amount: Money::new(2_000, Currency::EUR) }, Err(PriceFault::Currency)),
    ];
    for (change, expected) in cases {
        assert_eq!(gross(change, &item), expected, "{change:?}");
    }
}

#[test]
fn a_rule_that_starts_from_the_recommended_price_needs_one() {
    let change = Change::FromRrp { below_basis_points: 500 };
    assert_eq!(gross(change, &item(10_000, None)), Err(PriceFault::NoRrp));
}

#[test]
fn where_there_is_no_margin_none_is_given_away() {
    let change = Change::ShareOfMargin { given_basis_points: 5_000 };
    assert_eq!(gross(change, &item(20_000, Some(20_000))), Ok(20_000));
}

#[test]
fn the_gross_price_is_rounded_and_the_net_one_derived_from_it() {
    let rounding = Rounding::to(1_000, 100);
    let rule = PriceRule { rounding, ..rule("nines", Change::Markup { basis_points: 3_000 }) };
    let priced = price(rule, &item(10_000, None)).unwrap();
    assert_eq!(priced.gross.amount_minor, 15_900);
    assert_eq!(priced.net.amount_minor, 13_140);
}

#[test]
fn roundings_end_where_they_say() {
    let cases = [
        (Rounding::to(100, 0), 15_730, 15_700),
        (Rounding::to(100, 0), 15_750, 15_800),
        (Rounding { direction: Direction::Up, ..Rounding::to(100, 0) }, 15_701, 15_800),
        (Rounding { direction: Direction::Down, ..Rounding::to(100, 0) }, 15_799, 15_700),
        (Rounding::to(10_000, 100), 15_730, 19_900),
        (Rounding::to(10_000, 100), 14_800, 9_900),
        (Rounding::to(100, 10), 1_234, 1_190),
        (Rounding::to(10_000, 100), 20, 9_900),
        (Rounding::default(), 1_234, 1_234),
    ];
    for (rounding, minor, expected) in cases {
        let raw = i128::from(minor) * WHOLE;
        assert_eq!(rounding.round(raw), Some(expected), "{minor} {rounding:?}");
    }
}

#[test]
fn the_band_of_the_highest_bound_that_is_reached_counts() {
    let band =
        |from_minor, basis_points| Band { from_minor, change: Change::Markup { basis_points } };
    let bands = vec![band(50_000, 1_000), band(10_000, 2_000)];
    let rule = PriceRule { bands, ..rule("bands", Change::Markup { basis_points: 5_000 }) };
    let net = |purchase| price(rule.clone(), &item(purchase, None)).unwrap().net.amount_minor;
    assert_eq!((net(9_999), net(10_000), net(50_000)), (14_998, 12_000, 55_000));
}

#[test]
fn the_more_particular_rule_wins_whatever_its_priority() {
    let with = |name: &str, scope: Scope, priority| PriceRule {
        scope,
        priority,
        ..rule(name, Change::Markup { basis_points: 1_000 })
    };
    let some = |text: &str| Some(text.to_owned());
    let mut rules = vec![
        with("all", Scope::default(), 9),
        with("supplier", Scope { supplier: some("testa"), ..Scope::default() }, 8),
        with("category", Scope { category: some("tools"), ..Scope::default() }, 0),
        with("brand", Scope { brand: some("TESTA"), ..Scope::default() }, 1),
        with(
            "both",
            Scope { brand: some("testa"), category: some("drills"), ..Scope::default() },
            0,
        ),
        with("product", Scope { product: some("VL-1001"), ..Scope::default() }, 0),
        with("another", Scope { product: some("VL-1002"), ..Scope::default() }, 99),
    ];
    let item = item(10_000, None);
    for expected in ["product", "both", "brand", "category", "supplier", "all"] {
        let priced = PriceRules { rules: rules.clone() }.price(&item).unwrap();
        assert_eq!(priced.rule.as_deref(), Some(expected));
        rules.retain(|rule| rule.name != expected);
    }
    assert_eq!(PriceRules { rules }.price(&item), Err(PriceFault::NoRule));
}

#[test]
fn a_price_below_its_floor_or_above_its_ceiling_is_held() {
    let floor = Some(Floor { over_purchase_bp: 500, over_purchase: None });
    let below = PriceRule {
        floor,
        not_above_rrp: true,
        ..rule("rrp", Change::FromRrp { below_basis_points: 5_000 })
    };
    let priced = price(below, &item(10_000, Some(20_000))).unwrap();
    assert_eq!(priced.holds, [Hold::BelowFloor { floor: Money::new(10_500, CZK) }]);

    let above =
        PriceRule { not_above_rrp: true, ..rule("dear", Change::Markup { basis_points: 9_000 }) };
    let priced = price(above, &item(10_000, Some(20_000))).unwrap();
    assert_eq!(priced.holds, [Hold::AboveRrp { rrp: Money::new(20_000, CZK) }]);
}

#[test]
fn rounding_never_takes_a_price_below_its_floor() {
    let floor = Some(Floor { over_purchase_bp: 1_000, over_purchase: None });
    let rule = PriceRule {
        floor,
        rounding: Rounding::to(1_000, 100),
        ..rule("nines", Change::Markup { basis_points: 1_500 })
    };
    let priced = price(rule, &item(1_000, None)).unwrap();
    assert_eq!((priced.gross.amount_minor, priced.holds.len()), (1_900, 0));
}

#[test]
fn an_action_that_is_under_way_keeps_its_price() {
    let action_price = Some(Money::new(9_900, CZK));
    let item = Item { action_price, ..item(10_000, None) };
    let priced = price(rule("one", Change::Markup { basis_points: 1 }), &item).unwrap();
    assert_eq!((priced.gross.amount_minor, priced.rule), (9_900, None));
}

#[test]
fn rules_that_cannot_be_meant_are_told() {
    let band = |from_minor| Band { from_minor, change: Change::Markup { basis_points: 1 } };
    let bad = PriceRule {
        bands: vec![band(5), band(5)],
        rounding: Rounding::to(10, 10),
        ..rule("bad", Change::Margin { basis_points: 10_000 })
    };
    assert_eq!(PriceRules { rules: vec![bad] }.faults().len(), 3);
}
