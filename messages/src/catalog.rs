//! The vocabulary of the catalog: products, categories, attributes and their sets, price rules.
//!
//! Entities: `product/<id>`, `category/<id>`, `attribute/<code>`, `attribute-set/<code>`, `pricing`
//! (the tenant's price rules, one), `categories` (how many categories there are, one), and
//! `ean/<gtin>` (which products carry a code: colours of one thing often share one).
//!
//! What is known of a product is a list of fields, each with its writer. Sources have ranks, and a
//! lower one never overwrites what a higher one wrote.

mod attribute;
mod category;
mod command;
mod event;
mod field;
pub mod gtin;
mod pricing;
mod product;
mod refusal;
pub mod source;
mod value;

pub use attribute::{Attribute, AttributeKind, AttributeSet, SetMember};
pub use category::Category;
pub use command::{Before, CatalogCommand, CategoryPatch, ImportRow, NewProduct, Target};
pub use event::{CatalogEvent, Change, RowOutcome};
pub use field::{Field, Fields, PriceKind, PriceSlot};
pub use gtin::{Gtin, GtinScope};
pub use pricing::{Formula, PriceRule, Pricing, Rounding, RuleScope, Way};
pub use product::{ProductStatus, SupplierLink};
pub use refusal::CatalogRefusal;
pub use source::{Source, Writer};
pub use value::{
    AttributeValue, Dimensions, FieldValue, MediaItem, MediaKind, PriceValue, SupplierOffer,
};

use crate::EntityId;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Texts by language.
pub type Texts = BTreeMap<String, String>;

/// The entity of a product.
pub fn product_entity(id: &str) -> EntityId {
    EntityId::named(format!("product/{id}"))
}

/// The entity of a category.
pub fn category_entity(id: &str) -> EntityId {
    EntityId::named(format!("category/{id}"))
}

/// The entity of an attribute.
pub fn attribute_entity(code: &str) -> EntityId {
    EntityId::named(format!("attribute/{code}"))
}

/// The entity of an attribute set.
pub fn attribute_set_entity(code: &str) -> EntityId {
    EntityId::named(format!("attribute-set/{code}"))
}

/// The entity of the tenant's price rules.
pub fn pricing_entity() -> EntityId {
    EntityId::named("pricing")
}

/// The entity that counts a tenant's categories.
pub fn tally_entity() -> EntityId {
    EntityId::named("categories")
}

/// The entity of the products that carry a code.
pub fn ean_entity(code: &Gtin) -> EntityId {
    EntityId::named(format!("ean/{}", code.padded()))
}

/// A maker's code with its brand, as they are compared: without case, and the code without spaces,
/// dashes and slashes, while zeros count. None if one of them says nothing, or both are too long.
pub fn part_text(brand: &str, mpn: &str) -> Option<String> {
    let code = mpn.chars().filter(|c| !matches!(c, '-' | '/') && !c.is_whitespace());
    let code: String = code.flat_map(char::to_uppercase).collect();
    let brand = brand.trim().to_lowercase();
    let text = format!("{brand}/{code}");
    let fits = !brand.is_empty() && !code.is_empty() && text.len() <= 190;
    (fits && !text.chars().any(char::is_control)).then_some(text)
}

/// The entity of the products that carry a maker's code.
pub fn part_entity(text: &str) -> EntityId {
    EntityId::named(format!("part/{text}"))
}

/// Tells a member that is `null` from one that is absent.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
