//! Where in the journal an event stands, or what happened at a time.
//!
//! A shard's numbers have no gaps and its times ascend but for moments, so both are found by
//! halving; whoever asks for a time is told a place a little outside, and looks at times there.

use super::Api;
use kontor_actors::{
    announce::announce,
    journal::Journal,
    store::{Seq, StoreFault, StoredEvent},
};
use kontor_messages::{TenantId, Timestamp, webhook::Position};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// By so much a later row's time may be earlier.
const DISORDER: Duration = Duration::from_secs(5);
/// Rows read at a time.
const PAGE: Seq = 500;
/// Rows among which an event of a known time is looked for, at most.
const ROWS_MAX: Seq = 50_000;

/// The places of a tenant's shard.
pub(super) struct Places {
    journal: Journal,
    tenant: TenantId,
    shard: u32,
    head: Seq,
}

impl Places {
    /// The places up to now.
    pub(super) fn of(api: &Api, tenant: &TenantId) -> Self {
        let journal = api.intake().ground().journal.clone();
        let shard = tenant.shard(journal.shards());
        let head = *journal.head(shard).borrow();
        Self { journal, tenant: tenant.clone(), shard, head }
    }

    /// The last place.
    pub(super) fn head(&self) -> Position {
        self.at(self.head)
    }

    /// The number of a cursor of this shard.
    pub(super) fn seq(&self, cursor: &str) -> Option<Seq> {
        let (shard, seq) = cursor.split_once('-')?;
        let seq: Seq = seq.parse().ok()?;
        (shard.parse() == Ok(self.shard) && seq >= 0).then_some(seq)
    }

    /// A place before which nothing happened at this time or later.
    pub(super) async fn first_since(&self, time: Timestamp) -> Result<Position, StoreFault> {
        let early = time.millis().saturating_sub(millis(DISORDER));
        Ok(self.at(self.first(Timestamp::from_millis(early)).await?))
    }

    /// A place behind which nothing happened before this time.
    pub(super) async fn last_before(&self, time: Timestamp) -> Result<Position, StoreFault> {
        Ok(self.at(self.first(time.plus(DISORDER)).await? - 1))
    }

    /// The place and time of an event of the tenant, by its id or by a cursor. What is another
    /// tenant's is not there.
    pub(super) async fn event(
        &self,
        text: &str,
    ) -> Result<Option<(Position, Timestamp)>, StoreFault> {
        match text.parse::<Uuid>() {
            Ok(id) => self.identified(id).await,
            Err(_) => self.named(text).await,
        }
    }

    /// An event by the time in its id; what is told of one event has that time in common.
    async fn identified(&self, id: Uuid) -> Result<Option<(Position, Timestamp)>, StoreFault> {
        let Some(time) = time_of(id) else { return Ok(None) };
        let text = id.hyphenated().to_string();
        let mut after = self.first_since(time).await?.seq - 1;
        let until = self.last_before(time.plus(DISORDER)).await?.seq.min(after + ROWS_MAX);
        while after < until {
            let rows = PAGE.min(until - after);
            let page = self.journal.read_tenant(&self.tenant, after, rows as u32).await?;
            if let Some(row) = page.iter().find(|row| is(row, id, &text)) {
                return Ok(Some((self.at(row.seq), row.at)));
            }
            after += rows;
        }
        Ok(None)
    }

    /// A place by its cursor; the one before the first leads to the first. Whose event stands there
    /// says nothing: the tenant's next one is meant.
    async fn named(&self, cursor: &str) -> Result<Option<(Position, Timestamp)>, StoreFault> {
        let seq = cursor.split_once('-').and_then(|(shard, seq)| {
            let plain = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
            let own = plain(shard) && plain(seq) && shard.parse() == Ok(self.shard);
            seq.parse::<Seq>().ok().filter(|_| own)
        });
        let Some(seq) = seq.map(|seq| seq.max(1)) else { return Ok(None) };
        let row = if seq <= self.head { self.row(seq).await? } else { None };
        Ok(row.map(|row| (self.at(seq), row.at)))
    }

    /// The first row that happened at this time or later, as far as times ascend.
    async fn first(&self, time: Timestamp) -> Result<Seq, StoreFault> {
        let (mut low, mut high) = (1, self.head + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle).await? {
                Some(row) if row.at < time => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    async fn row(&self, seq: Seq) -> Result<Option<Arc<StoredEvent>>, StoreFault> {
        Ok(self.journal.read(self.shard, seq - 1, 1).await?.into_iter().next())
    }

    fn at(&self, seq: Seq) -> Position {
        Position { shard: self.shard, seq }
    }
}

fn is(row: &StoredEvent, id: Uuid, text: &str) -> bool {
    let may_be = row.id.0.as_bytes()[..6] == id.as_bytes()[..6];
    may_be && (row.id.0 == id || announce(row).iter().any(|told| told.id == text))
}

/// The time that an identity begins with.
fn time_of(id: Uuid) -> Option<Timestamp> {
    let millis = i64::try_from(id.as_u128() >> 80).ok()?;
    Some(Timestamp::from_millis(millis))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
