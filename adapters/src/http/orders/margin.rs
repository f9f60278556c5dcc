//! What an order's goods bring and what they cost, and where costs are looked up.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Orders},
    path::Named,
    problem::Problem,
    read,
};
use super::goods::{Margin, Sold, SoldLine};
use axum::{extract::State, response::Response};
use http::StatusCode;
use kontor_actors::{
    catalog::{Catalog, CatalogState, SKU_KEY},
    domain::Domain,
    store::{EntityRef, Found, Lookup, StoreFault},
};
use kontor_messages::{Currency, EntityId, TenantId, order::OrderStatus};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Products that are looked up at once.
pub(super) const AT_ONCE: usize = 250;
/// The permission without which nobody is told what goods cost.
pub(super) const SEES_COSTS: &str = "catalog";

/// What an order's goods bring and what they cost.
#[derive(Serialize, ToSchema)]
struct OrderMargin {
    /// All lines together.
    sum: Margin,
    /// Each line, in the order's order.
    #[schema(max_items = 200)]
    lines: Vec<LineMargin>,
}

/// What a line brings and what it costs.
#[derive(Serialize, ToSchema)]
struct LineMargin {
    /// The product.
    #[schema(value_type = String)]
    sku: Arc<str>,
    /// Units that are the customer's: without those that were cancelled or came back.
    units: i64,
    /// What they bring without tax, in minor units.
    revenue_minor: i64,
    /// What they cost, in minor units; absent, if the catalog does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_minor: Option<i64>,
    /// What is left, in minor units; absent with the cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_minor: Option<i64>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(margin))
}

/// What an order's goods bring and what they cost, without tax. Costs are those that the catalog
/// knows now, in the order's currency; what they were when it was placed is not looked up. The
/// tax that the order says of its total is shared by the lines by their price; where it says none,
/// none is taken off. Needs `catalog:read` as well.
#[utoipa::path(get, path = "/v1/orders/{order}/margin", tag = "orders",
    params(("order" = String, Path, max_length = 200)),
    responses((status = OK, body = OrderMargin)))]
async fn margin(
    State(api): State<Api>,
    access: Access,
    Named(order): Named<String>,
) -> Result<Response, Problem> {
    access.reads(&api, SEES_COSTS).await?;
    let there = read::load::<Orders>(&api, access.id(), &order).await?;
    let order = Orders::document(&there.state).ok_or_else(|| Problem::not_found("order"))?;
    let skus: Vec<Arc<str>> = order.lines.iter().map(|line| line.sku.as_str().into()).collect();
    let costs = Costs::read(&api, access.id(), &skus).await?;
    let gone = order.status == OrderStatus::Cancelled;
    let mut sum = Margin::nothing(order.currency);
    let mut lines = Vec::with_capacity(order.lines.len());
    for (line, sku) in order.lines.iter().zip(skus) {
        let line = SoldLine::from(line);
        let sold = Sold::of(&line, &order.totals).filter(|_| !gone).unwrap_or_default();
        let cost = costs.of(&sku, order.currency);
        if sold.lines > 0 {
            sum.add(sold, cost);
        }
        let cost_minor = cost.map(|cost| cost.saturating_mul(sold.units));
        let revenue_minor = sold.revenue_minor;
        let margin_minor = cost_minor.map(|cost| revenue_minor.saturating_sub(cost));
        lines.push(LineMargin { sku, units: sold.units, revenue_minor, cost_minor, margin_minor });
    }
    Ok(super::super::json(StatusCode::OK, &OrderMargin { sum, lines }))
}

/// What one of each product costs, by currency.
#[derive(Default)]
pub(super) struct Costs {
    known: HashMap<Arc<str>, Vec<(Currency, i64)>>,
}

impl Costs {
    /// Looks products up by their SKUs, some hundred in a question. What is not in the catalog has
    /// no cost.
    pub(super) async fn read(
        api: &Api,
        tenant: &TenantId,
        skus: &[Arc<str>],
    ) -> Result<Self, StoreFault> {
        let mut costs = Self::default();
        costs.learn(api, tenant, skus).await?;
        Ok(costs)
    }

    /// Looks more of them up.
    pub(super) async fn learn(
        &mut self,
        api: &Api,
        tenant: &TenantId,
        skus: &[Arc<str>],
    ) -> Result<(), StoreFault> {
        for skus in skus.chunks(AT_ONCE) {
            let products = products(api, tenant, skus).await?;
            let (skus, wanted): (Vec<_>, Vec<_>) = products.into_iter().unzip();
            let found = api.store().fetch(&wanted).await?;
            for (sku, found) in skus.into_iter().zip(found) {
                let Found::Entity(Some(row)) = found else { continue };
                let state: CatalogState = serde_json::from_str(&row.state)
                    .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))?;
                if let Some(product) = state.product() {
                    self.known.insert(sku, product.costs().collect());
                }
            }
        }
        Ok(())
    }

    /// What one costs in a currency, in minor units without tax.
    pub(super) fn of(&self, sku: &str, currency: Currency) -> Option<i64> {
        let costs = self.known.get(sku)?.iter();
        costs.copied().find_map(|(known, cost)| (known == currency).then_some(cost))
    }
}

/// The products behind SKUs, as questions.
async fn products(
    api: &Api,
    tenant: &TenantId,
    skus: &[Arc<str>],
) -> Result<Vec<(Arc<str>, Lookup)>, StoreFault> {
    let key = |sku: &Arc<str>| Lookup::Key {
        tenant: tenant.clone(),
        domain: Catalog::NAME.into(),
        name: SKU_KEY.into(),
        value: sku.to_string(),
    };
    let wanted: Vec<_> = skus.iter().map(key).collect();
    let found = api.store().fetch(&wanted).await?;
    let product = |(sku, found): (&Arc<str>, Found)| match found {
        Found::Key(Some(entity)) => Some((Arc::clone(sku), lookup(tenant, entity))),
        _ => None,
    };
    Ok(skus.iter().zip(found).filter_map(product).collect())
}

fn lookup(tenant: &TenantId, entity: EntityId) -> Lookup {
    Lookup::Entity(EntityRef { tenant: tenant.clone(), domain: Catalog::NAME.to_owned(), entity })
}
