//! Which encoding the first bytes speak of. The order differs by format, since what is declared is
//! worth something in XML and nothing in CSV.

use super::Charset;

/// What is known besides the bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    /// The operator's word, which counts before all but a byte order mark.
    pub(crate) settled: Option<Charset>,
    /// The transport's word, often wrong.
    pub(crate) transport: Option<Charset>,
    /// Whether the text may declare its encoding as XML does.
    pub(crate) declares: bool,
}

/// The decision.
pub(super) struct Verdict {
    pub(super) charset: Charset,
    pub(super) bom_bytes: usize,
    pub(super) declared_wrongly: Option<Charset>,
    /// Whether a first broken sequence of UTF-8 means that all of it is windows-1250.
    pub(super) may_fall_back: bool,
}

impl Verdict {
    fn sure(charset: Charset, bom_bytes: usize) -> Self {
        Self { charset, bom_bytes, declared_wrongly: None, may_fall_back: false }
    }
}

pub(super) fn sniff(sample: &[u8], whole: bool, hints: &Hints) -> Verdict {
    match sample {
        [0xef, 0xbb, 0xbf, ..] => return Verdict::sure(Charset::UTF_8, 3),
        [0xff, 0xfe, ..] => return Verdict::sure(Charset::UTF_16LE, 2),
        [0xfe, 0xff, ..] => return Verdict::sure(Charset::UTF_16BE, 2),
        // Two characters of ASCII in UTF-16.
        [0, 1..=255, 0, 1..=255, ..] => return Verdict::sure(Charset::UTF_16BE, 0),
        [1..=255, 0, 1..=255, 0, ..] => return Verdict::sure(Charset::UTF_16LE, 0),
        _ => {}
    }
    if let Some(charset) = hints.settled {
        return Verdict::sure(charset, 0);
    }
    let declared = if hints.declares { declaration(sample).or(hints.transport) } else { None };
    doubt(sample, whole, declared.unwrap_or(Charset::UTF_8), declared.is_some())
}

/// The declaration against the bytes.
fn doubt(sample: &[u8], whole: bool, charset: Charset, declared: bool) -> Verdict {
    // Who could read a declaration of UTF-16 in single bytes knows that it is none.
    let charset = if [Charset::UTF_16LE, Charset::UTF_16BE].contains(&charset) {
        Charset::UTF_8
    } else {
        charset
    };
    let wrongly = declared.then_some(charset);
    if charset == Charset::UTF_8 {
        if is_utf8(sample, whole) {
            let may_fall_back = true;
            return Verdict { charset, bom_bytes: 0, declared_wrongly: None, may_fall_back };
        }
        // A file that is mostly good UTF-8 with a broken place is not of another encoding.
        if mostly_utf8(sample) {
            return Verdict::sure(charset, 0);
        }
        let charset = Charset::WINDOWS_1250;
        return Verdict { charset, bom_bytes: 0, declared_wrongly: wrongly, may_fall_back: false };
    }
    // No text in 8859-2 has the bytes that windows-1250 has its carons in.
    if charset == Charset::ISO_8859_2 && sample.iter().any(|byte| (0x80..=0x9f).contains(byte)) {
        let charset = Charset::WINDOWS_1250;
        return Verdict { charset, bom_bytes: 0, declared_wrongly: wrongly, may_fall_back: false };
    }
    Verdict::sure(charset, 0)
}

/// A sample may end within a character, a whole body may not.
fn is_utf8(sample: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && !whole,
    }
}

fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut good, mut broken) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    good > broken.saturating_mul(4)
}

/// `encoding="…"` of `<?xml …?>`, which may stand behind blank lines.
fn declaration(sample: &[u8]) -> Option<Charset> {
    let sample = sample.trim_ascii_start();
    let inside = sample.strip_prefix(b"<?xml")?;
    let inside = &inside[..memchr::memmem::find(inside, b"?>")?];
    let at = memchr::memmem::find(inside, b"encoding")?;
    let value = std::str::from_utf8(&inside[at + 8..]).ok()?.trim_start().strip_prefix('=')?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    Charset::parse(value[1..].split(quote).next()?)
}

/// Whether a text looks as if UTF-8 was taken for another encoding and encoded once more.
pub(super) fn encoded_twice(text: &str) -> bool {
    const MARKS: [&str; 12] =
        ["Å¡", "Å¾", "Ä›", "Å™", "Ã¡", "Ã©", "Ã\u{ad}", "Ã½", "Å¯", "Ä\u{8d}", "Ĺˇ", "Ĺľ"];
    MARKS.iter().filter(|mark| text.contains(**mark)).count() > 1
}
