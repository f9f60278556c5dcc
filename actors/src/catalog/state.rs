//! What is known of the catalog's entities.

use crate::tagged::tagged;
use kontor_messages::{
    Currency, Timestamp,
    catalog::{
        Attribute, AttributeSet, Category, Field, FieldValue, PriceKind, Pricing, ProductStatus,
        Source, SupplierLink, Writer,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An entity of the catalog, or nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", remote = "Self")]
pub enum CatalogState {
    /// Nothing is known.
    #[default]
    Blank,
    /// A product.
    Product(Box<Product>),
    /// A category.
    Category(Box<CategoryDocument>),
    /// An attribute.
    Attribute(Attribute),
    /// An attribute set.
    AttributeSet(AttributeSet),
    /// The price rules.
    Pricing(Pricing),
    /// How many categories there are.
    Tally {
        /// All that were ever made.
        categories: u32,
    },
    /// The products that carry an EAN or a maker's code.
    Ean {
        /// Their ids, oldest first.
        products: Vec<String>,
    },
}

tagged!(CatalogState, "type", "product" => Product);

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its SKU.
    pub sku: String,
    /// What is known of it.
    pub fields: BTreeMap<Field, FieldValue>,
    /// Who wrote what.
    pub owners: Vec<Owner>,
    /// By which codes suppliers know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<SupplierLink>,
    /// Products that are its colours or sizes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// Bundles that it is a part of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
    /// The import that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_in: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something of it was changed last.
    pub updated_at: Timestamp,
    /// Until when it is known which of its prices counts.
    pub turned_at: Timestamp,
}

/// A writer with what it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// Where it comes from.
    pub source: Source,
    /// The import that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What it wrote.
    pub fields: Vec<Field>,
}

impl Owner {
    /// The writer alone.
    pub fn writer(&self) -> Writer {
        Writer { source: self.source.clone(), run: self.run.clone() }
    }

    fn is(&self, writer: &Writer) -> bool {
        self.source == writer.source && self.run == writer.run
    }
}

impl Product {
    /// What a field says.
    pub fn value(&self, field: &Field) -> Option<&FieldValue> {
        self.fields.get(field)
    }

    /// What a field says, if it is a text.
    pub fn text(&self, field: &Field) -> Option<&str> {
        match self.fields.get(field) {
            Some(FieldValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// What a field says, if it is a list.
    pub fn list(&self, field: &Field) -> &[String] {
        match self.fields.get(field) {
            Some(FieldValue::List(list)) => list,
            _ => &[],
        }
    }

    /// Who wrote a field last.
    pub fn owner(&self, field: &Field) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.fields.contains(field))
    }

    /// Where it stands.
    pub fn status(&self) -> ProductStatus {
        self.text(&Field::Status).and_then(ProductStatus::parse).unwrap_or_default()
    }

    /// Whether it is made of others.
    pub fn is_bundle(&self) -> bool {
        self.fields.contains_key(&Field::Components)
    }

    /// What one of it costs, without tax, by currency; minor units.
    pub fn costs(&self) -> impl Iterator<Item = (Currency, i64)> {
        self.fields.iter().filter_map(|(field, value)| match (field, value) {
            (Field::Price(slot), FieldValue::Price(cost))
                if slot.kind == PriceKind::Cost && slot.channel.is_none() =>
            {
                Some((slot.currency, cost.amount_minor))
            }
            _ => None,
        })
    }

    /// Sets a field, and whose it is.
    pub fn set(&mut self, field: &Field, value: Option<FieldValue>, owner: Option<&Writer>) {
        match value {
            Some(value) => drop(self.fields.insert(field.clone(), value)),
            None => drop(self.fields.remove(field)),
        }
        self.own(field, owner);
    }

    /// Says whose a field is; nobody's, if there is none.
    pub fn own(&mut self, field: &Field, writer: Option<&Writer>) {
        if let (Some(known), Some(writer)) = (self.owner(field), writer)
            && known.is(writer)
        {
            return;
        }
        for owner in &mut self.owners {
            owner.fields.retain(|known| known != field);
        }
        self.owners.retain(|owner| !owner.fields.is_empty());
        let Some(writer) = writer else { return };
        match self.owners.iter_mut().find(|owner| owner.is(writer)) {
            Some(owner) => owner.fields.push(field.clone()),
            None => self.owners.push(Owner {
                source: writer.source.clone(),
                run: writer.run.clone(),
                fields: vec![field.clone()],
            }),
        }
    }

    /// When a sale begins or ends next.
    pub fn turns_at(&self) -> Option<Timestamp> {
        let borders = self.fields.iter().filter_map(|(field, value)| match (field, value) {
            (Field::Price(slot), FieldValue::Price(price)) if slot.kind != PriceKind::Cost => {
                Some([price.from, price.until])
            }
            _ => None,
        });
        borders.flatten().flatten().filter(|border| self.turned_at < *border).min()
    }
}

/// A category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryDocument {
    /// What it is.
    #[serde(flatten)]
    pub content: Category,
    /// How it stands.
    pub status: CategoryStatus,
    /// Which category it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl CategoryDocument {
    /// Whether it is another one now.
    pub fn is_merged(&self) -> bool {
        self.merged_into.is_some()
    }
}

/// How a category stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategoryStatus {
    /// It is shown.
    #[default]
    Active,
    /// It is hidden, with all below it.
    Archived,
    /// It is another one now.
    Merged,
}

impl CategoryStatus {
    /// The status as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Merged => "merged",
        }
    }
}

impl CatalogState {
    /// The product, if it is one.
    pub fn product(&self) -> Option<&Product> {
        match self {
            Self::Product(product) => Some(product),
            _ => None,
        }
    }

    /// The category, if it is one.
    pub fn category(&self) -> Option<&CategoryDocument> {
        match self {
            Self::Category(category) => Some(category),
            _ => None,
        }
    }

    /// The attribute, if it is one.
    pub fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            _ => None,
        }
    }

    /// The attribute set, if it is one.
    pub fn attribute_set(&self) -> Option<&AttributeSet> {
        match self {
            Self::AttributeSet(set) => Some(set),
            _ => None,
        }
    }

    /// The price rules, if it is they.
    pub fn pricing(&self) -> Option<&Pricing> {
        match self {
            Self::Pricing(pricing) => Some(pricing),
            _ => None,
        }
    }

    /// The products that carry a code, if it is that.
    pub fn ean(&self) -> &[String] {
        match self {
            Self::Ean { products } => products,
            _ => &[],
        }
    }
}
