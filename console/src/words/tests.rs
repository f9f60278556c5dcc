use super::*;
use std::{collections::BTreeSet, fs, path::Path};

/// All texts that the sources show: what stands in `t("...")` and `f("...")`.
fn shown() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("words/mod.rs") && !path.ends_with("words/tests.rs") {
                collect(&fs::read_to_string(path).unwrap(), &mut texts);
            }
        }
    }
    texts
}

fn collect(source: &str, texts: &mut BTreeSet<String>) {
    for opening in [".t(", ".f(", "words(", "figures("] {
        for (place, _) in source.match_indices(opening) {
            let rest = source[place + opening.len()..].trim_start();
            if let Some(literal) = rest.strip_prefix('"') {
                texts.insert(joined(&literal[..end_of(literal)]));
            }
        }
    }
    // Texts that are chosen before they are shown are marked.
    for (place, _) in source.match_indices("text!(\"") {
        let literal = &source[place + 7..];
        texts.insert(joined(&literal[..end_of(literal)]));
    }
}

/// Where a literal ends: at the first quotation mark that is not written as one of the text.
fn end_of(literal: &str) -> usize {
    let mut ends = literal.match_indices('"').map(|(end, _)| end);
    ends.find(|&end| !literal[..end].ends_with('\\')).unwrap()
}

/// A literal that goes on in the next line, as the compiler reads it.
fn joined(literal: &str) -> String {
    let mut parts = literal.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start()).replace("\\\"", "\"")
}

#[test]
fn every_text_that_is_shown_is_there_in_czech() {
    let missing: Vec<_> =
        shown().into_iter().filter(|text| !CZECH.contains_key(text.as_str())).collect();
    assert!(missing.is_empty(), "no Czech for {missing:#?}");
}

/// What the providers' sources say about their accounts' settings.
fn said_of_settings() -> BTreeSet<String> {
    let mut sentences = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters/src/gateways");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                settings(&fs::read_to_string(path).unwrap(), &mut sentences);
            }
        }
    }
    sentences
}

/// `Field::text("name", "about")`, and its like.
fn settings(source: &str, sentences: &mut BTreeSet<String>) {
    for (place, _) in source.match_indices("Field::") {
        let rest = &source[place..];
        let Some((_, said)) = rest.split_once('(') else { continue };
        let Some(name) = said.trim_start().strip_prefix('"') else { continue };
        let said = name[end_of(name) + 1..].trim_start_matches(',').trim_start();
        let Some(about) = said.strip_prefix('"') else { continue };
        sentences.insert(joined(&about[..end_of(about)]));
    }
}

#[test]
fn each_sentence_about_a_setting_of_an_account_is_there_in_czech() {
    let said = said_of_settings();
    assert!(said.len() > 50, "they were found: {said:#?}");
    let missing: Vec<_> =
        said.iter().filter(|sentence| Language::Cs.sentence(sentence).is_none()).collect();
    assert!(missing.is_empty(), "no Czech for {missing:#?}");
    let known = czech::SENTENCES.iter().filter(|(english, _)| !said.contains(*english));
    let unused: Vec<_> = known.collect();
    assert!(unused.is_empty(), "nobody says {unused:#?}");
}

#[test]
fn no_text_is_kept_that_nobody_shows() {
    let shown = shown();
    let unused: Vec<_> = czech::texts().filter(|(english, _)| !shown.contains(*english)).collect();
    assert!(unused.is_empty(), "not shown: {unused:#?}");
}

#[test]
fn both_languages_have_the_same_places_for_values() {
    for (english, czech) in czech::texts() {
        let places = |text: &str| text.matches("{}").count();
        assert_eq!(places(english), places(czech), "{english}");
        assert!(!czech.is_empty(), "{english}");
    }
}

#[test]
fn a_text_takes_its_values_in_order() {
    assert_eq!(Language::En.f("{} of {}", &["1", "2"]), "1 of 2");
}

#[test]
fn a_word_that_is_not_known_is_shown_as_it_is() {
    assert_eq!(Language::En.word("something_new"), "something new");
    assert_eq!(Language::Cs.word("pending"), "čeká na platbu");
}

#[test]
fn a_browsers_first_language_that_there_is_counts() {
    assert_eq!(Language::accepted("de-DE,cs;q=0.8,en;q=0.5"), Some(Language::Cs));
    assert_eq!(Language::accepted("de"), None);
}
