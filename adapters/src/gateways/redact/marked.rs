//! Bodies in XML, and forms of several parts, such as banks have them.

use super::{MASK, Redactor};
use quick_xml::{Reader, events::Event};

impl Redactor {
    /// An XML text without its attributes; none if it is none, or not whole.
    pub(super) fn xml(&self, text: &str) -> Option<String> {
        let mut reader = Reader::from_str(text);
        let (mut shown, mut open) = (String::new(), Vec::new());
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    let name = String::from(AsRef::<str>::as_ref(&start.local_name()));
                    shown.push_str(&format!("<{}>", self.name(&name)));
                    open.push(name);
                }
                Event::End(_) => {
                    let name = open.pop()?;
                    shown.push_str(&format!("</{}>", self.name(&name)));
                }
                Event::Empty(empty) => {
                    let name = empty.local_name();
                    shown.push_str(&format!("<{}/>", self.name(name.as_ref())));
                }
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Text(text) => {
                    let value = self.shown(open.last()?, text.trim());
                    shown.push_str(value.as_deref().unwrap_or(MASK));
                }
                // Entities, and what is quoted.
                Event::CData(_) | Event::GeneralRef(_) => shown.push_str(MASK),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
                Event::Eof => return (open.is_empty() && !shown.is_empty()).then_some(shown),
            }
        }
    }

    /// A form of several parts, as its parts; none if it is none.
    pub(super) fn parts(&self, kind: Option<&str>, body: &str) -> Option<String> {
        let kind = kind.filter(|kind| kind.starts_with("multipart/form-data"))?;
        let (_, boundary) = kind.split_once("boundary=")?;
        let between = format!("--{}", boundary.trim_matches('"'));
        let mut shown = Vec::new();
        for part in body.split(between.as_str()) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
            let name = head.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"'));
            let (name, value) = (name.map_or("", |(name, _)| name), value.trim());
            let value = self.xml(value).or_else(|| self.shown(name, value));
            shown.push(format!("{}={}", self.name(name), value.as_deref().unwrap_or(MASK)));
        }
        Some(shown.join("&"))
    }
}
