//! An import's own events, each told as the many things that it holds, a bounded number at a time.

use super::super::{Api, problem::Problem};
use kontor_actors::{
    catalog::{Catalog, CatalogState, Product, SKU_KEY},
    domain::Domain,
    store::{EntityRef, Found, Lookup, StoreFault, StoredEvent},
    supplier::Supplier,
};
use kontor_messages::{EntityId, TenantId, supplier::SupplierEvent};
use std::collections::{BTreeSet, HashMap};

/// Events read at a time: one of them may hold some hundred offers.
const ROWS: u32 = 20;
/// Events that one answer looks through at most.
const ROWS_MAX: usize = 200;
/// Events of which one says where in an import's past they stand.
const SIGNS: u32 = 4;

/// A reading of what an import's events tell.
pub(super) struct Past<T> {
    api: Api,
    address: EntityRef,
    /// The last event that is done with.
    after: i64,
    /// How many things of the next one are done with.
    place: usize,
    ended: bool,
    tells: fn(SupplierEvent) -> Vec<T>,
    /// Events of other names are passed over unread.
    names: &'static [&'static str],
}

impl<T> Past<T> {
    /// Begins at a cursor; `names` are those of the events that tell something.
    pub(super) fn begin(
        api: &Api,
        (tenant, import): (&TenantId, &EntityId),
        cursor: Option<&str>,
        names: &'static [&'static str],
        tells: fn(SupplierEvent) -> Vec<T>,
    ) -> Result<Self, Problem> {
        let (after, place) = place(cursor)?;
        let address = EntityRef {
            tenant: tenant.clone(),
            domain: Supplier::NAME.to_owned(),
            entity: import.clone(),
        };
        Ok(Self { api: api.clone(), address, after, place, ended: false, tells, names })
    }

    /// Passes over what comes before the wanted events, of the `end` that there are: a reading that has
    /// only begun need not go through all that was applied. `before` says of an event's name whether
    /// it is of that, where the name says so.
    pub(super) async fn skip(
        mut self,
        end: i64,
        before: fn(&str) -> Option<bool>,
    ) -> Result<Self, StoreFault> {
        if (self.after, self.place) != (0, 0) {
            return Ok(self);
        }
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            let rows = self.api.store().history(&self.address, middle, SIGNS).await?;
            let sign = rows.iter().find_map(|row| Some((row.version, before(&row.name)?)));
            match sign {
                Some((version, true)) => low = version,
                // Where nothing is said, nothing is passed over.
                Some((_, false)) | None => high = middle,
            }
        }
        self.after = low;
        Ok(self)
    }

    /// The next things that are wanted, so many at most; there may be fewer, although more follow.
    pub(super) async fn next(
        &mut self,
        limit: usize,
        wants: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, StoreFault> {
        let (mut found, mut looked) = (Vec::new(), 0);
        while !self.ended && looked < ROWS_MAX {
            let rows = self.api.store().history(&self.address, self.after, ROWS).await?;
            for row in &rows {
                for one in self.told(row)?.into_iter().skip(self.place) {
                    if found.len() == limit {
                        return Ok(found);
                    }
                    self.place += 1;
                    if wants(&one) {
                        found.push(one);
                    }
                }
                (self.after, self.place) = (row.version, 0);
            }
            looked += rows.len();
            self.ended = rows.len() < ROWS as usize;
        }
        Ok(found)
    }

    /// Where the next reading goes on; none at the end.
    pub(super) fn cursor(&self) -> Option<String> {
        (!self.ended).then(|| format!("{}.{}", self.after, self.place))
    }

    fn told(&self, row: &StoredEvent) -> Result<Vec<T>, StoreFault> {
        // What only touches the import is owned by another entity.
        if row.entity != self.address.entity || !self.names.contains(&&*row.name) {
            return Ok(Vec::new());
        }
        let event = serde_json::from_str(&row.payload)
            .map_err(|broken| StoreFault(format!("event {}: {broken}", row.id)))?;
        Ok((self.tells)(event))
    }
}

/// Two numbers with a point between, as [`Past::cursor`] writes them.
pub(super) fn place<N: std::str::FromStr + Default + PartialOrd>(
    cursor: Option<&str>,
) -> Result<(N, usize), Problem> {
    let Some(cursor) = cursor else { return Ok((N::default(), 0)) };
    let read = cursor.split_once('.').and_then(|(of, place)| {
        let of: N = of.parse().ok().filter(|of| N::default() <= *of)?;
        Some((of, place.parse().ok()?))
    });
    read.ok_or_else(|| Problem::parameter("cursor", "expected next_cursor of the page before"))
}

/// The product of a SKU with its entity and version, if there is one.
pub(super) async fn product(
    api: &Api,
    tenant: &TenantId,
    sku: &str,
) -> Result<Option<(EntityId, Box<Product>, i64)>, StoreFault> {
    let found = api.intake().find::<Catalog>(tenant, SKU_KEY, sku).await?;
    let Some(entity) = found else { return Ok(None) };
    Ok(match api.intake().read::<Catalog>(tenant, &entity).await? {
        Some((CatalogState::Product(product), version)) => Some((entity, product, version)),
        _ => None,
    })
}

/// The ids of the products of SKUs, as far as there are such; all are looked up at once.
pub(super) async fn product_ids(
    api: &Api,
    tenant: &TenantId,
    skus: BTreeSet<&str>,
) -> Result<HashMap<String, String>, StoreFault> {
    let key = |sku: &&str| Lookup::Key {
        tenant: tenant.clone(),
        domain: Catalog::NAME.into(),
        name: SKU_KEY.into(),
        value: (*sku).to_owned(),
    };
    let wanted: Vec<_> = skus.iter().map(key).collect();
    let found = api.store().fetch(&wanted).await?;
    let id = |(sku, found): (&str, Found)| match found {
        Found::Key(Some(entity)) => Some((sku.to_owned(), product_id(&entity)?.to_owned())),
        _ => None,
    };
    Ok(skus.into_iter().zip(found).filter_map(id).collect())
}

/// A product's id.
pub(super) fn product_id(product: &EntityId) -> Option<&str> {
    product.as_str().strip_prefix("product/")
}

/// The import's id: what its writing in the catalog is called after.
pub(super) fn run_of(import: &EntityId) -> &str {
    import.as_str().strip_prefix("import/").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_where_a_reading_stands_and_nothing_else_is_one() {
        assert_eq!(place::<i64>(None).unwrap(), (0, 0));
        assert_eq!(place::<i64>(Some("17.203")).unwrap(), (17, 203));
        for odd in ["17", "-1.0", "x.1", "1.x", "1.-1", ""] {
            assert!(place::<i64>(Some(odd)).is_err(), "{odd}");
        }
    }
}
