//! The tree of categories. A category that was merged is read as the one that it became, wherever
//! it is named, so merging moves nothing.

use super::{
    Step, View,
    state::{CategoryDocument, CategoryStatus},
};
use crate::domain::refuse;
use kontor_messages::catalog::{CatalogRefusal, category_entity};
use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

/// How far one is followed to what it became.
const MERGES_MAX: usize = 64;
/// How far up one looks.
const STEPS_MAX: usize = 64;
/// How deep a category may be put.
pub(super) const DEPTH_MAX: usize = 20;

/// The category that an id names now, if there is one.
pub(super) fn resolve(world: &View<'_>, id: &str) -> Step<Option<String>> {
    let mut id = id.to_owned();
    for _ in 0..MERGES_MAX {
        let Some(known) = world.get(&category_entity(&id))?.category() else { return Ok(None) };
        match &known.merged_into {
            None => return Ok(Some(id)),
            Some(into) => id.clone_from(into),
        }
    }
    Ok(None)
}

/// Reads each of a product's categories as what it is now, each once.
pub(super) fn resolve_all(world: &View<'_>, ids: &mut Vec<String>) -> Step<()> {
    let entities: Vec<_> = ids.iter().map(|id| category_entity(id)).collect();
    world.need(&entities)?;
    let mut known = Vec::with_capacity(ids.len());
    for id in ids.iter() {
        let Some(id) = resolve(world, id)? else {
            let expected = format!("there is no category {id}");
            let pointer = "/fields/categories".to_owned();
            return refuse(CatalogRefusal::Invalid { pointer, expected });
        };
        if !known.contains(&id) {
            known.push(id);
        }
    }
    *ids = known;
    Ok(())
}

/// A category with all that it is in, itself first; ids as they are now.
pub(super) fn upwards(world: &View<'_>, id: &str) -> Step<Vec<String>> {
    let mut way = Vec::new();
    let mut next = resolve(world, id)?;
    while let Some(id) = next {
        if way.len() >= STEPS_MAX {
            return refuse(CatalogRefusal::LimitReached {
                what: "categories above each other",
                max: STEPS_MAX,
            });
        }
        let known = world.get(&category_entity(&id))?.category();
        let parent = known.and_then(|known| known.content.parent.clone());
        way.push(id);
        next = match parent {
            Some(parent) => resolve(world, &parent)?,
            None => None,
        };
    }
    Ok(way)
}

/// A category in its tree, for people to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch<'c> {
    /// Its id.
    pub id: &'c str,
    /// What it is.
    pub category: &'c CategoryDocument,
    /// The ids from the top down to it, itself last.
    pub path: Vec<&'c str>,
    /// What is below it.
    pub children: Vec<Branch<'c>>,
}

/// The tree of all categories that are shown. Pure; what cannot be reached from the top, or is too
/// deep, is left out.
pub fn branches<'c>(all: &'c BTreeMap<String, CategoryDocument>) -> Vec<Branch<'c>> {
    let mut below: BTreeMap<Option<&str>, Vec<(&str, &CategoryDocument)>> = BTreeMap::new();
    for (id, category) in all.iter().filter(|(_, one)| one.status == CategoryStatus::Active) {
        let parent = category.content.parent.as_deref();
        let parent = parent.map(|parent| now(all, parent));
        below.entry(parent).or_default().push((id, category));
    }
    for siblings in below.values_mut() {
        siblings.sort_by_key(|(id, category)| (category.content.position, *id));
    }
    grow(&below, None, &[])
}

/// What an id names now.
fn now<'c>(all: &'c BTreeMap<String, CategoryDocument>, id: &'c str) -> &'c str {
    let mut id = id;
    for _ in 0..MERGES_MAX {
        match all.get(id).and_then(|known| known.merged_into.as_deref()) {
            Some(into) => id = into,
            None => break,
        }
    }
    id
}

fn grow<'c>(
    below: &BTreeMap<Option<&'c str>, Vec<(&'c str, &'c CategoryDocument)>>,
    parent: Option<&'c str>,
    way: &[&'c str],
) -> Vec<Branch<'c>> {
    if way.len() >= STEPS_MAX {
        return Vec::new();
    }
    let known = below.get(&parent).into_iter().flatten();
    let branch = |(id, category): &(&'c str, &'c CategoryDocument)| {
        let path: Vec<_> = way.iter().copied().chain([*id]).collect();
        let children = grow(below, Some(*id), &path);
        Branch { id, category, path, children }
    };
    known.map(branch).collect()
}

/// Whether each of these leads to an end: the rule that the tree keeps, for tests.
#[cfg(test)]
pub(super) fn ends(all: &BTreeMap<String, CategoryDocument>) -> bool {
    all.keys().all(|id| {
        let (mut seen, mut at) = (BTreeSet::new(), Some(id.as_str()));
        while let Some(id) = at {
            if !seen.insert(id) {
                return false;
            }
            let known = all.get(id);
            let above = |known: &'_ CategoryDocument| known.content.parent.is_some();
            at = known.and_then(|known| match &known.merged_into {
                Some(into) => Some(into.as_str()),
                None if above(known) => known.content.parent.as_deref(),
                None => None,
            });
        }
        true
    })
}
