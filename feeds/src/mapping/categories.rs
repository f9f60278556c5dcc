//! From the supplier's categories to ours: by exact path, by the nearest mapped ancestor, by keyword,
//! and for what is left a suggestion that a person confirms.

use super::fold;
use crate::hash::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// The category mapping of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CategoryRules {
    /// The supplier's paths and what they are with us. A path counts for what lies below it, too.
    pub paths: Vec<CategoryPath>,
    /// Rules that look for words, where no path is mapped.
    pub keywords: Vec<Keyword>,
    /// Where everything else waits; nothing in it is published.
    pub quarantine: Option<String>,
}

/// A path and our category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryPath {
    /// The supplier's path from the root.
    pub path: Vec<String>,
    /// Our category.
    pub to: String,
}

/// A rule that looks for a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyword {
    /// Where to look.
    pub within: Within,
    /// The word, compared without case and diacritics.
    pub word: String,
    /// Our category.
    pub to: String,
    /// Which of two that fit counts: the higher.
    #[serde(default)]
    pub priority: i32,
}

/// Where a keyword rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// In the path.
    Path,
    /// In the name.
    Name,
    /// The brand is exactly this.
    Brand,
}

/// Our categories of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Categorized {
    /// The main one; `None` if nothing is known, and there is no quarantine either.
    pub main: Option<String>,
    /// Further ones.
    pub others: Vec<String>,
    /// The main one is the quarantine: it must not be published.
    pub quarantined: bool,
}

/// Category rules, ready to be asked.
pub struct CategoryMap {
    paths: HashMap<Fingerprint, String>,
    keywords: Vec<Keyword>,
    quarantine: Option<String>,
}

impl CategoryMap {
    /// Makes rules ready. Of two rules for one path the first counts.
    pub fn new(rules: &CategoryRules) -> Self {
        let mut paths = HashMap::new();
        for rule in &rules.paths {
            paths.entry(key(&rule.path)).or_insert_with(|| rule.to.clone());
        }
        let mut keywords: Vec<Keyword> = rules
            .keywords
            .iter()
            .map(|keyword| Keyword { word: fold(&keyword.word), ..keyword.clone() })
            .filter(|keyword| !keyword.word.is_empty())
            .collect();
        keywords.sort_by_key(|keyword| std::cmp::Reverse(keyword.priority));
        Self { paths, keywords, quarantine: rules.quarantine.clone() }
    }

    /// Our category of one path: its own, or that of its nearest mapped ancestor.
    pub fn of_path(&self, path: &[String]) -> Option<&str> {
        (1..=path.len())
            .rev()
            .find_map(|len| self.paths.get(&key(&path[..len])))
            .map(String::as_str)
    }

    /// Our categories of a record: the first mapped path is the main one.
    pub fn of(
        &self,
        paths: &[Vec<String>],
        name: Option<&str>,
        brand: Option<&str>,
    ) -> Categorized {
        let mut found: Vec<String> = Vec::new();
        // An exact path of a later one wins over an ancestor of an earlier.
        let exact = paths.iter().filter_map(|path| self.paths.get(&key(path)).map(String::as_str));
        let inherited = paths.iter().filter_map(|path| self.of_path(path));
        for category in exact.chain(inherited) {
            if !found.iter().any(|known| known == category) {
                found.push(category.to_owned());
            }
        }
        if found.is_empty() {
            found.extend(self.by_keyword(paths, name, brand).map(str::to_owned));
        }
        let quarantined = found.is_empty();
        let mut all = found.into_iter();
        let main = all.next().or_else(|| self.quarantine.clone());
        Categorized { main, others: all.collect(), quarantined }
    }

    fn by_keyword(
        &self,
        paths: &[Vec<String>],
        name: Option<&str>,
        brand: Option<&str>,
    ) -> Option<&str> {
        let path = fold(&paths.concat().join(" "));
        let (name, brand) = (fold(name.unwrap_or("")), fold(brand.unwrap_or("")));
        let fits = |keyword: &&Keyword| match keyword.within {
            Within::Path => path.contains(&keyword.word),
            Within::Name => name.contains(&keyword.word),
            Within::Brand => brand == keyword.word,
        };
        self.keywords.iter().find(fits).map(|keyword| keyword.to.as_str())
    }
}

/// A path is the same whatever its case and spaces.
fn key(path: &[String]) -> Fingerprint {
    let levels: Vec<String> =
        path.iter().map(|level| super::one_line(&level.to_lowercase())).collect();
    Fingerprint::of(&levels.join("\u{1f}"))
}

/// One of our categories, to be suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCategory {
    /// Its id.
    pub id: String,
    /// Its names from the root.
    pub path: Vec<String>,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Our category.
    pub id: String,
    /// How alike the two are, of a thousand.
    pub likeness_permille: u32,
}

/// Our categories, ready to be compared with many of a supplier's paths.
pub struct Suggester {
    own: Vec<(String, Grams, Grams)>,
}

type Grams = BTreeSet<[char; 3]>;

/// What is less alike than this is no suggestion.
const LIKENESS_MIN: u32 = 250;

impl Suggester {
    /// Makes our categories ready.
    pub fn new(own: &[OwnCategory]) -> Self {
        let ready = own.iter().filter_map(|category| {
            let leaf = category.path.last()?;
            Some((category.id.clone(), grams(&[leaf.as_str()]), grams(&category.path)))
        });
        Self { own: ready.collect() }
    }

    /// The likest of our categories, the best first. The last level weighs three times as much as
    /// the whole path, since shops agree on what a thing is sooner than on where it belongs.
    pub fn suggest(&self, path: &[String], count_max: usize) -> Vec<Suggestion> {
        let Some(leaf) = path.last() else { return Vec::new() };
        let (leaf, whole) = (grams(&[leaf.as_str()]), grams(path));
        let mut found: Vec<Suggestion> = self
            .own
            .iter()
            .map(|(id, own_leaf, own_whole)| Suggestion {
                id: id.clone(),
                likeness_permille: (3 * dice(&leaf, own_leaf) + dice(&whole, own_whole)) / 4,
            })
            .filter(|suggestion| suggestion.likeness_permille >= LIKENESS_MIN)
            .collect();
        found.sort_by(|a, b| {
            b.likeness_permille.cmp(&a.likeness_permille).then_with(|| a.id.cmp(&b.id))
        });
        found.truncate(count_max);
        found
    }
}

/// All sequences of three letters of some names, with their beginnings and ends.
fn grams<T: AsRef<str>>(names: &[T]) -> Grams {
    let mut grams = Grams::new();
    for name in names {
        let folded = fold(name.as_ref());
        for word in folded.split(|character: char| !character.is_alphanumeric()) {
            let mut letters: Vec<char> = vec![' ', ' '];
            letters.extend(word.chars());
            letters.push(' ');
            if !word.is_empty() {
                grams.extend(letters.windows(3).map(|three| [three[0], three[1], three[2]]));
            }
        }
    }
    grams
}

/// Twice what is common over all there is, of a thousand.
fn dice(one: &Grams, other: &Grams) -> u32 {
    let all = one.len() + other.len();
    if all == 0 {
        return 0;
    }
    (one.intersection(other).count() * 2000 / all) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split(" > ").map(str::to_owned).collect()
    }

    fn map() -> CategoryMap {
        let rule = |from: &str, to: &str| CategoryPath { path: path(from), to: to.to_owned() };
        let keyword = |within, word: &str, to: &str, priority| Keyword {
            within,
            word: word.to_owned(),
            to: to.to_owned(),
            priority,
        };
        CategoryMap::new(&CategoryRules {
            paths: vec![
                rule("Nářadí", "tools"),
                rule("Nářadí > Vrtáky", "drills"),
                rule("Textil", "textile"),
            ],
            keywords: vec![
                keyword(Within::Name, "hrnek", "mugs", 0),
                keyword(Within::Path, "akce", "sale", -1),
                keyword(Within::Brand, "testa", "testa", 5),
            ],
            quarantine: Some("unsorted".to_owned()),
        })
    }

    #[test]
    fn the_exact_path_wins_and_the_nearest_ancestor_stands_in() {
        let map = map();
        assert_eq!(map.of_path(&path("Nářadí > Vrtáky")), Some("drills"));
        assert_eq!(map.of_path(&path("NÁŘADÍ >  Vrtáky  > Do kovu")), Some("drills"));
        assert_eq!(map.of_path(&path("Nářadí > Kleště")), Some("tools"));
        assert_eq!(map.of_path(&path("Hračky")), None);
    }

    #[test]
    fn of_several_paths_the_first_that_is_mapped_is_the_main_one() {
        let found = map().of(
            &[path("Hračky"), path("Textil > Trika"), path("Nářadí > Vrtáky")],
            None,
            None,
        );
        assert_eq!(found.main.as_deref(), Some("drills"));
        assert_eq!(found.others, ["textile"]);
        assert!(!found.quarantined);
    }

    #[test]
    fn keywords_count_where_no_path_does_by_priority() {
        let map = map();
        let main = |name: &str, brand: &str| map.of(&[path("Akce")], Some(name), Some(brand)).main;
        assert_eq!(main("Hrnek", "Alfa").as_deref(), Some("mugs"));
        assert_eq!(main("Hrnek", "TESTA").as_deref(), Some("testa"));
        assert_eq!(main("Talíř", "Alfa").as_deref(), Some("sale"));
    }

    #[test]
    fn what_nothing_fits_waits_in_quarantine() {
        let found = map().of(&[path("Hračky")], Some("Míč"), None);
        assert_eq!((found.main.as_deref(), found.quarantined), (Some("unsorted"), true));
    }

    #[test]
    fn the_likest_category_is_suggested_first() {
        let own = |id: &str, names: &str| OwnCategory { id: id.to_owned(), path: path(names) };
        let suggester = Suggester::new(&[
            own("mugs", "Kuchyně > Hrnky"),
            own("drills", "Dílna > Vrtáky do kovu"),
            own("saws", "Dílna > Pily"),
        ]);
        let best =
            |text: &str| suggester.suggest(&path(text), 3).first().map(|first| first.id.clone());
        assert_eq!(best("Nářadí > VRTAKY").as_deref(), Some("drills"));
        assert_eq!(best("Domácnost > Hrnky a šálky").as_deref(), Some("mugs"));
        assert_eq!(best("Zahrada > Sekačky"), None);
    }
}
