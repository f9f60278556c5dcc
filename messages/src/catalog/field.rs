//! The names of what is known of a product.

use super::value::FieldValue;
use crate::Currency;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt, str::FromStr};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// Fields with what they are to say; `None` empties one.
pub type Fields = BTreeMap<Field, Option<FieldValue>>;

/// One thing that is known of a product and has a writer of its own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `status`: draft, active or archived.
    Status,
    /// `title.<language>`.
    Title(String),
    /// `summary.<language>`: a short description.
    Summary(String),
    /// `description.<language>`.
    Description(String),
    /// `brand`.
    Brand,
    /// `manufacturer`.
    Manufacturer,
    /// `mpn`: the maker's own code.
    Mpn,
    /// `ean`.
    Ean,
    /// `part`: brand and maker's code, as they are compared. It follows from both.
    Part,
    /// `weight_g`.
    Weight,
    /// `dimensions`.
    Dimensions,
    /// `categories`.
    Categories,
    /// `tags`.
    Tags,
    /// `attribute.<code>`.
    Attribute(String),
    /// `media`: all of them, in their order.
    Media,
    /// `variant_of`: the product of which this is one colour or size.
    VariantOf,
    /// `components`: what a bundle is made of.
    Components,
    /// `price.<kind>.<currency>` or `price.<kind>.<currency>@<channel>`.
    Price(PriceSlot),
    /// `offer.<supplier>`: what that supplier asks for it, and whether it has any.
    Offer(String),
}

impl PartialSchema for Field {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.examples([serde_json::json!("title.cs")]).into()
    }
}

impl ToSchema for Field {}

/// Which of a product's prices.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PriceSlot {
    /// Which kind.
    pub kind: PriceKind,
    /// In which currency.
    pub currency: Currency,
    /// On which sales channel; everywhere, if it says none.
    pub channel: Option<String>,
}

/// What a price is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// What it costs the tenant.
    Cost,
    /// What it is sold for.
    Base,
    /// What it is sold for while an action lasts.
    Sale,
    /// What its maker recommends that it is sold for, tax included.
    Recommended,
}

impl PriceKind {
    /// The kind as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Base => "base",
            Self::Sale => "sale",
            Self::Recommended => "recommended",
        }
    }
}

impl PriceSlot {
    /// A price everywhere.
    pub fn everywhere(kind: PriceKind, currency: Currency) -> Self {
        Self { kind, currency, channel: None }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Title(language) => write!(f, "title.{language}"),
            Self::Summary(language) => write!(f, "summary.{language}"),
            Self::Description(language) => write!(f, "description.{language}"),
            Self::Brand => f.write_str("brand"),
            Self::Manufacturer => f.write_str("manufacturer"),
            Self::Mpn => f.write_str("mpn"),
            Self::Ean => f.write_str("ean"),
            Self::Part => f.write_str("part"),
            Self::Weight => f.write_str("weight_g"),
            Self::Dimensions => f.write_str("dimensions"),
            Self::Categories => f.write_str("categories"),
            Self::Tags => f.write_str("tags"),
            Self::Attribute(code) => write!(f, "attribute.{code}"),
            Self::Media => f.write_str("media"),
            Self::VariantOf => f.write_str("variant_of"),
            Self::Components => f.write_str("components"),
            Self::Price(PriceSlot { kind, currency, channel }) => {
                write!(f, "price.{}.{currency}", kind.as_str())?;
                channel.as_ref().map_or(Ok(()), |channel| write!(f, "@{channel}"))
            }
            Self::Offer(supplier) => write!(f, "offer.{supplier}"),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Field {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected the name of a field, such as title.cs or price.base.CZK";
        let field = match text.split_once('.') {
            None => match text {
                "status" => Self::Status,
                "brand" => Self::Brand,
                "manufacturer" => Self::Manufacturer,
                "mpn" => Self::Mpn,
                "ean" => Self::Ean,
                "part" => Self::Part,
                "weight_g" => Self::Weight,
                "dimensions" => Self::Dimensions,
                "categories" => Self::Categories,
                "tags" => Self::Tags,
                "media" => Self::Media,
                "variant_of" => Self::VariantOf,
                "components" => Self::Components,
                _ => return Err(EXPECTED),
            },
            Some(("title", language)) => Self::Title(language.to_owned()),
            Some(("summary", language)) => Self::Summary(language.to_owned()),
            Some(("description", language)) => Self::Description(language.to_owned()),
            Some(("attribute", code)) => Self::Attribute(code.to_owned()),
            Some(("price", slot)) => Self::Price(price_slot(slot).ok_or(EXPECTED)?),
            Some(("offer", supplier)) => Self::Offer(supplier.to_owned()),
            Some(_) => return Err(EXPECTED),
        };
        Ok(field)
    }
}

fn price_slot(text: &str) -> Option<PriceSlot> {
    let (kind, rest) = text.split_once('.')?;
    let kind = match kind {
        "cost" => PriceKind::Cost,
        "base" => PriceKind::Base,
        "sale" => PriceKind::Sale,
        "recommended" => PriceKind::Recommended,
        _ => return None,
    };
    let (currency, channel) = match rest.split_once('@') {
        Some((currency, channel)) => (currency, Some(channel.to_owned())),
        None => (rest, None),
    };
    Some(PriceSlot { kind, currency: Currency::parse(currency).ok()?, channel })
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_reads_back_what_it_writes() {
        for text in [
            "status",
            "title.cs",
            "description.zh-Hant",
            "weight_g",
            "attribute.screen_size",
            "price.cost.EUR",
            "price.sale.CZK@allegro",
            "price.recommended.CZK",
            "offer.acme",
        ] {
            assert_eq!(text.parse::<Field>().unwrap().to_string(), text);
        }
        for bad in ["", "titles", "title", "price.base", "price.list.CZK", "price.base.czk"] {
            assert!(bad.parse::<Field>().is_err(), "{bad}");
        }
    }
}
