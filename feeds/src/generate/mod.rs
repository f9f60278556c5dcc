//! Feeds of any size in each format, made up and always the same for the same plan: for tests,
//! measurements and the demo. They are written as they are read, so a feed of ten million rows takes
//! no more memory than one of ten.

mod packing;
mod product;
mod writers;

pub use product::Product;

use crate::encoding::Charset;
use crate::formats::{Format, Source};
use crate::mapping::Rules;
use crate::mapping::presets::Preset;
use kontor_messages::Currency;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The dialect.
    pub dialect: Preset,
    /// How many products.
    pub rows: u64,
    /// Another seed, other products.
    pub seed: u64,
    /// The edition of the feed: each later one has some prices and stocks changed.
    pub edition: u32,
    /// How many products of a thousand change from one edition to the next.
    pub changed_permille: u32,
    /// The encoding.
    pub charset: Charset,
    /// How it is packed.
    pub packing: Packing,
}

/// How a feed is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// Gzip.
    Gzip,
    /// A zip with one file.
    Zip,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            dialect: Preset::Heureka,
            rows: 1_000,
            seed: 1,
            edition: 0,
            changed_permille: 100,
            charset: Charset::UTF_8,
            packing: Packing::Plain,
        }
    }
}

impl Plan {
    /// A plan with everything but dialect and size at its default.
    pub fn new(dialect: Preset, rows: u64) -> Self {
        Self { dialect, rows, ..Self::default() }
    }

    /// The feed, to be read as often as one likes.
    pub fn feed(&self) -> Box<dyn Read + Send> {
        let feed = Feed { plan: self.clone(), stage: Stage::Head, pending: Vec::new(), from: 0 };
        match self.packing {
            Packing::Plain => Box::new(feed),
            Packing::Gzip => packing::gzip(feed),
            Packing::Zip => packing::zip(feed, "export/feed.txt"),
        }
    }

    /// The product of a row, from 0.
    pub fn product(&self, row: u64) -> Product {
        Product::of(self, row)
    }

    /// How such a feed is to be read.
    pub fn source(&self) -> Source {
        let mut source = Source::new(self.dialect.format());
        // What is in no declaration has to be said.
        let declared = matches!(source.format, Format::Xml(_)) || self.charset == Charset::UTF_8;
        source.charset = (!declared).then_some(self.charset);
        source.file_mask = (self.packing == Packing::Zip).then(|| "*.txt".to_owned());
        source
    }

    /// How such a feed is to be mapped.
    pub fn rules(&self) -> Rules {
        let mut rules = self.dialect.rules();
        rules.reading.currency = Some(Currency::CZK);
        rules
    }
}

enum Stage {
    Head,
    Row(u64),
    Done,
}

struct Feed {
    plan: Plan,
    stage: Stage,
    pending: Vec<u8>,
    from: usize,
}

impl Feed {
    /// The next part of the text: `false` at its end.
    fn write_next(&mut self) -> bool {
        let mut text = String::new();
        self.stage = match self.stage {
            Stage::Head => {
                writers::head(&self.plan, &mut text);
                Stage::Row(0)
            }
            Stage::Row(row) if row < self.plan.rows => {
                let product = self.plan.product(row);
                writers::row(self.plan.dialect, row, &product, &mut text);
                Stage::Row(row + 1)
            }
            Stage::Row(_) => {
                writers::tail(&self.plan, &mut text);
                Stage::Done
            }
            Stage::Done => return false,
        };
        self.from = 0;
        if self.plan.charset == Charset::UTF_8 {
            self.pending = text.into_bytes();
        } else {
            self.pending = self.plan.charset.encode(&text);
        }
        true
    }
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < into.len() {
            if self.from == self.pending.len() && !self.write_next() {
                break;
            }
            let count = (self.pending.len() - self.from).min(into.len() - written);
            into[written..written + count]
                .copy_from_slice(&self.pending[self.from..self.from + count]);
            self.from += count;
            written += count;
        }
        Ok(written)
    }
}
