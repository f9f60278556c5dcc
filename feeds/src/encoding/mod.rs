//! From bytes to text: which encoding it is, whatever was declared, and UTF-8 out of it, without
//! control characters and with one kind of line end.

mod cp852;
mod decoder;
pub(crate) mod entities;
mod sniff;
mod text;

pub(crate) use sniff::Hints;
pub(crate) use text::Text;

use encoding_rs::Encoding;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// An encoding by name: those of the web, and CP852.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Web(&'static Encoding),
    Cp852,
}

impl Charset {
    /// UTF-8.
    pub const UTF_8: Self = Self(Kind::Web(encoding_rs::UTF_8));
    /// What Czech and Slovak Windows writes.
    pub const WINDOWS_1250: Self = Self(Kind::Web(encoding_rs::WINDOWS_1250));
    /// What Czech and Slovak Unix wrote.
    pub const ISO_8859_2: Self = Self(Kind::Web(encoding_rs::ISO_8859_2));
    /// UTF-16, low byte first.
    pub const UTF_16LE: Self = Self(Kind::Web(encoding_rs::UTF_16LE));
    /// UTF-16, high byte first.
    pub const UTF_16BE: Self = Self(Kind::Web(encoding_rs::UTF_16BE));
    /// What Czech DOS wrote.
    pub const CP852: Self = Self(Kind::Cp852);

    /// The encoding that a declaration names, in any of its spellings.
    pub fn parse(label: &str) -> Option<Self> {
        let label = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let kind = match label.as_str() {
            "cp852" | "ibm852" | "852" | "latin2-dos" | "pclatin2" => Kind::Cp852,
            // What people call it who write files by hand.
            "win1250" | "windows1250" | "cp-1250" | "1250" => Kind::Web(encoding_rs::WINDOWS_1250),
            "utf8-bom" | "utf-8-bom" | "utf-8-sig" => Kind::Web(encoding_rs::UTF_8),
            label => Kind::Web(Encoding::for_label(label.as_bytes())?),
        };
        Some(Self(kind))
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Web(encoding) => encoding.name(),
            Kind::Cp852 => "CP852",
        }
    }

    /// Bytes of a text; what the encoding has no byte for becomes a question mark.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self.0 {
            Kind::Cp852 => text.chars().map(|one| cp852::encode(one).unwrap_or(b'?')).collect(),
            Kind::Web(encoding) if encoding == encoding_rs::UTF_16LE => {
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
            Kind::Web(encoding) if encoding == encoding_rs::UTF_16BE => {
                text.encode_utf16().flat_map(u16::to_be_bytes).collect()
            }
            Kind::Web(encoding) => encoding.encode(text).0.into_owned(),
        }
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Charset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Charset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        Self::parse(&label).ok_or_else(|| {
            de::Error::custom("expected an encoding such as utf-8, windows-1250 or cp852")
        })
    }
}

/// What was noticed about a feed's text. None of it stops a run; all of it should be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextReport {
    /// The encoding that it was read in at the end.
    pub charset: Option<Charset>,
    /// What was declared, where that was not true.
    pub declared_wrongly: Option<Charset>,
    /// Control characters that were left out.
    pub controls: u64,
    /// Bytes that mean nothing in the encoding; each became U+FFFD.
    pub malformed: u64,
    /// Sequences such as `Å¡` were seen: the text was encoded twice. It is undone only where the
    /// mapping asks for it.
    pub encoded_twice: bool,
    /// References such as `&foo;` that mean nothing and were left as they are.
    pub entities_unknown: u64,
    /// Fields that were dropped because the feed has more names than its limit allows.
    pub fields_dropped: u64,
}

/// Undoes a double encoding, if that is what the text is: UTF-8 that was taken for windows-1252 (or
/// 1250) and encoded once more.
pub fn undo_double_encoding(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    [encoding_rs::WINDOWS_1252, encoding_rs::WINDOWS_1250].into_iter().find_map(|encoding| {
        let (bytes, _, unmappable) = encoding.encode(text);
        let once = (!unmappable).then(|| String::from_utf8(bytes.into_owned()).ok())??;
        (once.chars().count() < text.chars().count()).then_some(once)
    })
}
