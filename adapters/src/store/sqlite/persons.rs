//! Where a person's entities are looked for.
//!
//! Persons come in no order, and an index of them all would cost a page for each. So the index has parts,
//! one after the other: a person is looked for in each of them, which few ever ask for.

use super::statement::Builder;
use kontor_actors::store::Batch;
use kontor_messages::TenantId;

/// Events in an era. With fewer, fewer pages are written for each, and more eras are to be searched.
const EVENTS: i64 = 8192;

/// The era of what a batch writes. It only has to be much the same for what comes about together, and to
/// take few values: shards may share them.
pub(super) fn era(batch: &Batch) -> i64 {
    batch.events.first().map_or(0, |event| event.seq / EVENTS)
}

/// Goes from each of a tenant's eras straight to the next.
pub(super) fn in_each_era(sql: &mut Builder, tenant: &TenantId) {
    sql.push(
        " AND era IN (
            WITH RECURSIVE eras (era) AS (
                SELECT min(era) FROM person_keys WHERE tenant = ",
    );
    sql.push_bind(tenant.as_str());
    sql.push(" UNION ALL SELECT (SELECT min(p.era) FROM person_keys p WHERE p.tenant = ");
    sql.push_bind(tenant.as_str());
    sql.push(
        " AND p.era > eras.era) FROM eras WHERE eras.era IS NOT NULL
            )
            SELECT era FROM eras WHERE era IS NOT NULL
        )",
    );
}
