//! Attributes, and what they let products say.

use super::*;

fn define(code: &str, kind: AttributeKind) -> C {
    let labels = names(&[("cs", code)]);
    let attribute = Attribute { labels, kind, filterable: true, searchable: false };
    C::PutAttribute { code: code.to_owned(), attribute }
}

fn options(codes: &[&str]) -> BTreeMap<String, Texts> {
    codes.iter().map(|code| ((*code).to_owned(), names(&[("cs", code)]))).collect()
}

fn set(code: &str, members: &[(&str, bool)]) -> C {
    let member = |(code, required): &(&str, bool)| SetMember {
        code: (*code).to_owned(),
        required: *required,
    };
    let set =
        AttributeSet { name: "Maps".to_owned(), attributes: members.iter().map(member).collect() };
    C::PutAttributeSet { code: code.to_owned(), set }
}

fn is(value: AttributeValue) -> Option<FieldValue> {
    Some(FieldValue::Attribute(value))
}

fn word(text: &str) -> Option<FieldValue> {
    is(AttributeValue::Text(text.to_owned()))
}

/// An atlas in a shop that knows colour, scale, languages and whether it folds.
fn defined() -> Stage<Catalog> {
    let mut stage = atlas();
    for command in [
        define("color", AttributeKind::Select { options: options(&["red", "blue"]) }),
        define("scale", AttributeKind::Number { unit: Some("km".to_owned()) }),
        define("speaks", AttributeKind::MultiSelect { options: options(&["cs", "kk"]) }),
        define("folds", AttributeKind::Boolean),
        define("note", AttributeKind::Text),
        set("maps", &[("color", true), ("scale", false)]),
    ] {
        stage.obey(command).unwrap();
    }
    let maps = Category { attribute_set: Some("maps".to_owned()), ..category(None) };
    stage.obey(put("maps", maps)).unwrap();
    stage.obey(put("city", category(Some("maps")))).unwrap();
    stage
}

fn say(name: &str, value: Option<FieldValue>) -> C {
    change("atlas", fields([(name, value)]), Writer::operator())
}

#[test]
fn an_attribute_says_what_its_definition_allows() {
    let many = |codes: &[&str]| {
        is(AttributeValue::Many(codes.iter().map(|code| (*code).to_owned()).collect()))
    };
    for (name, value) in [
        ("attribute.color", word("red")),
        ("attribute.scale", word("12.5")),
        ("attribute.scale", word("-3")),
        ("attribute.speaks", many(&["cs", "kk"])),
        ("attribute.folds", is(AttributeValue::Flag(false))),
        ("attribute.note", word("Ke skládání")),
    ] {
        defined().when(say(name, value)).then_names(&["product.updated"]);
    }
    for (name, value) in [
        ("attribute.color", word("green")),
        ("attribute.color", many(&["red"])),
        ("attribute.scale", word("1,5")),
        ("attribute.scale", word("1.")),
        ("attribute.speaks", word("cs")),
        ("attribute.speaks", many(&["cs", "de"])),
        ("attribute.folds", word("true")),
        ("attribute.size", word("A4")),
    ] {
        refused_at(defined().when(say(name, value)), &format!("/fields/{name}"));
    }
}

#[test]
fn a_product_has_the_attributes_of_its_categories_and_of_those_above_them() {
    let stage = defined().when(say("categories", list(&["city"]))).stage;
    let stage = stage.when(say("attribute.color", word("red"))).then_names(&["product.updated"]);
    refused_at(stage.when(say("attribute.note", word("x"))), "/fields/attribute.note");
}

#[test]
fn an_active_product_has_what_its_categories_require() {
    let stage = defined().when(say("categories", list(&["city"]))).stage;
    let active = || say("status", text("active"));
    let stage = stage.when(active()).refused(R::NotReady(vec!["attribute.color".to_owned()]));
    let stage = stage.when(say("attribute.color", word("blue"))).stage;
    stage.when(active()).then_names(&["product.updated"]);
}

#[test]
fn what_an_attribute_s_values_are_stays_as_it_was() {
    let other = define("scale", AttributeKind::Number { unit: None });
    defined().when(other).refused(R::KindFixed);
    defined().when(define("color", AttributeKind::Text)).refused(R::KindFixed);
    let more = AttributeKind::Select { options: options(&["red", "blue", "green"]) };
    let stage = defined().when(define("color", more.clone())).then_names(&["attribute.put"]);
    stage.when(define("color", more)).then_nothing();
}

#[test]
fn a_set_holds_attributes_that_are_there_each_once() {
    refused_at(defined().when(set("s", &[("color", true), ("size", true)])), "/attributes/1/code");
    refused_at(
        defined().when(set("s", &[("color", true), ("color", false)])),
        "/attributes/1/code",
    );
    refused_at(defined().when(set("S", &[])), "/code");
    let lost = Category { attribute_set: Some("nothing".to_owned()), ..category(None) };
    refused_at(defined().when(put("lost", lost)), "/attribute_set");
    refused_at(
        defined().when(define("c", AttributeKind::Select { options: BTreeMap::new() })),
        "/kind/options",
    );
}
