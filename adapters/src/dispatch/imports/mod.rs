//! Carries imports out: fetches a source's feed, reads it as a whole, has it judged, and applies
//! what is news. One source's imports and undoings follow each other in one lane.
//!
//! An import that was cut short is begun again: its file is there, what was applied is no news, and
//! the place up to which rows are done with was kept with them.

mod apply;
mod fetch;
pub mod files;
mod index;
pub mod plan;
mod products;
mod retire;
pub mod suggest;
mod survey;
mod undo;

use super::{acting, caller, content, read, tell};
use crate::gateways::http::Http;
use apply::Applying;
use async_trait::async_trait;
use fetch::{Fetcher, Got};
use files::FeedFiles;
use index::{Builder, Index};
use kontor_actors::{
    admission::Lane,
    domain::Domain,
    follower::{Follow, Habits, Hitch},
    intake::{Caller, Intake},
    request::{Denied, Terms},
    schedule::Schedule,
    store::{EntityRef, Found, ListQuery, Lookup, StoredEvent},
    supplier::{ImportDocument, SourceDocument, Supplier, SupplierState},
};
use kontor_feeds::{
    RowError,
    gates::{Figures, Finding},
};
use kontor_messages::{
    EntityId, TenantId, id,
    schedule::{ScheduleCommand, ScheduleEvent},
    supplier::{
        CategoryCount, Counts, FeedKind, Fetched, PAGE_OFFERS, PAGE_PROBLEMS, Progress, RowProblem,
        SupplierCommand as C, SupplierEvent, Trigger, categories_entity, import_entity,
        page_entity, problems_entity, shelf_entity, source_entity,
    },
};
use plan::Plan;
use products::Matching;
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use survey::{Job, Survey, SurveyFault, Watch, survey};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// Imports of a node at once: each has a thread and the compact index of its source.
const AT_ONCE: usize = 2;
/// How often people are told how far a survey is.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Pages of offers that are read at a time.
const PAGES: u32 = 32;
/// Sources of a tenant that are looked at for files that are needed.
const SOURCES_MAX: u32 = 1_000;
/// How often a supplier that is not reached is tried by itself.
const TRIES_MAX: u32 = 5;

/// Carries imports out.
pub struct Imports {
    intake: Intake,
    files: FeedFiles,
    fetcher: Fetcher,
    turns: Arc<Semaphore>,
}

/// How an import came to its end, or did not.
enum End {
    /// The domain knows.
    Told,
    /// It did not work, and people are told so.
    Failed(String),
}

type Ended = Result<End, Hitch>;

impl Imports {
    /// A follower that fetches by this client and keeps files here.
    pub fn new(intake: Intake, files: FeedFiles, http: Http) -> Self {
        let fetcher = Fetcher::new(http, files.clone());
        Self { intake, files, fetcher, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    async fn act(&self, event: &StoredEvent) -> Result<(), Hitch> {
        match &*event.name {
            "schedule.fired" => self.fired(event).await,
            "supplier.source_put" | "supplier.source_removed" => self.timetable(event).await,
            "import.queued" => self.queued(event).await,
            "import.undo_requested" => {
                let _turn = self.turn().await?;
                self.undo(event).await
            }
            _ => self.ended(event).await,
        }
    }

    async fn turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Hitch> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.map_err(|_| Hitch::new("the node is stopping"))
    }

    /// It is time for a source.
    async fn fired(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let ScheduleEvent::Fired { run, what, .. } = content::<Schedule>(event)? else {
            return Ok(());
        };
        let Some(code) = plan::scheduled(&what) else { return Ok(()) };
        let start = C::Start {
            import: import_entity(id::derived(event.id, "import").as_str()),
            code: code.to_owned(),
            trigger: Trigger::Schedule { schedule: event.entity.clone(), run },
            dry_run: false,
        };
        let by = caller("schedule", event);
        match self.intake.tell::<Supplier>(&by, start, Terms::default()).await {
            Ok(_) => Ok(()),
            Err(Denied::Refused(refusal)) => {
                let (schedule, note) = (event.entity.clone(), refusal.to_string());
                let done = ScheduleCommand::RecordFinished { schedule, run, ok: false, note };
                tell::<Schedule>(&self.intake, &by, done).await.map(drop)
            }
            Err(denied) => Err(Hitch::new(denied.to_string())),
        }
    }

    /// A source's schedule is as the source says.
    async fn timetable(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Supplier>(&self.intake, event, &event.entity).await?;
        let code = event.entity.as_str().strip_prefix("source/").unwrap_or_default();
        let source = state.source().filter(|source| !source.removed);
        let timetable = source.and_then(|source| source.settings.timetable.as_ref());
        let command = match timetable {
            Some(timetable) => {
                let (schedule, plan) = plan::schedule(code, timetable);
                ScheduleCommand::Put { schedule, plan }
            }
            None => ScheduleCommand::Remove { schedule: plan::schedule_entity(code) },
        };
        tell::<Schedule>(&self.intake, &caller("imports", event), command).await.map(drop)
    }

    /// An import has ended: its schedule is told, and files that nobody needs go.
    async fn ended(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Supplier>(&self.intake, event, &event.entity).await?;
        let Some(run) = state.import() else { return Ok(()) };
        metrics::counter!("kontor_imports_total", "status" => run.status.word()).increment(1);
        if let Trigger::Schedule { schedule, run: number } = &run.trigger {
            let ok = run.problem.is_none();
            let note = run.problem.clone().unwrap_or_else(|| run.status.word().to_owned());
            let (schedule, run) = (schedule.clone(), *number);
            let done = ScheduleCommand::RecordFinished { schedule, run, ok, note };
            tell::<Schedule>(&self.intake, &caller("imports", event), done).await?;
        }
        self.sweep(event).await
    }

    /// Files that no source needs any more go after a while, so that failed rows can be retried
    /// until then.
    async fn sweep(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let query = ListQuery {
            tenant: event.tenant.clone(),
            domain: Supplier::NAME.to_owned(),
            prefix: "source/".to_owned(),
            status: None,
            before: None,
            limit: SOURCES_MAX,
        };
        let rows = self.intake.ground().store.list(&query).await;
        let rows = rows.map_err(|fault| Hitch::new(fault.to_string()))?;
        let mut kept = HashSet::new();
        for row in &rows {
            let state: SupplierState = serde_json::from_str(&row.state)
                .map_err(|broken| Hitch::new(format!("{}: {broken}", row.entity)))?;
            let Some(source) = state.source() else { continue };
            let known = source.known.as_ref().and_then(|known| known.fetched.file.as_ref());
            let uploaded = source.upload.as_ref().map(|upload| &upload.file);
            kept.extend(known.into_iter().chain(uploaded).map(|file| file.sha256.clone()));
        }
        // Where there are more sources than were looked at, nothing is known to be needless.
        if rows.len() < SOURCES_MAX as usize {
            self.files.sweep(&event.tenant, kept).await;
        }
        Ok(())
    }

    async fn queued(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let _turn = self.turn().await?;
        let import = event.entity.clone();
        let begun = C::RecordBegun { import: import.clone() };
        let by = bulk(event);
        let Some(done) = tell::<Supplier>(&self.intake, &by, begun).await? else { return Ok(()) };
        let Some(run) = done.state.import().filter(|run| run.is_open()) else { return Ok(()) };
        let state = read::<Supplier>(&self.intake, event, &source_entity(&run.source)).await?;
        let Some(source) = state.source() else { return Ok(()) };
        let work = Work { imports: self, event, by, import, run, source };
        match work.run().await? {
            End::Told => Ok(()),
            End::Failed(problem) => {
                let failed = C::RecordFailed { import: work.import.clone(), problem };
                tell::<Supplier>(&self.intake, &work.by, failed).await.map(drop)
            }
        }
    }
}

/// An import under way.
struct Work<'w> {
    imports: &'w Imports,
    event: &'w StoredEvent,
    by: Caller,
    import: EntityId,
    run: &'w ImportDocument,
    source: &'w SourceDocument,
}

impl Work<'_> {
    async fn run(&self) -> Ended {
        let fetched = match self.fetched().await? {
            Ok(Some(fetched)) => fetched,
            Ok(None) => return Ok(End::Told),
            Err(problem) => return Ok(End::Failed(problem)),
        };
        let plan = match Plan::of(&self.source.settings, self.source.revision) {
            Ok(plan) => plan,
            Err(wrong) => {
                return Ok(End::Failed(format!("{}: {}", wrong.pointer, wrong.expected)));
            }
        };
        let news = self.scratch()?;
        let found = match self.survey(&fetched, plan, &news).await? {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(End::Told),
            Err(problem) => return Ok(End::Failed(problem)),
        };
        if !self.judged(&found).await? {
            return Ok(End::Told);
        }
        if !self.run.dry_run && !self.apply(&fetched, &found, &news).await? {
            return Ok(End::Told);
        }
        self.complete(found).await.map(|()| End::Told)
    }

    /// The feed's file; none if there is nothing to do. A problem is for people.
    async fn fetched(&self) -> Result<Result<Option<Fetched>, String>, Hitch> {
        if let Some(fetched) = &self.run.fetched {
            return Ok(Ok(Some(fetched.clone())));
        }
        let (fetched, unchanged) = match &self.run.trigger {
            Trigger::Retry { import } => {
                let state = read::<Supplier>(&self.imports.intake, self.event, import).await?;
                match state.import().and_then(|other| other.fetched.clone()) {
                    Some(fetched) => (fetched, false),
                    None => return Ok(Err("the import's file is not known".to_owned())),
                }
            }
            Trigger::Request | Trigger::Schedule { .. } => {
                match self.imports.fetcher.fetch(&self.event.tenant, self.source).await {
                    Ok(Got::Same(fetched)) => (fetched, !self.run.dry_run),
                    Ok(Got::New(fetched)) => (fetched, false),
                    Err(fault) if fault.passing && self.run.begun < TRIES_MAX => {
                        return Err(Hitch::new(fault.reason));
                    }
                    Err(fault) => return Ok(Err(fault.reason)),
                }
            }
        };
        let (import, told) = (self.import.clone(), fetched.clone());
        let record = C::RecordFetched { import, fetched: told, unchanged };
        let done = tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        let run = done.as_ref().and_then(|done| done.state.import());
        Ok(Ok(run.filter(|run| run.is_open()).and_then(|run| run.fetched.clone())))
    }

    /// Reads the whole feed. None: the import was stopped meanwhile.
    async fn survey(
        &self,
        fetched: &Fetched,
        plan: Plan,
        news: &Scratch,
    ) -> Result<Result<Option<Survey>, String>, Hitch> {
        let tenant = &self.event.tenant;
        let Some(file) = &fetched.file else {
            return Ok(Err("there is no file to be read".to_owned()));
        };
        let file = match self.imports.files.open(tenant, file) {
            Ok(file) => file,
            Err(fault) => return Ok(Err(format!("the feed's file is not there: {fault}"))),
        };
        let watch = Arc::new(Watch::default());
        let job = Job {
            file,
            plan,
            index: self.index().await?,
            currency: self.source.settings.currency,
            news: news.0.clone(),
            done: self.run.progress.rows,
            only: self.only().await?,
            dry_run: self.run.dry_run,
            watch: Arc::clone(&watch),
        };
        let mut reading = tokio::task::spawn_blocking(move || survey(job));
        let found = loop {
            tokio::select! {
                found = &mut reading => break found,
                () = tokio::time::sleep(TELL_EVERY) => {
                    if !self.progressed(&watch).await? {
                        watch.stop.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        match found.map_err(|fault| Hitch::new(format!("a bug: {fault}")))? {
            Ok(found) => Ok(Ok(Some(found))),
            Err(SurveyFault::Stopped) => Ok(Ok(None)),
            Err(SurveyFault::Disk(fault)) => Err(Hitch::new(fault.to_string())),
            Err(SurveyFault::Feed(fault)) => Ok(Err(fault.to_string())),
        }
    }

    /// Where news of the feed goes: it can be made again. Each beginning of an import has its own,
    /// for the one before may still be writing.
    fn scratch(&self) -> Result<Scratch, Hitch> {
        let id = self.import.as_str().rsplit('/').next().unwrap_or_default();
        let name = format!("{id}.{}.news", self.run.begun);
        let news = self.imports.files.derived(&self.event.tenant, &name);
        let wrong = |fault| Hitch::new(format!("the feed's folder cannot be made: {fault}"));
        news.map(Scratch).map_err(wrong)
    }

    /// Tells how far it is; whether the import is still wanted.
    async fn progressed(&self, watch: &Watch) -> Result<bool, Hitch> {
        let progress = Progress {
            bytes: watch.bytes.load(Ordering::Relaxed),
            bytes_total: self
                .run
                .fetched
                .as_ref()
                .and_then(|f| f.file.as_ref())
                .map_or(0, |f| f.bytes),
            ..self.run.progress
        };
        let record = C::RecordProgress { import: self.import.clone(), progress };
        let done = tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        Ok(done.is_some_and(|done| done.state.import().is_some_and(ImportDocument::is_open)))
    }

    /// What is known of the source's offers.
    async fn index(&self) -> Result<Index, Hitch> {
        let shelf = shelf_entity(&self.run.source);
        let offers =
            read::<Supplier>(&self.imports.intake, self.event, &shelf).await?.shelf().offers;
        let pages = u32::try_from(offers.div_ceil(u64::from(PAGE_OFFERS))).unwrap_or(u32::MAX);
        let mut builder = Builder::new(usize::try_from(offers).unwrap_or(0));
        for first in (0..pages).step_by(PAGES as usize) {
            let numbers = first..pages.min(first + PAGES);
            let wanted = numbers.clone().map(|page| page_entity(&self.run.source, page));
            let found = self.states(wanted.collect()).await?;
            for (number, state) in numbers.zip(found) {
                if let Some(page) = state.page() {
                    builder.add(number, page);
                }
            }
        }
        Ok(builder.finish())
    }

    async fn states(&self, entities: Vec<EntityId>) -> Result<Vec<SupplierState>, Hitch> {
        states(&self.imports.intake, &self.event.tenant, entities).await
    }

    /// The rows that failed in another import, where they are tried again.
    async fn only(&self) -> Result<Option<HashSet<u64>>, Hitch> {
        let Trigger::Retry { import } = &self.run.trigger else { return Ok(None) };
        let state = read::<Supplier>(&self.imports.intake, self.event, import).await?;
        let pages = state.import().map_or(0, |other| other.problem_pages);
        let mut rows = HashSet::new();
        for first in (0..pages).step_by(PAGES as usize) {
            let numbers = first..pages.min(first + PAGES);
            let found = self.states(numbers.map(|page| problems_entity(import, page)).collect());
            let found = found.await?;
            let problems = found.iter().filter_map(SupplierState::problems);
            rows.extend(problems.flat_map(|page| &page.problems).map(|problem| problem.row));
        }
        Ok(Some(rows))
    }

    /// Has the feed judged. False: it is not to be applied.
    async fn judged(&self, found: &Survey) -> Result<bool, Hitch> {
        if self.run.figures.is_some() {
            // It was, before the import was cut short; now some of it is applied.
            return Ok(true);
        }
        for (page, problems) in found.problems.chunks(PAGE_PROBLEMS as usize).enumerate() {
            let record = C::RecordProblems {
                import: self.import.clone(),
                page: u32::try_from(page).unwrap_or(u32::MAX),
                problems: problems.to_vec(),
            };
            tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        }
        let full = self.source.settings.kind == FeedKind::Full;
        let retried = matches!(self.run.trigger, Trigger::Retry { .. });
        let mut now = found.figures.clone();
        if full {
            now.missing = found.index.missing(1).count() as u64;
        }
        let before = self.source.good.as_ref().map(|good| survey::compared(&good.figures));
        let plan = Plan::of(&self.source.settings, 0);
        let gates = plan.map(|plan| plan.gates).unwrap_or_default();
        // Rows that failed were judged with their feed; and of a feed that holds some, none is
        // missing.
        let verdict = if retried { Default::default() } else { gates.judge(&now, before.as_ref()) };
        let figures = survey::figures(&now);
        let import = self.import.clone();
        let record = match verdict.rejected.first() {
            Some(finding) => C::RecordRejected {
                import,
                gate: gate(finding),
                reason: verdict.rejected.iter().map(sentence).collect::<Vec<_>>().join("; "),
                figures,
            },
            None => C::RecordJudged {
                import,
                figures,
                warnings: verdict
                    .warnings
                    .iter()
                    .map(sentence)
                    .chain(found.warnings.clone())
                    .collect(),
                progress: self.progress(&now, found.bytes),
            },
        };
        let done = tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        Ok(done.is_some_and(|done| done.state.import().is_some_and(ImportDocument::is_open)))
    }

    fn progress(&self, now: &Figures, bytes: u64) -> Progress {
        Progress { rows: self.run.progress.rows, rows_total: now.rows, bytes, bytes_total: bytes }
    }

    /// Applies what is news. False: the import was stopped meanwhile.
    async fn apply(
        &self,
        fetched: &Fetched,
        found: &Survey,
        news: &Scratch,
    ) -> Result<bool, Hitch> {
        let entity = categories_entity(&self.run.source);
        let categories = read::<Supplier>(&self.imports.intake, self.event, &entity).await?;
        let id = self.import.as_str().strip_prefix("import/").unwrap_or_default();
        let applying = Applying {
            intake: self.imports.intake.clone(),
            caller: self.by.clone(),
            import: self.import.clone(),
            source: self.run.source.clone(),
            observed_at: fetched.observed_at,
            matching: Matching {
                settings: self.source.settings.clone(),
                categories: categories.categories().cloned().unwrap_or_default(),
                run: id.to_owned(),
            },
            progress: self.progress(&found.figures, found.bytes),
        };
        if 0 < found.news && !applying.run(news.0.clone()).await? {
            return Ok(false);
        }
        let whole = !matches!(self.run.trigger, Trigger::Retry { .. });
        if whole && self.source.settings.kind == FeedKind::Full {
            return applying.retire(&found.index).await;
        }
        Ok(true)
    }

    async fn complete(&self, found: Survey) -> Result<(), Hitch> {
        self.count_categories(&found).await?;
        let Survey { figures, skipped, failed, news, new, samples, .. } = found;
        let changed = news.saturating_sub(new);
        let told = news + skipped + failed;
        let unchanged = figures.rows.saturating_sub(told);
        let counts =
            Counts { created: new, updated: changed, unchanged, skipped, failed, vanished: 0 };
        let record = C::RecordCompleted { import: self.import.clone(), counts, samples };
        tell::<Supplier>(&self.imports.intake, &self.by, record).await.map(drop)
    }

    /// Rows by category. Those of rows that were known need not be looked at again, so paths that
    /// are known keep their counts unless all rows were looked at.
    async fn count_categories(&self, found: &Survey) -> Result<(), Hitch> {
        if found.categories.is_empty() || self.run.dry_run {
            return Ok(());
        }
        let entity = categories_entity(&self.run.source);
        let state = read::<Supplier>(&self.imports.intake, self.event, &entity).await?;
        let mut counts: HashMap<String, u64> =
            found.categories.iter().map(|count| (count.path.clone(), count.rows)).collect();
        let all = found.figures.known == 0;
        if let Some(known) = state.categories().filter(|_| !all) {
            for entry in known.paths.values() {
                let rows = counts.entry(entry.path.clone()).or_default();
                *rows = entry.rows.max(*rows);
            }
        }
        let counts = counts.into_iter().map(|(path, rows)| CategoryCount { path, rows }).collect();
        let record = C::RecordCategories { code: self.run.source.clone(), counts };
        tell::<Supplier>(&self.imports.intake, &self.by, record).await.map(drop)
    }
}

/// A file that is gone with the work that made it.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A row's fault as it is told.
pub(crate) fn problem(error: RowError) -> RowProblem {
    survey::problem(error, None)
}

/// The states of entities; blank where there is none.
async fn states(
    intake: &Intake,
    tenant: &TenantId,
    entities: Vec<EntityId>,
) -> Result<Vec<SupplierState>, Hitch> {
    let wanted = entities.into_iter().map(|entity| {
        let domain = Supplier::NAME.to_owned();
        Lookup::Entity(EntityRef { tenant: tenant.clone(), domain, entity })
    });
    let found = intake.ground().loader.fetch(wanted.collect()).await;
    let found = found.map_err(|fault| Hitch::new(fault.to_string()))?;
    let read = found.into_iter().map(|found| match found {
        Found::Entity(Some(row)) => serde_json::from_str(&row.state)
            .map_err(|broken| Hitch::new(format!("{}: {broken}", row.entity))),
        _ => Ok(SupplierState::Blank),
    });
    read.collect()
}

/// A gate's name.
fn gate(finding: &Finding) -> String {
    let name = serde_json::to_value(finding.gate).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sentence(finding: &Finding) -> String {
    let percent = |permille: u32| format!("{}.{} %", permille / 10, permille % 10);
    let (found, allowed) = (finding.found_permille, finding.allowed_permille);
    format!("{}: {}, allowed are {}", gate(finding), percent(found), percent(allowed))
}

/// Who tells of an import: after sales and people.
fn bulk(event: &StoredEvent) -> Caller {
    Caller { lane: Lane::Bulk, ..caller("imports", event) }
}

#[async_trait]
impl Follow for Imports {
    fn name(&self) -> &'static str {
        "imports"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 64, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        match &*event.name {
            "import.queued" | "import.undo_requested" => {
                let source = content::<Supplier>(event).ok();
                let source = source.as_ref().and_then(SupplierEvent::source);
                let source = source.unwrap_or(event.entity.as_str());
                Some(format!("{}/source/{source}", event.tenant).into())
            }
            "schedule.fired"
            | "supplier.source_put"
            | "supplier.source_removed"
            | "import.completed"
            | "import.not_modified"
            | "import.rejected"
            | "import.failed"
            | "import.cancelled" => Some(format!("{}/{}", event.tenant, event.entity).into()),
            _ => None,
        }
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.act(event).instrument(acting("imports", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
