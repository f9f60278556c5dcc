//! Texts held against tables of words, without case, diacritics and needless spaces.

use crate::record::{LeadTime, Stock};

/// Lower case, without the diacritics of the languages that suppliers write, one space at a time.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.trim().chars().flat_map(char::to_lowercase) {
        let plain = match character {
            'á' | 'ä' | 'à' | 'â' | 'ą' | 'ă' | 'ã' | 'å' => 'a',
            'č' | 'ć' | 'ç' => 'c',
            'ď' | 'đ' => 'd',
            'é' | 'ě' | 'ë' | 'ę' | 'è' | 'ê' => 'e',
            'í' | 'î' | 'ì' | 'ï' => 'i',
            'ĺ' | 'ľ' | 'ł' => 'l',
            'ň' | 'ń' | 'ñ' => 'n',
            'ó' | 'ô' | 'ö' | 'ő' | 'ò' | 'õ' => 'o',
            'ŕ' | 'ř' => 'r',
            'š' | 'ś' | 'ş' | 'ș' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ú' | 'ů' | 'ü' | 'ű' | 'ù' | 'û' => 'u',
            'ý' | 'ÿ' => 'y',
            'ž' | 'ź' | 'ż' => 'z',
            'ё' => 'е',
            '_' => ' ',
            same if same.is_whitespace() => ' ',
            // What lower case of `İ` leaves behind.
            '\u{300}'..='\u{36f}' => continue,
            same => same,
        };
        if plain != ' ' || !folded.ends_with(' ') {
            folded.push(plain);
        }
    }
    folded
}

/// What a word says about a stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Availability {
    pub(super) stock: Stock,
    pub(super) lead_time: Option<LeadTime>,
}

const SOME: &[&str] = &[
    "skladem",
    "skladom",
    "na sklade",
    "na skladu",
    "ano",
    "ano skladem",
    "in stock",
    "instock",
    "available",
    "available now",
    "yes",
    "y",
    "a",
    "true",
    "tak",
    "dostupne",
    "dostupny",
    "dostepny",
    "dostepne",
    "dostepna",
    "dostepne od reki",
    "w magazynie",
    "ihned",
    "ihned k odberu",
    "expedice ihned",
    "auf lager",
    "lagernd",
    "ja",
    "igen",
    "raktaron",
    "в наличии",
    "есть",
    "да",
    "бар",
    "иә",
    "қоймада бар",
    "in stock at supplier",
    "skladem u dodavatele",
    "http://schema.org/instock",
    "https://schema.org/instock",
];
const NOTHING: &[&str] = &[
    "neni skladem",
    "nie je skladom",
    "neni",
    "vyprodano",
    "vypredane",
    "nedostupne",
    "nedostupny",
    "ne",
    "nie",
    "n",
    "no",
    "false",
    "out of stock",
    "outofstock",
    "oos",
    "sold out",
    "unavailable",
    "not available",
    "discontinued",
    "brak",
    "brak towaru",
    "niedostepny",
    "niedostepne",
    "niedostepna",
    "nicht auf lager",
    "nem",
    "нет",
    "нет в наличии",
    "отсутствует",
    "жоқ",
    "ukonceno",
    "doprodano",
    "konec prodeje",
    "http://schema.org/outofstock",
    "https://schema.org/outofstock",
];
const ON_REQUEST: &[&str] = &[
    "na dotaz",
    "na objednavku",
    "na objednani",
    "na vyziadanie",
    "predobjednavka",
    "preorder",
    "pre order",
    "pre-order",
    "backorder",
    "back order",
    "na zamowienie",
    "przedsprzedaz",
    "auf anfrage",
    "под заказ",
    "по запросу",
    "предзаказ",
    "тапсырыспен",
    "u dodavatele",
];

/// The meaning of a text about availability, if it is a known one.
pub(super) fn availability(folded: &str) -> Option<Availability> {
    let trimmed = folded.trim_end_matches(['.', '!', ',']);
    let of = |stock, lead_time| Some(Availability { stock, lead_time });
    if SOME.contains(&trimmed) {
        return of(Stock::InStock, None);
    }
    if NOTHING.contains(&trimmed) {
        return of(Stock::None, None);
    }
    if ON_REQUEST.contains(&trimmed) {
        return of(Stock::None, Some(LeadTime::OnRequest));
    }
    None
}

/// Yes or no in the languages that suppliers write.
pub(super) fn boolean(folded: &str) -> Option<bool> {
    match folded {
        "1" | "ano" | "a" | "true" | "yes" | "y" | "tak" | "t" | "x" | "on" | "да" | "ja"
        | "igen" => Some(true),
        "0" | "" | "ne" | "nie" | "n" | "false" | "no" | "off" | "нет" | "nein" | "nem" => {
            Some(false)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_leaves_letters_without_marks() {
        let cases = [
            ("Příliš  žluťoučký\u{a0}kůň", "prilis zlutoucky kun"),
            (" ŁÓDŹ ", "lodz"),
            ("IN_STOCK", "in stock"),
            ("Қоймада Бар", "қоймада бар"),
            ("ЕЩЁ", "еще"),
        ];
        for (text, expected) in cases {
            assert_eq!(fold(text), expected, "{text}");
        }
    }

    #[test]
    fn every_word_of_the_tables_is_written_as_it_is_compared() {
        for word in SOME.iter().chain(NOTHING).chain(ON_REQUEST) {
            assert_eq!(&fold(word), word);
        }
    }
}
