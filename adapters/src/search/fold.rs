//! Words without what keeps people from finding them: case, accents, and letters that only one of
//! the languages has. Used on what is indexed and on what is asked alike.

/// The words of a text, folded. Digits and letters make words; all else parts them.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric());
    parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A code as one word: nothing but its letters and digits, folded.
pub fn code(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A text in small letters without accents.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(plain) => folded.push_str(plain),
            // A combining accent after its letter.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => folded.push(c),
        }
    }
    folded
}

/// What people type for a letter that is not on every keyboard.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'č' | 'ć' | 'ç' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ě' | 'ę' | 'ė' => "e",
        'ğ' | 'ģ' | 'ĝ' => "g",
        'í' | 'ì' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ĺ' | 'ľ' | 'ł' | 'ļ' => "l",
        'ň' | 'ń' | 'ñ' | 'ņ' => "n",
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ő' | 'ō' | 'ø' => "o",
        'ŕ' | 'ř' => "r",
        'š' | 'ś' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'ú' | 'ù' | 'û' | 'ü' | 'ů' | 'ű' | 'ū' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ž' | 'ź' | 'ż' => "z",
        'æ' => "ae",
        'œ' => "oe",
        // Russian as it is often typed, and Kazakh on a Russian keyboard.
        'ё' => "е",
        'ә' => "а",
        'ғ' => "г",
        'қ' => "к",
        'ң' => "н",
        'ө' => "о",
        'ұ' | 'ү' => "у",
        'һ' => "х",
        'і' => "и",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_they_are_accented() {
        for (text, folded) in [
            ("Příliš žluťoučký kůň", "prilis zlutoucky kun"),
            ("Ďateľ na stĺpe", "datel na stlpe"),
            ("Zażółć gęślą jaźń", "zazolc gesla jazn"),
            ("Ёлка", "елка"),
            ("Қазақ тілі, ұңғыма", "казак тили унгыма"),
            ("e\u{301}clair", "eclair"),
            ("Straße", "strasse"),
        ] {
            assert_eq!(words(text).join(" "), folded, "{text}");
            assert_eq!(words(folded).join(" "), folded);
        }
    }

    #[test]
    fn a_code_is_one_word_however_it_is_parted() {
        assert_eq!(code("AB-12/3 č"), "ab123c");
    }
}
