//! Many products in one command: each row is decided by itself, and told what became of it.

use super::{Decided, Step, View, check, desk::Desk, plan};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::{
    EntityId, Refusal, Timestamp,
    catalog::{
        CatalogEvent, CatalogRefusal, Field, Gtin, ImportRow, NewProduct, RowOutcome, SupplierLink,
        Target, Writer, gtin, product_entity, source, tally_entity,
    },
};

/// Rows of one command at most: they are written in one transaction.
pub const ROWS_MAX: usize = 500;
/// Suppliers' codes of one product at most.
const LINKS_MAX: usize = 100;

/// A row that is decided.
struct Row {
    entity: EntityId,
    events: Vec<CatalogEvent>,
    outcome: RowOutcome,
    kept: Vec<Field>,
}

/// Decides rows one after another, each on what those before it have changed.
pub(super) fn import(
    world: &View<'_>,
    by: &Writer,
    rows: Vec<ImportRow>,
    now: Timestamp,
) -> Decided {
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return check::invalid("/rows", format!("expected 1 to {ROWS_MAX} rows"));
    }
    check::writer(by)?;
    let mut desk = Desk::new(world);
    let (mut decision, mut missing) = (Decision::nothing(tally_entity()), false);
    for (place, row) in rows.into_iter().enumerate() {
        let done = match decide(&desk, by, row) {
            Ok(row) => {
                // While something is missing, all is decided again: it is only looked for.
                if !missing {
                    desk.carry(&row.entity, &row.events, now);
                }
                let Row { entity, events, outcome, kept } = row;
                decision.events.extend(events.into_iter().map(|event| (entity.clone(), event)));
                let product = Some(id_of(&entity));
                (entity, CatalogEvent::RowDone { row: place, product, outcome, kept })
            }
            Err(Stop::Missing) => {
                missing = true;
                continue;
            }
            Err(Stop::Refused(refusal)) => {
                let (product, kept) = (None, Vec::new());
                let outcome = failed(&refusal);
                (tally_entity(), CatalogEvent::RowDone { row: place, product, outcome, kept })
            }
        };
        decision.events.push(done);
    }
    if missing { Err(Stop::Missing) } else { Ok(decision) }
}

fn id_of(entity: &EntityId) -> EntityId {
    EntityId::named(entity.as_str().strip_prefix("product/").unwrap_or(entity.as_str()))
}

fn failed(refusal: &CatalogRefusal) -> RowOutcome {
    RowOutcome::Failed {
        code: refusal.code().to_owned(),
        pointer: refusal.pointer(),
        detail: refusal.to_string(),
    }
}

fn decide(desk: &Desk<'_, '_>, by: &Writer, row: ImportRow) -> Step<Row> {
    let ImportRow { target, new, fields, link } = row;
    let found = match target {
        Target::Product(id) => {
            let entity = product_entity(id.as_str());
            desk.product(&entity)?.is_some().then_some(entity)
        }
        Target::Sku(sku) => desk.by_sku(&sku)?,
        Target::Ean(code) => match Gtin::parse(&code) {
            Some(code) => desk.by_ean(&code)?,
            None => return refuse(CatalogRefusal::field(&Field::Ean, gtin::EXPECTED)),
        },
        Target::Link { source, code } => desk.by_link(&source, &code)?,
    };
    let mut row = match (found, new) {
        (Some(entity), _) => {
            let known = desk.known(&entity)?;
            let id = id_of(&entity);
            let plan::Planned { events, kept } = plan::change(desk, &id, known, fields, by, false)?;
            let news = !events.is_empty();
            let outcome = if news { RowOutcome::Updated } else { RowOutcome::Unchanged };
            Row { entity, events, outcome, kept }
        }
        (None, Some(new)) => {
            let entity = fresh(desk, &new)?;
            let events = plan::create(desk, &new.product, &new.sku, fields, by)?;
            Row { entity, events, outcome: RowOutcome::Created, kept: Vec::new() }
        }
        (None, None) => return refuse(CatalogRefusal::NotFound("product")),
    };
    if let Some(link) = link
        && let Some(event) = link_event(desk, &row.entity, link)?
    {
        row.events.push(event);
        if row.outcome == RowOutcome::Unchanged {
            row.outcome = RowOutcome::Updated;
        }
    }
    Ok(row)
}

/// The entity of a product that is not there yet.
pub(super) fn fresh(desk: &Desk<'_, '_>, new: &NewProduct) -> Step<EntityId> {
    check::id("/product", new.product.as_str())?;
    check::sku(&new.sku)?;
    let entity = product_entity(new.product.as_str());
    let (blank, taken) = (desk.is_blank(&entity), desk.by_sku(&new.sku));
    if !blank? {
        return refuse(CatalogRefusal::Differs);
    }
    match taken? {
        Some(_) => refuse(CatalogRefusal::SkuTaken(new.sku.clone())),
        None => Ok(entity),
    }
}

/// That a supplier knows a product by a code; nothing if that is known. What a person has linked
/// stays linked.
pub(super) fn link_event(
    desk: &Desk<'_, '_>,
    entity: &EntityId,
    link: SupplierLink,
) -> Step<Option<CatalogEvent>> {
    if !source::is_name(&link.source) {
        return check::invalid("/source", "expected the name of a supplier of a-z, 0-9 and '-'");
    }
    if !check::is_line(&link.code, 100) {
        return check::invalid("/code", "expected 1 to 100 characters on one line");
    }
    let known = desk.product(entity)?;
    if let Some(other) = desk.by_link(&link.source, &link.code)?
        && other != *entity
    {
        let (source_name, code) = (link.source, link.code);
        return refuse(CatalogRefusal::LinkTaken { source_name, code });
    }
    let links = known.map_or(&[][..], |known| &known.links);
    let same = links.iter().find(|one| one.source == link.source && one.code == link.code);
    match same {
        Some(same) if same.by_hand || !link.by_hand => Ok(None),
        None if links.len() >= LINKS_MAX => {
            refuse(CatalogRefusal::LimitReached { what: "suppliers' codes", max: LINKS_MAX })
        }
        _ => Ok(Some(CatalogEvent::ProductLinked { link })),
    }
}
