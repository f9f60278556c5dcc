//! The life of an import: it is asked for, begun, told of, and ends.

use super::{
    Answer, View,
    decide::there,
    state::{ImportDocument, ImportStatus},
};
use crate::{
    domain::{Decision, refuse},
    words::excerpt,
};
use kontor_messages::{
    EntityId, Timestamp,
    supplier::{
        Counts, Fetched, Figures, GoodFeed, LEFT_OUT_MAX, LeftOutRow, PAGE_PROBLEMS, PROBLEMS_MAX,
        RowProblem, Sample, SupplierEvent as E, SupplierRefusal as R, Trigger, left_out_entity,
        problems_entity, source_entity, supplier_entity,
    },
};

/// Samples of a dry run.
pub(super) const SAMPLES_MAX: usize = 50;
/// Pages of problems of an import; some of them are short.
const PROBLEM_PAGES_MAX: u32 = 2_000;
/// How often an import is begun: after so many crashes it is its own fault.
const BEGUN_MAX: u32 = 20;
/// The longest sentence.
const LINE_MAX: usize = 1_000;

pub(super) fn start(
    world: &View<'_>,
    import: EntityId,
    code: &str,
    trigger: Trigger,
    dry_run: bool,
) -> Answer {
    if !import.as_str().starts_with("import/") {
        return refuse(R::invalid("/import", "expected a name that begins with import/"));
    }
    if let Some(known) = world.get(&import)?.import() {
        let same = known.source == code && known.trigger == trigger && known.dry_run == dry_run;
        return if same { Ok(Decision::nothing(import)) } else { refuse(R::Differs) };
    }
    let source = there(world, code)?;
    let supplier = source.settings.supplier.clone();
    let active = world.get(&supplier_entity(&supplier))?.supplier();
    if !active.is_some_and(|known| known.settings.active) {
        return refuse(R::Inactive("the supplier is not active"));
    }
    if let Some(open) = &source.open {
        return refuse(R::Running(open.clone()));
    }
    if let Trigger::Retry { import: other } = &trigger {
        match world.get(other)?.import() {
            None => return refuse(R::NotFound("import")),
            Some(known) if known.source != code => return refuse(R::NotFound("import")),
            Some(known) if known.is_open() || known.counts.failed == 0 => {
                return refuse(R::Impossible("the import has no failed rows to retry".to_owned()));
            }
            Some(_) => {}
        }
    }
    let source = code.to_owned();
    Ok(Decision::of(import, vec![E::Queued { source, supplier, trigger, dry_run }]))
}

pub(super) fn begun(world: &View<'_>, import: EntityId) -> Answer {
    let source = world.get(&import)?.import().map(|known| source_entity(&known.source));
    let source = source.map(|source| world.get(&source)).transpose()?;
    let revision = source.and_then(|source| source.source()).map_or(0, |source| source.revision);
    of_open(world, import, |known| {
        if known.begun < BEGUN_MAX {
            return Some(E::Begun { before: known.begun, revision });
        }
        let problem = format!("it was begun {} times and never ended", known.begun);
        Some(E::Failed { source: known.source.clone(), problem })
    })
}

/// What was fetched. A follower that begins again has fetched again; what it read before, and by
/// which rows are counted, stays the ground of the run.
pub(super) fn fetched(
    world: &View<'_>,
    import: EntityId,
    fetched: Fetched,
    unchanged: bool,
    now: Timestamp,
) -> Answer {
    of_open(world, import, |known| {
        let observed_at = fetched.observed_at.min(now);
        let fetched = Fetched { observed_at, ..fetched };
        if unchanged {
            return Some(E::NotModified { source: known.source.clone(), fetched });
        }
        known.fetched.is_none().then_some(E::Fetched { fetched })
    })
}

pub(super) fn rejected(
    world: &View<'_>,
    import: EntityId,
    gate: String,
    reason: &str,
    figures: Figures,
) -> Answer {
    of_open(world, import, |known| {
        let (source, reason) = (known.source.clone(), excerpt(reason, LINE_MAX));
        Some(E::Rejected { source, gate, reason, figures })
    })
}

/// Problems that reading the feed has found, from a page of the list on, unless they are there; and how
/// many more there were.
pub(super) fn problems(
    world: &View<'_>,
    import: EntityId,
    page: u32,
    (problems, dropped): (Vec<RowProblem>, u32),
) -> Answer {
    let known = world.get(&import)?.import();
    let run = known.filter(|run| run.is_open() && run.problem_pages == page);
    let found = run.map(|run| found(run, &import, problems, dropped));
    let mut decision = Decision::nothing(import);
    decision.events.extend(found.unwrap_or_default());
    Ok(decision)
}

/// The next pages of problems. What is found when the list is full is counted: by the last page, or by
/// an event of its own that adds none.
pub(super) fn found(
    run: &ImportDocument,
    import: &EntityId,
    mut problems: Vec<RowProblem>,
    dropped: u32,
) -> Vec<(EntityId, E)> {
    let pages = PROBLEM_PAGES_MAX.saturating_sub(run.problem_pages);
    let room = PROBLEMS_MAX.saturating_sub(run.problems_kept).min(pages * PAGE_PROBLEMS) as usize;
    let beyond = u32::try_from(problems.len().saturating_sub(room)).unwrap_or(u32::MAX);
    let beyond = beyond.saturating_add(dropped);
    problems.truncate(room);
    for problem in &mut problems {
        problem.reason = excerpt(&problem.reason, LINE_MAX);
    }
    let event = |page, problems: &[RowProblem], dropped| {
        let (import, problems) = (import.clone(), problems.to_vec());
        (problems_entity(&import, page), E::ProblemsFound { import, problems, dropped })
    };
    let new = problems.chunks(PAGE_PROBLEMS as usize).zip(run.problem_pages..);
    let mut events: Vec<_> = new.map(|(problems, page)| event(page, problems, 0)).collect();
    match events.last_mut() {
        Some((_, E::ProblemsFound { dropped, .. })) => *dropped = beyond,
        _ if beyond == 0 => {}
        _ => events.push(event(run.problem_pages.saturating_sub(1), &[], beyond)),
    }
    events
}

/// The first rows that reading the feed left out, unless they are known.
pub(super) fn left_out(world: &View<'_>, import: EntityId, mut rows: Vec<LeftOutRow>) -> Answer {
    let open = world.get(&import)?.import().is_some_and(ImportDocument::is_open);
    let entity = left_out_entity(&import);
    let known = !world.get(&entity)?.left_out().is_empty();
    let mut decision = Decision::nothing(import.clone());
    if open && !known && !rows.is_empty() {
        rows.truncate(LEFT_OUT_MAX as usize);
        decision.events.push((entity, E::RowsLeftOut { import, rows }));
    }
    Ok(decision)
}

pub(super) fn completed(
    world: &View<'_>,
    import: EntityId,
    counts: Counts,
    mut samples: Vec<Sample>,
) -> Answer {
    of_open(world, import, |known| {
        samples.truncate(SAMPLES_MAX);
        let counts = if known.dry_run { counts } else { settled(known, counts) };
        let whole = !known.dry_run && !matches!(known.trigger, Trigger::Retry { .. });
        let (fetched, figures) = (known.fetched.clone(), known.figures);
        let good = fetched.zip(figures).filter(|_| whole).map(|(fetched, figures)| {
            Box::new(GoodFeed { fetched, figures, revision: known.revision })
        });
        let source = known.source.clone();
        Some(E::Completed { source, counts, samples, good })
    })
}

/// What was applied is known; what reading the feed has found is added to it.
fn settled(known: &ImportDocument, read: Counts) -> Counts {
    let Counts { created, updated, vanished, failed, .. } = known.counts;
    let failed = failed.saturating_add(read.failed);
    let told = created + updated + failed + read.skipped;
    let unchanged = known.progress.rows_total.saturating_sub(told);
    Counts { created, updated, unchanged, vanished, failed, ..read }
}

pub(super) fn failed(world: &View<'_>, import: EntityId, problem: &str) -> Answer {
    of_open(world, import, |known| {
        let problem = excerpt(problem, LINE_MAX);
        Some(E::Failed { source: known.source.clone(), problem })
    })
}

pub(super) fn cancel(world: &View<'_>, import: EntityId) -> Answer {
    match world.get(&import)?.import() {
        None => refuse(R::NotFound("import")),
        Some(known) if known.status == ImportStatus::Cancelled => Ok(Decision::nothing(import)),
        Some(known) if known.is_open() => {
            let source = known.source.clone();
            Ok(Decision::of(import, vec![E::Cancelled { source }]))
        }
        Some(_) => refuse(R::Impossible("the import has ended".to_owned())),
    }
}

pub(super) fn wake(world: &View<'_>, import: EntityId, now: Timestamp) -> Answer {
    let known = world.get(&import)?.import();
    let late = known.filter(|known| known.next.is_some_and(|next| next <= now));
    let Some(known) = late else { return Ok(Decision::nothing(import)) };
    let source = known.source.clone();
    let event = if known.is_open() {
        E::Failed { source, problem: "nothing was heard of it for hours".to_owned() }
    } else {
        E::Undone { source }
    };
    Ok(Decision::of(import, vec![event]))
}

/// An event of an import that has not ended; one that has is told nothing more.
pub(super) fn of_open(
    world: &View<'_>,
    import: EntityId,
    event: impl FnOnce(&ImportDocument) -> Option<E>,
) -> Answer {
    let open = world.get(&import)?.import().filter(|known| known.is_open());
    let events = open.and_then(event).into_iter().collect();
    Ok(Decision::of(import, events))
}
