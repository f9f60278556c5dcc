//! The rules of the catalog.

mod attributes;
mod categories;
mod imports;
mod offers;
mod pinned;
mod prices;
mod products;
mod properties;

use super::*;
use crate::testing::{NOW, Outcome, Stage};
use kontor_messages::{
    Currency, Refusal,
    catalog::{
        Attribute, AttributeKind, AttributeSet, AttributeValue, CatalogCommand as C,
        CatalogEvent as E, CatalogRefusal as R, Category, Change, Field, FieldValue, Fields,
        ImportRow, NewProduct, PriceKind, PriceSlot, PriceValue, RowOutcome, SetMember,
        SupplierLink, SupplierOffer, Target, Texts, Writer, ean_entity, product_entity,
    },
};
use std::{collections::BTreeMap, time::Duration};

const EAN: &str = "8594000000006";

fn nothing() -> Stage<Catalog> {
    crate::testing::given([])
}

fn id(text: &str) -> EntityId {
    EntityId::named(text)
}

fn text(value: &str) -> Option<FieldValue> {
    Some(FieldValue::Text(value.to_owned()))
}

fn list(values: &[&str]) -> Option<FieldValue> {
    Some(FieldValue::List(values.iter().map(|value| (*value).to_owned()).collect()))
}

fn amount(minor: i64) -> Option<FieldValue> {
    Some(FieldValue::Price(PriceValue::always(minor)))
}

fn field(name: &str) -> Field {
    name.parse().unwrap()
}

fn fields<const N: usize>(pairs: [(&str, Option<FieldValue>); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (field(name), value)).collect()
}

fn supplier(run: &str) -> Writer {
    writer("supplier:acme", Some(run))
}

fn writer(source: &str, run: Option<&str>) -> Writer {
    Writer { source: source.parse().unwrap(), run: run.map(str::to_owned) }
}

fn create(product: &str, said: Fields, by: Writer) -> C {
    let new = NewProduct { product: id(product), sku: product.to_uppercase() };
    C::CreateProduct { new, fields: said, by }
}

fn change(product: &str, said: Fields, by: Writer) -> C {
    C::ChangeProduct { product: id(product), fields: said, by }
}

fn atlas() -> Stage<Catalog> {
    let said = fields([("title.cs", text("Atlas")), ("ean", text(EAN))]);
    nothing().when(create("atlas", said, Writer::operator())).then_names(&["product.created"])
}

fn product(stage: &Stage<Catalog>, name: &str) -> Product {
    stage.state(&product_entity(name)).product().unwrap().clone()
}

fn names(texts: &[(&str, &str)]) -> Texts {
    texts.iter().map(|(language, name)| ((*language).to_owned(), (*name).to_owned())).collect()
}

fn category(parent: Option<&str>) -> Category {
    let parent = parent.map(str::to_owned);
    Category { names: names(&[("cs", "Knihy")]), parent, ..Category::default() }
}

fn put(category_id: &str, content: Category) -> C {
    C::CreateCategory { category: id(category_id), content }
}

/// `media > books > maps`, and `toys` beside them.
fn shelves() -> Stage<Catalog> {
    let stage = nothing().when(put("media", category(None))).then_names(&["category.created"]);
    let stage = stage.when(put("books", category(Some("media")))).stage;
    let stage = stage.when(put("maps", category(Some("books")))).stage;
    stage.when(put("toys", category(None))).then_names(&["category.created"])
}

/// It was refused because of this member.
#[track_caller]
fn refused_at(outcome: Outcome<Catalog>, pointer: &str) {
    let refusal = outcome.result.expect_err("it was not refused");
    assert_eq!(refusal.pointer().as_deref(), Some(pointer), "{refusal}");
}
