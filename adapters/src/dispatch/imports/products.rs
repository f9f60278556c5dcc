//! Which product an offer is, and what the feed says of it, as the catalog takes it.
//!
//! What is linked stays linked; then a true EAN that one product has; then the maker's code with its
//! brand; then the SKU that a new product would get. Nothing is matched by names.

use super::{kept::availability, survey::News};
use kontor_actors::{
    catalog::{Catalog, CatalogState, LINK_KEY, link_key},
    domain::Domain,
    intake::Intake,
    store::{EntityRef, Found, Lookup, StoreFault},
    supplier::CategoriesDocument,
};
use kontor_feeds::Record;
use kontor_messages::{
    EntityId, Money, TenantId, Timestamp,
    catalog::{
        AttributeValue, Field, FieldValue, Fields, Gtin, GtinScope, ImportRow, MediaItem,
        MediaKind, NewProduct, PriceKind, PriceSlot, PriceValue, ProductStatus, Source,
        SupplierLink, SupplierOffer, Target, Writer, ean_entity, part_entity, part_text,
        product_entity,
    },
    supplier::{Availability, FeedKind, NewProducts, SourceSettings},
};
use std::collections::HashMap;

/// Pictures of a product that are taken.
const MEDIA_MAX: usize = 50;
/// Categories of a product that are taken.
const CATEGORIES_MAX: usize = 50;
/// Bytes of a description.
const DESCRIPTION_MAX: usize = 60_000;

/// What decides about a source's products.
pub struct Matching {
    /// The source's settings.
    pub settings: SourceSettings,
    /// What its category paths are.
    pub categories: CategoriesDocument,
    /// The import, as products remember it.
    pub run: String,
}

/// How a row leads to its product.
pub enum Way {
    /// The offer's product is known by this SKU.
    Sku(String),
    /// It is linked already.
    Linked,
    /// Another product carries its EAN, or its maker's code.
    Same(EntityId),
    /// Nobody knows it.
    Unknown,
    /// Two products carry its code, or its EAN is that of one of another brand: a person has to say
    /// which.
    Doubtful,
}

impl Matching {
    /// Who writes what the feed says.
    pub fn writer(&self) -> Writer {
        let (name, priority) = (self.settings.supplier.clone(), self.settings.priority);
        Writer { source: Source::Supplier { name, priority }, run: Some(self.run.clone()) }
    }

    /// A row as the catalog takes it; none if it waits for a person.
    pub fn row(&self, news: &News, way: &Way) -> Option<ImportRow> {
        let record = &news.record;
        let (supplier, code) = (self.settings.supplier.clone(), record.code.clone());
        let link =
            Some(SupplierLink { source: supplier.clone(), code: code.clone(), by_hand: false });
        let full = self.settings.kind == FeedKind::Full;
        let may_make = full && self.settings.new_products != NewProducts::Wait && !record.deleted;
        let sku = format!("{}{}", self.settings.sku_prefix, code);
        let fields = self.fields(record, matches!(way, Way::Unknown));
        let (target, new, link) = match way {
            Way::Sku(sku) => (Target::Sku(sku.clone()), None, None),
            Way::Linked => (Target::Link { source: supplier, code }, None, None),
            Way::Same(product) => (Target::Product(product.clone()), None, link),
            Way::Unknown if may_make => {
                let product = EntityId::fresh(Timestamp::now());
                let new = NewProduct { product, sku: sku.clone() };
                (Target::Sku(sku), Some(new), link)
            }
            Way::Unknown | Way::Doubtful => return None,
        };
        Some(ImportRow { target, new, fields, link })
    }

    /// What the feed says of a product. What it does not say is left alone.
    fn fields(&self, record: &Record, new: bool) -> Fields {
        let mut fields = Fields::new();
        let text = |text: &String| Some(FieldValue::Text(text.clone()));
        if let Some(cost) = record.purchase_price.or(record.list_price) {
            let (field, offer) = self.offer(cost, availability(record) != Availability::None);
            fields.insert(field, offer);
        }
        // Of what is gone nothing else is told.
        if record.deleted {
            return fields;
        }
        let also_asked = self.settings.rrp_is_price.then_some(PriceKind::Base);
        for kind in also_asked.into_iter().chain([PriceKind::Recommended]) {
            if let Some(price) = record.rrp {
                let slot = PriceSlot::everywhere(kind, price.currency);
                let value = PriceValue::always(price.amount_minor);
                fields.insert(Field::Price(slot), Some(FieldValue::Price(value)));
            }
        }
        if self.settings.kind == FeedKind::StockAndPrice {
            return fields;
        }
        let language = || self.settings.language.clone();
        if let Some(name) = &record.name {
            fields.insert(Field::Title(language()), text(name));
        }
        if let Some(description) =
            record.description.as_ref().filter(|text| !text.trim().is_empty())
        {
            let cut = cut(description, DESCRIPTION_MAX);
            fields.insert(Field::Description(language()), text(&cut));
        }
        for (field, value) in [(Field::Brand, &record.brand), (Field::Mpn, &record.mpn)] {
            if let Some(value) = value {
                fields.insert(field, text(value));
            }
        }
        if let Some(ean) = record.ean.as_ref().filter(|ean| is_shared(ean)) {
            fields.insert(Field::Ean, text(&ean.to_string()));
        }
        if let Some(grams) = record.weight_grams.filter(|grams| 0 <= *grams) {
            fields.insert(Field::Weight, Some(FieldValue::Number(grams)));
        }
        let categories = self.categories_of(record);
        if !categories.is_empty() {
            fields.insert(Field::Categories, Some(FieldValue::List(categories)));
        }
        let media = media(record);
        if !media.is_empty() {
            fields.insert(Field::Media, Some(FieldValue::Media(media)));
        }
        for param in &record.params {
            if let Some(code) = self.settings.attributes.get(&param.name) {
                let value = FieldValue::Attribute(AttributeValue::Text(param.value.clone()));
                fields.insert(Field::Attribute(code.clone()), Some(value));
            }
        }
        // Nothing is offered without a title.
        let wanted = self.settings.new_products == NewProducts::Active && record.name.is_some();
        if new && wanted {
            let active = ProductStatus::Active.as_str().to_owned();
            fields.insert(Field::Status, Some(FieldValue::Text(active)));
        }
        fields
    }

    /// What the supplier asks, as a field of its product.
    pub fn offer(&self, cost: Money, available: bool) -> (Field, Option<FieldValue>) {
        let offer = FieldValue::Offer(SupplierOffer { cost, available });
        (Field::Offer(self.settings.supplier.clone()), Some(offer))
    }

    /// Our categories, the main one first.
    fn categories_of(&self, record: &Record) -> Vec<String> {
        let mut ours: Vec<String> = Vec::new();
        for path in &record.categories {
            let found = self.categories.resolve(&path.join(" > "));
            if let Some(found) = found.filter(|found| !ours.iter().any(|known| known == found))
                && ours.len() < CATEGORIES_MAX
            {
                ours.push(found.to_owned());
            }
        }
        ours
    }

    /// Units that the row says there are.
    pub fn units(&self, record: &Record) -> Option<i64> {
        availability(record).units(self.settings.some_units)
    }
}

fn media(record: &Record) -> Vec<MediaItem> {
    let mut known = std::collections::HashSet::new();
    let usable = record.images.iter().filter(|url| {
        url.len() <= 2_000
            && !url.contains(' ')
            && url.starts_with("http")
            && known.insert(url.as_str())
    });
    let item = |url: &String| MediaItem {
        kind: MediaKind::Image,
        url: url.clone(),
        hash: None,
        alt: Default::default(),
    };
    usable.take(MEDIA_MAX).map(item).collect()
}

/// A text of so many bytes at most, cut between characters.
fn cut(text: &str, bytes_max: usize) -> String {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}

/// How rows without a known product lead to one: links are looked up together, then EANs, then
/// makers' codes.
pub async fn ways(
    intake: &Intake,
    tenant: &TenantId,
    matching: &Matching,
    news: &[News],
    known: &[Option<String>],
) -> Result<Vec<Way>, StoreFault> {
    let loader = &intake.ground().loader;
    let open: Vec<usize> = (0..news.len()).filter(|place| known[*place].is_none()).collect();
    let links = open.iter().map(|place| {
        let key = link_key(&matching.settings.supplier, &news[*place].record.code);
        Lookup::Key {
            tenant: tenant.clone(),
            domain: Catalog::NAME.into(),
            name: LINK_KEY.into(),
            value: key.value,
        }
    });
    let linked = loader.fetch(links.collect()).await?;
    let linked: Vec<bool> =
        linked.iter().map(|found| matches!(found, Found::Key(Some(_)))).collect();
    let eans = open.iter().zip(&linked).filter(|(_, linked)| !**linked);
    let eans: Vec<(usize, EntityId)> =
        eans.filter_map(|(place, _)| Some((*place, carriers(&news[*place].record)?))).collect();
    let wanted = eans.iter().map(|(_, entity)| entity_of(tenant, entity.clone()));
    let carried = loader.fetch(wanted.collect()).await?;
    let mut same = HashMap::new();
    for ((place, _), found) in eans.iter().zip(carried) {
        if let Some(CatalogState::Ean { products }) = state(found)? {
            same.insert(*place, products);
        }
    }
    let brands = brands(intake, tenant, news, &same).await?;
    let linked: HashMap<usize, bool> = open.into_iter().zip(linked).collect();
    let coded = |place: &usize| same.get(place).is_some_and(|products| !products.is_empty());
    let left = linked.iter().filter(|(place, linked)| !**linked && !coded(place));
    let left: Vec<usize> = left.map(|(place, _)| *place).collect();
    same.extend(of_makers(intake, tenant, news, left).await?);
    let ways = (0..news.len()).map(|place| match &known[place] {
        Some(sku) => Way::Sku(sku.clone()),
        None if linked.get(&place).copied().unwrap_or(false) => Way::Linked,
        None => match same.get(&place).map(Vec::as_slice) {
            None | Some([]) => Way::Unknown,
            Some([_]) if brands.get(&place).copied().unwrap_or(false) => Way::Doubtful,
            Some([only]) => EntityId::parse(only).map_or(Way::Doubtful, Way::Same),
            Some(_) => Way::Doubtful,
        },
    });
    Ok(ways.collect())
}

/// Whether the product that carries a row's EAN is of another brand.
async fn brands(
    intake: &Intake,
    tenant: &TenantId,
    news: &[News],
    same: &HashMap<usize, Vec<String>>,
) -> Result<HashMap<usize, bool>, StoreFault> {
    let one: Vec<(usize, &String)> =
        same.iter().filter_map(|(place, products)| Some((*place, products.first()?))).collect();
    let wanted = one.iter().map(|(_, id)| entity_of(tenant, product_entity(id))).collect();
    let found = intake.ground().loader.fetch(wanted).await?;
    let mut brands = HashMap::new();
    for ((place, _), found) in one.into_iter().zip(found) {
        let ours = match state(found)? {
            Some(CatalogState::Product(product)) => {
                product.text(&Field::Brand).map(str::to_lowercase)
            }
            _ => None,
        };
        let theirs = news[place].record.brand.as_deref().map(str::to_lowercase);
        brands.insert(place, ours.is_some() && theirs.is_some() && ours != theirs);
    }
    Ok(brands)
}

/// The products that carry the makers' codes of rows. One that carries another EAN is another
/// product.
async fn of_makers(
    intake: &Intake,
    tenant: &TenantId,
    news: &[News],
    places: Vec<usize>,
) -> Result<HashMap<usize, Vec<String>>, StoreFault> {
    let part = |record: &Record| part_text(record.brand.as_deref()?, record.mpn.as_deref()?);
    let parts = places.into_iter().filter_map(|place| Some((place, part(&news[place].record)?)));
    let parts: Vec<(usize, String)> = parts.collect();
    let wanted = parts.iter().map(|(_, part)| entity_of(tenant, part_entity(part)));
    let carried = intake.ground().loader.fetch(wanted.collect()).await?;
    let mut carriers = Vec::new();
    for ((place, _), carried) in parts.into_iter().zip(carried) {
        if let Some(CatalogState::Ean { products }) = state(carried)? {
            carriers.extend(products.into_iter().map(|id| (place, id)));
        }
    }
    let wanted = carriers.iter().map(|(_, id)| entity_of(tenant, product_entity(id)));
    let states = intake.ground().loader.fetch(wanted.collect()).await?;
    let mut found: HashMap<usize, Vec<String>> = HashMap::new();
    for ((place, id), known) in carriers.into_iter().zip(states) {
        let Some(CatalogState::Product(product)) = state(known)? else { continue };
        let ean = news[place].record.ean.as_ref().map(ToString::to_string);
        let other = product.text(&Field::Ean).zip(ean.as_deref());
        if other.is_none_or(|(known, ean)| known == ean) {
            found.entry(place).or_default().push(id);
        }
    }
    Ok(found)
}

/// The SKUs of products.
pub async fn skus(
    intake: &Intake,
    tenant: &TenantId,
    products: &[EntityId],
) -> Result<Vec<Option<String>>, StoreFault> {
    let wanted = products.iter().map(|id| entity_of(tenant, product_entity(id.as_str())));
    let found = intake.ground().loader.fetch(wanted.collect()).await?;
    let sku = |found| {
        Ok(match state(found)? {
            Some(CatalogState::Product(product)) => Some(product.sku),
            _ => None,
        })
    };
    found.into_iter().map(sku).collect()
}

/// Whether a number means the same everywhere.
fn is_shared(ean: &Gtin) -> bool {
    matches!(ean.scope(), GtinScope::Global | GtinScope::Book)
}

/// The entity of the products that carry a row's EAN, if it means the same everywhere.
fn carriers(record: &Record) -> Option<EntityId> {
    record.ean.as_ref().filter(|ean| is_shared(ean)).map(ean_entity)
}

fn entity_of(tenant: &TenantId, entity: EntityId) -> Lookup {
    Lookup::Entity(EntityRef { tenant: tenant.clone(), domain: Catalog::NAME.into(), entity })
}

fn state(found: Found) -> Result<Option<CatalogState>, StoreFault> {
    let Found::Entity(Some(row)) = found else { return Ok(None) };
    let read = serde_json::from_str(&row.state);
    read.map(Some).map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))
}
