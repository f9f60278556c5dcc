//! Making, moving, merging and hiding categories.

use super::{
    Decided, SLUG_KEY, Step, View, check,
    state::{CatalogState, CategoryDocument, CategoryStatus},
    tree,
};
use crate::{
    domain::{Decision, Key, refuse},
    words::is_word,
};
use kontor_messages::{
    EntityId,
    catalog::{
        CatalogEvent, CatalogRefusal, Category, CategoryPatch, attribute_set_entity,
        category_entity, tally_entity,
    },
};

/// Categories of a tenant at most.
pub(super) const CATEGORIES_MAX: usize = 20_000;

pub(super) fn create(world: &View<'_>, id: &EntityId, content: Category) -> Decided {
    check::id("/category", id.as_str())?;
    let entity = category_entity(id.as_str());
    match world.get(&entity)? {
        CatalogState::Blank => {}
        CatalogState::Category(known) if known.content == content => {
            return Ok(Decision::nothing(entity));
        }
        _ => return refuse(CatalogRefusal::Differs),
    }
    let mut content = content;
    check_content(world, &entity, &content)?;
    content.parent = place(world, id.as_str(), content.parent.as_deref())?;
    if let CatalogState::Tally { categories } = world.get(&tally_entity())?
        && *categories as usize >= CATEGORIES_MAX
    {
        return refuse(CatalogRefusal::LimitReached { what: "categories", max: CATEGORIES_MAX });
    }
    Ok(Decision::of(entity, vec![CatalogEvent::CategoryCreated { content }]))
}

pub(super) fn change(world: &View<'_>, id: &EntityId, patch: CategoryPatch) -> Decided {
    let (entity, known) = open(world, id)?;
    let mut content = known.content.clone();
    let CategoryPatch { names, slug, attribute_set, position } = patch;
    content.names = names.unwrap_or(content.names);
    content.slug = slug.unwrap_or(content.slug);
    content.attribute_set = attribute_set.unwrap_or(content.attribute_set);
    content.position = position.unwrap_or(content.position);
    if content == known.content {
        return Ok(Decision::nothing(entity));
    }
    check_content(world, &entity, &content)?;
    Ok(Decision::of(entity, vec![CatalogEvent::CategoryUpdated { content }]))
}

pub(super) fn move_to(
    world: &View<'_>,
    id: &EntityId,
    parent: Option<&str>,
    position: i32,
) -> Decided {
    let (entity, known) = open(world, id)?;
    let parent = place(world, id.as_str(), parent)?;
    if known.content.parent == parent && known.content.position == position {
        return Ok(Decision::nothing(entity));
    }
    let was = known.content.parent.clone();
    Ok(Decision::of(entity, vec![CatalogEvent::CategoryMoved { was, parent, position }]))
}

pub(super) fn merge(world: &View<'_>, id: &EntityId, into: &str) -> Decided {
    let entity = category_entity(id.as_str());
    let Some(known) = world.get(&entity)?.category() else {
        return refuse(CatalogRefusal::NotFound("category"));
    };
    check::id("/into", into)?;
    let Some(into) = tree::resolve(world, into)? else {
        return check::invalid("/into", format!("there is no category {into}"));
    };
    if known.is_merged() {
        let same = tree::resolve(world, id.as_str())?.as_ref() == Some(&into);
        return if same {
            Ok(Decision::nothing(entity))
        } else {
            refuse(CatalogRefusal::Merged(known.merged_into.clone().unwrap_or_default()))
        };
    }
    // What is below it will be below the other one, which must not be among them.
    if tree::upwards(world, &into)?.iter().any(|above| above == id.as_str()) {
        return refuse(CatalogRefusal::Cycle);
    }
    Ok(Decision::of(entity, vec![CatalogEvent::CategoryMerged { into }]))
}

pub(super) fn archive(world: &View<'_>, id: &EntityId, archived: bool) -> Decided {
    let (entity, known) = open(world, id)?;
    let events = match (known.status, archived) {
        (CategoryStatus::Active, true) => vec![CatalogEvent::CategoryArchived],
        (CategoryStatus::Archived, false) => vec![CatalogEvent::CategoryRestored],
        _ => Vec::new(),
    };
    Ok(Decision::of(entity, events))
}

/// A category that is still itself.
fn open<'w>(world: &View<'w>, id: &EntityId) -> Step<(EntityId, &'w CategoryDocument)> {
    let entity = category_entity(id.as_str());
    let Some(known) = world.get(&entity)?.category() else {
        return refuse(CatalogRefusal::NotFound("category"));
    };
    match &known.merged_into {
        None => Ok((entity, known)),
        Some(into) => refuse(CatalogRefusal::Merged(into.clone())),
    }
}

/// The category that one is put into: there, not below it, and not too deep.
fn place(world: &View<'_>, id: &str, parent: Option<&str>) -> Step<Option<String>> {
    let Some(parent) = parent else { return Ok(None) };
    check::id("/parent", parent)?;
    let way = tree::upwards(world, parent)?;
    let Some(found) = way.first().cloned() else {
        return check::invalid("/parent", format!("there is no category {parent}"));
    };
    if way.iter().any(|above| above == id) {
        return refuse(CatalogRefusal::Cycle);
    }
    if way.len() >= tree::DEPTH_MAX {
        return refuse(CatalogRefusal::LimitReached {
            what: "categories above each other",
            max: tree::DEPTH_MAX,
        });
    }
    Ok(Some(found))
}

fn check_content(world: &View<'_>, entity: &EntityId, content: &Category) -> Step<()> {
    check::texts("/names", &content.names, 200)?;
    if let Some(slug) = &content.slug {
        if !is_word(slug, "-", 100) {
            return check::invalid("/slug", "expected 1 to 100 characters of a-z, 0-9 and '-'");
        }
        let taken = world.find(&Key::new(SLUG_KEY, slug.as_str()))?;
        if taken.is_some_and(|other| other != entity) {
            return refuse(CatalogRefusal::SlugTaken(slug.clone()));
        }
    }
    if let Some(code) = &content.attribute_set {
        let there = check::is_code(code)
            && world.get(&attribute_set_entity(code))?.attribute_set().is_some();
        if !there {
            return check::invalid("/attribute_set", format!("there is no attribute set {code}"));
        }
    }
    Ok(())
}
