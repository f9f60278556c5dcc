//! Named characters of HTML that suppliers write into XML without declaring them.
//!
//! The table is fixed and nothing else is ever resolved: no declaration of the document, no file, no
//! address. So no entity can grow.

/// Sorted by name.
#[rustfmt::skip]
const NAMED: [(&str, char); 271] = [
    ("AElig", 'Æ'), ("Aacute", 'Á'), ("Abreve", 'Ă'), ("Acirc", 'Â'), ("Agrave", 'À'),
    ("Amacr", 'Ā'), ("Aogon", 'Ą'), ("Aring", 'Å'), ("Atilde", 'Ã'), ("Auml", 'Ä'),
    ("Cacute", 'Ć'), ("Ccaron", 'Č'), ("Ccedil", 'Ç'), ("Ccirc", 'Ĉ'), ("Cdot", 'Ċ'),
    ("Dagger", '‡'), ("Dcaron", 'Ď'), ("Delta", 'Δ'), ("Dstrok", 'Đ'), ("ENG", 'Ŋ'), ("ETH", 'Ð'),
    ("Eacute", 'É'), ("Ecaron", 'Ě'), ("Ecirc", 'Ê'), ("Edot", 'Ė'), ("Egrave", 'È'),
    ("Emacr", 'Ē'), ("Eogon", 'Ę'), ("Euml", 'Ë'), ("Gbreve", 'Ğ'), ("Gcedil", 'Ģ'),
    ("Gcirc", 'Ĝ'), ("Gdot", 'Ġ'), ("Hcirc", 'Ĥ'), ("Hstrok", 'Ħ'), ("IJlig", 'Ĳ'),
    ("Iacute", 'Í'), ("Icirc", 'Î'), ("Idot", 'İ'), ("Igrave", 'Ì'), ("Imacr", 'Ī'),
    ("Iogon", 'Į'), ("Itilde", 'Ĩ'), ("Iuml", 'Ï'), ("Jcirc", 'Ĵ'), ("Kcedil", 'Ķ'),
    ("Lacute", 'Ĺ'), ("Lcaron", 'Ľ'), ("Lcedil", 'Ļ'), ("Lmidot", 'Ŀ'), ("Lstrok", 'Ł'),
    ("Nacute", 'Ń'), ("Ncaron", 'Ň'), ("Ncedil", 'Ņ'), ("Ntilde", 'Ñ'), ("OElig", 'Œ'),
    ("Oacute", 'Ó'), ("Ocirc", 'Ô'), ("Odblac", 'Ő'), ("Ograve", 'Ò'), ("Omacr", 'Ō'),
    ("Omega", 'Ω'), ("Oslash", 'Ø'), ("Otilde", 'Õ'), ("Ouml", 'Ö'), ("Racute", 'Ŕ'),
    ("Rcaron", 'Ř'), ("Rcedil", 'Ŗ'), ("Sacute", 'Ś'), ("Scaron", 'Š'), ("Scedil", 'Ş'),
    ("Scirc", 'Ŝ'), ("Sigma", 'Σ'), ("THORN", 'Þ'), ("Tcaron", 'Ť'), ("Tcedil", 'Ţ'),
    ("Tstrok", 'Ŧ'), ("Uacute", 'Ú'), ("Ubreve", 'Ŭ'), ("Ucirc", 'Û'), ("Udblac", 'Ű'),
    ("Ugrave", 'Ù'), ("Umacr", 'Ū'), ("Uogon", 'Ų'), ("Uring", 'Ů'), ("Utilde", 'Ũ'),
    ("Uuml", 'Ü'), ("Wcirc", 'Ŵ'), ("Yacute", 'Ý'), ("Ycirc", 'Ŷ'), ("Yuml", 'Ÿ'),
    ("Zacute", 'Ź'), ("Zcaron", 'Ž'), ("Zdot", 'Ż'), ("aacute", 'á'), ("abreve", 'ă'),
    ("acirc", 'â'), ("acute", '´'), ("aelig", 'æ'), ("agrave", 'à'), ("alpha", 'α'),
    ("amacr", 'ā'), ("angst", 'Å'), ("aogon", 'ą'), ("aring", 'å'), ("asymp", '≈'),
    ("atilde", 'ã'), ("auml", 'ä'), ("bdquo", '„'), ("beta", 'β'), ("brvbar", '¦'), ("bull", '•'),
    ("cacute", 'ć'), ("ccaron", 'č'), ("ccedil", 'ç'), ("ccirc", 'ĉ'), ("cdot", 'ċ'),
    ("cedil", '¸'), ("cent", '¢'), ("circ", 'ˆ'), ("copy", '©'), ("curren", '¤'), ("dagger", '†'),
    ("darr", '↓'), ("dcaron", 'ď'), ("deg", '°'), ("delta", 'δ'), ("div", '÷'), ("divide", '÷'),
    ("dstrok", 'đ'), ("eacute", 'é'), ("ecaron", 'ě'), ("ecirc", 'ê'), ("edot", 'ė'),
    ("egrave", 'è'), ("emacr", 'ē'), ("emsp", '\u{2003}'), ("eng", 'ŋ'), ("ensp", '\u{2002}'),
    ("eogon", 'ę'), ("eth", 'ð'), ("euml", 'ë'), ("euro", '€'), ("fnof", 'ƒ'), ("frac12", '½'),
    ("frac14", '¼'), ("frac34", '¾'), ("gamma", 'γ'), ("gbreve", 'ğ'), ("gcirc", 'ĝ'),
    ("gdot", 'ġ'), ("ge", '≥'), ("harr", '↔'), ("hcirc", 'ĥ'), ("hellip", '…'), ("hstrok", 'ħ'),
    ("iacute", 'í'), ("icirc", 'î'), ("iexcl", '¡'), ("igrave", 'ì'), ("ijlig", 'ĳ'),
    ("imacr", 'ī'), ("imath", 'ı'), ("infin", '∞'), ("inodot", 'ı'), ("iogon", 'į'),
    ("iquest", '¿'), ("itilde", 'ĩ'), ("iuml", 'ï'), ("jcirc", 'ĵ'), ("kcedil", 'ķ'),
    ("kgreen", 'ĸ'), ("lacute", 'ĺ'), ("lambda", 'λ'), ("laquo", '«'), ("larr", '←'),
    ("lcaron", 'ľ'), ("lcedil", 'ļ'), ("ldquo", '“'), ("le", '≤'), ("lmidot", 'ŀ'),
    ("lsaquo", '‹'), ("lsquo", '‘'), ("lstrok", 'ł'), ("macr", '¯'), ("mdash", '—'),
    ("micro", 'µ'), ("middot", '·'), ("minus", '−'), ("mu", 'μ'), ("nacute", 'ń'), ("napos", 'ŉ'),
    ("nbsp", '\u{a0}'), ("ncaron", 'ň'), ("ncedil", 'ņ'), ("ndash", '–'), ("ne", '≠'),
    ("not", '¬'), ("ntilde", 'ñ'), ("oacute", 'ó'), ("ocirc", 'ô'), ("odblac", 'ő'),
    ("oelig", 'œ'), ("ograve", 'ò'), ("oline", '‾'), ("omacr", 'ō'), ("omega", 'ω'),
    ("ordf", 'ª'), ("ordm", 'º'), ("oslash", 'ø'), ("otilde", 'õ'), ("ouml", 'ö'), ("para", '¶'),
    ("permil", '‰'), ("phi", 'φ'), ("pi", 'π'), ("plusmn", '±'), ("pound", '£'), ("racute", 'ŕ'),
    ("radic", '√'), ("raquo", '»'), ("rarr", '→'), ("rcaron", 'ř'), ("rcedil", 'ŗ'),
    ("rdquo", '”'), ("reg", '®'), ("rsaquo", '›'), ("rsquo", '’'), ("sacute", 'ś'),
    ("sbquo", '‚'), ("scaron", 'š'), ("scedil", 'ş'), ("scirc", 'ŝ'), ("sect", '§'),
    ("shy", '\u{ad}'), ("sigma", 'σ'), ("sum", '∑'), ("sup1", '¹'), ("sup2", '²'), ("sup3", '³'),
    ("szlig", 'ß'), ("tcaron", 'ť'), ("tcedil", 'ţ'), ("thinsp", '\u{2009}'), ("thorn", 'þ'),
    ("tilde", '˜'), ("times", '×'), ("trade", '™'), ("tstrok", 'ŧ'), ("uacute", 'ú'),
    ("uarr", '↑'), ("ubreve", 'ŭ'), ("ucirc", 'û'), ("udblac", 'ű'), ("ugrave", 'ù'),
    ("umacr", 'ū'), ("uml", '¨'), ("uogon", 'ų'), ("uring", 'ů'), ("utilde", 'ũ'), ("uuml", 'ü'),
    ("wcirc", 'ŵ'), ("yacute", 'ý'), ("ycirc", 'ŷ'), ("yen", '¥'), ("yuml", 'ÿ'), ("zacute", 'ź'),
    ("zcaron", 'ž'), ("zdot", 'ż'), ("zwj", '\u{200d}'), ("zwnj", '\u{200c}'),
];

/// The character of a reference, without `&` and `;`.
pub(crate) fn character(reference: &str) -> Option<char> {
    match reference {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {}
    }
    if let Some(number) = reference.strip_prefix('#') {
        return numbered(number);
    }
    NAMED.binary_search_by_key(&reference, |(name, _)| name).ok().map(|place| NAMED[place].1)
}

/// Control characters are as little welcome by number as they are as bytes.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // Pages of the web number the characters of windows-1252.
    let code = match code {
        0x80..=0x9f => {
            return encoding_rs::WINDOWS_1252.decode(&[u8::try_from(code).ok()?]).0.chars().next();
        }
        code => code,
    };
    char::from_u32(code).filter(|character| *character >= ' ' || "\t\n\r".contains(*character))
}

/// Appends text with its references replaced; says how many were not known and stand as they were.
pub(crate) fn unescape(text: &str, into: &mut String) -> u32 {
    let mut unknown = 0;
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        into.push_str(&rest[..at]);
        let reference = &rest[at + 1..];
        let end = reference.bytes().take(32).position(|byte| byte == b';');
        match end.and_then(|end| character(&reference[..end]).map(|character| (end, character))) {
            Some((end, character)) => {
                into.push(character);
                rest = &reference[end + 1..];
            }
            None => {
                unknown += u32::from(end.is_some());
                into.push('&');
                rest = reference;
            }
        }
    }
    into.push_str(rest);
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(NAMED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn references_are_replaced_and_what_is_none_is_left_alone() {
        let cases = [
            ("a &amp; b", "a & b", 0),
            ("10&nbsp;K&ccaron;", "10\u{a0}Kč", 0),
            ("&#268;&#x10D;", "Čč", 0),
            ("&#128;", "€", 0),
            ("&#1;x", "&#1;x", 1),
            ("&xxe;", "&xxe;", 1),
            ("?a=1&b=2", "?a=1&b=2", 0),
            ("R&D; &", "R&D; &", 1),
            ("&", "&", 0),
        ];
        for (text, expected, unknown_expected) in cases {
            let mut into = String::new();
            let unknown = unescape(text, &mut into);
            assert_eq!((into.as_str(), unknown), (expected, unknown_expected), "{text}");
        }
    }
}
