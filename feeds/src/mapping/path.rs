//! Paths of a mapping, made ready to be looked up by hash.

use crate::formats::{Field, RawRow};
use crate::hash::{PathHash, path_hash};

/// A path with at most one question about a neighbour.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) hash: PathHash,
    /// It stands outside the rows.
    head: bool,
    /// It counts for variants only: it is about the item around them.
    of_parent: bool,
    question: Option<Question>,
}

/// `[@type=net]`: of the element at `element`, a value at `asked` must be `answer`.
#[derive(Clone, Debug)]
struct Question {
    element: PathHash,
    pub(super) asked: PathHash,
    answer: String,
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("expected a path or a column".to_owned());
        }
        if let Some(head) = text.strip_prefix('/') {
            let hash = path_hash(head);
            return Ok(Self { hash, head: true, of_parent: false, question: None });
        }
        let parent = text.strip_prefix("parent:");
        let (text, of_parent) = (parent.unwrap_or(text), parent.is_some());
        let plain = Self { hash: path_hash(text), head: false, of_parent, question: None };
        // A column may have any name, brackets included.
        let Some((before, rest)) = text.split_once('[') else { return Ok(plain) };
        let Some((inside, after)) = rest.split_once(']') else { return Ok(plain) };
        let Some((asked, answer)) = inside.split_once('=') else { return Ok(plain) };
        if after.contains('[') {
            return Err(format!("{text}: one question at most"));
        }
        let asked = asked.trim();
        let joint = if asked.starts_with('@') { "" } else { "/" };
        let question = Question {
            element: path_hash(before),
            asked: path_hash(&format!("{before}{joint}{asked}")),
            answer: answer.trim().trim_matches(['"', '\'']).to_owned(),
        };
        let hash = path_hash(&format!("{before}{after}"));
        Ok(Self { hash, head: false, of_parent, question: Some(question) })
    }

    /// All hashes whose values decide what this path gives.
    pub(super) fn hashes(&self) -> impl Iterator<Item = PathHash> + '_ {
        let own = (!self.head).then_some(self.hash);
        own.into_iter().chain(self.question.as_ref().map(|question| question.asked))
    }

    /// The path in the head, if it stands there.
    pub(super) fn head_hash(&self) -> Option<PathHash> {
        self.head.then_some(self.hash)
    }

    /// The values in the feed's order.
    pub(super) fn values<'r>(&'r self, row: &'r RawRow) -> impl Iterator<Item = &'r str> {
        let head = if self.head { row.head.by_hash(self.hash) } else { None };
        let silent = self.head || (self.of_parent && row.variant.is_none());
        let fields = if silent { &[][..] } else { &row.fields[..] };
        head.into_iter().chain(
            fields
                .iter()
                .filter(move |field| field.path == self.hash && self.answers(row, field))
                .map(move |field| row.value(*field)),
        )
    }

    fn answers(&self, row: &RawRow, field: &Field) -> bool {
        let Some(question) = &self.question else { return true };
        let Some(element) = enclosing(row, field.element, question.element) else { return false };
        row.fields.iter().any(|neighbour| {
            neighbour.path == question.asked
                && neighbour.owner == element
                && row.value(*neighbour) == question.answer
        })
    }
}

/// The element of that path around another, that one itself included.
fn enclosing(row: &RawRow, element: u32, path: PathHash) -> Option<u32> {
    let mut at = element;
    loop {
        let element = row.elements.get(at as usize)?;
        if element.path == path {
            return Some(at);
        }
        if at == 0 {
            return None;
        }
        at = element.parent;
    }
}
