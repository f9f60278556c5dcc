//! The proof that the database is what its journal says: every state, every key, every position,
//! and all money.
//!
//! It reads and never writes, and may run beside a live node: what has moved on meanwhile is
//! looked at again before it is called different.

mod entities;
mod history;
mod money;

use entities::Entities;
use kontor_actors::{
    host::Hosts,
    store::{Seq, Store, StoreFault, StoredEvent},
};
use kontor_messages::{EntityId, TenantId};
use money::Money;
use std::{collections::HashSet, fmt, sync::Arc};
use tokio::task::JoinHandle;

/// What an entity takes beside its state while it is derived, in bytes; the state itself takes about
/// twice what its JSON does.
const ENTITY_BYTES: u64 = 500;
/// Differences that are told.
const TOLD_MAX: usize = 20;
/// Rows read at a time.
const PAGE: u32 = 1_000;
/// Memory for what is derived at a time, in bytes, where the machine does not tell what it has.
const MEMORY_MIN: u64 = 128 << 20;
/// And where it has plenty.
const MEMORY_MAX: u64 = 2 << 30;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Events read.
    pub events: u64,
    /// States compared.
    pub entities: u64,
    /// Keys compared.
    pub keys: u64,
    /// Cursors compared.
    pub cursors: u64,
    /// How often the journal was read.
    pub passes: u32,
    /// The first differences.
    pub differences: Vec<Difference>,
    /// How many there are.
    pub differences_total: u64,
}

/// Something that the journal does not say, or says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Difference {
    /// What kind.
    pub kind: DifferenceKind,
    /// Where: `tenant/domain/entity`, or a place in the journal.
    pub place: String,
    /// What is there, and what was expected.
    pub detail: String,
}

/// Kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DifferenceKind {
    /// A number of the sequence is missing.
    Gap,
    /// An event cannot be read, or nobody knows its domain.
    Event,
    /// An event does not follow the one before it.
    Version,
    /// A stored state is another one.
    State,
    /// A state is not stored.
    StateMissing,
    /// A state is stored that no event tells of.
    StateExtra,
    /// A key is not stored.
    KeyMissing,
    /// A key is stored that no state lists.
    KeyExtra,
    /// An entity's history is not complete.
    History,
    /// A follower stands beyond the journal's end.
    Cursor,
    /// A payment or the tenant's books are not the sum of the ledger's entries.
    Money,
}

/// How far it has got.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Which reading of the journal, from 1.
    pub pass: u32,
    /// Of how many.
    pub passes: u32,
    /// Events read in this one.
    pub events: u64,
    /// Events in the journal.
    pub of: u64,
}

/// How much memory may be taken for what is derived at a time, in bytes: a quarter of what the
/// machine has to give.
pub fn memory_max() -> u64 {
    let told = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or(MEMORY_MIN, |free| (free * 1024 / 4).clamp(MEMORY_MIN, MEMORY_MAX))
}

/// Reads everything and compares, with so many bytes for what is derived at a time: what takes more
/// is done in several passes over the journal. `on_progress` is told after every page.
pub async fn verify(
    store: Arc<dyn Store>,
    hosts: &Hosts,
    shards: u32,
    memory_max: u64,
    on_progress: impl FnMut(Progress) + Send,
) -> Result<Report, StoreFault> {
    let (entities, state_bytes) = count(&*store).await?;
    let bytes = entities * ENTITY_BYTES + 2 * state_bytes;
    let passes = bytes.div_ceil(memory_max.max(1));
    verify_in(store, hosts, shards, passes, on_progress).await
}

/// The same, with so many entities derived at a time.
pub async fn verify_with(
    store: Arc<dyn Store>,
    hosts: &Hosts,
    shards: u32,
    entities_max: u64,
    on_progress: impl FnMut(Progress) + Send,
) -> Result<Report, StoreFault> {
    let passes = count(&*store).await?.0.div_ceil(entities_max.max(1));
    verify_in(store, hosts, shards, passes, on_progress).await
}

async fn verify_in(
    store: Arc<dyn Store>,
    hosts: &Hosts,
    shards: u32,
    passes: u64,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Report, StoreFault> {
    let heads = store.heads(shards).await?;
    let passes = u32::try_from(passes.max(1)).unwrap_or(u32::MAX);
    let mut verify = Verify {
        store,
        hosts,
        shards,
        heads,
        part: Part { of: passes, number: 0 },
        report: Report { passes, ..Report::default() },
        told: HashSet::new(),
    };
    for pass in 0..passes {
        verify.part.number = pass;
        verify.pass(&mut on_progress).await?;
    }
    verify.cursors().await?;
    Ok(verify.report)
}

/// One verification.
struct Verify<'a> {
    store: Arc<dyn Store>,
    hosts: &'a Hosts,
    shards: u32,
    /// How far the journal went when it began.
    heads: Vec<Seq>,
    part: Part,
    report: Report,
    told: HashSet<Difference>,
}

/// A part of all entities, by their names.
#[derive(Clone, Copy)]
struct Part {
    of: u32,
    number: u32,
}

impl Part {
    fn holds(self, entity: &EntityId) -> bool {
        let hash = entity.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        // The lower bits alone are poor for names that differ in their last letters only.
        ((hash ^ (hash >> 32)) % u64::from(self.of)) as u32 == self.number
    }
}

/// How many states there are, and how many bytes of JSON.
async fn count(store: &dyn Store) -> Result<(u64, u64), StoreFault> {
    let (mut count, mut bytes, mut after) = (0, 0, None);
    loop {
        let page = store.scan(after.as_ref(), PAGE).await?;
        count += page.len() as u64;
        bytes += page.iter().map(|row| row.state.len() as u64).sum::<u64>();
        match page.last() {
            Some(last) => after = Some(entities::address(last)),
            None => return Ok((count, bytes)),
        }
    }
}

impl Verify<'_> {
    /// Reads the journal once and compares one part of the entities with it.
    async fn pass(
        &mut self,
        on_progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), StoreFault> {
        let of = self.heads.iter().map(|head| head.unsigned_abs()).sum();
        let mut entities = Entities::new(self.hosts);
        let mut money = Money::default();
        let mut read = 0;
        for shard in 0..self.shards {
            let head = self.heads.get(shard as usize).copied().unwrap_or(0);
            let mut last = 0;
            let mut coming = (last < head).then(|| self.page_after(shard, last));
            while let Some(page) = coming.take() {
                let page = page.await.map_err(|ended| StoreFault(ended.to_string()))??;
                // The next page is read while this one is carried out.
                let more = page.last().map(|event| event.seq).filter(|seq| *seq < head);
                coming = more.map(|seq| self.page_after(shard, seq));
                let page: Vec<_> = page.into_iter().take_while(|event| event.seq <= head).collect();
                if page.is_empty() {
                    self.gap(shard, last, head + 1);
                    break;
                }
                for event in &page {
                    self.gap(shard, last, event.seq);
                    last = event.seq;
                    money.add(event, |entity| self.part.holds(entity));
                    if let Err(difference) = entities.apply(event, self.shards, self.part) {
                        self.tell(difference);
                    }
                }
                read += page.len() as u64;
                let (pass, passes) = (self.part.number + 1, self.part.of);
                on_progress(Progress { pass, passes, events: read, of });
            }
        }
        self.report.events = read;
        self.compare_states(&mut entities, &mut money).await?;
        self.compare_rest(&mut money).await?;
        self.compare_keys(&mut entities).await?;
        self.compare_histories(&entities).await
    }

    fn page_after(
        &self,
        shard: u32,
        last: Seq,
    ) -> JoinHandle<Result<Vec<StoredEvent>, StoreFault>> {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.read(shard, last, PAGE).await })
    }

    fn gap(&mut self, shard: u32, last: Seq, next: Seq) {
        if next != last + 1 {
            let (from, to) = (last + 1, next - 1);
            self.differs(
                DifferenceKind::Gap,
                format!("shard {shard}, event {from}"),
                format!("{} missing, up to {to}", next - last - 1),
            );
        }
    }

    async fn cursors(&mut self) -> Result<(), StoreFault> {
        let cursors = self.store.cursors().await?;
        // Read after the cursors, so that a live node is not ahead of it.
        let heads = self.store.heads(self.shards).await?;
        for cursor in cursors {
            self.report.cursors += 1;
            let head = heads.get(cursor.shard as usize).copied().unwrap_or(0);
            if head < cursor.seq {
                self.differs(
                    DifferenceKind::Cursor,
                    format!("follower {}, shard {}", cursor.follower, cursor.shard),
                    format!("stands at {}, the journal ends at {head}", cursor.seq),
                );
            }
        }
        Ok(())
    }

    fn differs(&mut self, kind: DifferenceKind, place: String, detail: String) {
        self.tell(Difference { kind, place, detail });
    }

    /// A difference that several passes come by is one.
    fn tell(&mut self, difference: Difference) {
        if self.report.passes > 1 && !self.told.insert(difference.clone()) {
            return;
        }
        self.report.differences_total += 1;
        if self.report.differences.len() < TOLD_MAX {
            self.report.differences.push(difference);
        }
    }
}

fn place(tenant: &TenantId, domain: &str, entity: &EntityId) -> String {
    format!("{tenant}/{domain}/{entity}")
}

impl Report {
    /// Whether the database is what its journal says.
    pub fn is_sound(&self) -> bool {
        self.differences_total == 0
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}: {}", self.kind, self.place, self.detail)
    }
}
