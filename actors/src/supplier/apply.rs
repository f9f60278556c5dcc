//! Carries events into state.

use super::{
    Supplier, categories, offers,
    state::{
        CategoriesDocument, Good, ImportDocument, ImportStatus, Known, LastImport, LeftOutDocument,
        Page, ProblemsDocument, SILENCE_MAX, SourceDocument, SupplierDocument, SupplierState,
        UndoDocument, Upload,
    },
    undo,
};
use crate::domain::Event;
use kontor_messages::{
    EntityId, Timestamp,
    supplier::{
        Counts, GoodFeed, Kept, PageChanges, Progress, Reach, SourceSettings, SupplierEvent as E,
        SupplierSettings, VanishedRule,
    },
};

/// What was left by an undoing that is kept by name.
const KEPT_MAX: usize = 100;

/// Carries an event into its owner, or into what it touches.
pub(super) fn apply(entity: &EntityId, state: &mut SupplierState, event: &Event<'_, Supplier>) {
    if entity == event.entity {
        own(state, event);
    } else if let Some((kind, _)) = entity.as_str().split_once('/') {
        match kind {
            "source" => source_of(state, event),
            "offers" => page_of(entity, state, event.event),
            "shelf" => shelf_of(state, event.event),
            "import" => problems_of(state, event.event),
            _ => {}
        }
    }
}

fn own(state: &mut SupplierState, event: &Event<'_, Supplier>) {
    let at = event.at;
    match event.event {
        E::SupplierPut { settings } => put_supplier(state, settings, at),
        E::SourcePut { settings } => put_source(state, settings),
        E::SourceRemoved => {
            if let SupplierState::Source(known) = state {
                known.removed = true;
            }
        }
        E::FileUploaded { file, observed_at } => {
            if let SupplierState::Source(known) = state {
                known.upload = Some(Upload { file: file.clone(), observed_at: *observed_at });
            }
        }
        E::CategoryMapped { .. } | E::CategoriesCounted { .. } => {
            if let SupplierState::Categories(known) = state {
                return categories::apply(known, event.event);
            }
            let mut known = CategoriesDocument::default();
            categories::apply(&mut known, event.event);
            *state = SupplierState::Categories(known);
        }
        // The page stands as it was: it is told of what the full list does not keep.
        E::ProblemsFound { problems, .. } if problems.is_empty() => {}
        E::ProblemsFound { import, problems, .. } => {
            let (import, problems) = (import.clone(), problems.clone());
            *state = SupplierState::Problems(ProblemsDocument { import, problems });
        }
        E::RowsLeftOut { import, rows } => {
            let (import, rows) = (import.clone(), rows.clone());
            *state = SupplierState::LeftOut(LeftOutDocument { import, rows });
        }
        E::Queued { .. } => *state = queued(event.event, at),
        other => {
            if let SupplierState::Import(run) = state {
                of_import(run, other, at);
            }
        }
    }
}

fn put_supplier(state: &mut SupplierState, settings: &SupplierSettings, at: Timestamp) {
    let created_at = state.supplier().map_or(at, |known| known.created_at);
    let settings = settings.clone();
    *state = SupplierState::Supplier(SupplierDocument { settings, created_at, updated_at: at });
}

fn put_source(state: &mut SupplierState, settings: &SourceSettings) {
    if let SupplierState::Source(known) = state {
        let before = std::mem::replace(&mut known.settings, settings.clone());
        known.removed = false;
        // When it is imported, and where from, is nothing that a row is read by.
        let read = |settings: &SourceSettings| SourceSettings {
            timetable: None,
            name: String::new(),
            reach: Reach::Upload,
            gates: serde_json::Value::Null,
            vanished: VanishedRule::default(),
            file_bytes_max: 0,
            ..settings.clone()
        };
        if before.reach != settings.reach {
            // Another place has other tags.
            known.known = None;
        }
        if read(&before) != read(settings) {
            known.revision += 1;
        }
        return;
    }
    *state = SupplierState::Source(Box::new(SourceDocument {
        settings: settings.clone(),
        revision: 1,
        removed: false,
        upload: None,
        open: None,
        last: None,
        good: None,
        known: None,
    }));
}

fn queued(event: &E, at: Timestamp) -> SupplierState {
    let E::Queued { source, supplier, trigger, dry_run } = event else {
        return SupplierState::Blank;
    };
    SupplierState::Import(Box::new(ImportDocument {
        source: source.clone(),
        supplier: supplier.clone(),
        trigger: trigger.clone(),
        dry_run: *dry_run,
        status: ImportStatus::Queued,
        begun: 0,
        revision: 0,
        requested_at: at,
        started_at: None,
        ended_at: None,
        fetched: None,
        not_modified: false,
        figures: None,
        progress: Progress::default(),
        progressed_at: None,
        counts: Counts::default(),
        problems_kept: 0,
        problem_pages: 0,
        problems_dropped: 0,
        warnings: Vec::new(),
        problem: None,
        gate: None,
        samples: Vec::new(),
        undo: None,
        next: Some(at.plus(SILENCE_MAX)),
    }))
}

fn of_import(run: &mut ImportDocument, event: &E, at: Timestamp) {
    if run.is_open() || run.is_undoing() {
        run.next = Some(at.plus(SILENCE_MAX));
    }
    match event {
        E::Begun { revision, .. } => {
            run.status = ImportStatus::Running;
            run.revision = if run.begun == 0 { *revision } else { run.revision };
            run.begun += 1;
            run.started_at.get_or_insert(at);
        }
        E::Fetched { fetched } => run.fetched = Some(fetched.clone()),
        E::NotModified { fetched, .. } => {
            (run.fetched, run.not_modified) = (Some(fetched.clone()), true);
            end(run, ImportStatus::Completed, at);
        }
        E::Judged { figures, warnings, progress } => {
            run.figures = Some(*figures);
            run.warnings.clone_from(warnings);
            let rows = run.progress.rows;
            progressed(run, &Progress { rows, ..*progress }, at);
        }
        E::Rejected { gate, reason, figures, .. } => {
            (run.gate, run.problem) = (Some(gate.clone()), Some(reason.clone()));
            run.figures = Some(*figures);
            end(run, ImportStatus::Rejected, at);
        }
        E::Applied { created, updated, failed, progress, .. } => {
            run.counts.created += created;
            run.counts.updated += updated;
            run.counts.failed += failed;
            progressed(run, progress, at);
        }
        E::Progressed { progress } => progressed(run, progress, at),
        E::Missed { vanished, .. } => run.counts.vanished += vanished,
        E::Completed { counts, samples, .. } => {
            run.counts = *counts;
            run.samples.clone_from(samples);
            let whole = counts.failed == 0;
            let status = match whole {
                true => ImportStatus::Completed,
                false => ImportStatus::CompletedWithErrors,
            };
            run.progress.rows = run.progress.rows_total;
            end(run, status, at);
        }
        E::Failed { problem, .. } => {
            run.problem = Some(problem.clone());
            end(run, ImportStatus::Failed, at);
        }
        E::Cancelled { .. } => end(run, ImportStatus::Cancelled, at),
        E::UndoRequested { .. } => {
            run.undo = Some(UndoDocument::default());
            run.next = Some(at.plus(SILENCE_MAX));
        }
        E::UndoneInPart { down_to, pages, kept, kept_more, .. } => {
            undone(run, *down_to, pages, kept, *kept_more);
        }
        E::Undone { .. } => {
            if let Some(undo) = &mut run.undo {
                undo.done = true;
            }
            run.next = None;
        }
        _ => {}
    }
}

fn progressed(run: &mut ImportDocument, progress: &Progress, at: Timestamp) {
    (run.progress, run.progressed_at) = (*progress, Some(at));
}

fn end(run: &mut ImportDocument, status: ImportStatus, at: Timestamp) {
    (run.status, run.ended_at, run.next) = (status, Some(at), None);
}

fn undone(
    run: &mut ImportDocument,
    down_to: i64,
    pages: &[PageChanges],
    kept: &[Kept],
    kept_more: u64,
) {
    let Some(undo) = &mut run.undo else { return };
    undo.down_to = Some(down_to);
    undo.restored += pages.iter().map(|page| page.offers.len() as u64).sum::<u64>();
    undo.kept += kept.len() as u64 + kept_more;
    let room = KEPT_MAX.saturating_sub(undo.kept_first.len());
    undo.kept_first.extend(kept.iter().take(room).cloned());
}

fn source_of(state: &mut SupplierState, event: &Event<'_, Supplier>) {
    let SupplierState::Source(source) = state else { return };
    let (import, at) = (event.entity, event.at);
    let ended = |source: &mut SourceDocument, status: ImportStatus| {
        source.open = None;
        source.last = Some(LastImport { import: import.clone(), status, at });
    };
    match event.event {
        E::CategoryMapped { .. } => source.revision += 1,
        E::Queued { .. } => source.open = Some(import.clone()),
        E::NotModified { fetched, .. } => {
            // A new tag for the same content is the one to ask with.
            if let Some(known) = &mut source.known {
                known.fetched.etag.clone_from(&fetched.etag);
                known.fetched.last_modified.clone_from(&fetched.last_modified);
            }
            ended(source, ImportStatus::Completed);
        }
        E::Rejected { .. } => ended(source, ImportStatus::Rejected),
        E::Completed { counts, good, .. } => {
            let whole = counts.failed == 0;
            let status = match whole {
                true => ImportStatus::Completed,
                false => ImportStatus::CompletedWithErrors,
            };
            ended(source, status);
            if let Some(good) = good {
                let GoodFeed { fetched, figures, revision } = (**good).clone();
                source.good = Some(Good { import: import.clone(), figures });
                source.known = Some(Known { fetched, revision });
            }
        }
        // Some of it may have been applied: the feed before is news again.
        E::Failed { .. } => {
            source.known = None;
            ended(source, ImportStatus::Failed);
        }
        E::Cancelled { .. } => {
            source.known = None;
            ended(source, ImportStatus::Cancelled);
        }
        E::UndoRequested { .. } => (source.known, source.open) = (None, Some(import.clone())),
        E::Undone { .. } => source.open = None,
        _ => {}
    }
}

fn page_of(entity: &EntityId, state: &mut SupplierState, event: &E) {
    let number = entity.as_str().rsplit_once('.').and_then(|(_, page)| page.parse::<u32>().ok());
    let Some(number) = number else { return };
    if !matches!(state, SupplierState::Page(_)) {
        *state = SupplierState::Page(Page::default());
    }
    let SupplierState::Page(page) = state else { return };
    match event {
        E::Applied { pages, observed_at, .. } => {
            for changes in pages.iter().filter(|changes| changes.page == number) {
                offers::apply_changes(page, changes, *observed_at);
            }
        }
        E::Missed { losses, observed_at, .. } => {
            for losses in losses.iter().filter(|losses| losses.page == number) {
                offers::apply_losses(page, losses, *observed_at);
            }
        }
        E::UndoneInPart { pages, .. } => {
            for changes in pages.iter().filter(|changes| changes.page == number) {
                undo::apply(page, changes);
            }
        }
        _ => {}
    }
}

fn problems_of(state: &mut SupplierState, event: &E) {
    if let (SupplierState::Import(run), E::ProblemsFound { problems, dropped, .. }) = (state, event)
    {
        run.problems_kept += u32::try_from(problems.len()).unwrap_or(u32::MAX);
        run.problem_pages += u32::from(!problems.is_empty());
        run.problems_dropped = run.problems_dropped.saturating_add(*dropped);
    }
}

fn shelf_of(state: &mut SupplierState, event: &E) {
    if let E::Applied { created, .. } = event {
        let mut shelf = state.shelf();
        shelf.offers += created;
        *state = SupplierState::Shelf(shelf);
    }
}
