//! An item of a nested format while it is read, and the rows that it is made into: one for each of
//! its variants, or the item itself if it has none.
//!
//! An item that has variants is no row: its price and stock are sums or remnants, and a product of
//! its own would double the stock.

use super::names::{Names, ROOT};
use super::raw::{Element, Field, Head, RawRow};
use crate::encoding::TextReport;
use crate::error::FeedError;
use crate::hash::{PathHash, path_hash};
use crate::limits::Limits;
use std::sync::Arc;

pub(super) struct Item {
    pub(super) names: Arc<Names>,
    pub(super) head: Arc<Head>,
    whole: RawRow,
    /// The elements that are open, the row's own first.
    open: Vec<Open>,
    variant_paths: Vec<PathHash>,
    variants: u32,
    /// The next variant to be given; 0 when the item is being read.
    next: u32,
    /// By node of the names: where among its children the last one was found.
    likely: Vec<u32>,
    limits: Limits,
}

#[derive(Clone, Copy)]
struct Open {
    /// `None` if it has no name within the limits: what it holds is dropped.
    name: Option<u32>,
    element: u32,
    variant: u32,
}

impl Item {
    pub(super) fn new(variant_paths: &[String], limits: &Limits) -> Self {
        Self {
            names: Arc::default(),
            head: Arc::default(),
            whole: RawRow::default(),
            open: Vec::new(),
            variant_paths: variant_paths.iter().map(|path| path_hash(path)).collect(),
            variants: 0,
            next: 1,
            likely: Vec::new(),
            limits: limits.clone(),
        }
    }

    pub(super) fn begin(&mut self, line: u64, offset: u64, deleted: bool) {
        self.whole.clear();
        (self.whole.line, self.whole.offset, self.whole.deleted) = (line, offset, deleted);
        self.variants = 0;
        self.next = 0;
        self.open.clear();
        self.whole.elements.push(Element { path: self.names.hash(ROOT), parent: 0 });
        self.open.push(Open { name: Some(ROOT), element: 0, variant: 0 });
    }

    /// How many elements are open within the row, the row's own counted.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn enter(&mut self, part: &str, report: &mut TextReport) -> Result<(), FeedError> {
        let Some(parent) = self.open.last().copied() else { return Ok(()) };
        let name = parent.name.and_then(|name| self.name(name, part, false));
        if name.is_none() {
            report.fields_dropped += 1;
        }
        let mut open = Open { name, element: parent.element, variant: parent.variant };
        if let Some(name) = name {
            self.room(self.whole.elements.len())?;
            let path = self.names.hash(name);
            open.element = self.whole.elements.len() as u32;
            self.whole.elements.push(Element { path, parent: parent.element });
            if parent.variant == 0 && self.variant_paths.contains(&path) {
                self.variants += 1;
                open.variant = self.variants;
            }
        }
        self.open.push(open);
        Ok(())
    }

    /// The open element's own value, unless it is blank.
    pub(super) fn value(&mut self, value: &str) -> Result<(), FeedError> {
        let Some(open) = self.open.last().copied() else { return Ok(()) };
        let Some(name) = open.name else { return Ok(()) };
        let owner = self.whole.elements[open.element as usize].parent;
        self.put(name, [open.element, owner], open.variant, value)
    }

    /// An attribute of the open element.
    pub(super) fn attribute(&mut self, part: &str, value: &str) -> Result<(), FeedError> {
        let Some(open) = self.open.last().copied() else { return Ok(()) };
        match open.name.and_then(|name| self.name(name, part, true)) {
            Some(name) => self.put(name, [open.element; 2], open.variant, value),
            None => Ok(()),
        }
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// Gives the item's next row. `false` when all were given.
    pub(super) fn give(&mut self, row: &mut RawRow) -> bool {
        if self.next > self.variants || (self.variants > 0 && self.next == 0) {
            return false;
        }
        row.clear();
        (row.line, row.offset, row.deleted) =
            (self.whole.line, self.whole.offset, self.whole.deleted);
        if !Arc::ptr_eq(&row.names, &self.names) {
            row.names = self.names.clone();
        }
        if !Arc::ptr_eq(&row.head, &self.head) {
            row.head = self.head.clone();
        }
        if self.variants == 0 {
            std::mem::swap(&mut row.text, &mut self.whole.text);
            std::mem::swap(&mut row.fields, &mut self.whole.fields);
            std::mem::swap(&mut row.elements, &mut self.whole.elements);
            self.next = 1;
            return true;
        }
        let own = self.next;
        row.variant = Some(own);
        row.elements.extend_from_slice(&self.whole.elements);
        for field in &self.whole.fields {
            if field.variant == 0 || field.variant == own {
                let from = row.text.len() as u32;
                row.text.push_str(self.whole.value(*field));
                let to = row.text.len() as u32;
                row.fields.push(Field { from, to, ..*field });
            }
        }
        self.next += 1;
        true
    }

    /// The item was read to its end: its rows can be given.
    pub(super) fn end(&mut self) {
        self.open.clear();
        self.next = u32::from(self.variants > 0);
    }

    fn put(
        &mut self,
        name: u32,
        [element, owner]: [u32; 2],
        variant: u32,
        value: &str,
    ) -> Result<(), FeedError> {
        self.room(self.whole.fields.len())?;
        // References may make a text longer than it stood in the feed.
        if self.whole.text.len() + value.len() > u32::MAX as usize {
            let (what, limit) = ("a row in bytes", self.limits.row_bytes_max);
            return Err(FeedError::TooLarge { what, limit });
        }
        self.whole.push(name, self.names.hash(name), value);
        if let Some(field) = self.whole.fields.last_mut() {
            (field.element, field.owner, field.variant) = (element, owner, variant);
        }
        Ok(())
    }

    fn room(&self, count: usize) -> Result<(), FeedError> {
        if count < self.limits.row_fields_max as usize {
            return Ok(());
        }
        let limit = u64::from(self.limits.row_fields_max);
        Err(FeedError::TooLarge { what: "a row in values", limit })
    }

    fn name(&mut self, parent: u32, part: &str, attribute: bool) -> Option<u32> {
        let nodes = parent as usize + 1;
        if self.likely.len() < nodes {
            self.likely.resize(nodes, 0);
        }
        let likely = &mut self.likely[parent as usize];
        if let Some(known) = self.names.find(parent, part, attribute, likely) {
            return Some(known);
        }
        if self.names.is_full(self.limits.names_max) {
            return None;
        }
        // Rows hold the table too, so a new name costs a copy: there are few of them.
        Arc::make_mut(&mut self.names).add(parent, part, attribute, self.limits.names_max)
    }
}
