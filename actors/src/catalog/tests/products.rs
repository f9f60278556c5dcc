//! Products: their fields, whose they are, and how they belong together.

use super::*;

#[test]
fn a_new_product_is_a_draft_that_is_found_by_its_sku_and_listed_under_its_code() {
    let stage = atlas();
    let known = product(&stage, "atlas");
    assert_eq!((known.sku.as_str(), known.status().as_str()), ("ATLAS", "draft"));
    assert_eq!(Catalog::keys(&stage.state(&product_entity("atlas"))), [Key::new("sku", "ATLAS")]);
    let code = "08594000000006";
    assert_eq!(stage.state(&id(&format!("ean/{code}"))).ean(), ["atlas"]);
}

#[test]
fn the_same_product_asked_for_twice_is_one_and_another_of_its_sku_is_refused() {
    let said = || fields([("title.cs", text("Atlas")), ("ean", text(EAN))]);
    let stage = atlas().when(create("atlas", said(), Writer::operator())).then_nothing();
    let new = NewProduct { product: id("other"), sku: "ATLAS".to_owned() };
    let by = Writer::operator();
    stage
        .when(C::CreateProduct { new, fields: said(), by })
        .refused(R::SkuTaken("ATLAS".to_owned()));
    let differs = fields([("title.cs", text("Globe"))]);
    atlas().when(create("atlas", differs, Writer::operator())).refused(R::Differs);
}

#[test]
fn an_event_tells_only_what_has_changed_with_what_it_was_and_whose() {
    let said = fields([("title.cs", text("Velký atlas")), ("ean", text("859-4000-000006"))]);
    let changes = vec![Change {
        field: field("title.cs"),
        was: text("Atlas"),
        was_by: Some(Writer::operator()),
        now: text("Velký atlas"),
        owner: None,
    }];
    let (sku, by) = ("ATLAS".to_owned(), Writer::operator());
    let event = E::ProductUpdated { sku, changes, by, undone: None };
    let stage = atlas()
        .when(change("atlas", said.clone(), Writer::operator()))
        .then([(product_entity("atlas"), event)]);
    stage.when(change("atlas", said, Writer::operator())).then_nothing();
}

#[test]
fn what_a_person_wrote_no_supplier_overwrites_until_it_is_released() {
    let theirs = || change("atlas", fields([("title.cs", text("ATLAS A4"))]), supplier("run-1"));
    let stage = atlas().when(theirs()).then_nothing();
    let release = C::ReleaseFields { product: id("atlas"), fields: vec![field("title.cs")] };
    let stage = stage.when(release.clone()).then_names(&["product.fields_released"]);
    let stage = stage.when(release).then_nothing();
    let stage = stage.when(theirs()).then_names(&["product.updated"]);
    let own = change("atlas", fields([("title.cs", text("Atlas"))]), Writer::operator());
    let stage = stage.when(own).then_names(&["product.updated"]);
    stage.when(theirs()).then_nothing();
}

#[test]
fn of_two_suppliers_the_one_of_higher_priority_counts() {
    let by =
        |source: &str| change("atlas", fields([("brand", text(source))]), writer(source, None));
    let stage = atlas().when(by("supplier:beta:5")).then_names(&["product.updated"]);
    let stage = stage.when(by("supplier:acme:4")).then_nothing();
    let stage = stage.when(by("supplier:acme:5")).then_names(&["product.updated"]);
    let stage = stage.when(by("marketplace:allegro")).then_names(&["product.updated"]);
    let owner = product(&stage, "atlas").owner(&Field::Brand).unwrap().source.to_string();
    assert_eq!(owner, "marketplace:allegro");
}

#[test]
fn a_field_that_a_person_emptied_stays_empty() {
    let empty = change("atlas", fields([("ean", None)]), Writer::operator());
    let stage = atlas().when(empty).then_names(&["product.updated"]);
    assert!(stage.state(&ean_entity(&Gtin::parse(EAN).unwrap())).ean().is_empty());
    stage.when(change("atlas", fields([("ean", text(EAN))]), supplier("r"))).then_nothing();
}

use kontor_messages::catalog::Gtin;

#[test]
fn several_products_may_share_a_code() {
    let said = fields([("ean", text("08594000000006"))]);
    let stage = atlas().when(create("globe", said, supplier("r"))).stage;
    let shared = ean_entity(&Gtin::parse(EAN).unwrap());
    assert_eq!(stage.state(&shared).ean(), ["atlas", "globe"]);
    let other = fields([("ean", text("96385074"))]);
    let stage = stage.when(change("atlas", other, Writer::operator())).stage;
    assert_eq!(stage.state(&shared).ean(), ["globe"]);
}

#[test]
fn what_a_field_cannot_say_is_refused_with_its_name() {
    for (name, value) in [
        ("ean", text("8594000000007")),
        ("title.cs", text("")),
        ("title.CS", text("Atlas")),
        ("status", text("sold")),
        ("status", None),
        ("weight_g", Some(FieldValue::Number(-1))),
        ("weight_g", text("1 kg")),
        ("tags", list(&["a", "a"])),
        ("categories", list(&["nowhere"])),
        ("attribute.color", Some(FieldValue::Attribute(AttributeValue::Flag(true)))),
        ("variant_of", text("nothing")),
        ("price.base.CZK", amount(-1)),
        ("components", Some(FieldValue::Parts(BTreeMap::from([("atlas".to_owned(), 1)])))),
    ] {
        let outcome = atlas().when(change("atlas", fields([(name, value)]), Writer::operator()));
        refused_at(outcome, &format!("/fields/{name}"));
    }
    let nobody = change("globe", fields([("brand", text("B"))]), Writer::operator());
    atlas().when(nobody).refused(R::NotFound("product"));
}

#[test]
fn an_active_product_has_a_title_and_an_archived_one_is_told_as_such() {
    let active =
        |name: &str| change(name, fields([("status", text("active"))]), Writer::operator());
    let stage = atlas().when(create("globe", Fields::new(), Writer::operator())).stage;
    refused_at(stage.when(active("globe")), "/status");
    let stage = atlas().when(active("atlas")).then_names(&["product.updated"]);
    let gone = change("atlas", fields([("status", text("archived"))]), Writer::operator());
    let stage = stage.when(gone).then_names(&["product.archived"]);
    assert_eq!(Catalog::status(&stage.state(&product_entity("atlas"))), Some("archived"));
    // A person archived it: no feed brings it back.
    stage.when(change("atlas", fields([("status", text("active"))]), supplier("r"))).then_nothing();
}

#[test]
fn variants_know_their_product_and_it_knows_them() {
    let red = create("red", fields([("variant_of", text("atlas"))]), Writer::operator());
    let stage = atlas().when(red).then_names(&["product.created"]);
    assert_eq!(product(&stage, "atlas").variants, ["red"]);
    let nested = create("dark", fields([("variant_of", text("red"))]), Writer::operator());
    let outcome = stage.when(nested);
    assert!(outcome.result.is_err());
    let itself = change("atlas", fields([("variant_of", text("red"))]), Writer::operator());
    let outcome = outcome.stage.when(itself);
    assert!(outcome.result.is_err());
    let alone = change("red", fields([("variant_of", None)]), Writer::operator());
    let stage = outcome.stage.when(alone).then_names(&["product.updated"]);
    assert!(product(&stage, "atlas").variants.is_empty());
}

#[test]
fn bundles_are_not_nested() {
    let parts = |part: &str| {
        fields([("components", Some(FieldValue::Parts(BTreeMap::from([(part.to_owned(), 2)]))))])
    };
    let stage = atlas().when(create("kit", parts("atlas"), Writer::operator())).stage;
    assert_eq!(product(&stage, "atlas").bundles, ["kit"]);
    let outcome = stage.when(create("box", parts("kit"), Writer::operator()));
    assert!(outcome.result.is_err());
    let outcome = outcome.stage.when(create("globe", Fields::new(), Writer::operator()));
    let outcome = outcome.stage.when(change("atlas", parts("globe"), Writer::operator()));
    assert!(outcome.result.is_err());
    let none = change("kit", fields([("components", None)]), Writer::operator());
    let stage = outcome.stage.when(none).then_names(&["product.updated"]);
    assert!(product(&stage, "atlas").bundles.is_empty());
}

#[test]
fn a_supplier_s_code_leads_to_one_product_and_what_a_person_linked_stays() {
    let link = |code: &str, by_hand: bool| SupplierLink {
        source: "acme".to_owned(),
        code: code.to_owned(),
        by_hand,
    };
    let by_hand = C::LinkProduct { product: id("atlas"), link: link("A-1", true) };
    let stage = atlas().when(by_hand.clone()).then_names(&["product.linked"]);
    let stage = stage.when(by_hand).then_nothing();
    let again = C::LinkProduct { product: id("atlas"), link: link("A-1", false) };
    let stage = stage.when(again).then_nothing();
    assert!(product(&stage, "atlas").links[0].by_hand);
    let stage = stage.when(create("globe", Fields::new(), Writer::operator())).stage;
    let taken = C::LinkProduct { product: id("globe"), link: link("A-1", true) };
    let outcome = stage.when(taken.clone());
    let (source_name, code) = ("acme".to_owned(), "A-1".to_owned());
    let stage = outcome.refused(R::LinkTaken { source_name, code: code.clone() });
    let unlink = C::UnlinkProduct { product: id("atlas"), source: "acme".to_owned(), code };
    let stage = stage.when(unlink).then_names(&["product.unlinked"]);
    stage.when(taken).then_names(&["product.linked"]);
}

/// The products that carry Acme's `A 100-7`, however it is written.
fn of_acme(stage: &Stage<Catalog>) -> Vec<String> {
    let part = kontor_messages::catalog::part_text(" ACME", "a100/7").unwrap();
    stage.state(&kontor_messages::catalog::part_entity(&part)).ean().to_vec()
}

#[test]
fn a_product_is_found_by_its_brand_and_its_maker_s_code_whatever_their_dashes_and_case() {
    let made = fields([("brand", text("Acme")), ("mpn", text("A 100-7"))]);
    let stage = nothing().when(create("a", made, supplier("run-1"))).stage;
    assert_eq!(of_acme(&stage), ["a"]);
    let stage = stage.when(create("b", fields([("mpn", text("A1007"))]), supplier("run-1"))).stage;
    assert_eq!(of_acme(&stage), ["a"], "a code without a brand means nothing");
    let branded = change("b", fields([("brand", text("acme"))]), supplier("run-2"));
    let stage = stage.when(branded).stage;
    assert_eq!(of_acme(&stage), ["a", "b"]);
    let other = change("a", fields([("mpn", text("A-1008"))]), supplier("run-2"));
    let stage = stage.when(other).stage;
    assert_eq!(of_acme(&stage), ["b"]);
    let gone = change("b", fields([("brand", None)]), Writer::operator());
    assert_eq!(of_acme(&stage.when(gone).stage), Vec::<String>::new());
}

#[test]
fn an_import_that_is_taken_back_leaves_a_product_to_be_found_by_what_it_says_then() {
    let made = fields([("brand", text("Other")), ("mpn", text("A100")), ("title.cs", text("A"))]);
    let stage = nothing().when(create("a", made, supplier("run-1"))).stage;
    let branded = change("a", fields([("brand", text("Acme"))]), supplier("run-2"));
    let coded = change("a", fields([("mpn", text("A100-7"))]), Writer::operator());
    let stage = stage.when(branded).stage.when(coded).stage;
    assert_eq!(of_acme(&stage), ["a"]);
    let before = kontor_messages::catalog::Before {
        field: field("brand"),
        value: text("Other"),
        by: Some(supplier("run-1")),
    };
    let undo = C::UndoRun { product: id("a"), run: "run-2".to_owned(), before: vec![before] };
    let stage = stage.when(undo).stage;
    assert_eq!(product(&stage, "a").text(&Field::Part), Some("other/A1007"));
    assert_eq!(of_acme(&stage), Vec::<String>::new());
}
