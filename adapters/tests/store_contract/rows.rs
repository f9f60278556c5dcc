//! Rows for the tests, each with what matters and nothing else.

use kontor_actors::store::{
    Batch, CommitError, EntityRef, KeyRow, Lookup, PersonKeyRow, RequestRow, Seq, Store,
    StoredEntity, StoredEvent, TouchRow,
};
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use std::sync::Arc;

pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_123);

pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub fn id(name: &str) -> EntityId {
    EntityId::parse(name).unwrap()
}

pub fn event(shard: u32, seq: Seq, entity: &str, version: i64) -> StoredEvent {
    StoredEvent {
        shard,
        seq,
        id: EventId::fresh(NOW),
        tenant: tenant("harbour"),
        domain: "order".into(),
        entity: id(entity),
        version,
        name: "order.created".into(),
        at: NOW,
        payload: format!(r#"{{"n":{version}}}"#).into(),
        meta: r#"{"actor":"system"}"#.into(),
    }
}

pub fn state(entity: &str, version: i64) -> StoredEntity {
    StoredEntity {
        tenant: tenant("harbour"),
        domain: "order".into(),
        entity: id(entity),
        shard: 0,
        version,
        status: Some("open".into()),
        label: None,
        due: None,
        created_at: Timestamp::from_millis(1_000 + version),
        updated_at: Timestamp::from_millis(2_000 + version),
        state: format!(r#"{{"version":{version}}}"#).into(),
    }
}

pub fn touch(entity: &str, version: i64, shard: u32, seq: Seq) -> TouchRow {
    TouchRow {
        tenant: tenant("harbour"),
        domain: "order".into(),
        entity: id(entity),
        version,
        shard,
        seq,
    }
}

pub fn key(value: &str, entity: &str) -> KeyRow {
    KeyRow {
        tenant: tenant("harbour"),
        domain: "order".into(),
        name: "external_id".into(),
        value: value.into(),
        entity: id(entity),
    }
}

pub fn request(key: &str, at: i64) -> RequestRow {
    RequestRow {
        tenant: tenant("harbour"),
        domain: "order".into(),
        key: key.into(),
        hash: *b"0123456789abcde\xff",
        entity: id("a"),
        version: 1,
        at: Timestamp::from_millis(at),
    }
}

pub fn person_key(entity: &str, person: &str) -> PersonKeyRow {
    PersonKeyRow {
        tenant: tenant("harbour"),
        domain: "order".into(),
        entity: id(entity),
        person: person.into(),
        key: Some([7; 32]),
        at: Timestamp::from_millis(3_000),
    }
}

pub fn batch(events: impl IntoIterator<Item = StoredEvent>) -> Arc<Batch> {
    Arc::new(Batch { events: events.into_iter().collect(), ..Batch::default() })
}

pub fn states(states: impl IntoIterator<Item = StoredEntity>) -> Arc<Batch> {
    Arc::new(Batch { states: states.into_iter().collect(), ..Batch::default() })
}

pub fn entity_of(row: &StoredEntity) -> EntityRef {
    EntityRef {
        tenant: row.tenant.clone(),
        domain: row.domain.to_string(),
        entity: row.entity.clone(),
    }
}

pub fn ask_entity(entity: &str) -> Lookup {
    Lookup::Entity(entity_of(&state(entity, 1)))
}

pub fn ask_key(value: &str) -> Lookup {
    let KeyRow { tenant, domain, name, value, .. } = key(value, "a");
    Lookup::Key { tenant, domain, name, value }
}

pub fn ask_request(key: &str) -> Lookup {
    let RequestRow { tenant, domain, key, .. } = request(key, 0);
    Lookup::Request { tenant, domain, key }
}

pub fn names(rows: &[StoredEntity]) -> Vec<&str> {
    rows.iter().map(|row| row.entity.as_str()).collect()
}

/// Commits and expects a refusal of a row.
pub async fn rejected(store: &dyn Store, batch: Batch) {
    let answer = store.commit(Arc::new(batch)).await;
    assert!(matches!(answer, Err(CommitError::Rejected(_))), "{answer:?}");
}

/// Commits and expects to have lost a shard.
pub async fn fenced(store: &dyn Store, shard: u32, batch: Batch) {
    let answer = store.commit(Arc::new(batch)).await;
    assert!(matches!(answer, Err(CommitError::Fenced(found)) if found == shard), "{answer:?}");
}
