//! JSON: an array of objects somewhere in the answer, or one object a line. Numbers keep the digits
//! that were written; a binary float never comes near a price.

use super::RowReader;
use super::item::Item;
use super::raw::{Head, RawRow};
use crate::encoding::Text;
use crate::error::FeedError;
use crate::limits::Limits;
use lexer::{Lexer, Scalar};
use serde::{Deserialize, Serialize};

mod lexer;

/// Values within values that are read at most.
const DEPTH_MAX: usize = 64;

/// How rows are found in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JsonFormat {
    /// Names of members with `/` between that lead to the array of rows, as in `data/products`.
    /// Empty: the document is the array, or each value of the document is a row.
    pub rows: String,
    /// The rows are members of an object; each one's name is its value `@key`.
    pub keyed: bool,
    /// Paths below the row of arrays whose objects are variants.
    pub variants: Vec<String>,
    /// Where the answer says that it is an error, although the status was 200.
    pub envelope: Option<Envelope>,
}

/// What an answer says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The path of its code.
    pub code: String,
    /// The codes that mean that all is well.
    pub fine: Vec<String>,
    /// The path of its message.
    #[serde(default)]
    pub message: String,
}

pub(super) struct Json {
    lexer: Lexer,
    format: JsonFormat,
    item: Item,
    /// The values that are open outside a row.
    open: Vec<Open>,
    path: String,
    begun: bool,
    /// Each value of the document is a row.
    lines: bool,
}

struct Open {
    array: bool,
    rows: bool,
    empty: bool,
    path_len: usize,
}

impl Json {
    pub(super) fn new(
        mut text: Text,
        format: &JsonFormat,
        limits: &Limits,
    ) -> Result<Self, FeedError> {
        let sample = text.sample()?;
        let first = sample.first().copied();
        if !matches!(first, Some(b'{' | b'[')) {
            let found = String::from_utf8_lossy(sample).chars().take(40).collect();
            return Err(FeedError::WrongFormat { expected: "JSON", found });
        }
        let format = format.clone();
        let lines = format.rows.is_empty() && !format.keyed && first == Some(b'{');
        let item = Item::new(&format.variants, limits);
        let (open, path) = (Vec::new(), String::new());
        Ok(Self { lexer: Lexer::new(text), format, item, open, path, begun: false, lines })
    }

    /// Goes on outside the rows. `true` when a row was read into the item.
    fn step(&mut self) -> Result<Step, FeedError> {
        self.lexer.text.row_begins();
        let next = self.lexer.peek()?;
        let Some(open) = self.open.last_mut() else { return self.between_values(next) };
        let Some(next) = next else { return Err(self.lexer.truncated("a value is not closed")) };
        let (array, rows) = (open.array, open.rows);
        if next == if array { b']' } else { b'}' } {
            self.lexer.skip();
            self.open.pop();
            let path_len = self.open.last().map_or(0, |open| open.path_len);
            self.path.truncate(path_len);
            return Ok(Step::Outside);
        }
        if !std::mem::replace(&mut open.empty, false) {
            self.lexer.expect(b',')?;
        }
        let path_len = open.path_len;
        self.path.truncate(path_len);
        if !array {
            self.lexer.key()?;
            self.lexer.expect(b':')?;
            if !rows {
                if !self.path.is_empty() {
                    self.path.push('/');
                }
                self.path.push_str(&self.lexer.key);
            }
        }
        if rows { self.row(!array) } else { self.outside() }
    }

    fn between_values(&mut self, next: Option<u8>) -> Result<Step, FeedError> {
        match next {
            None if self.begun => Ok(Step::End),
            None => Err(self.lexer.truncated("there is no value")),
            Some(_) if self.lines => {
                self.begun = true;
                self.row(false)
            }
            Some(_) if self.begun => Err(self.lexer.malformed("something follows the document")),
            Some(_) => {
                self.begun = true;
                self.outside()
            }
        }
    }

    /// A value outside the rows: it holds them, or it belongs to the head.
    fn outside(&mut self) -> Result<Step, FeedError> {
        let next = self.lexer.peek()?;
        if let Some(begin @ (b'{' | b'[')) = next {
            if self.open.len() == DEPTH_MAX {
                return Err(too_deep());
            }
            self.lexer.skip();
            let array = begin == b'[';
            let rows = self.path == self.format.rows && (array != self.format.keyed);
            self.open.push(Open { array, rows, empty: true, path_len: self.path.len() });
            return Ok(Step::Outside);
        }
        if self.lexer.scalar()? != Scalar::Null {
            Head::put(&mut self.item.head, &self.path, &self.lexer.value);
        }
        Ok(Step::Outside)
    }

    fn row(&mut self, keyed: bool) -> Result<Step, FeedError> {
        self.lexer.peek()?;
        let (line, offset) = (self.lexer.text.line(), self.lexer.text.offset());
        self.item.begin(line, offset, false);
        if keyed {
            self.item.attribute("key", &self.lexer.key)?;
        }
        self.value(1)?;
        self.item.leave();
        self.item.end();
        Ok(Step::Row)
    }

    /// A value within a row, whose name was entered.
    fn value(&mut self, depth: usize) -> Result<(), FeedError> {
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        match self.lexer.peek()? {
            Some(b'{') => self.object(depth),
            // An array within an array has no name of its own: its values are those of the outer.
            Some(b'[') => self.array(depth, None),
            Some(_) => {
                self.lexer.scalar()?;
                self.item.value(&self.lexer.value)
            }
            None => Err(self.lexer.truncated("a row is not closed")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), FeedError> {
        self.lexer.expect(b'{')?;
        let mut first = true;
        loop {
            if self.lexer.peek()? == Some(b'}') {
                self.lexer.skip();
                return Ok(());
            }
            if !std::mem::replace(&mut first, false) {
                self.lexer.expect(b',')?;
            }
            self.lexer.key()?;
            self.lexer.expect(b':')?;
            if self.lexer.peek()? == Some(b'[') {
                let key = self.lexer.key.clone();
                self.array(depth, Some(&key))?;
            } else {
                self.item.enter(&self.lexer.key, self.lexer.text.report_mut())?;
                self.value(depth + 1)?;
                self.item.leave();
            }
        }
    }

    /// Each element is entered on its own, so that objects of a list can be told apart.
    fn array(&mut self, depth: usize, key: Option<&str>) -> Result<(), FeedError> {
        self.lexer.expect(b'[')?;
        let mut first = true;
        loop {
            if self.lexer.peek()? == Some(b']') {
                self.lexer.skip();
                return Ok(());
            }
            if !std::mem::replace(&mut first, false) {
                self.lexer.expect(b',')?;
            }
            if let Some(key) = key {
                self.item.enter(key, self.lexer.text.report_mut())?;
            }
            self.value(depth + 1)?;
            if key.is_some() {
                self.item.leave();
            }
        }
    }

    fn judge_envelope(&self) -> Result<(), FeedError> {
        let Some(envelope) = &self.format.envelope else { return Ok(()) };
        let code = self.item.head.get(&envelope.code).unwrap_or("nothing").to_owned();
        if envelope.fine.contains(&code) {
            return Ok(());
        }
        let message = self.item.head.get(&envelope.message).unwrap_or("").to_owned();
        Err(FeedError::Refused { code, message })
    }
}

enum Step {
    Outside,
    Row,
    End,
}

impl RowReader for Json {
    fn read(&mut self, row: &mut RawRow) -> Result<bool, FeedError> {
        loop {
            if self.item.give(row) {
                return Ok(true);
            }
            match self.step()? {
                Step::Outside | Step::Row => {}
                Step::End => {
                    self.judge_envelope()?;
                    return Ok(false);
                }
            }
        }
    }

    fn text(&self) -> &Text {
        &self.lexer.text
    }

    fn text_mut(&mut self) -> &mut Text {
        &mut self.lexer.text
    }

    fn expected(&self) -> String {
        match self.format.rows.as_str() {
            "" => "an array of objects".to_owned(),
            rows => format!("an array of objects at {rows}"),
        }
    }

    fn names(&self) -> Vec<String> {
        self.item.names.iter().map(str::to_owned).collect()
    }
}

fn too_deep() -> FeedError {
    FeedError::TooLarge { what: "the depth of values", limit: DEPTH_MAX as u64 }
}
