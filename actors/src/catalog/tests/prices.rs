//! Prices: rules, rounding, actions, and which one counts.

use super::*;
use crate::catalog::pricing::price;
use kontor_messages::catalog::{Formula, PriceRule, Pricing, Rounding, RuleScope, Way};

fn rule(name: &str, formula: Formula) -> PriceRule {
    PriceRule {
        name: name.to_owned(),
        scope: RuleScope::default(),
        currency: Currency::CZK,
        channel: None,
        cost_from_minor: 0,
        formula,
        vat_bp: 0,
        floor_markup_bp: 0,
        recommended_max: false,
        rounding: Rounding::default(),
        priority: 0,
    }
}

fn markup(bp: u32) -> PriceRule {
    rule("mark-up", Formula::Markup { bp })
}

fn rules(rules: Vec<PriceRule>) -> C {
    C::PutPricing { pricing: Pricing { rules } }
}

fn costs(minor: i64) -> C {
    change("atlas", fields([("price.cost.CZK", amount(minor))]), supplier("run-1"))
}

fn base(stage: &Stage<Catalog>) -> Option<i64> {
    match product(stage, "atlas").value(&field("price.base.CZK")) {
        Some(FieldValue::Price(price)) => Some(price.amount_minor),
        _ => None,
    }
}

#[test]
fn a_price_is_the_cost_and_what_the_rule_puts_on_it_rounded_once_at_the_end() {
    let nearest =
        |unit_minor, ending_minor| Rounding { unit_minor, ending_minor, way: Way::Nearest };
    let up = |unit_minor, ending_minor| Rounding { unit_minor, ending_minor, way: Way::Up };
    for (cost, formula, vat_bp, rounding, expected) in [
        (10_000, Formula::Markup { bp: 2_500 }, 0, nearest(1, 0), 12_500),
        (10_000, Formula::Margin { bp: 2_000 }, 0, nearest(1, 0), 12_500),
        (10_000, Formula::Margin { bp: 3_000 }, 0, nearest(1, 0), 14_286),
        (10_000, Formula::Add { amount_minor: 550 }, 2_100, nearest(1, 0), 12_766),
        (10_000, Formula::Markup { bp: 2_500 }, 2_100, nearest(100, 0), 15_100),
        (10_000, Formula::Markup { bp: 2_500 }, 2_100, nearest(10_000, 9_900), 19_900),
        (9_000, Formula::Markup { bp: 1_000 }, 0, nearest(10_000, 9_900), 9_900),
        (10_000, Formula::Markup { bp: 1_000 }, 0, up(10_000, 9_900), 19_900),
        (333, Formula::Markup { bp: 3_333 }, 0, up(10, 9), 449),
        (0, Formula::Markup { bp: 3_333 }, 2_100, nearest(10_000, 9_900), 9_900),
    ] {
        let rule = PriceRule { vat_bp, rounding, ..rule("r", formula) };
        assert_eq!(price(&rule, cost, None), Some(expected), "{cost} {formula:?} {rounding:?}");
    }
}

#[test]
fn no_price_is_below_the_floor_even_if_rounding_would_have_it_so() {
    let rounding = Rounding { unit_minor: 10_000, ending_minor: 9_900, way: Way::Nearest };
    let rule = PriceRule { rounding, floor_markup_bp: 500, ..markup(1_000) };
    assert_eq!(price(&rule, 10_000, None), Some(19_900));
}

#[test]
fn a_price_can_follow_from_what_the_maker_recommends() {
    let below = rule("below", Formula::BelowRecommended { bp: 1_000 });
    assert_eq!(price(&below, 5_000, Some(12_100)), Some(10_890));
    assert_eq!(price(&below, 5_000, None), None, "nothing is recommended");
    // 12100 is recommended, it costs 6050 with tax: 30 % of the 6050 between them are given away.
    let shared = rule("shared", Formula::MarginShared { bp: 3_000 });
    let shared = PriceRule { vat_bp: 2_100, ..shared };
    assert_eq!(price(&shared, 5_000, Some(12_100)), Some(10_285));
    assert_eq!(price(&shared, 5_000, None), None, "nothing is recommended");
    // A clearance: what it costs is above what is recommended, and the floor holds.
    assert_eq!(price(&shared, 20_000, Some(12_100)), Some(24_200));
    let half = PriceRule { floor_markup_bp: 1_000, ..below };
    assert_eq!(price(&half, 12_000, Some(12_100)), Some(13_200));
}

#[test]
fn where_a_rule_says_so_no_price_is_above_what_the_maker_recommends() {
    let held = PriceRule { recommended_max: true, ..markup(10_000) };
    assert_eq!(price(&held, 10_000, None), Some(20_000), "nothing is recommended");
    assert_eq!(price(&held, 10_000, Some(25_000)), Some(20_000));
    assert_eq!(price(&held, 10_000, Some(15_000)), Some(15_000));
    assert_eq!(price(&held, 10_000, Some(9_000)), None, "below the floor and above the maker's");
}

#[test]
fn a_price_follows_what_the_maker_recommends_when_that_changes() {
    let below = rule("below", Formula::BelowRecommended { bp: 5_000 });
    let stage = atlas().when(rules(vec![below])).stage.when(costs(100)).stage;
    assert_eq!(base(&stage), None);
    let recommended = |minor| {
        change("atlas", fields([("price.recommended.CZK", amount(minor))]), supplier("run-2"))
    };
    let stage = stage.when(recommended(600)).then_names(&["price.changed", "price.changed"]);
    assert_eq!(base(&stage), Some(300));
}

#[test]
fn a_price_follows_the_cost_and_is_the_rule_s_own() {
    let stage = atlas().when(rules(vec![markup(5_000)])).then_names(&["pricing.put"]);
    let stage = stage.when(rules(vec![markup(5_000)])).then_nothing();
    let stage = stage.when(costs(200)).then_names(&["price.changed", "price.changed"]);
    assert_eq!(base(&stage), Some(300));
    let owner = product(&stage, "atlas").owner(&field("price.base.CZK")).unwrap().clone();
    assert_eq!(
        (owner.source.to_string(), owner.run.as_deref()),
        ("rule".to_owned(), Some("run-1"))
    );
    let stage = stage.when(costs(200)).then_nothing();
    let stage = stage.when(rules(vec![markup(10_000)])).stage;
    assert_eq!(base(&stage), Some(300));
    let reprice = C::Reprice { product: id("atlas") };
    let stage = stage.when(reprice.clone()).then_names(&["price.changed"]);
    assert_eq!(base(&stage), Some(400));
    stage.when(reprice).then_nothing();
}

#[test]
fn a_price_that_a_person_set_no_rule_changes() {
    let own = change("atlas", fields([("price.base.CZK", amount(999))]), Writer::operator());
    let stage = atlas().when(rules(vec![markup(5_000)])).stage.when(own).stage;
    let stage = stage.when(costs(200)).then_names(&["price.changed"]);
    assert_eq!(base(&stage), Some(999));
}

#[test]
fn the_narrowest_rule_counts_then_the_higher_then_the_higher_band() {
    let scoped = |bp: u32, scope: RuleScope| PriceRule { scope, ..markup(bp) };
    let brand =
        |bp: u32| scoped(bp, RuleScope { brand: Some("Acme".to_owned()), ..Default::default() });
    let of = |bp: u32, supplier: &str| {
        scoped(bp, RuleScope { supplier: Some(supplier.to_owned()), ..Default::default() })
    };
    let this = scoped(4_000, RuleScope { product: Some("atlas".to_owned()), ..Default::default() });
    let band = PriceRule { cost_from_minor: 10_000, ..markup(500) };
    let priced = |cost: i64, all: Vec<PriceRule>| {
        let acme = change("atlas", fields([("brand", text("Acme"))]), Writer::operator());
        let stage = atlas().when(rules(all)).stage.when(acme).stage;
        base(&stage.when(costs(cost)).stage)
    };
    assert_eq!(priced(1_000, vec![markup(1_000), of(2_000, "acme")]), Some(1_200));
    assert_eq!(priced(1_000, vec![markup(1_000), of(2_000, "beta")]), Some(1_100));
    assert_eq!(priced(1_000, vec![brand(3_000), of(2_000, "acme")]), Some(1_300));
    assert_eq!(priced(1_000, vec![brand(3_000), this]), Some(1_400));
    assert_eq!(priced(1_000, vec![markup(1_000), band.clone()]), Some(1_100));
    assert_eq!(priced(10_000, vec![markup(1_000), band]), Some(10_500));
    let high = PriceRule { priority: 1, ..markup(7_000) };
    assert_eq!(priced(1_000, vec![high, markup(1_000)]), Some(1_700));
    let euro = PriceRule { currency: Currency::EUR, ..markup(1_000) };
    assert_eq!(priced(1_000, vec![euro]), None);
}

#[test]
fn a_rule_for_a_category_is_for_all_below_it() {
    let scope = RuleScope { category: Some("media".to_owned()), ..RuleScope::default() };
    let mut stage = shelves();
    let said = fields([("categories", list(&["maps"]))]);
    stage.obey(create("atlas", said, Writer::operator())).unwrap();
    stage.obey(rules(vec![markup(1_000), PriceRule { scope, ..markup(2_000) }])).unwrap();
    stage.obey(costs(1_000)).unwrap();
    assert_eq!(base(&stage), Some(1_200));
    let moved = change("atlas", fields([("categories", list(&["toys"]))]), Writer::operator());
    let stage = stage.when(moved).then_names(&["product.updated", "price.changed"]);
    assert_eq!(base(&stage), Some(1_100));
}

#[test]
fn an_action_counts_while_it_lasts_and_a_channel_s_own_price_before_the_general_one() {
    let later = |hours: u64| NOW.plus(Duration::from_secs(hours * 3600));
    let sale = |from, until| Some(FieldValue::Price(PriceValue { amount_minor: 80, from, until }));
    let said = fields([
        ("price.base.CZK", amount(100)),
        ("price.base.CZK@allegro", amount(120)),
        ("price.sale.CZK", sale(Some(later(1)), Some(later(2)))),
    ]);
    let stage = atlas().when(change("atlas", said, Writer::operator())).stage;
    let known = product(&stage, "atlas");
    let at = |channel: Option<&str>, at| {
        current_price(&known, channel, Currency::CZK, at).map(|price| price.amount_minor)
    };
    assert_eq!((at(None, NOW), at(Some("web"), NOW)), (Some(100), Some(100)));
    assert_eq!(at(None, later(1)), Some(80));
    assert_eq!(at(Some("allegro"), later(1)), Some(120));
    assert_eq!(at(None, later(2)), Some(100));
    assert_eq!(current_price(&known, None, Currency::EUR, NOW), None);
    // One with an end and no beginning counts at once.
    let open = change(
        "atlas",
        fields([("price.sale.CZK", sale(None, Some(later(2))))]),
        Writer::operator(),
    );
    let known = product(&stage.when(open).stage, "atlas");
    let price = current_price(&known, None, Currency::CZK, NOW).unwrap();
    assert_eq!((price.amount_minor, price.regular_minor), (80, Some(100)));
}

#[test]
fn that_an_action_begins_and_ends_is_told_when_it_does() {
    let later = |hours: u64| NOW.plus(Duration::from_secs(hours * 3600));
    let period = PriceValue { amount_minor: 80, from: Some(later(1)), until: Some(later(2)) };
    let said = fields([("price.sale.CZK", Some(FieldValue::Price(period)))]);
    let stage = atlas().when(change("atlas", said, Writer::operator())).stage;
    assert_eq!(product(&stage, "atlas").turns_at(), Some(later(1)));
    let turn = || C::TurnPrices { product: id("atlas") };
    let stage = stage.when(turn()).then_nothing();
    let stage = stage.after(Duration::from_secs(3600)).when(turn()).then_names(&["price.turned"]);
    let stage = stage.when(turn()).then_nothing();
    assert_eq!(product(&stage, "atlas").turns_at(), Some(later(2)));
    let mut stage = stage.after(Duration::from_secs(7 * 3600));
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(product(&stage, "atlas").turns_at(), None);
}

#[test]
fn rules_that_make_no_sense_are_refused_with_their_place() {
    let bad = [
        (PriceRule { formula: Formula::Margin { bp: 10_000 }, ..markup(1) }, "/rules/0/formula"),
        (PriceRule { name: String::new(), ..markup(1) }, "/rules/0/name"),
        (
            PriceRule {
                rounding: Rounding { unit_minor: 100, ending_minor: 100, way: Way::Up },
                ..markup(1)
            },
            "/rules/0/rounding",
        ),
        (PriceRule { channel: Some("A B".to_owned()), ..markup(1) }, "/rules/0/channel"),
    ];
    for (rule, pointer) in bad {
        refused_at(nothing().when(rules(vec![rule])), pointer);
    }
}

#[test]
fn only_a_sale_has_a_period_and_it_ends_after_it_begins() {
    let later = NOW.plus(Duration::from_secs(60));
    let period = |from, until| Some(FieldValue::Price(PriceValue { amount_minor: 1, from, until }));
    for (name, value) in [
        ("price.base.CZK", period(Some(NOW), None)),
        ("price.sale.CZK", period(Some(later), Some(NOW))),
    ] {
        let said = fields([(name, value)]);
        let outcome = atlas().when(change("atlas", said, Writer::operator()));
        refused_at(outcome, &format!("/fields/{name}"));
    }
}

#[test]
fn slots_of_prices_are_told_apart() {
    let slot = PriceSlot::everywhere(PriceKind::Base, Currency::CZK);
    assert_eq!(Field::Price(slot), field("price.base.CZK"));
    assert_ne!(field("price.base.CZK"), field("price.base.CZK@web"));
}
