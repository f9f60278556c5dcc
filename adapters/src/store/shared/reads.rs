//! The simple statements: one row in, or one ordered page out. Compiled once per database.
//!
//! `$1` counts on both databases. Rows are compared as `(a, b) > ($1, $2)`, which both serve
//! from the primary key.

use super::{Builder, Connection, Fault, Get as _, TOUCHED, broken, in_each_era, query, rows};
use kontor_actors::{
    storable,
    store::{
        CursorRow, DeadLetter, EntityRef, KeyQuery, KeyRow, LetterQuery, ListQuery, PERSONAL_NAMES,
        PersonQuery, RequestName, Seq, StoredEntity, StoredEvent, WaitQuery,
    },
};
use kontor_messages::{EntityId, TenantId, Timestamp};

type Result<T> = std::result::Result<T, Fault>;
type Rows<T> = Result<Vec<T>>;

pub async fn heads(connection: &mut Connection, shards: u32) -> Rows<Seq> {
    let sql = "WITH RECURSIVE shards (shard) AS (
            SELECT 0 UNION ALL SELECT shard + 1 FROM shards WHERE shard + 1 < $1
        )
        SELECT COALESCE((SELECT max(seq) FROM journal j WHERE j.shard = s.shard), 0)
        FROM shards s ORDER BY s.shard";
    let rows = query(sql).bind(shards as i32).fetch_all(connection).await?;
    rows.iter().take(shards as usize).map(|row| row.try_get(0)).collect()
}

pub async fn shards(connection: &mut Connection, wanted: u32) -> Result<u32> {
    let mut fixed = super::schema::setting(&mut *connection, "shards").await?;
    // Who only reads beside a node may not write, and need not: it is fixed.
    if fixed.is_none() {
        let sql = "INSERT INTO settings (name, value) VALUES ('shards', $1) ON CONFLICT DO NOTHING";
        query(sql).bind(wanted.to_string()).execute(&mut *connection).await?;
        fixed = super::schema::setting(connection, "shards").await?;
    }
    fixed
        .and_then(|fixed| fixed.parse().ok())
        .ok_or_else(|| broken("the number of shards is not known"))
}

pub async fn read(
    connection: &mut Connection,
    shard: u32,
    after: Seq,
    limit: u32,
) -> Rows<StoredEvent> {
    let columns = rows::EVENT;
    let sql = format!(
        "SELECT {columns} FROM journal WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3"
    );
    let page = query(sql).bind(shard as i32).bind(after).bind(i64::from(limit));
    page.fetch_all(connection).await?.iter().map(rows::event).collect()
}

/// The rows are looked at in the order of the journal's key: no index is kept for this alone, and
/// none that begins with the tenant may be taken, for it would lead through the whole history.
pub async fn read_tenant(
    connection: &mut Connection,
    tenant: &TenantId,
    shard: u32,
    after: Seq,
    rows: u32,
) -> Rows<StoredEvent> {
    let columns = rows::EVENT;
    let sql = format!(
        "SELECT {columns} FROM journal
        WHERE shard = $1 AND seq > $2 AND seq <= $3 AND tenant || '' = $4 ORDER BY seq LIMIT $5"
    );
    let page = query(sql)
        .bind(shard as i32)
        .bind(after)
        .bind(after.saturating_add(rows.into()))
        .bind(tenant.as_str())
        .bind(i64::from(rows));
    page.fetch_all(connection).await?.iter().map(rows::event).collect()
}

/// Each half is cut to the page before they are joined, so that a long history costs no more.
pub async fn history(
    connection: &mut Connection,
    entity: &EntityRef,
    after: i64,
    limit: u32,
) -> Rows<StoredEvent> {
    let page = query(history_sql())
        .bind(entity.tenant.as_str())
        .bind(&entity.domain)
        .bind(entity.entity.as_str())
        .bind(after)
        .bind(i64::from(limit));
    page.fetch_all(connection).await?.iter().map(rows::event).collect()
}

/// Tenant, domain, entity, the version before, and how many at most.
pub(super) fn history_sql() -> String {
    let columns = rows::EVENT;
    format!(
        "SELECT {columns} FROM (
            SELECT * FROM (
                SELECT {columns} FROM journal
                WHERE tenant = $1 AND domain = $2 AND entity = $3 AND version > $4
                ORDER BY version LIMIT $5
            ) AS owned
            UNION ALL
            SELECT j.shard, j.seq, j.id, j.tenant, j.domain, j.entity, t.version, j.name, j.at,
                j.payload, j.meta
            FROM (
                {TOUCHED}
            ) AS t
            JOIN journal j ON j.shard = t.shard AND j.seq = t.seq
        ) AS changes ORDER BY version LIMIT $5"
    )
}

pub async fn list(connection: &mut Connection, wanted: &ListQuery) -> Rows<StoredEntity> {
    let mut sql = select(rows::ENTITY, "entities WHERE tenant = ");
    sql.push_bind(wanted.tenant.as_str()).push(" AND domain = ").push_bind(&wanted.domain);
    if let Some(status) = &wanted.status {
        sql.push(" AND status = ").push_bind(status);
    }
    if let Some(label) = &wanted.label {
        sql.push(" AND label = ").push_bind(label);
    }
    let begins = [Some(wanted.prefix.clone()), wanted.from.clone()].into_iter().flatten().max();
    if let Some(begin) = begins.filter(|begin| !begin.is_empty()) {
        sql.push(" AND id >= ").push_bind(begin);
    }
    let ends = [wanted.before.clone(), after_prefix(&wanted.prefix)];
    if let Some(end) = ends.into_iter().flatten().min() {
        sql.push(" AND id < ").push_bind(end);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(wanted.limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::entity).collect()
}

/// From each label straight to the next: however many entities have one, they are not passed over.
pub async fn labels(
    connection: &mut Connection,
    tenant: &TenantId,
    domain: &str,
    limit: u32,
) -> Rows<String> {
    let sql = "WITH RECURSIVE known (label) AS (
            SELECT min(label) FROM entities
            WHERE tenant = $1 AND domain = $2 AND label IS NOT NULL
            UNION ALL
            SELECT (SELECT min(e.label) FROM entities e
                WHERE e.tenant = $1 AND e.domain = $2 AND e.label > known.label)
            FROM known WHERE known.label IS NOT NULL
        )
        SELECT label FROM known WHERE label IS NOT NULL LIMIT $3";
    let page = query(sql).bind(tenant.as_str()).bind(domain).bind(i64::from(limit));
    page.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect()
}

pub async fn list_keys(connection: &mut Connection, wanted: &KeyQuery) -> Rows<KeyRow> {
    let mut sql = select("tenant, domain, key, value, entity", "entity_keys WHERE tenant = ");
    sql.push_bind(wanted.tenant.as_str()).push(" AND domain = ").push_bind(&wanted.domain);
    sql.push(" AND key = ").push_bind(&wanted.name);
    sql.push(" AND value >= ").push_bind(&wanted.prefix);
    let ends = [wanted.before.clone(), after_prefix(&wanted.prefix)];
    if let Some(end) = ends.into_iter().flatten().min() {
        sql.push(" AND value < ").push_bind(end);
    }
    sql.push(" ORDER BY value DESC LIMIT ").push_bind(i64::from(wanted.limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::key).collect()
}

pub async fn list_of_person(connection: &mut Connection, wanted: &PersonQuery) -> Rows<EntityId> {
    let rows = of_person(wanted).build().fetch_all(connection).await?;
    rows.iter().map(|row| rows::name(row, 0)).collect()
}

pub(super) fn of_person(wanted: &PersonQuery) -> Builder {
    let mut sql = select("entity", "person_keys WHERE tenant = ");
    sql.push_bind(wanted.tenant.as_str()).push(" AND person = ").push_bind(&wanted.person);
    sql.push(" AND domain = ").push_bind(&wanted.domain).push(" AND key IS NOT NULL");
    in_each_era(&mut sql, &wanted.tenant);
    if let Some(before) = &wanted.before {
        sql.push(" AND entity < ").push_bind(before);
    }
    sql.push(" ORDER BY entity DESC LIMIT ").push_bind(i64::from(wanted.limit));
    sql
}

pub async fn count(connection: &mut Connection, tenant: &TenantId) -> Rows<(String, u64)> {
    let sql = "SELECT domain, count(*) FROM entities WHERE tenant = $1
        GROUP BY domain ORDER BY domain";
    let rows = query(sql).bind(tenant.as_str()).fetch_all(connection).await?;
    let counted = |row: &super::Row| {
        let count: i64 = row.try_get(1)?;
        Ok((row.try_get(0)?, count as u64))
    };
    rows.iter().map(counted).collect()
}

/// The tenants' own domain has an index for this, which a plan finds only by the literal.
pub async fn list_across(
    connection: &mut Connection,
    domain: &str,
    entity: &str,
    after: Option<&TenantId>,
    limit: u32,
) -> Rows<StoredEntity> {
    let mut sql = select(rows::ENTITY, "entities WHERE domain = ");
    match domain {
        "tenant" => sql.push("'tenant'"),
        other => sql.push_bind(other),
    };
    sql.push(" AND id = ").push_bind(entity);
    sql.push(" AND tenant > ").push_bind(after.map_or("", TenantId::as_str));
    sql.push(" ORDER BY tenant LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::entity).collect()
}

pub async fn due(connection: &mut Connection, until: Timestamp, limit: u32) -> Rows<StoredEntity> {
    let mut sql = select(rows::ENTITY, "entities WHERE due <= ");
    sql.push_bind(until.millis()).push(" ORDER BY due LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::entity).collect()
}

pub async fn waiting(connection: &mut Connection, query: &WaitQuery) -> Rows<StoredEntity> {
    let mut sql = select(rows::ENTITY, "entities WHERE due IS NOT NULL");
    if let Some(tenant) = &query.tenant {
        sql.push(" AND tenant = ").push_bind(tenant.as_str());
    }
    // What a page goes on after bounds the index as well, which knows nothing of names.
    let from = query.from.max(query.after.as_ref().map(|(due, _)| *due));
    if let Some(from) = from {
        sql.push(" AND due >= ").push_bind(from.millis());
    }
    if let Some(before) = query.before {
        sql.push(" AND due < ").push_bind(before.millis());
    }
    if let Some((due, last)) = &query.after {
        sql.push(" AND (due, tenant, id, domain) > (").push_bind(due.millis());
        sql.push(", ").push_bind(last.tenant.as_str());
        sql.push(", ").push_bind(last.entity.as_str());
        sql.push(", ").push_bind(last.domain.as_str()).push(")");
    }
    sql.push(" ORDER BY due, tenant, id, domain LIMIT ").push_bind(i64::from(query.limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::entity).collect()
}

/// No tenant's name is empty, so "after nothing" is after the empty name.
pub async fn scan(
    connection: &mut Connection,
    after: Option<&EntityRef>,
    limit: u32,
) -> Rows<StoredEntity> {
    let after = after.map_or(("", "", ""), |after| {
        (after.tenant.as_str(), after.domain.as_str(), after.entity.as_str())
    });
    let mut sql = select(rows::ENTITY, "entities WHERE (tenant, domain, id) > (");
    sql.push_bind(after.0).push(", ").push_bind(after.1).push(", ").push_bind(after.2);
    sql.push(") ORDER BY tenant, domain, id LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::entity).collect()
}

pub async fn scan_keys(
    connection: &mut Connection,
    after: Option<&KeyRow>,
    limit: u32,
) -> Rows<KeyRow> {
    let after = after.map_or(("", "", "", ""), |after| {
        (after.tenant.as_str(), &*after.domain, &*after.name, after.value.as_str())
    });
    let columns = "tenant, domain, key, value, entity";
    let mut sql = select(columns, "entity_keys WHERE (tenant, domain, key, value) > (");
    sql.push_bind(after.0).push(", ").push_bind(after.1).push(", ");
    sql.push_bind(after.2).push(", ").push_bind(after.3);
    sql.push(") ORDER BY tenant, domain, key, value LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::key).collect()
}

pub async fn cursors(connection: &mut Connection) -> Rows<CursorRow> {
    let sql = "SELECT shard, follower, seq FROM cursors ORDER BY shard, follower";
    query(sql).fetch_all(connection).await?.iter().map(rows::cursor).collect()
}

/// A second burial keeps the time of the first.
pub async fn bury(connection: &mut Connection, letter: &DeadLetter) -> Result<()> {
    let sql = "INSERT INTO dead_letters (id, tenant, source, lane, event_shard, event_seq, reason,
            payload, attempts, retry_at, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, source = excluded.source,
            lane = excluded.lane, event_shard = excluded.event_shard,
            event_seq = excluded.event_seq, reason = excluded.reason, payload = excluded.payload,
            attempts = excluded.attempts, retry_at = excluded.retry_at";
    let letter = storable::clean(letter);
    let burial = query(sql)
        .bind(&letter.id)
        .bind(letter.tenant.as_ref().map(TenantId::as_str))
        .bind(&letter.source)
        .bind(&letter.lane)
        .bind(letter.event.map(|(shard, _)| shard as i32))
        .bind(letter.event.map(|(_, seq)| seq))
        .bind(&letter.reason)
        .bind(&letter.payload)
        .bind(i64::from(letter.attempts))
        .bind(letter.retry_at.map(Timestamp::millis))
        .bind(letter.at.millis());
    burial.execute(connection).await.map(|_| ())
}

pub async fn dead_letters(connection: &mut Connection, wanted: &LetterQuery) -> Rows<DeadLetter> {
    let after = wanted.after.as_deref().unwrap_or_default();
    let mut sql = select(rows::LETTER, "dead_letters WHERE id > ");
    sql.push_bind(after);
    if let Some(id) = &wanted.id {
        sql.push(" AND id = ").push_bind(id);
    }
    if let Some(tenant) = &wanted.tenant {
        sql.push(" AND tenant = ").push_bind(tenant.as_str());
    }
    if let Some(source) = &wanted.source {
        sql.push(" AND source = ").push_bind(source);
    }
    match wanted.parked {
        Some(true) => _ = sql.push(" AND retry_at IS NOT NULL"),
        Some(false) => _ = sql.push(" AND retry_at IS NULL"),
        None => {}
    }
    if let Some(shard) = wanted.shard {
        sql.push(" AND event_shard = ").push_bind(i64::from(shard));
    }
    match wanted.retry_until {
        Some(until) => {
            sql.push(" AND retry_at <= ").push_bind(until.millis());
            sql.push(" ORDER BY retry_at, id");
        }
        None => {
            sql.push(" ORDER BY id");
        }
    }
    sql.push(" LIMIT ").push_bind(i64::from(wanted.limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::letter).collect()
}

pub async fn unbury(connection: &mut Connection, id: &str) -> Result<bool> {
    let gone = query("DELETE FROM dead_letters WHERE id = $1").bind(id).execute(connection).await?;
    Ok(gone.rows_affected() > 0)
}

/// In the order of the primary key, which begins with what differs most.
pub async fn scan_requests(
    connection: &mut Connection,
    after: Option<&RequestName>,
    limit: u32,
) -> Rows<RequestName> {
    let after = after
        .map_or(("", "", ""), |after| (after.key.as_str(), &*after.domain, after.tenant.as_str()));
    let mut sql = select("tenant, domain, key", "idempotency WHERE (key, domain, tenant) > (");
    sql.push_bind(after.0).push(", ").push_bind(after.1).push(", ").push_bind(after.2);
    sql.push(") ORDER BY key, domain, tenant LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(connection).await?.iter().map(rows::request_name).collect()
}

pub async fn forget_requests(
    connection: &mut Connection,
    before: Timestamp,
    limit: u32,
) -> Result<u64> {
    let sql = "DELETE FROM idempotency WHERE (tenant, domain, key) IN (
            SELECT tenant, domain, key FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2
        )";
    let gone = query(sql).bind(before.millis()).bind(i64::from(limit)).execute(connection).await?;
    Ok(gone.rows_affected())
}

/// A key that is destroyed is overwritten, and stays as a sign that there was one. The names that
/// tell who somebody was go too.
pub async fn erase_person(
    connection: &mut Connection,
    tenant: &TenantId,
    person: Option<&str>,
    until: Timestamp,
) -> Rows<EntityRef> {
    let mut erase = Builder::new("UPDATE person_keys SET key = NULL WHERE tenant = ");
    erase.push_bind(tenant.as_str()).push(" AND at <= ").push_bind(until.millis());
    erase.push(" AND key IS NOT NULL");
    if let Some(person) = person {
        erase.push(" AND person = ").push_bind(person);
        in_each_era(&mut erase, tenant);
    }
    erase.build().execute(&mut *connection).await?;
    let mut names = Builder::new("DELETE FROM entity_keys WHERE tenant = ");
    names.push_bind(tenant.as_str()).push(" AND key IN (");
    for (place, kind) in PERSONAL_NAMES.into_iter().enumerate() {
        names.push(if place == 0 { "" } else { ", " }).push_bind(kind);
    }
    names.push(
        ") AND EXISTS (SELECT 1 FROM person_keys p WHERE p.tenant = entity_keys.tenant
            AND p.domain = entity_keys.domain AND p.entity = entity_keys.entity AND p.key IS NULL",
    );
    if let Some(person) = person {
        names.push(" AND p.person = ").push_bind(person);
    }
    names.push(")").build().execute(&mut *connection).await?;
    let Some(person) = person else { return Ok(Vec::new()) };
    let mut theirs = select("domain, entity", "person_keys WHERE tenant = ");
    theirs.push_bind(tenant.as_str()).push(" AND person = ").push_bind(person);
    in_each_era(&mut theirs, tenant);
    theirs.push(" ORDER BY domain, entity");
    let rows = theirs.build().fetch_all(connection).await?;
    let entity = |row: &super::Row| {
        let (tenant, domain) = (tenant.clone(), row.try_get(0)?);
        Ok(EntityRef { tenant, domain, entity: rows::name(row, 1)? })
    };
    rows.iter().map(entity).collect()
}

pub async fn ping(connection: &mut Connection) -> Result<()> {
    query("SELECT count(*) FROM settings").execute(connection).await.map(|_| ())
}

fn select(columns: &str, from_where: &str) -> Builder {
    Builder::new(format!("SELECT {columns} FROM {from_where}"))
}

/// The first text, in the order of bytes, that follows all texts that begin with `prefix`.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The surrogates between D800 and DFFF are no characters.
        let next =
            if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}
