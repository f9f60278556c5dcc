//! Orders that are found by a text: the beginning of their number, or their customer's address.
//!
//! Names, streets and telephone numbers are sealed with a key of each order, so nothing finds by
//! them. A mail address is found by the hash under which its owner's keys are kept; an erasure takes
//! that away too.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Orders, Versioned},
    problem::Problem,
    read::{self, Asked, LIMIT_MAX, PAGES_MAX, Page},
};
use crate::store::sealed::Known;
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    order::{Order, state::OrderDocument},
    store::{EntityRef, Found, KeyQuery, Lookup, PersonQuery, StoreFault, StoredEntity},
};
use kontor_messages::{EntityId, TenantId};
use std::borrow::Cow;

/// A page of what is found and fits, looked for through a bounded number of orders.
pub(super) async fn page(
    api: &Api,
    access: &Access,
    asked: &Asked,
    text: &str,
    fits: impl Fn(&OrderDocument) -> bool,
) -> Result<Page<Versioned<OrderDocument>>, Problem> {
    let mut search = Search::new(api, access.id(), asked, text).await?;
    let (mut items, mut last) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let chunk = search.chunk().await?;
        let full = chunk.len() == LIMIT_MAX as usize;
        let ids = chunk.len();
        for (place, row) in search.rows(chunk).await?.into_iter().enumerate() {
            last = Some(row.entity.to_string());
            if !asked.takes(&row) {
                continue;
            }
            let state = read::parse::<Orders>(&row)?;
            let Some(document) = Orders::document(&state).filter(|order| fits(order)) else {
                continue;
            };
            let (id, document) = (row.entity.to_string(), document.into_owned());
            items.push(Versioned { id, version: row.version, document });
            if items.len() == asked.limit {
                let more = full || place + 1 < ids;
                return Ok(Page { items, next_cursor: last.filter(|_| more) });
            }
        }
        if !full {
            return Ok(Page { items, next_cursor: None });
        }
    }
    Ok(Page { items, next_cursor: last })
}

/// The order of that id or, if there is none, of that number.
pub(in super::super) async fn named(
    api: &Api,
    access: &Access,
    name: &str,
) -> Result<Option<(EntityId, OrderDocument)>, Problem> {
    match read::load::<Orders>(api, access.id(), name).await {
        Ok(there) => {
            let document = Orders::document(&there.state).map(Cow::into_owned);
            return Ok(document.map(|document| (there.entity, document)));
        }
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {}
        Err(problem) => return Err(problem),
    }
    let asked = Asked::new(Some(1), None)?;
    let found = page(api, access, &asked, name, |order| order.number == name).await?;
    Ok(found.items.into_iter().next().map(|one| (EntityId::named(one.id), one.document)))
}

/// A walk through the orders that a text finds.
struct Search<'a> {
    api: &'a Api,
    tenant: &'a TenantId,
    text: &'a str,
    /// The number or the id to go on before.
    before: Option<String>,
}

impl<'a> Search<'a> {
    /// At the cursor, which names the order that was looked at last.
    async fn new(
        api: &'a Api,
        tenant: &'a TenantId,
        asked: &Asked,
        text: &'a str,
    ) -> Result<Self, Problem> {
        let mut search = Self { api, tenant, text, before: None };
        let Some(cursor) = &asked.cursor else {
            search.before = search.by_address().then(|| asked.until.clone()).flatten();
            return Ok(search);
        };
        search.before = match search.by_address() {
            true => Some(cursor.clone()),
            false => {
                let expected =
                    || Problem::parameter("cursor", "expected next_cursor of the page before");
                let order = read::load::<Orders>(api, tenant, cursor).await.map_err(|problem| {
                    if problem.status() == StatusCode::NOT_FOUND { expected() } else { problem }
                })?;
                order.state.order().map(|order| order.number.clone())
            }
        };
        Ok(search)
    }

    fn by_address(&self) -> bool {
        self.text.contains('@')
    }

    /// The next orders that it finds.
    async fn chunk(&mut self) -> Result<Vec<EntityId>, StoreFault> {
        let (tenant, domain) = (self.tenant.clone(), Order::NAME.to_owned());
        let before = self.before.clone();
        if self.by_address() {
            let person = Known::Email(self.text).person();
            let query = PersonQuery { tenant, domain, person, before, limit: LIMIT_MAX };
            let found = self.api.store().list_of_person(&query).await?;
            self.before = found.last().map(EntityId::to_string);
            return Ok(found);
        }
        let (name, prefix) = ("number".to_owned(), self.text.to_owned());
        let query = KeyQuery { tenant, domain, name, prefix, before, limit: LIMIT_MAX };
        let found = self.api.store().list_keys(&query).await?;
        self.before = found.last().map(|key| key.value.clone());
        Ok(found.into_iter().map(|key| key.entity).collect())
    }

    /// Their rows, in that order.
    async fn rows(&self, ids: Vec<EntityId>) -> Result<Vec<StoredEntity>, StoreFault> {
        let lookup = |entity| {
            let (tenant, domain) = (self.tenant.clone(), Order::NAME.to_owned());
            Lookup::Entity(EntityRef { tenant, domain, entity })
        };
        let wanted: Vec<_> = ids.into_iter().map(lookup).collect();
        let found = self.api.store().fetch(&wanted).await?;
        let row = |found| match found {
            Found::Entity(row) => row,
            Found::Key(_) | Found::Request(_) | Found::PersonKey(_) => None,
        };
        Ok(found.into_iter().filter_map(row).collect())
    }
}
