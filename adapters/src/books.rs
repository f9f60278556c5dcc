//! Where entries of the tenant's books stand in the journal.

use kontor_actors::{
    domain::Domain,
    payment::Payment,
    store::{EntityRef, Store, StoreFault},
};
use kontor_messages::{EntityId, TenantId, Timestamp};

/// An entity of the payment domain.
pub fn address(tenant: &TenantId, entity: EntityId) -> EntityRef {
    EntityRef { tenant: tenant.clone(), domain: Payment::NAME.to_owned(), entity }
}

/// How many of `entries` were made before an instant: they stand in order of time.
pub async fn before(
    store: &dyn Store,
    books: &EntityRef,
    entries: i64,
    instant: Timestamp,
) -> Result<i64, StoreFault> {
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = low + (high - low) / 2;
        let row = store.history(books, middle, 1).await?;
        match row.first() {
            Some(row) if row.at < instant => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
