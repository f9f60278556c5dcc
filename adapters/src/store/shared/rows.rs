//! Rows as the port has them. Compiled once per database; columns are read in the order of the
//! lists below.

use super::{Fault, Get as _, Row, broken};
use kontor_actors::store::{
    CursorRow, DeadLetter, KeyRow, PersonKeyRow, RequestName, RequestRow, Seq, StoredEntity,
    StoredEvent,
};
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use std::sync::Arc;

type Result<T> = std::result::Result<T, Fault>;

/// The columns of [`event`].
pub const EVENT: &str = "shard, seq, id, tenant, domain, entity, version, name, at, payload, meta";

/// The columns of [`entity`].
pub const ENTITY: &str =
    "tenant, domain, id, shard, version, status, due, created_at, updated_at, state, label";

/// The columns of [`letter`].
pub const LETTER: &str = "id, tenant, source, lane, event_shard, event_seq, reason, payload, \
     attempts, retry_at, at";

/// An event.
pub fn event(row: &Row) -> Result<StoredEvent> {
    Ok(StoredEvent {
        shard: shard(row, 0)?,
        seq: row.try_get(1)?,
        id: EventId(row.try_get(2)?),
        tenant: tenant(row, 3)?,
        domain: text(row, 4)?,
        entity: EntityId::named(text(row, 5)?),
        version: row.try_get(6)?,
        name: text(row, 7)?,
        at: time(row, 8)?,
        payload: text(row, 9)?,
        meta: text(row, 10)?,
    })
}

/// An entity whose columns begin at `first`.
pub fn entity_from(row: &Row, first: usize) -> Result<StoredEntity> {
    let due: Option<i64> = row.try_get(first + 6)?;
    let status: Option<&str> = row.try_get(first + 5)?;
    let label: Option<&str> = row.try_get(first + 10)?;
    Ok(StoredEntity {
        tenant: tenant(row, first)?,
        domain: text(row, first + 1)?,
        entity: EntityId::named(text(row, first + 2)?),
        shard: shard(row, first + 3)?,
        version: row.try_get(first + 4)?,
        status: status.map(Arc::from),
        label: label.map(Arc::from),
        due: due.map(Timestamp::from_millis),
        created_at: time(row, first + 7)?,
        updated_at: time(row, first + 8)?,
        state: text(row, first + 9)?,
    })
}

/// An entity.
pub fn entity(row: &Row) -> Result<StoredEntity> {
    entity_from(row, 0)
}

/// A key: tenant, domain, key, value, entity.
pub fn key(row: &Row) -> Result<KeyRow> {
    Ok(KeyRow {
        tenant: tenant(row, 0)?,
        domain: text(row, 1)?,
        name: text(row, 2)?,
        value: row.try_get(3)?,
        entity: EntityId::named(text(row, 4)?),
    })
}

/// A request: tenant, domain, key, hash, entity, version, at; the columns begin at `first`.
pub fn request_from(row: &Row, first: usize) -> Result<RequestRow> {
    let hash: &[u8] = row.try_get(first + 3)?;
    let hash = hash.try_into().map_err(|_| broken("a request's hash is 16 bytes"))?;
    Ok(RequestRow {
        tenant: tenant(row, first)?,
        domain: text(row, first + 1)?,
        key: row.try_get(first + 2)?,
        hash,
        entity: EntityId::named(text(row, first + 4)?),
        version: row.try_get(first + 5)?,
        at: time(row, first + 6)?,
    })
}

/// A request's name: tenant, domain, key.
pub fn request_name(row: &Row) -> Result<RequestName> {
    Ok(RequestName { tenant: tenant(row, 0)?, domain: text(row, 1)?, key: row.try_get(2)? })
}

/// A person's key: tenant, domain, entity, person, key, at; the columns begin at `first`.
pub fn person_key_from(row: &Row, first: usize) -> Result<PersonKeyRow> {
    let key: Option<&[u8]> = row.try_get(first + 4)?;
    let key = key.map(TryInto::try_into).transpose();
    Ok(PersonKeyRow {
        tenant: tenant(row, first)?,
        domain: text(row, first + 1)?,
        entity: EntityId::named(text(row, first + 2)?),
        person: row.try_get(first + 3)?,
        key: key.map_err(|_| broken("a person's key is 32 bytes"))?,
        at: time(row, first + 5)?,
    })
}

/// A cursor: shard, follower, seq.
pub fn cursor(row: &Row) -> Result<CursorRow> {
    Ok(CursorRow { shard: shard(row, 0)?, follower: text(row, 1)?, seq: row.try_get(2)? })
}

/// A dead letter.
pub fn letter(row: &Row) -> Result<DeadLetter> {
    let tenant: Option<&str> = row.try_get(1)?;
    let shard: Option<i32> = row.try_get(4)?;
    let seq: Option<Seq> = row.try_get(5)?;
    let retry_at: Option<i64> = row.try_get(9)?;
    let attempts: i64 = row.try_get(8)?;
    Ok(DeadLetter {
        id: row.try_get(0)?,
        tenant: tenant.map(parse_tenant).transpose()?,
        source: row.try_get(2)?,
        lane: row.try_get(3)?,
        event: shard.zip(seq).map(|(shard, seq)| (shard as u32, seq)),
        reason: row.try_get(6)?,
        payload: row.try_get(7)?,
        attempts: attempts.clamp(0, i64::from(u32::MAX)) as u32,
        retry_at: retry_at.map(Timestamp::from_millis),
        at: time(row, 10)?,
    })
}

/// An entity's name.
pub fn name(row: &Row, column: usize) -> Result<EntityId> {
    Ok(EntityId::named(text(row, column)?))
}

fn tenant(row: &Row, column: usize) -> Result<TenantId> {
    parse_tenant(row.try_get(column)?)
}

fn parse_tenant(name: &str) -> Result<TenantId> {
    TenantId::parse(name).map_err(broken)
}

fn text(row: &Row, column: usize) -> Result<Arc<str>> {
    let text: &str = row.try_get(column)?;
    Ok(text.into())
}

fn time(row: &Row, column: usize) -> Result<Timestamp> {
    row.try_get(column).map(Timestamp::from_millis)
}

fn shard(row: &Row, column: usize) -> Result<u32> {
    let shard: i32 = row.try_get(column)?;
    u32::try_from(shard).map_err(broken)
}
