//! What has become of suppliers, sources and imports.

use super::{
    CategoryCount, Counts, FeedFile, Fetched, Figures, GoodFeed, Kept, LeftOutRow, PageChanges,
    PageLosses, Progress, RowProblem, Sample, SourceSettings, SupplierSettings, Trigger,
    VanishedAction,
};
use crate::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has become of suppliers, sources and imports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SupplierEvent {
    /// `supplier.put`.
    SupplierPut {
        /// What it is.
        settings: SupplierSettings,
    },
    /// `supplier.source_put`.
    SourcePut {
        /// What it is.
        settings: Box<SourceSettings>,
    },
    /// `supplier.source_removed`.
    SourceRemoved,
    /// `supplier.file_uploaded`.
    FileUploaded {
        /// The file.
        file: FeedFile,
        /// When what it tells was so.
        observed_at: Timestamp,
    },
    /// `supplier.category_mapped`.
    CategoryMapped {
        /// Of which source.
        source: String,
        /// The supplier's path.
        path: String,
        /// Our category's id; none, if it is not to be any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
    },
    /// `supplier.categories_counted`.
    CategoriesCounted {
        /// The counts that are others now.
        counts: Vec<CategoryCount>,
    },
    /// `import.queued`.
    Queued {
        /// From which source.
        source: String,
        /// Whose.
        supplier: String,
        /// Why.
        trigger: Trigger,
        /// Whether it only says what it would change.
        dry_run: bool,
    },
    /// `import.begun`.
    Begun {
        /// How often it was begun before.
        before: u32,
        /// How rows are read, as the source counts it.
        revision: u32,
    },
    /// `import.fetched`.
    Fetched {
        /// What.
        fetched: Fetched,
    },
    /// `import.not_modified`: what the supplier has is what was read last. All is done.
    NotModified {
        /// From which source.
        source: String,
        /// What was found.
        fetched: Fetched,
    },
    /// `import.judged`: the whole feed was read and may be applied.
    Judged {
        /// What it is like.
        figures: Figures,
        /// What people should know of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
        /// How far it is.
        progress: Progress,
    },
    /// `import.rejected`: the feed is not applied.
    Rejected {
        /// From which source.
        source: String,
        /// Which gate said no.
        gate: String,
        /// Why.
        reason: String,
        /// What it is like.
        figures: Figures,
    },
    /// `import.applied`: some rows were applied.
    Applied {
        /// From which source.
        source: String,
        /// When the supplier said so.
        observed_at: Timestamp,
        /// The offers that changed.
        pages: Vec<PageChanges>,
        /// How many of them are new.
        created: u64,
        /// How many of them are not.
        updated: u64,
        /// Rows between them that could not be taken.
        #[serde(default, skip_serializing_if = "is_zero")]
        failed: u64,
        /// How far it is.
        progress: Progress,
    },
    /// `import.progressed`.
    Progressed {
        /// How far it is.
        progress: Progress,
    },
    /// `import.missed`: offers are missing from the feed.
    Missed {
        /// From which source.
        source: String,
        /// Which.
        losses: Vec<PageLosses>,
        /// What is done with those that were missing often enough.
        action: VanishedAction,
        /// How often that is.
        after_runs: u32,
        /// How many of them are gone now.
        vanished: u64,
        /// When the feed told that they are missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        observed_at: Option<Timestamp>,
    },
    /// `import.problems_found`: owned by the page of the list. Without problems it adds no page, and
    /// only tells of those that are not kept.
    ProblemsFound {
        /// In which import.
        import: EntityId,
        /// What is wrong.
        problems: Vec<RowProblem>,
        /// So many more were found, and not kept.
        #[serde(default, skip_serializing_if = "super::offer::is_zero")]
        dropped: u32,
    },
    /// `import.rows_left_out`: owned by the list of them.
    RowsLeftOut {
        /// Of which import.
        import: EntityId,
        /// The first of them.
        rows: Vec<LeftOutRow>,
    },
    /// `import.completed`.
    Completed {
        /// From which source.
        source: String,
        /// What became of the rows.
        counts: Counts,
        /// What a dry run would have changed first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        samples: Vec<Sample>,
        /// The feed, if the next one is to be compared with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        good: Option<Box<GoodFeed>>,
    },
    /// `import.failed`.
    Failed {
        /// From which source.
        source: String,
        /// Why.
        problem: String,
    },
    /// `import.cancelled`.
    Cancelled {
        /// From which source.
        source: String,
    },
    /// `import.undo_requested`.
    UndoRequested {
        /// From which source.
        source: String,
    },
    /// `import.undone_in_part`: some of its offers stand as before it.
    UndoneInPart {
        /// From which source.
        source: String,
        /// Down to which version of the import its changes are undone.
        down_to: i64,
        /// The offers as they stand again.
        pages: Vec<PageChanges>,
        /// What was left as it is: the first of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<Kept>,
        /// How much more was left.
        #[serde(default, skip_serializing_if = "is_zero")]
        kept_more: u64,
    },
    /// `import.undone`.
    Undone {
        /// From which source.
        source: String,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl SupplierEvent {
    /// Its public name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SupplierPut { .. } => "supplier.put",
            Self::SourcePut { .. } => "supplier.source_put",
            Self::SourceRemoved => "supplier.source_removed",
            Self::FileUploaded { .. } => "supplier.file_uploaded",
            Self::CategoryMapped { .. } => "supplier.category_mapped",
            Self::CategoriesCounted { .. } => "supplier.categories_counted",
            Self::Queued { .. } => "import.queued",
            Self::Begun { .. } => "import.begun",
            Self::Fetched { .. } => "import.fetched",
            Self::NotModified { .. } => "import.not_modified",
            Self::Judged { .. } => "import.judged",
            Self::Rejected { .. } => "import.rejected",
            Self::Applied { .. } => "import.applied",
            Self::Progressed { .. } => "import.progressed",
            Self::Missed { .. } => "import.missed",
            Self::ProblemsFound { .. } => "import.problems_found",
            Self::RowsLeftOut { .. } => "import.rows_left_out",
            Self::Completed { .. } => "import.completed",
            Self::Failed { .. } => "import.failed",
            Self::Cancelled { .. } => "import.cancelled",
            Self::UndoRequested { .. } => "import.undo_requested",
            Self::UndoneInPart { .. } => "import.undone_in_part",
            Self::Undone { .. } => "import.undone",
        }
    }

    /// The source that it changes, or whose offers, where it is not the source's own.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::CategoryMapped { source, .. }
            | Self::Queued { source, .. }
            | Self::NotModified { source, .. }
            | Self::Rejected { source, .. }
            | Self::Applied { source, .. }
            | Self::Missed { source, .. }
            | Self::Completed { source, .. }
            | Self::Failed { source, .. }
            | Self::Cancelled { source }
            | Self::UndoRequested { source }
            | Self::UndoneInPart { source, .. }
            | Self::Undone { source } => Some(source),
            _ => None,
        }
    }

    /// The event without secrets.
    pub fn public_view(&self) -> Self {
        match self {
            Self::SourcePut { settings } => {
                Self::SourcePut { settings: Box::new(settings.public_view()) }
            }
            other => other.clone(),
        }
    }
}
