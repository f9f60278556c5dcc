//! Which category of ours a supplier's path is.

use super::{
    Answer, View, check,
    decide::there,
    state::{CategoriesDocument, CategoryEntry},
};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::supplier::{
    CategoryCount, SupplierEvent as E, SupplierRefusal as R, categories_entity,
};
use std::collections::BTreeMap;

/// Paths of a source that are kept.
pub(super) const PATHS_MAX: usize = 5_000;
/// The longest path.
const PATH_MAX: usize = 400;

/// A path as it is compared: in lower case, without needless spaces.
pub fn path_key(path: &str) -> String {
    let parts = path.split('>').map(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        words.join(" ").to_lowercase()
    });
    parts.collect::<Vec<_>>().join(" > ")
}

impl CategoriesDocument {
    /// Our category for a path: what was said of it, or else of the nearest path above it.
    pub fn resolve(&self, path: &str) -> Option<&str> {
        let key = path_key(path);
        let mut rest = key.as_str();
        loop {
            if let Some(entry) = self.paths.get(rest).filter(|entry| entry.mapped) {
                return entry.category.as_deref();
            }
            rest = rest.rsplit_once(" > ")?.0;
        }
    }

    /// Whether anybody has said what a path is, or one above it.
    pub fn is_mapped(&self, path: &str) -> bool {
        let key = path_key(path);
        let mut rest = Some(key.as_str());
        while let Some(path) = rest {
            if self.paths.get(path).is_some_and(|entry| entry.mapped) {
                return true;
            }
            rest = path.rsplit_once(" > ").map(|(above, _)| above);
        }
        false
    }
}

pub(super) fn map(world: &View<'_>, code: &str, path: String, category: Option<String>) -> Answer {
    there(world, code)?;
    check::line("/path", &path, PATH_MAX).map_err(Stop::Refused)?;
    if let Some(category) = &category {
        check::line("/category", category, 180).map_err(Stop::Refused)?;
    }
    let entity = categories_entity(code);
    let known = world.get(&entity)?.categories();
    let entry = known.and_then(|known| known.paths.get(&path_key(&path)));
    if entry.is_some_and(|entry| entry.mapped && entry.category == category) {
        return Ok(Decision::nothing(entity));
    }
    if entry.is_none() && known.is_some_and(|known| PATHS_MAX <= known.paths.len()) {
        return refuse(R::Impossible(format!("a source has at most {PATHS_MAX} category paths")));
    }
    Ok(Decision::of(entity, vec![E::CategoryMapped { source: code.to_owned(), path, category }]))
}

/// Keeps the counts that are others now, and those of paths that were not counted as none.
pub(super) fn counted(world: &View<'_>, code: &str, counts: Vec<CategoryCount>) -> Answer {
    let entity = categories_entity(code);
    let empty = CategoriesDocument::default();
    let known = world.get(&entity)?.categories().unwrap_or(&empty);
    let mut news: BTreeMap<String, CategoryCount> = BTreeMap::new();
    for count in counts {
        if check::line("/path", &count.path, PATH_MAX).is_ok() {
            let key = path_key(&count.path);
            news.entry(key).and_modify(|known| known.rows += count.rows).or_insert(count);
        }
    }
    let gone = known.paths.iter().filter(|(key, entry)| !news.contains_key(*key) && entry.rows > 0);
    let gone: Vec<_> = gone.map(|(_, entry)| (entry.path.clone(), 0)).collect();
    let room = PATHS_MAX.saturating_sub(known.paths.len());
    let mut added = 0;
    news.retain(|key, count| match known.paths.get(key) {
        Some(entry) => entry.rows != count.rows,
        None => {
            added += 1;
            added <= room
        }
    });
    let gone = gone.into_iter().map(|(path, rows)| CategoryCount { path, rows });
    let counts: Vec<_> = news.into_values().chain(gone).collect();
    let events = if counts.is_empty() { vec![] } else { vec![E::CategoriesCounted { counts }] };
    Ok(Decision::of(entity, events))
}

/// Carries an event in.
pub(super) fn apply(known: &mut CategoriesDocument, event: &E) {
    match event {
        E::CategoryMapped { path, category, .. } => {
            let entry = entry(known, path);
            (entry.mapped, entry.category) = (true, category.clone());
        }
        E::CategoriesCounted { counts } => {
            for count in counts {
                entry(known, &count.path).rows = count.rows;
            }
        }
        _ => {}
    }
}

fn entry<'k>(known: &'k mut CategoriesDocument, path: &str) -> &'k mut CategoryEntry {
    let new = || CategoryEntry { path: path.to_owned(), ..CategoryEntry::default() };
    known.paths.entry(path_key(path)).or_insert_with(new)
}
