//! A row as the feed has it: values under paths or column names, nothing understood yet.

use super::names::Names;
use crate::hash::{Fingerprint, Fingerprinting, PathHash, path_hash};
use std::sync::Arc;

/// One row of a feed. Readers fill the same row again and again: clone it to keep it.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// From 1; each variant of an item is a row of its own.
    pub number: u64,
    /// The line of the text where the row, or the item around it, begins.
    pub line: u64,
    /// Bytes of text before it. Text is what remains after unpacking and decoding.
    pub offset: u64,
    /// Which variant of its item it is, from 1, if the item has any.
    pub variant: Option<u32>,
    /// The feed says with the row's kind that the product is gone.
    pub deleted: bool,
    /// A line with more values than its header has columns: how many, and how many were expected.
    /// One of its values stands under a wrong name.
    pub misaligned: Option<(u32, u32)>,
    pub(crate) text: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) elements: Vec<Element>,
    pub(crate) names: Arc<Names>,
    pub(crate) head: Arc<Head>,
}

/// A value: where its text stands and what it is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) path: PathHash,
    pub(crate) name: u32,
    /// The element (or JSON value) that it is the text or an attribute of.
    pub(crate) element: u32,
    /// The element beside whose other values it stands: for a text the one around its own, for an
    /// attribute its own.
    pub(crate) owner: u32,
    /// The variant that it belongs to; 0 belongs to all.
    pub(crate) variant: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// An element of the row with its parent, so that values can be told apart by their neighbours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) path: PathHash,
    pub(crate) parent: u32,
}

/// What a feed says once, outside its rows: currency, language, date.
#[derive(Clone, Debug, Default)]
pub struct Head {
    values: Vec<(PathHash, String, String)>,
}

/// More than this stands in no head; what is beyond is not kept.
const HEAD_VALUES_MAX: usize = 200;
const HEAD_VALUE_BYTES_MAX: usize = 4_096;

impl Head {
    /// The value at a path from the root, such as `BMECAT/HEADER/CATALOG/CURRENCY`.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.by_hash(path_hash(path))
    }

    /// All paths with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(_, path, value)| (path.as_str(), value.as_str()))
    }

    pub(crate) fn by_hash(&self, path: PathHash) -> Option<&str> {
        self.values.iter().find(|(own, ..)| *own == path).map(|(.., value)| value.as_str())
    }

    /// The first value of a path stays: repetitions are lists, and nobody asks a head for a list. Rows
    /// that are kept share the head, so it is copied only if there is something to put.
    pub(crate) fn put(head: &mut Arc<Self>, path: &str, value: &str) {
        let hash = path_hash(path);
        let room = head.values.len() < HEAD_VALUES_MAX && value.len() <= HEAD_VALUE_BYTES_MAX;
        if room && head.by_hash(hash).is_none() {
            Arc::make_mut(head).values.push((hash, path.to_owned(), value.to_owned()));
        }
    }

    fn bytes(&self) -> usize {
        self.values.iter().map(|(_, path, value)| path.len() + value.len()).sum()
    }
}

impl RawRow {
    /// The first value of a path or column.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.first(path_hash(path))
    }

    /// All values of a path or column.
    pub fn all(&self, path: &str) -> impl Iterator<Item = &str> {
        let path = path_hash(path);
        self.fields.iter().filter(move |field| field.path == path).map(|field| self.value(*field))
    }

    /// All names with their values, in the feed's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (self.names.name(field.name), self.value(*field)))
    }

    /// About how many bytes it takes, kept beside another one with which it may share names and head.
    pub fn bytes_beside(&self, other: Option<&Self>) -> usize {
        let own = self.text.len() + size_of_val(&*self.fields) + size_of_val(&*self.elements);
        let names = other.is_some_and(|other| Arc::ptr_eq(&self.names, &other.names));
        let head = other.is_some_and(|other| Arc::ptr_eq(&self.head, &other.head));
        own + if names { 0 } else { self.names.bytes() } + if head { 0 } else { self.head.bytes() }
    }

    /// What the feed says outside its rows.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// A hash of all names and values, wherever the row stands. Rows that say the same are equal.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hashing = Fingerprinting::new();
        hashing.number(u64::from(self.deleted));
        for field in &self.fields {
            hashing.number(field.path);
            hashing.text(self.value(*field));
        }
        hashing.finish()
    }

    pub(crate) fn first(&self, path: PathHash) -> Option<&str> {
        self.fields.iter().find(|field| field.path == path).map(|field| self.value(*field))
    }

    pub(crate) fn value(&self, field: Field) -> &str {
        self.text.get(field.from as usize..field.to as usize).unwrap_or("")
    }

    /// Whether an element is another one or within it.
    pub(crate) fn is_within(&self, mut element: u32, outer: u32) -> bool {
        // An element is always listed behind the one around it.
        while element > outer {
            element = self.elements.get(element as usize).map_or(0, |one| one.parent);
        }
        element == outer
    }

    pub(crate) fn clear(&mut self) {
        self.variant = None;
        self.deleted = false;
        self.misaligned = None;
        self.text.clear();
        self.fields.clear();
        self.elements.clear();
    }

    /// Appends a value of the item itself.
    pub(crate) fn push(&mut self, name: u32, path: PathHash, value: &str) {
        let from = self.text.len() as u32;
        self.text.push_str(value);
        let to = self.text.len() as u32;
        self.fields.push(Field { path, name, element: 0, owner: 0, variant: 0, from, to });
    }
}
