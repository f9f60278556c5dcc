//! Warehouses, buffers, backorder, bundles.

use super::*;
use crate::stock::{bundle_sellable, sellable};

#[test]
fn a_warehouse_is_put_once() {
    let stage = after([]).when(put(warehouse("main", 1))).then_names(&["stock.warehouse_put"]);
    let stage = stage.when(put(warehouse("main", 1))).then_nothing();
    let stage = stage.when(put(warehouse("main", 2))).then_names(&["stock.warehouse_put"]);
    assert_eq!(stage.register().warehouses, [warehouse("main", 2)]);
    invalid("/warehouse/code", stage.when(put(warehouse("Main", 2))));
    let country = Some("cz".to_owned());
    invalid("/warehouse/country", after([]).when(put(Warehouse { country, ..warehouse("a", 1) })));
}

#[test]
fn a_tenant_has_at_most_a_thousand_warehouses() {
    let stage = after((0..1000).map(|n| put(warehouse(&format!("w{n}"), n))));
    impossible(stage.when(put(warehouse("one-more", 1))));
}

// W21: a deactivated warehouse takes part in nothing new.
#[test]
fn an_inactive_warehouse_gives_nothing_to_new_reservations_but_keeps_its_word() {
    let stage = ten()
        .then_do(reserve("o", &[line("A", 2)]))
        .then_do(reserve("p", &[line("A", 3)]))
        .then_do(off(warehouse("main", 10)));
    let stage = stage.when(reserve("q", &[line("A", 1)])).refused(out_of_stock(0, "A", 0, 1));
    let stage = stage
        .when(reserve("q", &[line_at("A", 1, "main")]))
        .refused(StockRefusal::InactiveWarehouse("main".to_owned()));
    let stage = stage.when(commit("o")).then_names(&["stock.committed"]);
    let stage = stage.when(cancel("p")).then_names(&["stock.released"]);
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((8, 0), 0));
}

#[test]
fn a_total_is_told_anew_after_a_warehouse_has_gone() {
    let retotal = StockCommand::Retotal { sku: "A".to_owned() };
    let stage = ten().when(retotal.clone()).then_nothing();
    let stage = stage.then_do(off(warehouse("main", 10)));
    let stage = stage.when(retotal.clone()).then_names(&["stock.retotalled"]);
    assert_eq!(stage.total("A"), 0);
    let stage = stage.when(retotal).then_nothing();
    let (line, sku) = (None, "B".to_owned());
    stage
        .when(StockCommand::Retotal { sku: sku.clone() })
        .refused(StockRefusal::UnknownSku { line, sku });
}

// W142: safety stock per channel.
#[test]
fn a_buffer_is_kept_back_from_its_channel_until_the_sale_is_paid() {
    let stage = ten().then_do(configure("A", buffered("web", 4)));
    let (sku, warehouses) = (stage.sku("A"), stage.register());
    assert_eq!(sellable(&sku, &warehouses, "web"), 6);
    assert_eq!(sellable(&sku, &warehouses, "allegro"), 10);
    let stage = stage.when(reserve("o", &[line("A", 7)])).refused(out_of_stock(0, "A", 6, 7));
    let stage = stage.then_do(reserve("o", &[line("A", 6)]));
    stage.when(reserve_paid("p", &[line("A", 4)])).then_names(&["stock.reserved"]);
}

#[test]
fn on_backorder_one_sells_on_below_zero() {
    let stage = ten().then_do(configure("A", backorder()));
    let outcome = stage.when(reserve("o", &[line("A", 14)]));
    assert_eq!(told(&outcome), ["A@main:14"]);
    let stage = outcome.stage;
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((10, 14), -4));
    let stage = stage.then_do(commit("o"));
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((-4, 0), -4));
    let stage = stage.then_do(moved("m", "A", "main", MovementKind::In, 5));
    assert_eq!(stage.total("A"), 1);
}

#[test]
fn what_is_owed_is_given_back_like_what_is_there() {
    let stage = ten().then_do(configure("A", backorder())).then_do(reserve("o", &[line("A", 14)]));
    let stage = stage.then_do(release("o", "k", &[line("A", 12)]));
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((10, 2), 8));
    let stage = stage.then_do(release("o", "rest", &[]));
    assert_eq!((stage.at("A", "main"), stage.total("A")), ((10, 0), 10));
}

#[test]
fn a_product_on_backorder_that_is_nowhere_yet_is_owed_by_the_first_warehouse() {
    let stage = after(warehouses()).then_do(configure("A", backorder()));
    let outcome = stage.when(reserve("o", &[line("A", 2)]));
    assert_eq!(told(&outcome), ["A@main:2"]);
    after([configure("A", backorder())])
        .when(reserve("o", &[line("A", 2)]))
        .refused(out_of_stock(0, "A", 0, 2));
}

#[test]
fn the_end_of_backorder_is_told_with_the_total() {
    let stage = ten().then_do(configure("A", backorder())).then_do(reserve("o", &[line("A", 14)]));
    assert_eq!(stage.total("A"), -4);
    let stage = stage.then_do(configure("A", StockSettings::default()));
    assert_eq!(stage.total("A"), 0);
    stage.when(configure("A", StockSettings::default())).then_nothing();
}

fn kit() -> Stage<Stock> {
    ten()
        .then_do(arrive("B", "main", 3))
        .then_do(arrive("B", "side", 3))
        .then_do(configure("KIT", bundle(&[("A", 2), ("B", 1)])))
}

#[test]
fn a_bundle_holds_its_parts_and_has_no_stock_of_its_own() {
    let stage = kit();
    let outcome = stage.when(reserve("o", &[line("KIT", 4), line("A", 1)]));
    assert_eq!(told(&outcome), ["A@main:8", "B@main:3", "B@side:1", "A@main:1"]);
    let stage = outcome.stage;
    let stage = stage.when(reserve("p", &[line("KIT", 1)])).refused(out_of_stock(0, "KIT", 0, 1));
    impossible(stage.when(arrive("KIT", "main", 1)));
    kit().when(observed("KIT", 1, NOW)).then_nothing();
}

#[test]
fn there_are_as_many_bundles_as_the_scarcest_part_allows() {
    let stage = kit();
    let (kit, a, b) = (stage.sku("KIT"), stage.sku("A"), stage.sku("B"));
    let part = |name: &str| match name {
        "A" => Some(&a),
        "B" => Some(&b),
        _ => None,
    };
    assert_eq!(bundle_sellable(&kit, part, &stage.register(), "web"), 5);
    assert_eq!(sellable(&kit, &stage.register(), "web"), 0);
    stage.when(reserve("o", &[line("KIT", 6)])).refused(out_of_stock(0, "KIT", 5, 6));
}

#[test]
fn bundles_are_not_nested_and_their_parts_are_known() {
    invalid("/settings/components", kit().when(configure("BOX", bundle(&[("KIT", 1)]))));
    impossible(kit().when(configure("A", bundle(&[("B", 1)]))));
    let stage = after(warehouses()).then_do(configure("A", StockSettings::default()));
    let stage = stage.then_do(configure("KIT", bundle(&[("A", 2)])));
    let stage = stage.then_do(configure("B", StockSettings::default()));
    let stage = impossible(stage.when(configure("A", bundle(&[("B", 1)]))));
    invalid("/settings/components", stage.when(configure("C", bundle(&[("C", 1)]))));
    let (line, sku) = (None, "C".to_owned());
    kit()
        .when(configure("BOX", bundle(&[("C", 1)])))
        .refused(StockRefusal::UnknownSku { line, sku });
}

#[test]
fn a_part_knows_its_bundles() {
    let stage = kit();
    assert_eq!(stage.sku("A").bundles, ["KIT"]);
    let stage = stage.then_do(configure("KIT", bundle(&[("B", 2)])));
    assert!(stage.sku("A").bundles.is_empty());
    assert_eq!(stage.sku("B").bundles, ["KIT"]);
    // What is in no bundle any more may become one.
    let stage = stage.then_do(moved("m", "A", "main", MovementKind::Out, 10));
    stage.when(configure("A", bundle(&[("B", 1)]))).then_names(&["stock.configured"]);
}

#[test]
fn settings_have_limits() {
    let many: Vec<_> = (0..51).map(|n| (format!("P{n}"), 1)).collect();
    let many: Vec<_> = many.iter().map(|(sku, units)| (sku.as_str(), *units)).collect();
    invalid("/settings/components", ten().when(configure("K", bundle(&many))));
    invalid("/settings/components", ten().when(configure("K", bundle(&[("A", 0)]))));
    invalid("/settings/safety_buffers", ten().when(configure("A", buffered("web", -1))));
    let settings = StockSettings { low_threshold: -1, ..StockSettings::default() };
    invalid("/settings/low_threshold", ten().when(configure("A", settings)));
    let settings = StockSettings { backorder: true, ..bundle(&[("A", 1)]) };
    invalid("/settings/components", ten().when(configure("K", settings)));
}
