//! What an import has changed, offer by offer, as its own events tell it. A trial keeps samples only.

mod csv;

use super::super::{
    Api, access::Access, document::Imports, path::Named, problem::Problem, query, read,
};
use super::past::{Past, product, run_of};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    catalog::Catalog,
    domain::Domain,
    store::{EntityRef, StoreFault},
    supplier::{ImportDocument, Page, Supplier},
};
use kontor_messages::{
    EntityId, Money, TenantId,
    catalog::{CatalogEvent, Change, Field, FieldValue, Writer},
    supplier::{Availability, OfferChange, Sample, SupplierEvent, VanishedAction, page_entity},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What of a product's past is looked through for what the import has changed of it.
const HISTORY: u32 = 200;
/// Who may not read the catalog is not told what its products say.
pub(super) const TELLS_PRODUCTS: &str = "catalog";
/// Pages of offers that are remembered: what is gone is told page by page.
const PAGES: usize = 16;
/// Events that tell of offers.
const NAMES: &[&str] = &["import.applied", "import.missed"];

/// What has become of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportChangeKind)]
#[serde(rename_all = "snake_case")]
enum ChangeKind {
    /// It is new.
    Created,
    /// It says something else.
    Updated,
    /// It is gone: the feed no longer holds it, and that often enough.
    Vanished,
    /// The feed does not hold it, and not often enough yet for it to be gone.
    Missing,
}

/// Which changes.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only these.
    #[param(inline)]
    kind: Option<ChangeKind>,
    /// Only of the offer of this code.
    #[param(min_length = 1, max_length = 200)]
    code: Option<String>,
}

/// A page of what an import has changed.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportChanges)]
struct Changes {
    /// The changes, in the order of the feed's rows.
    items: Vec<Changed>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// These are the first of what a trial would have changed: more of it is not kept.
    samples_only: bool,
}

/// An offer that an import has changed, or would have.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportChange)]
struct Changed {
    /// What has become of it.
    kind: ChangeKind,
    /// The supplier's code.
    code: String,
    /// The product's SKU; absent while nobody knows which product it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The product's id, if there is one of this SKU.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    /// Its title in the feed; of a trial only.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_before: Option<Money>,
    /// What it costs, as the import left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    /// How much there was.
    #[serde(skip_serializing_if = "Option::is_none")]
    stock_before: Option<Availability>,
    /// How much there is, as the import left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<Availability>,
    /// What it changed of the product, and what followed from that, by the product's last 200
    /// changes. Only for who may read the catalog.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<FieldChange>,
}

/// A field of a product that an import has changed.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportFieldChange)]
struct FieldChange {
    /// Which.
    field: Field,
    /// What it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    was: Option<FieldValue>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    now: Option<FieldValue>,
}

/// An offer as an event tells of it.
struct Told {
    changed: Changed,
    /// Where its last word is found, and what is done with it, if it is not in the feed.
    lost: Option<(u32, VanishedAction)>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).merge(csv::routes())
}

/// What an import has changed, in the order of the feed's rows; what was gone comes last. An answer
/// may be short, or empty, while there are more: `next_cursor` tells. Rows that say what was known
/// are not kept.
#[utoipa::path(get, path = "/v1/imports/{import}/changes", tag = "suppliers",
    params(("import" = String, Path, max_length = 100), Wanted),
    responses((status = OK, body = Changes)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    Named(import): Named<String>,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let limit = read::Asked::new(wanted.limit, None)?.limit;
    let mut reading = Reading::begin(&api, access.id(), &import, wanted).await?;
    let mut items = reading.next(limit).await?;
    if !reading.run.dry_run && access.may_read(&api, TELLS_PRODUCTS).await {
        for changed in &mut items {
            reading.look_up(changed).await?;
        }
    }
    let samples_only = reading.run.dry_run;
    let changes = Changes { items, next_cursor: reading.cursor(), samples_only };
    Ok(super::super::json(StatusCode::OK, &changes))
}

/// A reading of what an import has changed.
struct Reading {
    api: Api,
    tenant: TenantId,
    import: EntityId,
    run: Box<ImportDocument>,
    wanted: Wanted,
    past: Past<Told>,
    /// Pages of the source's offers that were looked at.
    pages: HashMap<u32, Page>,
}

impl Reading {
    async fn begin(
        api: &Api,
        tenant: &TenantId,
        import: &str,
        wanted: Wanted,
    ) -> Result<Self, Problem> {
        read::bounded("code", wanted.code.as_deref(), 200)?;
        let there = read::load::<Imports>(api, tenant, import).await?;
        let run = there.state.import().cloned().ok_or_else(|| Problem::not_found("import"))?;
        let cursor = wanted.cursor.as_deref();
        let past = Past::begin(api, (tenant, &there.entity), cursor, names(wanted.kind), told)?;
        let past = match wanted.kind {
            Some(ChangeKind::Vanished | ChangeKind::Missing) => {
                past.skip(there.version, is_applied).await?
            }
            _ => past,
        };
        Ok(Self {
            api: api.clone(),
            tenant: tenant.clone(),
            import: there.entity,
            run: Box::new(run),
            wanted,
            past,
            pages: HashMap::new(),
        })
    }

    fn wants(&self, changed: &Changed) -> bool {
        wants(&self.wanted, changed)
    }

    /// The next changes, so many at most; of a trial all that it has kept.
    async fn next(&mut self, limit: usize) -> Result<Vec<Changed>, StoreFault> {
        if self.run.dry_run {
            let samples = self.run.samples.iter().cloned().map(sampled);
            return Ok(samples.filter(|changed| self.wants(changed)).collect());
        }
        let wanted = &self.wanted;
        let found = self.past.next(limit, |told| wants(wanted, &told.changed)).await?;
        let mut items = Vec::with_capacity(found.len());
        for Told { mut changed, lost } in found {
            if let Some((page, action)) = lost {
                self.remember(&mut changed, page, action).await?;
            }
            items.push(changed);
        }
        Ok(items)
    }

    fn cursor(&self) -> Option<String> {
        if self.run.dry_run { None } else { self.past.cursor() }
    }

    /// What was known of an offer that is not in the feed: its page has it still, unless it is told
    /// anew since.
    async fn remember(
        &mut self,
        changed: &mut Changed,
        page: u32,
        action: VanishedAction,
    ) -> Result<(), StoreFault> {
        if !self.pages.contains_key(&page) {
            let entity = page_entity(&self.run.source, page);
            let found = self.api.intake().read::<Supplier>(&self.tenant, &entity).await?;
            let known = found.and_then(|(state, _)| state.page().cloned());
            if PAGES <= self.pages.len() {
                self.pages.clear();
            }
            self.pages.insert(page, known.unwrap_or_default());
        }
        let Some(known) = self.pages.get(&page) else { return Ok(()) };
        let place = known.find(&changed.code, 0);
        let Some(offer) = place.and_then(|place| known.offers.get(place)) else { return Ok(()) };
        changed.product.clone_from(&offer.product);
        if offer.missed > 0 && changed.kind == ChangeKind::Vanished {
            changed.stock_before = Some(offer.stock);
        }
        if action != VanishedAction::Keep && changed.kind == ChangeKind::Vanished {
            changed.stock = Some(Availability::None);
        }
        Ok(())
    }

    /// What the import has changed of the product of an offer.
    async fn look_up(&self, changed: &mut Changed) -> Result<(), StoreFault> {
        let Some(sku) = &changed.product else { return Ok(()) };
        let Some((entity, _, version)) = product(&self.api, &self.tenant, sku).await? else {
            return Ok(());
        };
        changed.product_id = entity.as_str().strip_prefix("product/").map(str::to_owned);
        let address = EntityRef {
            tenant: self.tenant.clone(),
            domain: Catalog::NAME.to_owned(),
            entity: entity.clone(),
        };
        let after = version.saturating_sub(i64::from(HISTORY)).max(0);
        for row in self.api.store().history(&address, after, HISTORY).await? {
            if row.entity != entity {
                continue;
            }
            let event = serde_json::from_str(&row.payload)
                .map_err(|broken| StoreFault(format!("event {}: {broken}", row.id)))?;
            changed.changes.extend(of_run(run_of(&self.import), event));
        }
        Ok(())
    }
}

fn wants(wanted: &Wanted, changed: &Changed) -> bool {
    wanted.kind.is_none_or(|kind| kind == changed.kind)
        && wanted.code.as_ref().is_none_or(|code| *code == changed.code)
}

/// The names of the events that tell of changes of a kind.
fn names(kind: Option<ChangeKind>) -> &'static [&'static str] {
    match kind {
        None => NAMES,
        Some(ChangeKind::Created | ChangeKind::Updated) => &["import.applied"],
        Some(ChangeKind::Vanished | ChangeKind::Missing) => &["import.missed"],
    }
}

/// Whether an event is one of those before offers are looked for that are missing; some may come at
/// any time.
fn is_applied(name: &str) -> Option<bool> {
    match name {
        "import.applied" => Some(true),
        "import.missed" | "import.completed" | "import.failed" | "import.cancelled" => Some(false),
        name if name.starts_with("import.und") => Some(false),
        _ => None,
    }
}

fn told(event: SupplierEvent) -> Vec<Told> {
    match event {
        SupplierEvent::Applied { pages, .. } => {
            let offers = pages.into_iter().flat_map(|page| page.offers);
            offers.map(|offer| Told { changed: applied(offer), lost: None }).collect()
        }
        SupplierEvent::Missed { losses, action, .. } => {
            let mut all = Vec::new();
            for losses in losses {
                for code in losses.codes {
                    let waits = losses.waiting.contains(&code);
                    let kind = if waits { ChangeKind::Missing } else { ChangeKind::Vanished };
                    let lost = Some((losses.page, action));
                    all.push(Told { changed: Changed::of(kind, code), lost });
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

impl Changed {
    fn of(kind: ChangeKind, code: String) -> Self {
        Self {
            kind,
            code,
            product: None,
            product_id: None,
            title: None,
            price_before: None,
            price: None,
            stock_before: None,
            stock: None,
            changes: Vec::new(),
        }
    }
}

fn applied(offer: OfferChange) -> Changed {
    let kind = if offer.before.is_some() { ChangeKind::Updated } else { ChangeKind::Created };
    Changed {
        product: offer.product,
        price_before: offer.before.as_ref().and_then(|before| before.price),
        price: offer.price,
        stock_before: offer.before.as_ref().map(|before| before.stock),
        stock: Some(offer.stock),
        ..Changed::of(kind, offer.code)
    }
}

fn sampled(sample: Sample) -> Changed {
    let kind = if sample.new { ChangeKind::Created } else { ChangeKind::Updated };
    Changed {
        product: sample.product,
        title: sample.title,
        price_before: sample.price_before,
        price: sample.price,
        stock_before: sample.stock_before,
        stock: Some(sample.stock),
        ..Changed::of(kind, sample.code)
    }
}

/// What an event of a product says that an import changed. That something was undone is no change
/// of the import whose word counts again.
fn of_run(run: &str, event: CatalogEvent) -> Vec<FieldChange> {
    let is_ours = |by: &Writer| by.run.as_deref() == Some(run);
    match event {
        CatalogEvent::ProductCreated { fields, by, .. } if is_ours(&by) => {
            let new = |(field, now)| FieldChange { field, was: None, now: Some(now) };
            fields.into_iter().map(new).collect()
        }
        CatalogEvent::ProductUpdated { changes, by, undone: None, .. }
        | CatalogEvent::PriceChanged { changes, by, undone: None, .. }
        | CatalogEvent::ProductArchived { changes, by, undone: None, .. }
            if is_ours(&by) =>
        {
            let changed = |Change { field, was, now, .. }| FieldChange { field, was, now };
            changes.into_iter().map(changed).collect()
        }
        _ => Vec::new(),
    }
}
