//! The orders that a margin is made of, each with what its goods bring and what they cost: by the same
//! sums as a day's, so that the parts come to the whole. Nobody is shown, so nothing personal is
//! opened.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Orders},
    problem::Problem,
    query,
    read::{self, LIMIT_MAX, PAGES_MAX, Page},
};
use super::{
    goods::Margin,
    list::as_currency,
    margin::{AT_ONCE, Costs, SEES_COSTS},
    placed::Placed,
    summary::counted,
    sums::{Counted, PRODUCTS_MAX},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    order::Order,
    store::{ListQuery, StoreFault},
};
use kontor_messages::{Currency, EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Of which orders.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only of this channel.
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// Only in this currency (ISO 4217).
    #[param(min_length = 3, max_length = 3, example = "CZK")]
    currency: Option<String>,
    /// Placed at that time or later: RFC 3339, or a day in the tenant's time zone.
    #[param(min_length = 10, max_length = 40, example = "2026-11-27")]
    placed_from: Option<String>,
    /// Placed before that time; of a day, before it is over.
    #[param(min_length = 10, max_length = 40, example = "2026-11-27")]
    placed_to: Option<String>,
    /// Only those with a line whose cost is not known (`cost`), or that say no tax (`tax`).
    #[param(inline)]
    missing: Option<Missing>,
}

/// What a margin would have to know, and does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Missing {
    /// What the goods of a line cost.
    Cost,
    /// The tax in an order's prices.
    Tax,
}

/// An order's part of a margin.
#[derive(Serialize, ToSchema)]
struct MarginOfOrder {
    /// The order.
    id: EntityId,
    /// Its number.
    number: String,
    /// Where it came from.
    channel: String,
    /// When it was placed.
    placed_at: Timestamp,
    /// What its goods bring and what they cost.
    #[serde(flatten)]
    margin: Margin,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(margins))
}

/// What the goods of each order bring and what they cost, newest first: the orders that the margins of
/// `GET /v1/summary` are made of. Those of which nothing is sold, or nothing is left, are not among
/// them. A page is looked for through 2,000 orders at most, and through some 5,000 products: it may have
/// fewer items than asked for, or none, and its `next_cursor` goes on. Only a page without is the
/// last. Of a day with more than 5,000 products, the summary counts the lines of the others as without a
/// cost, and of more than 10,000 orders only the latest: then what is listed here does not come to its
/// margin. Needs `catalog:read` as well.
#[utoipa::path(get, path = "/v1/orders/margins", tag = "orders", params(Wanted),
    responses((status = OK, body = Page<MarginOfOrder>)))]
async fn margins(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    access.reads(&api, SEES_COSTS).await?;
    let asked = read::Asked::new(wanted.limit, wanted.cursor.clone())?;
    read::bounded("channel", wanted.channel.as_deref(), 40)?;
    let (from, to) = (wanted.placed_from.as_deref(), wanted.placed_to.as_deref());
    let which = Which {
        placed: Placed::read(&access, from, to)?,
        currency: as_currency(wanted.currency.as_deref())?,
        missing: wanted.missing,
    };
    let list = ListQuery {
        tenant: access.id().clone(),
        domain: Order::NAME.to_owned(),
        prefix: String::new(),
        status: None,
        label: wanted.channel,
        from: which.placed.first(),
        before: [asked.cursor, which.placed.end(), Orders::END.map(str::to_owned)]
            .into_iter()
            .flatten()
            .min(),
        limit: LIMIT_MAX,
    };
    let (costs, looked_up, items) = (Costs::default(), HashSet::new(), Vec::new());
    let limit = asked.limit;
    let walk = Walk { api: &api, which, list, limit, costs, looked_up, items };
    let page = walk.page().await?;
    Ok(super::super::json(StatusCode::OK, &page))
}

/// What is asked of an order.
struct Which {
    placed: Placed,
    currency: Option<Currency>,
    missing: Option<Missing>,
}

impl Which {
    /// Whether an order may be meant: what its goods cost is not known yet.
    fn may_fit(&self, order: &Counted) -> bool {
        self.placed.fits(order.placed_at)
            && self.currency.is_none_or(|currency| currency == order.currency)
            && (self.missing != Some(Missing::Tax) || order.totals.tax_minor == 0)
            && order.sold().next().is_some()
    }

    fn fits(&self, margin: &Margin) -> bool {
        self.missing != Some(Missing::Cost) || margin.lines_without_cost > 0
    }
}

/// A walk through orders, the latest first.
struct Walk<'a> {
    api: &'a Api,
    which: Which,
    list: ListQuery,
    limit: usize,
    costs: Costs,
    looked_up: HashSet<Arc<str>>,
    items: Vec<MarginOfOrder>,
}

impl Walk<'_> {
    /// A page, and where the next one begins: after the last order that was decided on.
    async fn page(mut self) -> Result<Page<MarginOfOrder>, Problem> {
        for _ in 0..PAGES_MAX {
            let rows = self.api.store().list_unopened(&self.list).await?;
            let mut orders = Vec::with_capacity(rows.len());
            for row in &rows {
                let order = counted(row)?;
                if self.which.may_fit(&order) {
                    orders.push((row.entity.clone(), order));
                }
            }
            let through = self.take(orders).await?;
            if !through {
                break;
            }
            if rows.len() < LIMIT_MAX as usize {
                return Ok(Page { items: self.items, next_cursor: None });
            }
            self.list.before = rows.last().map(|row| row.entity.to_string());
        }
        Ok(Page { items: self.items, next_cursor: self.list.before })
    }

    /// Takes those that fit; whether there was room for all of them.
    async fn take(&mut self, orders: Vec<(EntityId, Counted)>) -> Result<bool, StoreFault> {
        let mut orders = orders.into_iter().peekable();
        while orders.peek().is_some() {
            if self.items.len() == self.limit || PRODUCTS_MAX <= self.looked_up.len() {
                return Ok(false);
            }
            let (mut batch, mut products) = (Vec::new(), Vec::new());
            while let Some((id, order)) = orders.next_if(|_| products.len() < AT_ONCE) {
                let new = order.sold().map(|(sku, _)| sku);
                let new = new.filter(|sku| self.looked_up.insert(Arc::clone(sku)));
                products.extend(new.cloned());
                batch.push((id, order));
            }
            self.costs.learn(self.api, &self.list.tenant, &products).await?;
            for (id, order) in batch {
                if self.items.len() == self.limit {
                    return Ok(false);
                }
                self.list.before = Some(id.to_string());
                let margin = order.margin(&self.costs);
                if self.which.fits(&margin) {
                    let Counted { number, channel, placed_at, .. } = order;
                    self.items.push(MarginOfOrder { id, number, channel, placed_at, margin });
                }
            }
        }
        Ok(true)
    }
}
