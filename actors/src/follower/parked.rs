//! Events that a lane could not proceed with: put aside as dead letters that are tried again by
//! themselves, in order, until they go through or a person decides.

use super::{Follow, Hitch, handle};
use crate::store::{DeadLetter, LetterQuery, Seq, Store, StoreFault, StoredEvent};
use kontor_messages::Timestamp;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// How often parked lanes are looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So many are read again at every look; the more there are, the more seldom: to read all that an outage
/// has left twice a second would make it worse.
const READ_AT_ONCE: usize = 200;
/// Letters known at once, at most; past it the follower waits for people.
const KNOWN_MAX: usize = 10_000;
/// After so many tries, a person has to decide.
const ATTEMPTS_MAX: u32 = 20;

/// The lanes that are parked.
#[derive(Default)]
pub(super) struct Parked {
    lanes: HashMap<Arc<str>, BTreeMap<Seq, DeadLetter>>,
    busy: HashSet<Arc<str>>,
    /// Looks since all were read.
    looks: usize,
    /// Counts changes, so that an older look at the database does not undo one.
    pub(super) generation: u64,
}

impl Parked {
    /// Reads what is parked of one follower and shard.
    pub(super) async fn load(
        store: &dyn Store,
        source: &str,
        shard: u32,
    ) -> Result<Vec<DeadLetter>, StoreFault> {
        let mut found = Vec::new();
        // The ids of one follower and shard stand together, in the order of the journal.
        let own = prefix(source, shard);
        let mut after = Some(own.clone());
        loop {
            let query = LetterQuery {
                source: Some(source.into()),
                after,
                limit: 500,
                ..Default::default()
            };
            let page = store.dead_letters(&query).await?;
            let last = page.last().map(|letter| letter.id.clone());
            let full = page.len() == 500;
            found.extend(page.into_iter().take_while(|letter| letter.id.starts_with(&own)));
            let over = last.as_ref().is_none_or(|last| !last.starts_with(&own));
            if !full || over || KNOWN_MAX <= found.len() {
                return Ok(found);
            }
            after = last;
        }
    }

    /// Replaces what is known with what the database has.
    pub(super) fn replace(&mut self, letters: Vec<DeadLetter>) {
        self.lanes.clear();
        letters.into_iter().for_each(|letter| self.add(letter));
    }

    /// A letter was buried.
    pub(super) fn add(&mut self, letter: DeadLetter) {
        let Some((_, seq)) = letter.event else { return };
        self.generation += 1;
        self.lanes.entry(letter.lane.as_str().into()).or_default().insert(seq, letter);
    }

    /// Whether later events of this lane have to wait.
    pub(super) fn holds(&self, lane: &str) -> bool {
        self.lanes.contains_key(lane)
    }

    /// Whether no lane is parked.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// How many events are parked.
    pub(super) fn len(&self) -> usize {
        self.lanes.values().map(BTreeMap::len).sum()
    }

    /// Whether the time has come to read anew what people may have changed.
    pub(super) fn is_to_be_read(&mut self) -> bool {
        let parked = self.len();
        self.looks += 1;
        let due = 0 < parked && parked / READ_AT_ONCE < self.looks;
        if due {
            self.looks = 0;
        }
        due
    }

    /// Whether so much is parked that the follower has to stand still.
    pub(super) fn is_full(&self) -> bool {
        KNOWN_MAX <= self.len()
    }

    /// The first letter of each lane that may be tried now; the lanes are busy then. A lane that
    /// `works` on an earlier event waits for it.
    pub(super) fn due(
        &mut self,
        now: Timestamp,
        lanes_max: usize,
        works: impl Fn(&str) -> bool,
    ) -> Vec<DeadLetter> {
        let free = |lane: &Arc<str>| !self.busy.contains(lane) && !works(lane);
        let heads = self.lanes.iter().filter(|(lane, _)| free(lane));
        let heads = heads.filter_map(|(_, letters)| letters.first_key_value());
        let due = heads.filter(|(_, letter)| letter.retry_at.is_some_and(|at| at <= now));
        let room = lanes_max.saturating_sub(self.busy.len());
        let due: Vec<DeadLetter> = due.map(|(_, letter)| letter.clone()).take(room).collect();
        self.busy.extend(due.iter().map(|letter| Arc::from(letter.lane.as_str())));
        due
    }

    /// A letter was tried: gone if it went through, else kept as it is now.
    pub(super) fn tried(&mut self, letter: DeadLetter, gone: bool) {
        let Some((_, seq)) = letter.event else { return };
        self.generation += 1;
        self.busy.remove(letter.lane.as_str());
        let Some(letters) = self.lanes.get_mut(letter.lane.as_str()) else { return };
        if !gone {
            letters.insert(seq, letter);
            return;
        }
        letters.remove(&seq);
        match letters.first_entry() {
            // What waited behind it has waited long enough.
            Some(mut next) if next.get().attempts == 0 => {
                next.get_mut().retry_at = Some(Timestamp::from_millis(0));
            }
            Some(_) => {}
            None => drop(self.lanes.remove(letter.lane.as_str())),
        }
    }
}

/// How the ids of one follower's letters of one shard begin.
fn prefix(source: &str, shard: u32) -> String {
    format!("{source}:{shard}:")
}

/// The letter for an event. Burying the same event again replaces it.
pub(super) fn letter(
    source: &str,
    lane: &str,
    event: &StoredEvent,
    reason: &str,
    attempts: u32,
    retry_at: Timestamp,
) -> DeadLetter {
    DeadLetter {
        id: format!("{}{:012}", prefix(source, event.shard), event.seq),
        tenant: Some(event.tenant.clone()),
        source: source.to_owned(),
        lane: lane.to_owned(),
        event: Some((event.shard, event.seq)),
        reason: reason.to_owned(),
        payload: event.payload.to_string(),
        attempts,
        retry_at: Some(retry_at),
        at: Timestamp::now(),
    }
}

/// Tries a parked event once more; says how the letter stands, and whether it is gone.
pub(super) async fn try_again(
    follow: &dyn Follow,
    store: &dyn Store,
    letter: DeadLetter,
) -> (DeadLetter, bool) {
    let lane = letter.lane.clone();
    let Some((shard, seq)) = letter.event else { return (letter, true) };
    let hitch = match store.read(shard, seq - 1, 1).await {
        Ok(events) if events.is_empty() => Hitch::new("its event is not in the journal"),
        Ok(events) => {
            let events: Vec<_> = events.into_iter().map(Arc::new).collect();
            match handle(follow, &lane, &events).await {
                Ok(()) => match store.unbury(&letter.id).await {
                    Ok(_) => return (letter, true),
                    Err(fault) => Hitch::new(fault.to_string()),
                },
                Err(hitch) => hitch,
            }
        }
        Err(fault) => Hitch::new(fault.to_string()),
    };
    let letter = failed_again(letter, hitch);
    // Not kept means only that the next try may come earlier.
    let _ = store.bury(&letter).await;
    (letter, false)
}

fn failed_again(mut letter: DeadLetter, hitch: Hitch) -> DeadLetter {
    letter.attempts += u32::from(!hitch.paused);
    letter.reason = hitch.reason;
    let wait = hitch.retry_after.unwrap_or_else(|| patience(letter.attempts));
    let more = hitch.paused || letter.attempts < ATTEMPTS_MAX;
    letter.retry_at = more.then(|| Timestamp::now().plus(wait));
    letter
}

/// 500 ms doubling to 15 min, with a fifth of jitter.
pub(super) fn patience(attempts: u32) -> Duration {
    let millis = 250_u64.saturating_mul(1 << attempts.min(12)).min(900_000);
    Duration::from_millis(millis - fastrand::u64(0..=millis / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(count: i64) -> Parked {
        let mut parked = Parked::default();
        for seq in 1..=count {
            parked.add(DeadLetter {
                id: format!("{}{seq}", prefix("follower:test", 0)),
                tenant: Some(crate::testing::tenant()),
                source: "follower:test".into(),
                lane: format!("order/{}", seq % 7),
                event: Some((0, seq)),
                reason: "ordered".into(),
                payload: "{}".into(),
                attempts: 1,
                retry_at: Some(Timestamp::default()),
                at: Timestamp::default(),
            });
        }
        parked
    }

    fn reads(parked: &mut Parked, looks: usize) -> usize {
        (0..looks).filter(|_| parked.is_to_be_read()).count()
    }

    #[test]
    fn few_are_read_at_every_look_and_many_seldom() {
        assert_eq!(reads(&mut parked(0), 10), 0);
        assert_eq!(reads(&mut parked(3), 10), 10);
        assert_eq!(reads(&mut parked(1_000), 60), 10);
    }
}
