//! What a node does by itself: it learns which request keys were used before it began, and forgets
//! those that nobody asks for any more.

use kontor_actors::{store::Store, used_keys::UsedKeys};
use kontor_messages::Timestamp;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// The shortest time that a request key is known: clients may repeat a request for so long.
pub const KEYS_KEPT_MIN: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Keys forgotten in one step, at most: a small transaction beside everybody else's.
const STEP: u32 = 500;
/// The pause between two steps.
const PAUSE: Duration = Duration::from_millis(50);
/// Keys that are learnt at once.
const LEARNT: u32 = 1_000;

/// Learns which keys were used, and forgets keys that are older than `kept` (never less than
/// [`KEYS_KEPT_MIN`]), until told to stop.
pub async fn run(
    store: Arc<dyn Store>,
    used: Arc<UsedKeys>,
    kept: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let learning = tokio::spawn({
        let (store, used) = (Arc::clone(&store), Arc::clone(&used));
        async move { learn(&*store, &used).await }
    });
    let kept = kept.max(KEYS_KEPT_MIN);
    loop {
        let age = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(Timestamp::now().millis().saturating_sub(age));
        let pause = match store.forget_requests(before, STEP).await {
            Ok(forgotten) => {
                metrics::counter!("kontor_request_keys_forgotten_total").increment(forgotten);
                if forgotten < u64::from(STEP) {
                    // The database has none left that is older.
                    used.forget(kept);
                    LOOK_EVERY
                } else {
                    PAUSE
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "old request keys cannot be forgotten");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    learning.abort();
}

/// Tells `used` all keys that the database has, at a pace that leaves others their turn. Until that is
/// done every key is looked up.
async fn learn(store: &dyn Store, used: &UsedKeys) {
    let mut last = None;
    loop {
        let begun = Instant::now();
        let pause = match store.scan_requests(last.as_ref(), LEARNT).await {
            Ok(names) => {
                if !used.learn(&names) {
                    return;
                }
                if names.len() < LEARNT as usize {
                    return used.knows_all();
                }
                last = names.into_iter().next_back();
                begun.elapsed()
            }
            Err(fault) => {
                tracing::warn!(%fault, "the request keys that were used cannot be read");
                LOOK_EVERY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::{
        memory::MemoryStore,
        store::{Batch, Found, Lookup, RequestName, RequestRow},
    };
    use kontor_messages::EntityId;

    fn row(key: String, age: Duration) -> RequestRow {
        let at = Timestamp::now().millis() - i64::try_from(age.as_millis()).unwrap();
        RequestRow {
            tenant: "one".parse().unwrap(),
            domain: "order".into(),
            key,
            hash: [0; 16],
            entity: EntityId::named("o"),
            version: 1,
            at: Timestamp::from_millis(at),
        }
    }

    fn name(row: &RequestRow) -> RequestName {
        let RequestRow { tenant, domain, key, .. } = row.clone();
        RequestName { tenant, domain, key }
    }

    async fn known(store: &MemoryStore, key: &str) -> bool {
        let (tenant, domain) = ("one".parse().unwrap(), "order".into());
        let found = store.fetch(&[Lookup::Request { tenant, domain, key: key.into() }]).await;
        matches!(found.unwrap()[0], Found::Request(Some(_)))
    }

    #[tokio::test]
    async fn old_keys_are_forgotten_in_steps_and_none_before_its_time() {
        let store = MemoryStore::new();
        let day = Duration::from_secs(24 * 3600);
        let old = (0..1_200).map(|n| row(format!("old{n}"), 8 * day));
        let requests = old.chain([row("young".into(), 6 * day)]).collect();
        store.commit(Arc::new(Batch { requests, ..Batch::default() })).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        // Even where less is asked for, a key is known for a week.
        let used = Arc::new(UsedKeys::default());
        let running = tokio::spawn(run(Arc::new(store.clone()), Arc::clone(&used), day, stopped));
        for n in [0, 700, 1_199] {
            while known(&store, &format!("old{n}")).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Meanwhile it has learnt which keys there are.
        let other = |n: usize| row(format!("other{n}"), Duration::ZERO);
        for n in 0.. {
            if used.is_new(&name(&other(n))) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.send_replace(true);
        running.await.unwrap();
        assert!(known(&store, "young").await);
        assert!(!used.is_new(&name(&row("young".into(), Duration::ZERO))));
    }

    #[tokio::test]
    async fn a_node_learns_which_keys_were_used_before_it_began() {
        let store = MemoryStore::new();
        let before = 2 * LEARNT as usize + 1;
        let requests: Vec<_> = (0..before).map(|n| row(format!("k{n}"), Duration::ZERO)).collect();
        let names: Vec<_> = requests.iter().map(name).collect();
        store.commit(Arc::new(Batch { requests, ..Batch::default() })).await.unwrap();
        let used = UsedKeys::default();
        learn(&store, &used).await;
        assert!(names.iter().all(|name| !used.is_new(name)));
        let other = |n: usize| RequestName { key: format!("other{n}"), ..names[0].clone() };
        assert!((0..100).any(|n| used.is_new(&other(n))));
    }
}
