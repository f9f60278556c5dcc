//! A product as it is shown: its fields by their meaning.

use super::state::{Owner, Product};
use kontor_messages::{
    Currency, Timestamp,
    catalog::{
        AttributeValue, Dimensions, Field, FieldValue, MediaItem, PriceKind, ProductStatus,
        SupplierLink, SupplierOffer,
    },
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A product as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct ProductDocument {
    /// Its SKU, the same that stock and orders use.
    pub sku: String,
    /// Where it stands.
    pub status: ProductStatus,
    /// Its title by language.
    pub titles: BTreeMap<String, String>,
    /// A short description by language.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub summaries: BTreeMap<String, String>,
    /// Its description by language.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptions: BTreeMap<String, String>,
    /// Its brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The maker's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpn: Option<String>,
    /// Its EAN or GTIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "8594000000006")]
    pub ean: Option<String>,
    /// Its weight in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<i64>,
    /// How large it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// The categories that it is in.
    pub categories: Vec<String>,
    /// Words that people gave it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What its attributes are.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// Pictures, films and papers in their order.
    pub media: Vec<MediaItem>,
    /// Its prices.
    pub prices: Vec<ShownPrice>,
    /// What suppliers ask for it; the best offer makes the cost.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub offers: BTreeMap<String, SupplierOffer>,
    /// The product of which it is one colour or size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    /// Products that are its colours or sizes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// What it is made of, if it is a bundle: products with their quantity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, i64>,
    /// Bundles that it is a part of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
    /// By which codes suppliers know it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<SupplierLink>,
    /// Who wrote which fields. A lower source does not overwrite them.
    pub owners: Vec<Owner>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something of it was changed last.
    pub updated_at: Timestamp,
}

/// A price as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownPrice {
    /// What it is for.
    pub kind: PriceKind,
    /// In which currency.
    pub currency: Currency,
    /// On which sales channel; everywhere, if it says none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl From<&Product> for ProductDocument {
    fn from(product: &Product) -> Self {
        let mut shown = Self {
            sku: product.sku.clone(),
            status: product.status(),
            variants: product.variants.clone(),
            bundles: product.bundles.clone(),
            links: product.links.clone(),
            owners: shown_owners(&product.owners),
            created_at: product.created_at,
            updated_at: product.updated_at,
            ..Self::default()
        };
        for (field, value) in &product.fields {
            shown.say(field, value);
        }
        shown
    }
}

/// Who wrote what is shown.
fn shown_owners(owners: &[Owner]) -> Vec<Owner> {
    let mut shown = owners.to_vec();
    shown.iter_mut().for_each(|owner| owner.fields.retain(|field| *field != Field::Part));
    shown.retain(|owner| !owner.fields.is_empty());
    shown
}

impl ProductDocument {
    fn say(&mut self, field: &Field, value: &FieldValue) {
        match (field, value) {
            (Field::Title(language), FieldValue::Text(text)) => {
                self.titles.insert(language.clone(), text.clone());
            }
            (Field::Summary(language), FieldValue::Text(text)) => {
                self.summaries.insert(language.clone(), text.clone());
            }
            (Field::Description(language), FieldValue::Text(text)) => {
                self.descriptions.insert(language.clone(), text.clone());
            }
            (Field::Brand, FieldValue::Text(text)) => self.brand = Some(text.clone()),
            (Field::Manufacturer, FieldValue::Text(text)) => self.manufacturer = Some(text.clone()),
            (Field::Mpn, FieldValue::Text(text)) => self.mpn = Some(text.clone()),
            (Field::Ean, FieldValue::Text(text)) => self.ean = Some(text.clone()),
            (Field::VariantOf, FieldValue::Text(text)) => self.variant_of = Some(text.clone()),
            (Field::Weight, FieldValue::Number(grams)) => self.weight_g = Some(*grams),
            (Field::Dimensions, FieldValue::Dimensions(size)) => self.dimensions = Some(*size),
            (Field::Categories, FieldValue::List(list)) => self.categories.clone_from(list),
            (Field::Tags, FieldValue::List(list)) => self.tags.clone_from(list),
            (Field::Attribute(code), FieldValue::Attribute(value)) => {
                self.attributes.insert(code.clone(), value.clone());
            }
            (Field::Media, FieldValue::Media(media)) => self.media.clone_from(media),
            (Field::Components, FieldValue::Parts(parts)) => self.components.clone_from(parts),
            (Field::Price(slot), FieldValue::Price(price)) => self.prices.push(ShownPrice {
                kind: slot.kind,
                currency: slot.currency,
                channel: slot.channel.clone(),
                amount_minor: price.amount_minor,
                from: price.from,
                until: price.until,
            }),
            (Field::Offer(supplier), FieldValue::Offer(offer)) => {
                self.offers.insert(supplier.clone(), *offer);
            }
            _ => {}
        }
    }
}
