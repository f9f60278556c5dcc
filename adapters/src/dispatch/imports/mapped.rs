//! Rows of a feed with what a mapping makes of them: one thread reads them and has them back in their
//! order, another one maps them meanwhile. To map a row takes longer than to read it.

use super::{index::short, plan::Plan};
use kontor_feeds::{FeedError, Mapped, RawRow, Record, RowError, Rows};
use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, Scope},
};

/// Rows that are handed over at once, and bytes of theirs: fewer if they are large.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;
/// Handfuls of rows on their way: one is read or told of, the other one is mapped.
const HANDFULS: usize = 2;

/// A row, and what it means.
pub struct Row {
    /// The row.
    pub raw: RawRow,
    /// Its fingerprint.
    pub fingerprint: u64,
    /// It seems to say what is known, and need not be mapped.
    pub known: bool,
    /// What it means, if it was mapped.
    pub meaning: Option<Meaning>,
}

/// What a row means.
pub enum Meaning {
    /// Something is wrong with it.
    Wrong(Vec<RowError>, Option<String>),
    /// It is left out; the code, if it has one.
    Filtered(Option<String>),
    /// It is an offer; the record's fingerprint without price and stock.
    Offer(Box<Record>, u64),
}

/// Rows on their way.
type Handful = Vec<Row>;

/// The thread that maps, as whoever reads sees it. It ends when this is dropped.
pub struct Mapper {
    rows: SyncSender<Handful>,
    mapped: Receiver<Handful>,
    blank: usize,
    under_way: usize,
}

impl Plan {
    /// The fingerprint of a row.
    pub fn fingerprint(&self, row: &RawRow) -> u64 {
        short(self.mapping.fingerprint(row)) ^ self.salt
    }

    /// What a row means.
    pub fn meaning(&self, row: &RawRow) -> Meaning {
        match self.mapping.apply(row) {
            Err(errors) => Meaning::Wrong(errors, self.mapping.code(row)),
            Ok(Mapped::Filtered) => Meaning::Filtered(self.mapping.code(row)),
            Ok(Mapped::Record(mut record)) => {
                let (price, stock) = (record.purchase_price.take(), record.stock.take());
                let content = short(record.fingerprint()) ^ self.salt;
                (record.purchase_price, record.stock) = (price, stock);
                Meaning::Offer(record, content)
            }
        }
    }
}

impl Mapper {
    /// Begins the thread.
    ///
    /// # Errors
    ///
    /// If there is none to be had.
    pub fn begin<'s>(threads: &'s Scope<'s, '_>, plan: &'s Plan) -> std::io::Result<Self> {
        let (rows, line) = sync_channel::<Handful>(HANDFULS);
        let (done, mapped) = sync_channel(HANDFULS);
        Builder::new().name("mapping".to_owned()).spawn_scoped(threads, move || {
            for mut handful in line {
                for row in handful.iter_mut().filter(|row| !row.known) {
                    row.meaning = Some(plan.meaning(&row.raw));
                }
                if done.send(handful).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { rows, mapped, blank: HANDFULS, under_way: 0 })
    }

    /// The handful that is to be told of next, and then to be filled anew if there are more rows; none
    /// after the last one.
    pub fn next(&mut self, more: bool) -> Option<Handful> {
        if more && 0 < self.blank {
            self.blank -= 1;
            return Some(Handful::with_capacity(ROWS));
        }
        self.under_way = self.under_way.checked_sub(1)?;
        // Without a thread that answers, its panic is told when all threads have ended.
        self.mapped.recv().ok()
    }

    /// Reads as many rows as are handed over at once, and has them mapped. False: there are no more.
    ///
    /// # Errors
    ///
    /// If the feed is no good.
    pub fn read(
        &mut self,
        rows: &mut Rows,
        mut handful: Handful,
        plan: &Plan,
        is_known: impl Fn(u64) -> bool,
    ) -> Result<bool, FeedError> {
        let mut bytes = 0;
        let more = loop {
            if ROWS <= handful.len() || BYTES <= bytes {
                break true;
            }
            let Some(raw) = rows.next_row()? else { break false };
            bytes += raw.bytes_beside(handful.last().map(|last| &last.raw));
            let fingerprint = plan.fingerprint(raw);
            let known = is_known(fingerprint);
            handful.push(Row { raw: raw.clone(), fingerprint, known, meaning: None });
        };
        self.under_way += usize::from(self.rows.send(handful).is_ok());
        Ok(more)
    }
}
