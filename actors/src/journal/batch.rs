//! From entries to the rows of one transaction.

use super::entry::{Entry, EntryState};
use crate::store::{Batch, KeyRow, Seq, StoredEntity, StoredEvent, TouchRow};
use kontor_messages::{EntityId, Timestamp};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// The last state of an entity in this transaction, and when it changed first.
struct Last<'a> {
    entry: &'a Entry,
    state: &'a EntryState,
    first: Timestamp,
}

/// Gives the entries' events their sequence numbers and coalesces states: however often an entity
/// changed, it is written once. `next` tells each shard's next sequence; the second answer says
/// how it is moved on once the batch is written. `Err` says why it can never be.
pub fn build(
    entries: &[Entry],
    next: impl Fn(u32) -> Option<Seq>,
) -> Result<(Batch, HashMap<u32, Seq>), String> {
    let mut batch = Batch::default();
    let mut moved = HashMap::new();
    let mut last: HashMap<(usize, &EntityId), Last<'_>> = HashMap::new();
    for entry in entries {
        let first = || next(entry.shard).unwrap_or(1);
        let seq = moved.entry(entry.shard).or_insert_with(first);
        for event in &entry.events {
            let touched = event.touched.iter().map(|(entity, version)| TouchRow {
                tenant: entry.tenant.clone(),
                domain: Arc::clone(&entry.domain),
                entity: entity.clone(),
                version: *version,
                shard: entry.shard,
                seq: *seq,
            });
            batch.touches.extend(touched);
            batch.events.push(StoredEvent {
                shard: entry.shard,
                seq: *seq,
                id: event.id,
                tenant: entry.tenant.clone(),
                domain: Arc::clone(&entry.domain),
                entity: event.entity.clone(),
                version: event.version,
                name: event.name.into(),
                at: event.at,
                payload: Arc::clone(&event.payload),
                meta: Arc::clone(&event.meta),
            });
            *seq += 1;
        }
        let owner = Arc::as_ptr(&entry.owner) as usize;
        for state in &entry.states {
            let known = last.entry((owner, &state.entity));
            let known = known.or_insert(Last { entry, state, first: state.at });
            (known.entry, known.state) = (entry, state);
        }
        batch.keys.extend_from_slice(&entry.keys);
        batch.keys_gone.extend_from_slice(&entry.keys_gone);
        batch.requests.extend(entry.request.clone());
    }
    batch.states = last.into_values().map(row).collect::<Result<_, _>>()?;
    cancel_out(&mut batch);
    Ok((batch, moved))
}

/// A key that came and went inside one transaction, as often as it likes, leaves one row or none.
fn cancel_out(batch: &mut Batch) {
    if batch.keys_gone.is_empty() {
        return;
    }
    let (came, went) = (std::mem::take(&mut batch.keys), std::mem::take(&mut batch.keys_gone));
    let mut balance: HashMap<&KeyRow, i32> = HashMap::new();
    came.iter().for_each(|key| *balance.entry(key).or_default() += 1);
    went.iter().for_each(|key| *balance.entry(key).or_default() -= 1);
    for (key, balance) in balance {
        match balance {
            1.. => batch.keys.push(key.clone()),
            0 => {}
            ..0 => batch.keys_gone.push(key.clone()),
        }
    }
}

/// The state's JSON comes from the domain's code: a panic there is the entry's fault, and must
/// not end the writer of everybody's.
fn row(last: Last<'_>) -> Result<StoredEntity, String> {
    let Last { entry, state, first } = last;
    let json = catch_unwind(AssertUnwindSafe(|| state.state.json()));
    let json = json.map_err(|_| format!("{} cannot be written: a panic", state.entity))?;
    let json = json.map_err(|broken| format!("{} cannot be written: {broken}", state.entity))?;
    Ok(StoredEntity {
        tenant: entry.tenant.clone(),
        domain: Arc::clone(&entry.domain),
        entity: state.entity.clone(),
        shard: entry.shard,
        version: state.version,
        status: state.status.map(Arc::from),
        label: state.label.clone(),
        due: state.due,
        created_at: first,
        updated_at: state.at,
        state: json.into(),
    })
}
