//! One import under way: fetched, read as a whole, judged, applied.

use super::{
    super::{read, tell},
    Imports,
    apply::Applying,
    fetch::Got,
    index::{Builder, Index},
    kept,
    plan::Plan,
    products::Matching,
    states,
    survey::{Job, Survey, SurveyFault, Watch, survey},
};
use crate::aside::aside;
use kontor_actors::{
    follower::Hitch,
    intake::Caller,
    store::StoredEvent,
    supplier::{ImportDocument, SourceDocument, Supplier, SupplierState},
};
use kontor_feeds::gates::{Figures, Finding};
use kontor_messages::{
    EntityId,
    supplier::{
        CategoryCount, Counts, FeedKind, Fetched, PAGE_OFFERS, PAGE_PROBLEMS, Progress,
        SupplierCommand as C, Trigger, categories_entity, page_entity, problems_entity,
        shelf_entity,
    },
};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How often people are told how far a survey is.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Pages of offers that are read at a time.
const PAGES: u32 = 32;
/// How often a supplier that is not reached is tried by itself.
const TRIES_MAX: u32 = 5;

/// How an import came to its end, or did not.
pub(super) enum End {
    /// The domain knows.
    Told,
    /// It did not work, and people are told so.
    Failed(String),
}

pub(super) type Ended = Result<End, Hitch>;

/// An import under way.
pub(super) struct Work<'w> {
    pub(super) imports: &'w Imports,
    pub(super) event: &'w StoredEvent,
    pub(super) by: Caller,
    pub(super) import: EntityId,
    pub(super) run: &'w ImportDocument,
    pub(super) source: &'w SourceDocument,
}

impl Work<'_> {
    pub(super) async fn run(&self) -> Ended {
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
        // While nothing is applied yet: what is applied is known, and if the import is cut short is not
        // looked at again.
        self.count_categories(&found).await?;
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
        let reading = aside("survey", move || survey(job));
        let no_thread = |fault| Hitch::new(format!("no thread for a survey: {fault}"));
        let mut reading = reading.map_err(no_thread)?;
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
            Err(fault @ SurveyFault::Thread(_)) => Err(Hitch::new(fault.to_string())),
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
        let pages = found.problems.chunks(PAGE_PROBLEMS as usize);
        let last = pages.len().saturating_sub(1);
        for (page, problems) in pages.enumerate() {
            let record = C::RecordProblems {
                import: self.import.clone(),
                page: u32::try_from(page).unwrap_or(u32::MAX),
                problems: problems.to_vec(),
                dropped: if page == last { found.problems_dropped } else { 0 },
            };
            tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        }
        if !found.left_out.is_empty() {
            let (import, rows) = (self.import.clone(), found.left_out.clone());
            let record = C::RecordLeftOut { import, rows };
            tell::<Supplier>(&self.imports.intake, &self.by, record).await?;
        }
        let full = self.source.settings.kind == FeedKind::Full;
        let retried = matches!(self.run.trigger, Trigger::Retry { .. });
        let mut now = found.figures.clone();
        if full {
            now.missing = found.index.missing(1).count() as u64;
        }
        let before = self.source.good.as_ref().map(|good| kept::compared(&good.figures));
        let plan = Plan::of(&self.source.settings, 0);
        let gates = plan.map(|plan| plan.gates).unwrap_or_default();
        // Rows that failed were judged with their feed; and of a feed that holds some, none is
        // missing.
        let verdict = if retried { Default::default() } else { gates.judge(&now, before.as_ref()) };
        let figures = kept::figures(&now);
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
