//! How sources and imports are shown.

use kontor_actors::supplier::{ImportDocument, SourceDocument};
use kontor_messages::Timestamp;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A source without its secrets.
#[derive(Clone, Serialize, ToSchema)]
pub(in crate::http) struct SourceView {
    #[serde(flatten)]
    document: SourceDocument,
}

/// An import with its pace.
#[derive(Clone, Serialize, ToSchema)]
pub(in crate::http) struct ImportView {
    #[serde(flatten)]
    document: ImportDocument,
    /// Rows a second since it was begun, as of `progressed_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_second: Option<u64>,
    /// When it will have ended at this pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_end: Option<Timestamp>,
    /// Whether there is something to be undone, and nobody has asked for it.
    can_be_undone: bool,
    /// Whether all that is wrong with its rows is kept; else that of the first of them.
    problems_complete: bool,
}

impl ImportView {
    /// Whether it is from a source and of a supplier.
    pub(super) fn is_of(&self, source: Option<&str>, supplier: Option<&str>) -> bool {
        source.is_none_or(|source| source == self.document.source)
            && supplier.is_none_or(|supplier| supplier == self.document.supplier)
    }
}

impl From<&SourceDocument> for SourceView {
    fn from(document: &SourceDocument) -> Self {
        Self { document: document.public_view() }
    }
}

impl From<&ImportDocument> for ImportView {
    fn from(document: &ImportDocument) -> Self {
        let until = document.ended_at.or(document.progressed_at);
        let took = document.started_at.zip(until).map(|(start, until)| until.since(start));
        let rows = document.progress.rows;
        let pace = |took: Duration| rows.saturating_mul(1000) / (took.as_millis() as u64).max(1);
        let rows_per_second = took.filter(|_| 0 < rows).map(pace);
        let left = document.progress.rows_total.saturating_sub(rows);
        let open = document.is_open().then_some(document.progressed_at).flatten();
        let estimated_end = open.zip(rows_per_second).filter(|_| 0 < left).map(|(at, pace)| {
            at.plus(Duration::from_millis(left.saturating_mul(1000) / pace.max(1)))
        });
        let changed = document.has_changed_something();
        let can_be_undone = changed && !document.is_open() && document.undo.is_none();
        Self {
            document: document.clone(),
            rows_per_second,
            estimated_end,
            can_be_undone,
            problems_complete: document.has_all_problems(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::supplier::{Counts, Progress, Trigger};

    #[test]
    fn an_import_under_way_says_when_it_will_have_ended() {
        let at = Timestamp::from_millis(1_768_471_200_000);
        let document = ImportDocument {
            source: "acme".into(),
            supplier: "acme".into(),
            trigger: Trigger::Request,
            dry_run: false,
            status: kontor_actors::supplier::ImportStatus::Running,
            begun: 1,
            revision: 1,
            requested_at: at,
            started_at: Some(at),
            ended_at: None,
            fetched: None,
            not_modified: false,
            figures: None,
            progress: Progress { rows: 2_000, rows_total: 6_000, bytes: 0, bytes_total: 0 },
            progressed_at: Some(at.plus(Duration::from_secs(2))),
            counts: Counts::default(),
            problems_kept: 0,
            problem_pages: 0,
            problems_dropped: 0,
            warnings: vec![],
            problem: None,
            gate: None,
            samples: vec![],
            undo: None,
            next: None,
        };
        let view = ImportView::from(&document);
        assert!(!view.can_be_undone, "it has not ended");
        assert!(view.problems_complete);
        let full = ImportDocument { problems_kept: 10_000, problem_pages: 50, ..document.clone() };
        assert!(ImportView::from(&full).problems_complete, "none was dropped");
        let more = ImportDocument { problems_dropped: 1, ..full };
        assert!(!ImportView::from(&more).problems_complete, "there was one more");
        assert_eq!(view.rows_per_second, Some(1_000));
        assert_eq!(view.estimated_end, Some(at.plus(Duration::from_secs(6))));
    }
}
