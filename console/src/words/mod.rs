//! The console's two languages. The English text is the name of a text; `czech/` has the other.
//!
//! A test reads this crate's sources and fails if a text that is shown has no Czech, if one is
//! there that nobody shows, or if the two do not have the same places for values.

mod czech;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::LazyLock};

static CZECH: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| czech::texts().collect());

/// A language of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Czech.
    Cs,
}

impl Language {
    /// A language by its code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code.split(['-', ';', '_']).next()?.trim() {
            "en" => Some(Self::En),
            "cs" => Some(Self::Cs),
            _ => None,
        }
    }

    /// The first one that a browser asks for.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(Self::parse)
    }

    /// Its code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Cs => "cs",
        }
    }

    /// A text.
    pub(crate) fn t(self, english: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::Cs => CZECH.get(english).copied().unwrap_or(english),
        }
    }

    /// A text with values in its places, `{}` each.
    pub(crate) fn f(self, english: &'static str, values: &[&str]) -> String {
        let mut parts = self.t(english).split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (place, part) in parts.enumerate() {
            text.push_str(values.get(place).copied().unwrap_or_default());
            text.push_str(part);
        }
        text
    }

    /// A word of the API, such as a status: translated if it is known, else as it is, with blanks.
    pub(crate) fn word(self, word: &str) -> String {
        self.of(czech::WORDS, word)
    }

    /// A setting of an account, by the API's name of it.
    pub(crate) fn setting(self, name: &str) -> String {
        self.of(czech::SETTINGS, name)
    }

    /// A sentence of the API in this language; none, if it is there in English alone.
    pub(crate) fn sentence(self, english: &str) -> Option<&str> {
        match self {
            Self::En => Some(english),
            Self::Cs => {
                let found = czech::SENTENCES.iter().find(|(known, _)| *known == english);
                found.map(|(_, czech)| *czech)
            }
        }
    }

    fn of(self, known: &[(&str, &str, &str)], word: &str) -> String {
        match known.iter().find(|(known, ..)| *known == word) {
            Some((_, english, czech)) => match self {
                Self::En => (*english).to_owned(),
                Self::Cs => (*czech).to_owned(),
            },
            None => word.replace(['_', '.'], " "),
        }
    }
}
