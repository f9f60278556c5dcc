//! Products and categories as the system before showed them.

use kontor_actors::catalog::{Branch, CategoryStatus, Product, ProductDocument, ShownPrice};
use kontor_messages::{
    Currency, Timestamp,
    catalog::{MediaItem, MediaKind, PriceKind, ProductStatus, Texts},
    tenant::TenantSettings,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyProduct {
    /// Its id.
    id: String,
    /// Its SKU.
    sku: String,
    /// Its title in the tenant's language, or in the first that there is.
    title: String,
    /// Its description likewise.
    description: Option<String>,
    /// Its descriptions by language.
    description_rich: BTreeMap<String, String>,
    /// Its brand.
    brand: Option<String>,
    /// Who makes it.
    manufacturer: Option<String>,
    /// Its EAN.
    ean: Option<String>,
    /// Its weight in kilograms.
    #[schema(value_type = Option<f64>)]
    weight_kg: Value,
    /// How large it is, in centimetres.
    dimensions_cm: Option<DimensionsCm>,
    /// Whether it may be offered.
    is_active: bool,
    /// draft, active or archived.
    lifecycle: ProductStatus,
    /// The categories that it is in.
    category_ids: Vec<String>,
    /// Words that people gave it.
    tags: Vec<String>,
    /// Pictures, films and papers.
    media: Vec<LegacyMedia>,
    /// Its prices.
    pricing: Vec<LegacyPricing>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// How large a product is.
#[derive(Serialize, ToSchema)]
struct DimensionsCm {
    /// Centimetres.
    #[schema(value_type = f64)]
    length: Value,
    /// Centimetres.
    #[schema(value_type = f64)]
    width: Value,
    /// Centimetres.
    #[schema(value_type = f64)]
    height: Value,
}

/// A picture, a film or a paper.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyMedia {
    /// image, video or document.
    #[serde(rename = "type")]
    kind: MediaKind,
    /// Where it is.
    url: String,
    /// What stands for it where it cannot be seen.
    alt_text: Option<String>,
    /// Its place, counted from 0.
    position: usize,
    /// Whether it is the first picture.
    is_primary: bool,
}

/// A product's prices in one currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LegacyPricing {
    /// What it is sold for.
    #[schema(value_type = Option<f64>)]
    base_price: Value,
    /// In which currency.
    currency: Currency,
    /// What it costs.
    #[schema(value_type = Option<f64>)]
    cost_price: Value,
    /// What it is sold for while an action lasts.
    #[schema(value_type = Option<f64>)]
    sale_price: Value,
    /// When the action begins.
    valid_from: Option<Timestamp>,
    /// When the action ends.
    valid_to: Option<Timestamp>,
    /// Always true.
    is_active: bool,
    /// regular or sale.
    price_type: &'static str,
}

/// A category.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyCategory {
    /// Its id.
    id: String,
    /// Its name in the tenant's language, or in the first that there is.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// The category that it is in.
    parent_id: Option<String>,
    /// Its names in addresses from the top down to it.
    path: String,
    /// How deep it is, counted from 0.
    level: usize,
    /// Where it stands among its siblings.
    sort_order: i32,
    /// Whether it is shown.
    is_active: bool,
}

/// A category with all below it.
#[derive(Serialize, ToSchema)]
pub(super) struct LegacyNode {
    #[serde(flatten)]
    category: LegacyCategory,
    /// What is below it.
    #[schema(no_recursion)]
    children: Vec<LegacyNode>,
}

impl LegacyProduct {
    pub(super) fn of(id: &str, product: &Product, settings: &TenantSettings) -> Self {
        let shown = ProductDocument::from(product);
        let language = settings.language.as_str();
        let title = told(&shown.titles, language);
        Self {
            id: id.to_owned(),
            title: title.unwrap_or_else(|| shown.sku.clone()),
            sku: shown.sku,
            description: told(&shown.descriptions, language),
            description_rich: shown.descriptions,
            brand: shown.brand,
            manufacturer: shown.manufacturer,
            ean: shown.ean,
            weight_kg: shown.weight_g.map_or(Value::Null, |grams| decimal(grams, 3)),
            dimensions_cm: shown.dimensions.map(|size| DimensionsCm {
                length: decimal(size.length_mm, 1),
                width: decimal(size.width_mm, 1),
                height: decimal(size.height_mm, 1),
            }),
            is_active: shown.status == ProductStatus::Active,
            lifecycle: shown.status,
            category_ids: shown.categories,
            tags: shown.tags,
            media: media(shown.media, language),
            pricing: pricing(&shown.prices),
            created_at: shown.created_at,
            updated_at: shown.updated_at,
        }
    }
}

/// The text in a language, or in the first that there is.
fn told(texts: &Texts, language: &str) -> Option<String> {
    texts.get(language).or_else(|| texts.values().next()).cloned()
}

/// A number of so many decimals, exactly, as JSON.
fn decimal(units: i64, decimals: u32) -> Value {
    let unit = 10_u64.pow(decimals);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / unit, units.unsigned_abs() % unit);
    let text = match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:0width$}", width = decimals as usize),
    };
    serde_json::from_str(&text).unwrap_or_default()
}

fn media(media: Vec<MediaItem>, language: &str) -> Vec<LegacyMedia> {
    let first = media.iter().position(|item| item.kind == MediaKind::Image);
    let shown = media.into_iter().enumerate().map(|(position, item)| LegacyMedia {
        kind: item.kind,
        url: item.url,
        alt_text: told(&item.alt, language),
        position,
        is_primary: first == Some(position),
    });
    shown.collect()
}

/// Prices everywhere, one entry a currency.
fn pricing(prices: &[ShownPrice]) -> Vec<LegacyPricing> {
    let mut by_currency: BTreeMap<Currency, Vec<&ShownPrice>> = BTreeMap::new();
    for price in prices.iter().filter(|price| price.channel.is_none()) {
        by_currency.entry(price.currency).or_default().push(price);
    }
    let entry = |(currency, prices): (Currency, Vec<&ShownPrice>)| {
        let find = |kind| prices.iter().find(|price| price.kind == kind).copied();
        let amount = |price: Option<&ShownPrice>| {
            price.map_or(Value::Null, |price| decimal(price.amount_minor, currency.exponent()))
        };
        let sale = find(PriceKind::Sale);
        LegacyPricing {
            base_price: amount(find(PriceKind::Base)),
            currency,
            cost_price: amount(find(PriceKind::Cost)),
            sale_price: amount(sale),
            valid_from: sale.and_then(|sale| sale.from),
            valid_to: sale.and_then(|sale| sale.until),
            is_active: true,
            price_type: if sale.is_some() { "sale" } else { "regular" },
        }
    };
    by_currency.into_iter().map(entry).collect()
}

impl LegacyNode {
    pub(super) fn of(branch: &Branch<'_>, settings: &TenantSettings) -> Self {
        Self::below(branch, settings, "", None)
    }

    fn below(
        branch: &Branch<'_>,
        settings: &TenantSettings,
        above: &str,
        parent: Option<&str>,
    ) -> Self {
        let content = &branch.category.content;
        let name = told(&content.names, &settings.language).unwrap_or_default();
        let slug = content.slug.clone().unwrap_or_else(|| branch.id.to_owned());
        let path = if above.is_empty() { slug.clone() } else { format!("{above}/{slug}") };
        let children = branch.children.iter();
        let children =
            children.map(|child| Self::below(child, settings, &path, Some(branch.id))).collect();
        let category = LegacyCategory {
            id: branch.id.to_owned(),
            name,
            slug,
            parent_id: parent.map(str::to_owned),
            path,
            level: branch.path.len().saturating_sub(1),
            sort_order: content.position,
            is_active: branch.category.status == CategoryStatus::Active,
        };
        Self { category, children }
    }

    /// All of it, each after what it is in.
    pub(super) fn flatten(self, into: &mut Vec<LegacyCategory>) {
        into.push(self.category);
        self.children.into_iter().for_each(|child| child.flatten(into));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_what_was_counted_and_not_what_a_machine_makes_of_it() {
        for (units, decimals, text) in
            [(350, 3, "0.35"), (34_905, 2, "349.05"), (-5, 2, "-0.05"), (7, 0, "7"), (10, 1, "1.0")]
        {
            assert_eq!(decimal(units, decimals).to_string(), text);
        }
    }
}
