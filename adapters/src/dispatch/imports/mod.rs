//! Carries imports out: fetches a source's feed, reads it as a whole, has it judged, and applies
//! what is news. One source's imports and undoings follow each other in one lane.
//!
//! An import that was cut short is begun again: its file is there, what was applied is no news, and
//! the place up to which rows are done with was kept with them.

mod apply;
mod fetch;
pub mod files;
mod index;
mod kept;
mod mapped;
mod pace;
pub mod plan;
mod products;
mod retire;
pub mod suggest;
mod survey;
mod undo;
mod work;

use super::{acting, caller, content, read, tell};
use crate::gateways::http::Http;
use async_trait::async_trait;
use fetch::Fetcher;
use files::FeedFiles;
use kontor_actors::{
    admission::Lane,
    domain::Domain,
    follower::{Follow, Habits, Hitch},
    intake::{Caller, Intake},
    request::{Denied, Terms},
    schedule::Schedule,
    store::{EntityRef, Found, ListQuery, Lookup, StoredEvent},
    supplier::{Supplier, SupplierState},
};
use kontor_feeds::RowError;
use kontor_messages::{
    EntityId, TenantId, id,
    schedule::{ScheduleCommand, ScheduleEvent},
    supplier::{
        RowProblem, SupplierCommand as C, SupplierEvent, Trigger, import_entity, source_entity,
    },
};
use std::{collections::HashSet, sync::Arc};
use tokio::sync::Semaphore;
use tracing::Instrument;
use work::{End, Work};

/// Imports of a node at once: each has a thread and the compact index of its source.
const AT_ONCE: usize = 2;
/// Sources of a tenant that are looked at for files that are needed.
const SOURCES_MAX: u32 = 1_000;

/// Carries imports out.
pub struct Imports {
    intake: Intake,
    files: FeedFiles,
    fetcher: Fetcher,
    turns: Arc<Semaphore>,
}

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
            Err(denied) => Err(Hitch::denied(&denied)),
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
            label: None,
            from: None,
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

/// A row's fault as it is told.
pub(crate) fn problem(error: RowError) -> RowProblem {
    kept::problem(error, None)
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
