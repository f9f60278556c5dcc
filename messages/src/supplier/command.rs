//! What one may ask of suppliers.

use super::{
    CategoryCount, Counts, FeedFile, Fetched, Figures, Kept, LeftOutRow, NewOffer, PageLosses,
    Progress, RowProblem, Sample, SourceSettings, SupplierSettings, Trigger,
};
use crate::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// What one may ask of suppliers. `Record…` tells of a run what its follower has seen or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SupplierCommand {
    /// Make or change a supplier.
    PutSupplier {
        /// Its code.
        code: String,
        /// What it is.
        settings: SupplierSettings,
    },
    /// Make or change a source.
    PutSource {
        /// Its code.
        code: String,
        /// What it is.
        settings: Box<SourceSettings>,
    },
    /// Import nothing from a source any more; what it brought stays.
    RemoveSource {
        /// Which.
        code: String,
    },
    /// A file was uploaded for a source.
    RecordUpload {
        /// Which source.
        code: String,
        /// The file.
        file: FeedFile,
        /// When what it tells was so; now, if it does not say.
        observed_at: Option<Timestamp>,
    },
    /// Say which category of ours a path of the supplier's is.
    MapCategory {
        /// The source.
        code: String,
        /// The supplier's path.
        path: String,
        /// Our category's id; none, if it is not to be any.
        category: Option<String>,
    },
    /// Rows were counted by their paths.
    RecordCategories {
        /// The source.
        code: String,
        /// The counts.
        counts: Vec<CategoryCount>,
    },
    /// Import from a source.
    Start {
        /// The import's entity, named at the door.
        import: EntityId,
        /// From which source.
        code: String,
        /// Why.
        trigger: Trigger,
        /// Whether it only says what it would change.
        dry_run: bool,
    },
    /// The follower has begun, or begun again.
    RecordBegun {
        /// The import.
        import: EntityId,
    },
    /// The feed was fetched.
    RecordFetched {
        /// The import.
        import: EntityId,
        /// What.
        fetched: Fetched,
        /// What the file was when it was read last: then there is nothing to do.
        unchanged: bool,
    },
    /// The whole feed was read and may be applied.
    RecordJudged {
        /// The import.
        import: EntityId,
        /// What it is like.
        figures: Figures,
        /// What people should know of it.
        warnings: Vec<String>,
        /// How far it is.
        progress: Progress,
    },
    /// The whole feed was read and must not be applied.
    RecordRejected {
        /// The import.
        import: EntityId,
        /// Which gate said no.
        gate: String,
        /// Why.
        reason: String,
        /// What it is like.
        figures: Figures,
    },
    /// Rows were applied.
    RecordOffers {
        /// The import.
        import: EntityId,
        /// The offers, in the order of their rows.
        offers: Vec<NewOffer>,
        /// Rows of them that could not be taken.
        failed: u64,
        /// What was wrong with these.
        problems: Vec<RowProblem>,
        /// How far it is with them.
        progress: Progress,
    },
    /// Rows went by that changed nothing.
    RecordProgress {
        /// The import.
        import: EntityId,
        /// How far it is.
        progress: Progress,
    },
    /// Offers are missing from a full feed.
    RecordMissing {
        /// The import.
        import: EntityId,
        /// Which, by their pages.
        losses: Vec<PageLosses>,
    },
    /// Rows could not be taken.
    RecordProblems {
        /// The import.
        import: EntityId,
        /// The page of the list.
        page: u32,
        /// What is wrong with them.
        problems: Vec<RowProblem>,
        /// So many more were found, and not kept.
        #[serde(default, skip_serializing_if = "super::offer::is_zero")]
        dropped: u32,
    },
    /// Rows were left out.
    RecordLeftOut {
        /// The import.
        import: EntityId,
        /// The first of them.
        rows: Vec<LeftOutRow>,
    },
    /// All is done.
    RecordCompleted {
        /// The import.
        import: EntityId,
        /// What became of the rows; what was created, updated and has vanished is known.
        counts: Counts,
        /// What a dry run would have changed first.
        samples: Vec<Sample>,
    },
    /// It did not work.
    RecordFailed {
        /// The import.
        import: EntityId,
        /// Why.
        problem: String,
    },
    /// Stop an import; what it has applied stays.
    Cancel {
        /// Which.
        import: EntityId,
    },
    /// Put back what an import has changed and nobody touched since.
    Undo {
        /// Which.
        import: EntityId,
    },
    /// Some of an import's offers stand as before it, as far as they stood as it left them.
    RecordUndone {
        /// The import.
        import: EntityId,
        /// Down to which version of the import its changes are undone.
        down_to: i64,
        /// How the offers stood before.
        pages: Vec<super::PageChanges>,
        /// What was left in other domains.
        kept: Vec<Kept>,
        /// Whether that was all.
        done: bool,
    },
    /// A deadline may have passed.
    Wake {
        /// The import.
        import: EntityId,
    },
}
