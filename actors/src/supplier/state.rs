//! What is known of suppliers, sources, offers and imports.

use crate::tagged::tagged;
use kontor_messages::{
    EntityId, Money, Timestamp,
    supplier::{
        Availability, Counts, FeedFile, Fetched, Figures, Kept, LeftOutRow, Progress, RowProblem,
        Sample, SourceSettings, SupplierSettings, Trigger,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// After so long without a word an import is given up.
pub const SILENCE_MAX: Duration = Duration::from_secs(4 * 3600);

/// The state of one of the domain's entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum SupplierState {
    /// Nothing is known of it.
    #[default]
    Blank,
    /// A supplier.
    Supplier(SupplierDocument),
    /// A source.
    Source(Box<SourceDocument>),
    /// A source's category paths.
    Categories(CategoriesDocument),
    /// An import.
    Import(Box<ImportDocument>),
    /// A page of an import's problems.
    Problems(ProblemsDocument),
    /// Rows that an import left out.
    LeftOut(LeftOutDocument),
    /// How many offers a source has.
    Shelf(Shelf),
    /// A page of its offers.
    Page(Page),
}

tagged!(SupplierState, "kind", "page" => Page, "import" => Import);

/// A supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Supplier)]
pub struct SupplierDocument {
    /// What it is.
    pub settings: SupplierSettings,
    /// Since when it is known.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SupplierSource)]
pub struct SourceDocument {
    /// What it is.
    pub settings: SourceSettings,
    /// How often what is made of a row was changed: by settings, or by categories.
    pub revision: u32,
    /// Nothing is imported from it any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub removed: bool,
    /// The file that was uploaded last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// The import that has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<EntityId>,
    /// The import that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastImport>,
    /// The last feed that was applied as a whole: what the next one is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Good>,
    /// What the supplier had then; absent if something happened since that makes the same feed news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UploadedFeed)]
pub struct Upload {
    /// The file.
    pub file: FeedFile,
    /// When what it tells was so.
    pub observed_at: Timestamp,
}

/// An import that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastImport {
    /// Which.
    pub import: EntityId,
    /// How.
    pub status: ImportStatus,
    /// When.
    pub at: Timestamp,
}

/// A feed that was applied as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AppliedFeed)]
pub struct Good {
    /// By which import.
    pub import: EntityId,
    /// What it was like.
    pub figures: Figures,
}

/// What a supplier had when its feed was applied last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = KnownFeed)]
pub struct Known {
    /// What was fetched.
    pub fetched: Fetched,
    /// How rows were read then.
    pub revision: u32,
}

/// A source's category paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoriesDocument {
    /// What is known of each, by the path in lower case.
    pub paths: BTreeMap<String, CategoryEntry>,
}

/// What is known of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryEntry {
    /// The path as the supplier writes it.
    pub path: String,
    /// Rows under it in the last feed.
    #[serde(default)]
    pub rows: u64,
    /// Whether somebody has said which category of ours it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mapped: bool,
    /// Our category's id; none, if it is not to be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// How an import stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportDocument {
    /// From which source.
    pub source: String,
    /// Whose.
    pub supplier: String,
    /// Why.
    pub trigger: Trigger,
    /// Whether it only says what it would change.
    pub dry_run: bool,
    /// Where it stands.
    pub status: ImportStatus,
    /// How often it was begun.
    pub begun: u32,
    /// How rows are read, as the source counted it when it was begun first.
    pub revision: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was begun first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Fetched>,
    /// The supplier has what was read last: there was nothing to do.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_modified: bool,
    /// What the feed is like, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// How far it is.
    pub progress: Progress,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progressed_at: Option<Timestamp>,
    /// What became of the rows.
    pub counts: Counts,
    /// Problems that are kept; there may be more of them.
    pub problems_kept: u32,
    /// On so many pages.
    pub problem_pages: u32,
    /// Problems that were found and are not kept, for there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub problems_dropped: u32,
    /// What people should know of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why it did not work, or the reason of the gate that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Which gate said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// What a dry run would have changed first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sample>,
    /// How its undoing stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoDocument>,
    /// When it is given up, unless something is heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// It waits to be begun.
    Queued,
    /// It is under way.
    Running,
    /// All rows were taken.
    Completed,
    /// All but some rows were taken.
    CompletedWithErrors,
    /// It did not work.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// A gate said no: nothing was applied.
    Rejected,
}

/// How an undoing stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoDocument {
    /// Whether all is done.
    pub done: bool,
    /// Down to which version of the import its changes are undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_to: Option<i64>,
    /// Offers that stand as before.
    pub restored: u64,
    /// What somebody touched since.
    pub kept: u64,
    /// The first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_first: Vec<Kept>,
}

/// A page of an import's problems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemsDocument {
    /// Of which import.
    pub import: EntityId,
    /// What is wrong.
    pub problems: Vec<RowProblem>,
}

/// The first rows that an import left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutDocument {
    /// Which import.
    pub import: EntityId,
    /// The rows.
    pub rows: Vec<LeftOutRow>,
}

/// How many offers a source has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shelf {
    /// All of them, those that are gone too.
    pub offers: u64,
}

/// A page of a source's offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// The offers, in the order in which they were seen first.
    pub offers: Vec<Offer>,
}

/// What a supplier offers under a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Offer)]
pub struct Offer {
    /// The supplier's code.
    pub code: String,
    /// The product's SKU; absent while nobody knows which product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What it costs, without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// How much there is.
    pub stock: Availability,
    /// When the supplier said so.
    pub observed_at: Timestamp,
    /// Tells whether anything of its row has changed.
    pub fingerprint: u64,
    /// Tells whether anything besides price and stock has.
    pub content: u64,
    /// How many full feeds it is missing from.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u32,
    /// When the last of them told so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<Timestamp>,
}

impl SupplierState {
    /// The supplier, if it is one.
    pub fn supplier(&self) -> Option<&SupplierDocument> {
        match self {
            Self::Supplier(known) => Some(known),
            _ => None,
        }
    }

    /// The source, if it is one.
    pub fn source(&self) -> Option<&SourceDocument> {
        match self {
            Self::Source(known) => Some(known),
            _ => None,
        }
    }

    /// The import, if it is one.
    pub fn import(&self) -> Option<&ImportDocument> {
        match self {
            Self::Import(known) => Some(known),
            _ => None,
        }
    }

    /// The category paths, if it is they.
    pub fn categories(&self) -> Option<&CategoriesDocument> {
        match self {
            Self::Categories(known) => Some(known),
            _ => None,
        }
    }

    /// The problems, if it is a page of them.
    pub fn problems(&self) -> Option<&ProblemsDocument> {
        match self {
            Self::Problems(known) => Some(known),
            _ => None,
        }
    }

    /// The rows that an import left out, if it is they.
    pub fn left_out(&self) -> &[LeftOutRow] {
        match self {
            Self::LeftOut(known) => &known.rows,
            _ => &[],
        }
    }

    /// The offers, if it is a page of them.
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Page(known) => Some(known),
            _ => None,
        }
    }

    /// How many offers a source has; none, if nothing is known.
    pub fn shelf(&self) -> Shelf {
        match self {
            Self::Shelf(known) => *known,
            _ => Shelf::default(),
        }
    }
}

impl SourceDocument {
    /// The source without secrets.
    pub fn public_view(&self) -> Self {
        Self { settings: self.settings.public_view(), ..self.clone() }
    }

    /// What the supplier had last, if the same feed would bring the same.
    pub fn known_now(&self) -> Option<&Fetched> {
        let known = self.known.as_ref()?;
        (known.revision == self.revision).then_some(&known.fetched)
    }
}

impl ImportDocument {
    /// Whether it has not come to its end.
    pub fn is_open(&self) -> bool {
        matches!(self.status, ImportStatus::Queued | ImportStatus::Running)
    }

    /// Whether anything is not as it was before; an offer that is missing and not gone yet, too.
    pub fn has_changed_something(&self) -> bool {
        let counts = &self.counts;
        let missing = self.figures.is_some_and(|figures| 0 < figures.missing);
        !self.dry_run && (0 < counts.created + counts.updated || missing)
    }

    /// Whether all problems that were found are kept.
    pub fn has_all_problems(&self) -> bool {
        self.problems_dropped == 0
    }

    /// Whether its undoing has begun and not ended.
    pub fn is_undoing(&self) -> bool {
        self.undo.as_ref().is_some_and(|undo| !undo.done)
    }

    /// When what its feed tells was so.
    pub fn observed_at(&self) -> Timestamp {
        self.fetched.as_ref().map_or(self.requested_at, |fetched| fetched.observed_at)
    }
}

impl ImportStatus {
    /// The status as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::CompletedWithErrors => "completed_with_errors",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

impl Page {
    /// An offer of a code; the search begins at `from`, where the one before was found, for feeds
    /// keep their order.
    pub fn find(&self, code: &str, from: usize) -> Option<usize> {
        let from = from.min(self.offers.len());
        let (before, after) = self.offers.split_at(from);
        let is = |offer: &Offer| offer.code == code;
        after.iter().position(is).map(|place| place + from).or_else(|| before.iter().position(is))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
