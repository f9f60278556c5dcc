//! How many pairs (one journal row and one entity row) a store commits in a second.
//!
//! `cargo run --release -p kontor-adapters --example commit_rate -- URL-OR-FOLDER [WRITERS [SIZE...]]`
//!
//! Writes to what it is given, so give it an empty database. One third of the entities is new,
//! the rest are changes spread over 100,000; payload 300, meta 150 and state 600 bytes.

use kontor_actors::store::{Batch, CommitError, Store, StoredEntity, StoredEvent};
use kontor_adapters::store::{StoreSettings, open};
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

const ENTITIES: usize = 100_000;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("give a postgres:// URL or a folder")?;
    let writers = arguments.next().map_or(Ok(1), |writers| writers.parse())?;
    let sizes = arguments.map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    let sizes = if sizes.is_empty() { vec![1, 10, 100, 500] } else { sizes };
    let store = open(&StoreSettings { writers, ..StoreSettings::at(url) }).await?;
    let heads = store.heads(writers).await?;
    let mut shards: Vec<_> =
        (0..).zip(heads).map(|(shard, head)| Shard::new(shard, head)).collect();
    println!("{:>6} {:>8} {:>9} {:>9} {:>9}", "batch", "writers", "pairs/s", "p50 us", "p99 us");
    for size in sizes {
        run(&store, &mut shards, size, WARM_UP).await?;
        let begun = Instant::now();
        let mut times = run(&store, &mut shards, size, MEASURED).await?;
        let elapsed = begun.elapsed().as_micros() as usize;
        times.sort();
        let rate = times.len() * size * 1_000_000 / elapsed;
        let at = |percent: usize| times[times.len() * percent / 100].as_micros();
        println!("{size:>6} {writers:>8} {rate:>9} {:>9} {:>9}", at(50), at(99));
    }
    Ok(())
}

/// All shards commit side by side until the time is up; says how long each commit took.
async fn run(
    store: &Arc<dyn Store>,
    shards: &mut Vec<Shard>,
    size: usize,
    span: Duration,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut tasks = Vec::new();
    for mut shard in shards.drain(..) {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            let begun = Instant::now();
            let mut times = Vec::new();
            while begun.elapsed() < span {
                let batch = shard.batch(size);
                let sent = Instant::now();
                store.commit(Arc::new(batch)).await?;
                times.push(sent.elapsed());
            }
            Ok::<_, CommitError>((shard, times))
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        let (shard, times) = task.await??;
        shards.push(shard);
        all.extend(times);
    }
    Ok(all)
}

/// What is known of one shard: how far it is, and at which version its entities stand.
struct Shard {
    number: u32,
    seq: i64,
    tenant: TenantId,
    domain: Arc<str>,
    name: Arc<str>,
    texts: Vec<Texts>,
    versions: Vec<(EntityId, i64)>,
}

impl Shard {
    fn new(number: u32, seq: i64) -> Self {
        let tenant = format!("tenant-{number}-{seq}");
        let tenant = TenantId::parse(&tenant).unwrap_or_else(|error| panic!("{error}"));
        let texts = (0..64).map(|_| Texts::new()).collect();
        let (domain, name) = ("order".into(), "order.created".into());
        Self { number, seq, tenant, domain, name, texts, versions: Vec::new() }
    }

    /// Each entity once: the changes walk through the last ones in even steps.
    fn batch(&mut self, size: usize) -> Batch {
        let new = if self.versions.len() < 2 * size { size } else { size.div_ceil(3) };
        let known = self.versions.len();
        let recent = known.min(ENTITIES);
        let step = recent / size.max(1);
        let start = fastrand::usize(..recent.max(1));
        let mut batch = Batch::default();
        for n in 0..size {
            let place = if n < new {
                self.versions.push((EntityId::fresh(Timestamp::now()), 0));
                self.versions.len() - 1
            } else {
                known - recent + (start + n * step) % recent
            };
            let (event, state) = self.pair(place);
            batch.events.push(event);
            batch.states.push(state);
        }
        batch
    }

    fn pair(&mut self, place: usize) -> (StoredEvent, StoredEntity) {
        let at = Timestamp::now();
        let texts = &self.texts[place % self.texts.len()];
        let (entity, version) = &mut self.versions[place];
        *version += 1;
        self.seq += 1;
        let event = StoredEvent {
            shard: self.number,
            seq: self.seq,
            id: EventId::fresh(at),
            tenant: self.tenant.clone(),
            domain: Arc::clone(&self.domain),
            entity: entity.clone(),
            version: *version,
            name: Arc::clone(&self.name),
            at,
            payload: Arc::clone(&texts.payload),
            meta: Arc::clone(&texts.meta),
        };
        let state = StoredEntity {
            tenant: self.tenant.clone(),
            domain: Arc::clone(&self.domain),
            entity: entity.clone(),
            shard: self.number,
            version: *version,
            status: Some("open".into()),
            label: None,
            due: None,
            created_at: at,
            updated_at: at,
            state: Arc::clone(&texts.state),
        };
        (event, state)
    }
}

/// Made beforehand, so that making them is not measured.
struct Texts {
    payload: Arc<str>,
    meta: Arc<str>,
    state: Arc<str>,
}

impl Texts {
    fn new() -> Self {
        Self { payload: json(300), meta: json(150), state: json(600) }
    }
}

fn json(len: usize) -> Arc<str> {
    let mut text = String::from("{\"first\":1");
    while text.len() < len - 20 {
        text.push_str(&format!(",\"field\":\"{:016x}\"", fastrand::u64(..)));
    }
    text.push('}');
    text.into()
}
