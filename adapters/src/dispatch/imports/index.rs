//! What is known of a source's offers, as small as can be: a feed is compared with it, row by row,
//! so that a row that says what is known costs a look and nothing else.
//!
//! It is made from the offers' pages when an import begins, and thrown away with it. Codes and rows
//! are known by 64-bit hashes.

use kontor_actors::supplier::{Offer, Page};
use kontor_feeds::Fingerprint;
use kontor_messages::supplier::Availability;

/// What is known of an offer.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code's hash.
    key: u64,
    /// The row's fingerprint.
    row: u64,
    /// The fingerprint of what is neither price nor stock.
    pub content: u64,
    /// The stock, see [`pack`].
    stock: u64,
    /// The price in minor units; below zero if there is none.
    price: i64,
    /// On which page it is.
    pub page: u32,
    /// Feeds that it is missing from.
    missed: u16,
    /// It has no product yet, or was missing: its row is looked at, whatever it says.
    restless: bool,
}

/// All offers of a source.
pub struct Index {
    /// By the code's hash.
    entries: Vec<Entry>,
    /// Where the entries of a hash's first bits begin.
    starts: Vec<u32>,
    /// Entries in the order of their rows' fingerprints; only those that rest.
    rows: Vec<u32>,
    row_starts: Vec<u32>,
    /// Which were seen in the feed.
    seen: Vec<u64>,
    bits: u32,
}

/// Collects offers.
pub struct Builder {
    entries: Vec<Entry>,
}

impl Builder {
    /// For so many offers.
    pub fn new(offers: usize) -> Self {
        Self { entries: Vec::with_capacity(offers) }
    }

    /// Adds the offers of a page.
    pub fn add(&mut self, number: u32, page: &Page) {
        self.entries.extend(page.offers.iter().map(|offer| entry(number, offer)));
    }

    /// The index of all that was added.
    pub fn finish(self) -> Index {
        let mut entries = self.entries;
        entries.sort_unstable_by_key(|entry| entry.key);
        let rested = entries.iter().enumerate().filter(|(_, entry)| !entry.restless);
        let mut rows: Vec<u32> = rested.map(|(place, _)| place as u32).collect();
        rows.sort_unstable_by_key(|place| entries[*place as usize].row);
        // About two entries between two starts.
        let bits = (usize::BITS - (entries.len() / 2).leading_zeros()).clamp(1, 24);
        let row_starts = starts(bits, rows.iter().map(|place| entries[*place as usize].row));
        let starts = starts(bits, entries.iter().map(|entry| entry.key));
        let seen = vec![0; entries.len() / 64 + 1];
        Index { entries, starts, rows, row_starts, seen, bits }
    }
}

/// Where the sorted hashes of each prefix begin, and the end.
fn starts(bits: u32, hashes: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut starts = vec![0_u32; (1 << bits) + 1];
    let mut len = 0;
    for hash in hashes {
        len += 1;
        starts[prefix(bits, hash) + 1] = len;
    }
    let mut last = 0;
    for start in &mut starts {
        last = last.max(*start);
        *start = last;
    }
    starts
}

fn prefix(bits: u32, hash: u64) -> usize {
    (hash >> (64 - bits)) as usize
}

fn entry(page: u32, offer: &Offer) -> Entry {
    Entry {
        key: key(&offer.code),
        row: offer.fingerprint,
        content: offer.content,
        stock: pack(offer.stock),
        price: offer.price.map_or(-1, |price| price.amount_minor),
        page,
        missed: u16::try_from(offer.missed).unwrap_or(u16::MAX),
        restless: offer.product.is_none() || 0 < offer.missed,
    }
}

impl Index {
    /// The offer whose row said exactly this.
    pub fn by_row(&self, row: u64) -> Option<usize> {
        let prefix = prefix(self.bits, row);
        let range = self.row_starts[prefix] as usize..self.row_starts[prefix + 1] as usize;
        let mut places = self.rows[range].iter().map(|place| *place as usize);
        places.find(|place| self.entries[*place].row == row)
    }

    /// The offer of a code.
    pub fn by_code(&self, code: &str) -> Option<usize> {
        let key = key(code);
        let prefix = prefix(self.bits, key);
        let (from, to) = (self.starts[prefix] as usize, self.starts[prefix + 1] as usize);
        let found = self.entries[from..to].iter().position(|entry| entry.key == key);
        found.map(|place| place + from)
    }

    /// What is known of an offer.
    pub fn get(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    /// Notes that the feed has it; false if it had it before.
    pub fn see(&mut self, place: usize) -> bool {
        let (word, bit) = (place / 64, 1 << (place % 64));
        let first = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        first
    }

    /// Offers that the feed has not, by their codes' hashes, with their pages; those that were given
    /// up before are not among them.
    pub fn missing(&self, after_runs: u32) -> impl Iterator<Item = (u32, u64)> {
        let unseen = |place: &usize| self.seen[place / 64] & (1 << (place % 64)) == 0;
        let places = (0..self.entries.len()).filter(unseen);
        let known = places.map(|place| &self.entries[place]);
        let waited = known.filter(move |entry| u32::from(entry.missed) < after_runs);
        waited.map(|entry| (entry.page, entry.key))
    }

    /// How many offers were there in the last full feed.
    pub fn present(&self) -> usize {
        self.entries.iter().filter(|entry| entry.missed == 0).count()
    }
}

impl Entry {
    /// How much there is.
    pub fn stock(&self) -> Availability {
        unpack(self.stock)
    }

    /// What it costs, in minor units.
    pub fn price_minor(&self) -> Option<i64> {
        (0 <= self.price).then_some(self.price)
    }

    /// Whether its row is looked at, whatever it says.
    pub fn is_restless(&self) -> bool {
        self.restless
    }
}

/// A code's hash.
pub fn key(code: &str) -> u64 {
    short(Fingerprint::of(code))
}

/// The half of a fingerprint that is kept.
pub fn short(fingerprint: Fingerprint) -> u64 {
    fingerprint.0 as u64
}

/// A stock as one number, so that different ones are different.
fn pack(stock: Availability) -> u64 {
    let of = |kind: u64, units: i64| (kind << 61) | (units.max(0) as u64 & ((1 << 61) - 1));
    match stock {
        Availability::Unknown => of(0, 0),
        Availability::None => of(1, 0),
        Availability::Some => of(2, 0),
        Availability::Exact(units) => of(3, units),
        Availability::AtLeast(units) => of(4, units),
    }
}

fn unpack(packed: u64) -> Availability {
    let units = (packed & ((1 << 61) - 1)) as i64;
    match packed >> 61 {
        1 => Availability::None,
        2 => Availability::Some,
        3 => Availability::Exact(units),
        4 => Availability::AtLeast(units),
        _ => Availability::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::Timestamp;

    fn offer(code: &str, fingerprint: u64, stock: Availability) -> Offer {
        Offer {
            code: code.to_owned(),
            product: Some(code.to_owned()),
            price: None,
            stock,
            observed_at: Timestamp::default(),
            fingerprint,
            content: 0,
            missed: 0,
            missed_at: None,
        }
    }

    #[test]
    fn every_offer_is_found_by_its_code_and_by_its_row() {
        for len in [0, 1, 7, 1_000] {
            let mut builder = Builder::new(0);
            let code = |n: u64| format!("VL-{n}");
            let row = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for n in 0..len {
                let offers = vec![offer(&code(n), row(n), Availability::Exact(n as i64))];
                builder.add((n / 256) as u32, &Page { offers });
            }
            let mut index = builder.finish();
            assert_eq!(index.entries.len() as u64, len);
            for n in 0..len {
                let place = index.by_code(&code(n)).unwrap();
                assert_eq!(index.by_row(row(n)), Some(place));
                assert_eq!(index.get(place).stock(), Availability::Exact(n as i64));
                assert!(index.see(place) && !index.see(place));
            }
            assert_eq!(index.by_code("VL-1000000"), None);
            assert_eq!(index.missing(1).count(), 0);
        }
    }

    #[test]
    fn offers_that_a_feed_has_not_are_missing_until_they_are_given_up() {
        let mut builder = Builder::new(0);
        let gone = Offer { missed: 2, ..offer("C", 3, Availability::None) };
        let offers =
            vec![offer("A", 1, Availability::None), offer("B", 2, Availability::Some), gone];
        builder.add(4, &Page { offers });
        let mut index = builder.finish();
        let seen = index.by_code("A").unwrap();
        index.see(seen);
        assert_eq!(index.missing(2).collect::<Vec<_>>(), [(4, key("B"))]);
        assert_eq!(index.missing(3).count(), 2);
        assert_eq!(index.by_row(3), None, "one that was missing is looked at whatever it says");
        assert_eq!(index.present(), 2);
    }

    #[test]
    fn a_stock_reads_back_what_it_was() {
        for stock in [
            Availability::Unknown,
            Availability::None,
            Availability::Some,
            Availability::Exact(0),
            Availability::Exact(12),
            Availability::AtLeast(1_000_000),
        ] {
            assert_eq!(unpack(pack(stock)), stock);
        }
    }
}
