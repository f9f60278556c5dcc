//! Several suppliers of one product: the best offer makes its cost.

use super::*;
use kontor_messages::{Money, catalog::Before};

fn offer(minor: i64, available: bool) -> Option<FieldValue> {
    let cost = Money::new(minor, Currency::CZK);
    Some(FieldValue::Offer(SupplierOffer { cost, available }))
}

/// What a supplier asks, in an import of that name.
fn asks(supplier: &str, run: &str, minor: i64, available: bool) -> C {
    let said = fields([(&format!("offer.{supplier}"), offer(minor, available))]);
    change("atlas", said, writer(&format!("supplier:{supplier}"), Some(run)))
}

/// The cost, and whose it is.
fn cost(stage: &Stage<Catalog>) -> (i64, String) {
    let (known, slot) = (product(stage, "atlas"), field("price.cost.CZK"));
    let Some(FieldValue::Price(price)) = known.value(&slot) else { panic!("{known:?}") };
    (price.amount_minor, known.owner(&slot).unwrap().source.to_string())
}

fn is(minor: i64, owner: &str) -> (i64, String) {
    (minor, owner.to_owned())
}

#[test]
fn the_cheapest_offer_of_those_who_have_some_makes_the_cost() {
    let stage = atlas().when(asks("acme", "a1", 500, true)).then_names(&["price.changed"]);
    assert_eq!(cost(&stage), is(500, "supplier:acme"));
    let stage = stage.when(asks("best", "b1", 450, true)).stage;
    assert_eq!(cost(&stage), is(450, "supplier:best"));
    let stage = stage.when(asks("acme", "a2", 460, true)).stage;
    assert_eq!(cost(&stage), is(450, "supplier:best"), "the other one is still cheaper");
    let stage = stage.when(asks("best", "b2", 450, false)).stage;
    assert_eq!(cost(&stage), is(460, "supplier:acme"), "the cheaper one has none");
    let stage = stage.when(asks("acme", "a3", 460, false)).stage;
    assert_eq!(cost(&stage), is(450, "supplier:best"), "where nobody has any, the cheaper");
    stage.when(asks("best", "b3", 450, false)).then_nothing();
}

#[test]
fn of_two_equal_offers_that_of_the_supplier_who_weighs_more_counts() {
    let stage = atlas().when(asks("acme", "a1", 500, true)).stage;
    let said = fields([("offer.best", offer(500, true))]);
    let stage = stage.when(change("atlas", said, writer("supplier:best:50", None))).stage;
    assert_eq!(cost(&stage), is(500, "supplier:best:50"));
}

#[test]
fn a_cost_that_a_person_set_stays_whatever_suppliers_ask() {
    let own = change("atlas", fields([("price.cost.CZK", amount(999))]), Writer::operator());
    let stage = atlas().when(own).stage.when(asks("acme", "a1", 500, true)).stage;
    assert_eq!(cost(&stage), is(999, "operator"));
}

#[test]
fn a_new_product_costs_what_its_first_supplier_asks() {
    let said = fields([("title.cs", text("Atlas")), ("offer.acme", offer(500, true))]);
    let stage = nothing().when(create("atlas", said, supplier("a1"))).stage;
    assert_eq!(cost(&stage), is(500, "supplier:acme"));
}

#[test]
fn an_offer_is_named_by_its_supplier_and_is_an_amount() {
    let told = fields([("offer.acme", offer(-1, true))]);
    refused_at(atlas().when(change("atlas", told, supplier("a1"))), "/fields/offer.acme");
    let nobody = fields([("offer.Acme Ltd", offer(1, true))]);
    refused_at(atlas().when(change("atlas", nobody, supplier("a1"))), "/fields/offer.Acme Ltd");
}

#[test]
fn an_import_that_is_taken_back_leaves_the_cost_that_the_other_offers_make() {
    let stage = atlas().when(asks("acme", "a1", 500, true)).stage;
    let stage = stage.when(asks("best", "b1", 600, true)).stage;
    // It has raised its price, so the other one is the best; and that is taken back.
    let stage = stage.when(asks("acme", "a2", 700, true)).stage;
    assert_eq!(cost(&stage), is(600, "supplier:best"));
    let by = Some(supplier("a1"));
    let before = vec![Before { field: field("offer.acme"), value: offer(500, true), by }];
    let undo = C::UndoRun { product: id("atlas"), run: "a2".to_owned(), before };
    let stage = stage.when(undo).stage;
    assert_eq!(cost(&stage), is(500, "supplier:acme"));
}
