//! What fields say.

use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a field says. Which of these it is follows from the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// A text, a code, or an id.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Several words or ids.
    List(Vec<String>),
    /// How large it is.
    Dimensions(Dimensions),
    /// What an attribute is.
    Attribute(AttributeValue),
    /// Pictures, films and papers in their order.
    Media(Vec<MediaItem>),
    /// Products with their quantity.
    Parts(BTreeMap<String, i64>),
    /// An amount with its period.
    Price(PriceValue),
    /// What a supplier asks.
    Offer(SupplierOffer),
}

/// What a supplier asks for a product, and whether it has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierOffer {
    /// Without tax.
    pub cost: Money,
    /// Whether the supplier says that it has some; if it does not say, it may.
    pub available: bool,
}

/// How large a product is, packed for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// Millimetres.
    #[schema(minimum = 1, maximum = 100_000)]
    pub length_mm: i64,
    /// Millimetres.
    #[schema(minimum = 1, maximum = 100_000)]
    pub width_mm: i64,
    /// Millimetres.
    #[schema(minimum = 1, maximum = 100_000)]
    pub height_mm: i64,
}

/// What an attribute is: a text, an option's code or a decimal number as text; several options; or
/// yes and no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Flag(bool),
    /// A text, an option's code, or a number such as `12.5`.
    Text(String),
    /// Several options' codes.
    Many(Vec<String>),
}

/// A picture, a film or a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaItem {
    /// What it is.
    #[serde(default)]
    pub kind: MediaKind,
    /// Where it is: an `https` or `http` address, or the path of an upload.
    #[schema(min_length = 1, max_length = 2000, pattern = "^(https?://|/media/)")]
    pub url: String,
    /// SHA-256 of the content, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: Option<String>,
    /// What stands for it where it cannot be seen, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alt: BTreeMap<String, String>,
}

/// What a medium is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    #[default]
    Image,
    /// A film.
    Video,
    /// A paper: instructions, a certificate.
    Document,
}

/// An amount, and when it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceValue {
    /// Minor units of the price's currency.
    #[schema(minimum = 0)]
    pub amount_minor: i64,
    /// From when; always, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when; for ever, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl PriceValue {
    /// An amount that always counts.
    pub fn always(amount_minor: i64) -> Self {
        Self { amount_minor, from: None, until: None }
    }

    /// Whether it counts at an instant.
    pub fn counts_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
