//! What an import is asked for, has read and has done.

use super::Availability;
use crate::{EntityId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an import runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportTrigger)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody asked for it.
    #[default]
    Request,
    /// It was time.
    Schedule {
        /// The schedule's entity.
        schedule: EntityId,
        /// Which of its runs.
        run: u64,
    },
    /// Rows that failed in another import are tried again.
    Retry {
        /// That import.
        import: EntityId,
    },
}

/// A feed's file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedFile {
    /// SHA-256 of its content, as it came.
    #[schema(min_length = 64, max_length = 64)]
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FetchedFeed)]
pub struct Fetched {
    /// The file; absent if the supplier said that nothing has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FeedFile>,
    /// The answer's entity tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When the supplier says that it changed last, as the header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// When what it tells was so.
    pub observed_at: Timestamp,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportProgress)]
pub struct Progress {
    /// Rows that are done with: the place at which it goes on after a crash.
    pub rows: u64,
    /// Rows of the feed, once they are counted.
    pub rows_total: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes of the feed.
    pub bytes_total: u64,
}

/// What became of a feed's rows. They add up to the rows of the feed, but for those that vanished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportCounts)]
pub struct Counts {
    /// Offers that are new.
    pub created: u64,
    /// Offers that changed.
    pub updated: u64,
    /// Rows that say what was known.
    pub unchanged: u64,
    /// Rows that were left out: by a filter, as a second row of a code, or as news of an unknown
    /// code in a feed of stock and prices.
    pub skipped: u64,
    /// Rows that cannot be taken; their problems are listed.
    pub failed: u64,
    /// Offers that the feed no longer holds.
    pub vanished: u64,
}

/// What is known of a feed as a whole, for the next one to be compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedFigures)]
pub struct Figures {
    /// Rows.
    pub rows: u64,
    /// Rows that could be taken.
    pub records: u64,
    /// Rows that could not.
    pub errors: u64,
    /// Rows that say that there is no stock.
    pub zero_stock: u64,
    /// Rows without any price.
    pub no_price: u64,
    /// Rows with an EAN.
    pub eans: u64,
    /// Those with a wrong check digit.
    pub ean_faults: u64,
    /// Rows whose code an earlier row had.
    pub duplicates: u64,
    /// Offers of the source before.
    pub known: u64,
    /// Those that the feed does not hold.
    pub missing: u64,
    /// By how much half of all prices have changed at most, in thousandths of the old ones.
    pub price_median_permille: i32,
}

/// A feed that was applied as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GoodFeed {
    /// What was fetched.
    pub fetched: Fetched,
    /// What it was like.
    pub figures: Figures,
    /// How its rows were read, as the source counts it.
    pub revision: u32,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowProblem {
    /// The row, counted from 1.
    pub row: u64,
    /// The line of the file at which it begins.
    pub line: u64,
    /// The supplier's code, if the row has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The field at fault.
    pub field: String,
    /// What was found and what was expected.
    pub reason: String,
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOutRow {
    /// The row, counted from 1.
    pub row: u64,
    /// The line of the file at which it begins.
    pub line: u64,
    /// The supplier's code, if the row has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why.
    pub why: LeftOut,
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LeftOutReason)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// By a filter of the mapping.
    Filtered,
    /// An earlier row has its code.
    Repeated,
    /// It says that something is gone which was never known.
    NeverKnown,
}

/// A change that a dry run would make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportSample)]
pub struct Sample {
    /// The row.
    pub row: u64,
    /// The supplier's code.
    pub code: String,
    /// Whether the offer would be new.
    pub new: bool,
    /// The product that it would belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its title in the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it costs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_before: Option<Money>,
    /// What it would cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// How much there is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_before: Option<Availability>,
    /// How much there would be.
    pub stock: Availability,
}

/// Something that an undo left as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UndoKept)]
pub struct Kept {
    /// The supplier's code.
    pub code: String,
    /// The product's SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What of it.
    pub field: String,
    /// Why.
    pub reason: String,
}
