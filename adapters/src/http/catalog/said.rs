//! What a body says of a product, as fields of the catalog; and where in the body a field stands.

use super::super::problem::Problem;
use kontor_messages::{
    Currency, Timestamp,
    catalog::{
        AttributeValue, Dimensions, Field, FieldValue, Fields, MediaItem, PriceKind, PriceSlot,
        PriceValue, ProductStatus, Source, Writer, present,
    },
};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A price that is to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceWish {
    /// What it is for.
    pub(super) kind: PriceKind,
    /// In which currency.
    pub(super) currency: Currency,
    /// On which sales channel; everywhere, if it says none.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
    pub(super) channel: Option<String>,
    /// Minor units; `null` takes the price away.
    #[schema(minimum = 0)]
    pub(super) amount_minor: Option<i64>,
    /// From when; a sale only.
    #[serde(default)]
    pub(super) from: Option<Timestamp>,
    /// Until when; a sale only.
    #[serde(default)]
    pub(super) until: Option<Timestamp>,
}

impl PriceWish {
    pub(super) fn field(self) -> (Field, Option<FieldValue>) {
        let Self { kind, currency, channel, amount_minor, from, until } = self;
        let value = amount_minor.map(|amount_minor| PriceValue { amount_minor, from, until });
        (Field::Price(PriceSlot { kind, currency, channel }), value.map(FieldValue::Price))
    }
}

/// Declares a body that says something of a product, with members of its own before the common
/// ones. What is absent stays as it is; `null` takes it away.
macro_rules! says {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($own)*
            /// Who says so; a person, or a program that works for one, if it does not say.
            #[serde(default)]
            pub(super) source: Option<Source>,
            /// Where it stands.
            #[serde(default)]
            status: Option<ProductStatus>,
            /// Its title by language.
            #[serde(default)]
            titles: BTreeMap<String, Option<String>>,
            /// A short description by language.
            #[serde(default)]
            summaries: BTreeMap<String, Option<String>>,
            /// Its description by language.
            #[serde(default)]
            descriptions: BTreeMap<String, Option<String>>,
            /// Its brand.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
            brand: Option<Option<String>>,
            /// Who makes it.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
            manufacturer: Option<Option<String>>,
            /// The maker's own code.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
            mpn: Option<Option<String>>,
            /// Its EAN or GTIN, with its check digit.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<String>, example = "8594000000006")]
            ean: Option<Option<String>>,
            /// Its weight in grams.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000_000)]
            weight_g: Option<Option<i64>>,
            /// How large it is.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<Dimensions>)]
            dimensions: Option<Option<Dimensions>>,
            /// The categories that it is in.
            #[serde(default)]
            #[schema(max_items = 50)]
            categories: Option<Vec<String>>,
            /// Words that people give it.
            #[serde(default)]
            #[schema(max_items = 50)]
            tags: Option<Vec<String>>,
            /// What its attributes are, by their codes; `null` takes one away.
            #[serde(default)]
            #[schema(value_type = BTreeMap<String, AttributeValue>)]
            attributes: BTreeMap<String, Option<AttributeValue>>,
            /// Pictures, films and papers in their order; replaces all of them.
            #[serde(default)]
            #[schema(max_items = 50)]
            media: Option<Vec<MediaItem>>,
            /// The product of which it is one colour or size.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<String>, min_length = 1, max_length = 180)]
            variant_of: Option<Option<String>>,
            /// What it is made of, if it is a bundle: products with their quantity.
            #[serde(default)]
            components: Option<BTreeMap<String, i64>>,
            /// Prices; those that are not named stay as they are.
            #[serde(default)]
            #[schema(max_items = 200)]
            prices: Vec<PriceWish>,
        }

        impl $name {
            /// What it says, as fields.
            pub(super) fn fields(self) -> Fields {
                let mut fields = Fields::new();
                let mut say = |field: Field, value: Option<FieldValue>| {
                    fields.insert(field, value);
                };
                if let Some(status) = self.status {
                    say(Field::Status, Some(FieldValue::Text(status.as_str().to_owned())));
                }
                for (language, text) in self.titles {
                    say(Field::Title(language), text.map(FieldValue::Text));
                }
                for (language, text) in self.summaries {
                    say(Field::Summary(language), text.map(FieldValue::Text));
                }
                for (language, text) in self.descriptions {
                    say(Field::Description(language), text.map(FieldValue::Text));
                }
                for (field, text) in [
                    (Field::Brand, self.brand),
                    (Field::Manufacturer, self.manufacturer),
                    (Field::Mpn, self.mpn),
                    (Field::Ean, self.ean),
                    (Field::VariantOf, self.variant_of),
                ] {
                    if let Some(text) = text {
                        say(field, text.map(FieldValue::Text));
                    }
                }
                if let Some(grams) = self.weight_g {
                    say(Field::Weight, grams.map(FieldValue::Number));
                }
                if let Some(size) = self.dimensions {
                    say(Field::Dimensions, size.map(FieldValue::Dimensions));
                }
                for (field, list) in
                    [(Field::Categories, self.categories), (Field::Tags, self.tags)]
                {
                    if let Some(list) = list {
                        say(field, (!list.is_empty()).then_some(FieldValue::List(list)));
                    }
                }
                for (code, value) in self.attributes {
                    say(Field::Attribute(code), value.map(FieldValue::Attribute));
                }
                if let Some(media) = self.media {
                    say(Field::Media, (!media.is_empty()).then_some(FieldValue::Media(media)));
                }
                if let Some(parts) = self.components {
                    say(Field::Components, (!parts.is_empty()).then_some(FieldValue::Parts(parts)));
                }
                for price in self.prices {
                    let (field, value) = price.field();
                    say(field, value);
                }
                fields
            }
        }
    };
}

says!(
    /// A product that is to be made.
    NewProductBody {
        /// Its SKU, unique and never changed.
        #[schema(min_length = 1, max_length = 100)]
        pub(super) sku: String,
    }
);
says!(
    /// What is to be known of a product.
    ProductPatch {}
);
says!(
    /// A product among many. It is found by its id, else by its SKU, else by its EAN.
    BulkRow {
        /// Its id.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 180)]
        pub(super) id: Option<String>,
        /// Its SKU; a product that is not there is made with it.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 100)]
        pub(super) sku: Option<String>,
    }
);

impl BulkRow {
    /// The code that it is found by.
    pub(super) fn ean(&self) -> Option<&str> {
        self.ean.as_ref()?.as_deref()
    }
}

/// The writer that a body names.
pub(super) fn writer(source: Option<Source>) -> Writer {
    source.map_or_else(Writer::operator, |source| Writer { source, run: None })
}

/// A fault of a field, told at the member of the body.
pub(super) fn told(problem: Problem) -> Problem {
    problem.with_pointers(place)
}

/// Where in a body a field of the command stands.
pub(super) fn place(pointer: &str) -> String {
    let Some(name) = pointer.strip_prefix("/fields/") else { return pointer.to_owned() };
    match name.parse() {
        Ok(Field::Title(language)) => format!("/titles/{language}"),
        Ok(Field::Summary(language)) => format!("/summaries/{language}"),
        Ok(Field::Description(language)) => format!("/descriptions/{language}"),
        Ok(Field::Attribute(code)) => format!("/attributes/{code}"),
        Ok(Field::Price(_)) => "/prices".to_owned(),
        _ => format!("/{name}"),
    }
}
