//! Which of our categories a supplier's path looks like.
//!
//! Words are compared without diacritics, the last parts of a path weigh most. It only suggests: a
//! person says what a path is.

use kontor_actors::{
    catalog::{Catalog, CatalogState, CategoryStatus},
    domain::Domain,
    intake::Intake,
    store::{ListQuery, StoreFault},
};
use kontor_messages::TenantId;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Categories of ours that are looked at.
const OURS_MAX: usize = 20_000;
/// Rows read at a time.
const ROWS: u32 = 1_000;
/// Less alike than this is no suggestion.
const LIKENESS_MIN: u32 = 300;

/// A category of ours that a path looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suggestion {
    /// Its id.
    pub category: String,
    /// Its path, from the top.
    pub path: String,
    /// How alike the two are: 1000 is the same.
    pub likeness: u32,
}

/// A category of ours with its path.
pub struct Ours {
    id: String,
    path: String,
    words: Vec<BTreeSet<String>>,
}

/// Our categories with their paths.
pub async fn ours(intake: &Intake, tenant: &TenantId) -> Result<Vec<Ours>, StoreFault> {
    let mut known: HashMap<String, (String, Option<String>)> = HashMap::new();
    let mut before = None;
    while known.len() < OURS_MAX {
        let query = ListQuery {
            tenant: tenant.clone(),
            domain: Catalog::NAME.to_owned(),
            prefix: "category/".to_owned(),
            status: None,
            label: None,
            from: None,
            before: before.clone(),
            limit: ROWS,
        };
        let rows = intake.ground().store.list(&query).await?;
        for row in &rows {
            let read = serde_json::from_str(&row.state);
            let state = read.map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))?;
            if let CatalogState::Category(category) = state
                && category.status == CategoryStatus::Active
            {
                let id = row.entity.as_str().trim_start_matches("category/").to_owned();
                let name = category.content.names.into_values().next().unwrap_or_default();
                known.insert(id, (name, category.content.parent));
            }
        }
        match rows.last().filter(|_| rows.len() == ROWS as usize) {
            Some(last) => before = Some(last.entity.to_string()),
            None => break,
        }
    }
    let ids = known.keys().cloned();
    Ok(ids.map(|id| Ours::of(id, &known)).collect())
}

impl Ours {
    fn of(id: String, known: &HashMap<String, (String, Option<String>)>) -> Self {
        let (mut parts, mut at) = (Vec::new(), Some(id.clone()));
        // A tree has no cycles; a path of more parts than this would be one.
        while let Some((name, parent)) = at.as_ref().and_then(|id| known.get(id))
            && parts.len() < 20
        {
            parts.push(name.clone());
            at.clone_from(parent);
        }
        parts.reverse();
        Self::new(id, parts.join(" > "))
    }

    fn new(id: String, path: String) -> Self {
        let words = words(&path);
        Self { id, path, words }
    }
}

/// What a path looks like, the likeliest first.
pub fn suggest(path: &str, ours: &[Ours], count: usize) -> Vec<Suggestion> {
    let theirs = words(path);
    let mut found: Vec<Suggestion> = ours
        .iter()
        .map(|our| Suggestion {
            category: our.id.clone(),
            path: our.path.clone(),
            likeness: likeness(&theirs, &our.words),
        })
        .filter(|suggestion| LIKENESS_MIN <= suggestion.likeness)
        .collect();
    found.sort_by(|one, other| {
        other.likeness.cmp(&one.likeness).then_with(|| one.path.cmp(&other.path))
    });
    found.truncate(count);
    found
}

/// The words of each part of a path, the last part first.
fn words(path: &str) -> Vec<BTreeSet<String>> {
    let part = |part: &str| {
        let plain: String = part.chars().map(plain).collect();
        let words = plain.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| 1 < word.chars().count()).map(stem).collect()
    };
    path.split('>').rev().map(part).collect()
}

/// A word without its ending: Czech and Slovak ones change it by number and case.
fn stem(word: &str) -> String {
    let len = word.chars().count();
    let kept = if 5 < len { len - 2 } else { len };
    word.chars().take(kept).collect()
}

fn plain(c: char) -> char {
    let c = c.to_lowercase().next().unwrap_or(c);
    match c {
        'á' | 'ä' | 'ą' => 'a',
        'č' | 'ć' => 'c',
        'ď' => 'd',
        'é' | 'ě' | 'ę' => 'e',
        'í' => 'i',
        'ľ' | 'ĺ' | 'ł' => 'l',
        'ň' | 'ń' => 'n',
        'ó' | 'ô' | 'ö' => 'o',
        'ř' | 'ŕ' => 'r',
        'š' | 'ś' => 's',
        'ť' => 't',
        'ú' | 'ů' | 'ü' => 'u',
        'ý' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        other => other,
    }
}

/// How alike two paths are, in thousandths: the last parts count for two thirds.
fn likeness(one: &[BTreeSet<String>], other: &[BTreeSet<String>]) -> u32 {
    let leaf = match (one.first(), other.first()) {
        (Some(one), Some(other)) => alike(one, other),
        _ => 0,
    };
    let all = |parts: &[BTreeSet<String>]| parts.iter().flatten().cloned().collect();
    let whole: (BTreeSet<String>, BTreeSet<String>) = (all(one), all(other));
    (2 * leaf + alike(&whole.0, &whole.1)) / 3
}

/// Words that both have, of all words that either has, in thousandths.
fn alike(one: &BTreeSet<String>, other: &BTreeSet<String>) -> u32 {
    let both = one.intersection(other).count();
    let either = one.union(other).count().max(1);
    u32::try_from(both * 1000 / either).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_path_weighs_most_and_diacritics_nothing() {
        let ours: Vec<Ours> =
            [("drills", "Nářadí > Vrtáky"), ("tools", "Nářadí"), ("shirts", "Textil > Trika")]
                .into_iter()
                .map(|(id, path)| Ours::new(id.to_owned(), path.to_owned()))
                .collect();
        let found = suggest("Naradi > Vrtaky", &ours, 3);
        assert_eq!(found[0].category, "drills");
        assert_eq!(found[0].likeness, 1_000);
        assert!(found.iter().all(|suggestion| suggestion.category != "shirts"));
        assert!(suggest("Zahrada > Sekačky", &ours, 3).is_empty());
    }
}
