//! The list of orders, by what orders can be asked for by.
//!
//! Each page is answered by an index: of statuses, of channels, of numbers, of a person's orders, or
//! of orders by the time they were placed. Where two of them are asked for together, one is read in
//! order and the other passed over, through so many rows and no more.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Orders, Versioned},
    problem::Problem,
    query,
    read::{self, Asked, Lead, Page},
};
use super::{found, placed::Placed};
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::{StatusCode, Uri};
use kontor_actors::order::{
    Order, external_key,
    state::{OrderDocument, word},
};
use kontor_messages::{Currency, order::OrderStatus};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// All statuses, and whether orders come to rest in them: then there may be very many.
const STATUSES: [(OrderStatus, bool); 8] = [
    (OrderStatus::Pending, false),
    (OrderStatus::Confirmed, false),
    (OrderStatus::Processing, false),
    (OrderStatus::Shipped, false),
    (OrderStatus::Delivered, true),
    (OrderStatus::Cancelled, true),
    (OrderStatus::Returned, false),
    (OrderStatus::PaidWithoutStock, false),
];

/// No order at all.
const NONE: Page<Versioned<OrderDocument>> = Page { items: Vec::new(), next_cursor: None };

/// What a list may be narrowed by in a view that somebody keeps.
const IN_VIEWS: &str = "status, channel, placed_from, placed_to, currency, cancelled, paid, sku \
    and q";

/// Which orders.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    cursor: Option<String>,
    /// Only these.
    #[param(value_type = Option<OrderStatus>)]
    status: Option<String>,
    /// Only of this channel; with `external_id`, its channel.
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// Placed at that time or later: RFC 3339, or a day in the tenant's time zone.
    #[param(min_length = 10, max_length = 40, example = "2026-11-27")]
    placed_from: Option<String>,
    /// Placed before that time; of a day, before it is over.
    #[param(min_length = 10, max_length = 40, example = "2026-11-27")]
    placed_to: Option<String>,
    /// Only orders in this currency (ISO 4217).
    #[param(min_length = 3, max_length = 3, example = "CZK")]
    currency: Option<String>,
    /// Only those that are cancelled; or, if `false`, only those that are not.
    cancelled: Option<bool>,
    /// Only those that are paid, whatever became of them since; or, if `false`, only those that are
    /// not.
    paid: Option<bool>,
    /// Only those with a line of this product.
    #[param(min_length = 1, max_length = 180)]
    sku: Option<String>,
    /// The beginning of an order's number; or, with an `@` in it, the customer's whole mail address,
    /// in any case of letters. What else is known of a customer is sealed and cannot be searched.
    /// Sorted by number, the last one first, where it is the beginning of one.
    #[param(min_length = 1, max_length = 254)]
    q: Option<String>,
    /// The order of this number, if it fits what else is asked for; without `channel` and `q`.
    #[param(min_length = 1, max_length = 100)]
    number: Option<String>,
    /// The order that its channel calls so, if it fits what else is asked for; needs `channel`, and
    /// goes without `q`.
    #[param(min_length = 1, max_length = 100)]
    external_id: Option<String>,
    /// The channel's account of `external_id`, if the order has one.
    #[param(min_length = 1, max_length = 100)]
    account: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Orders, newest first; or the one of a number, or of a channel's id. Filters may be combined. A
/// page is looked for through 2,000 orders at most: where what fits is rarer than that, it has fewer
/// items than asked for, or none, and its `next_cursor` goes on. Only a page without is the last.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(Wanted),
    responses((status = OK, body = Page<Versioned<OrderDocument>>)))]
async fn list(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    read::bounded("q", wanted.q.as_deref(), 254)?;
    let (key, which) = (wanted.key()?, wanted.which(&access)?);
    let asked = wanted.asked(&which.placed)?;
    let fits = |order: &OrderDocument| which.fits(order);
    if let Some((name, value)) = key {
        let found = api.intake().find::<Order>(access.id(), name, &value).await?;
        let page = match found {
            Some(order) => page_of(read::load::<Orders>(&api, access.id(), order.as_str()).await?)?,
            None => NONE,
        };
        let stands = |order: &OrderDocument| {
            asked.status.as_deref().is_none_or(|status| status == word(order.status))
        };
        let items =
            page.items.into_iter().filter(|one| stands(&one.document) && fits(&one.document));
        let page = Page { items: items.collect(), next_cursor: None };
        return Ok(super::super::json(StatusCode::OK, &page));
    }
    if which.contradicts(asked.status.as_deref()) {
        return Ok(super::super::json(StatusCode::OK, &NONE));
    }
    match wanted.q.as_deref().map(str::trim) {
        None | Some("") => read::some::<Orders>(&api, &access, &asked, fits).await,
        Some(text) => {
            let page = found::page(&api, &access, &asked, text, fits).await?;
            Ok(super::super::json(StatusCode::OK, &page))
        }
    }
}

pub(super) fn page_of(
    order: read::Loaded<Orders>,
) -> Result<Page<Versioned<OrderDocument>>, Problem> {
    let document = Orders::document(&order.state).ok_or_else(|| Problem::not_found("order"))?;
    let (id, document) = (order.entity.to_string(), document.into_owned());
    let items = vec![Versioned { id, version: order.version, document }];
    Ok(Page { items, next_cursor: None })
}

/// Refuses a view that is no list of orders, or that holds a customer's address: what is erased
/// with a customer must not stay in somebody's view.
pub(in crate::http) fn check_view(query: &str) -> Result<(), Problem> {
    let expected = |what: &str| Problem::invalid("/query", format!("expected {what}"));
    let parsed = format!("/?{query}").parse::<Uri>().ok();
    let wanted = parsed.and_then(|uri| Query::<Wanted>::try_from_uri(&uri).ok());
    let Some(Query(wanted)) = wanted else {
        return Err(expected(&format!("{IN_VIEWS}, as in GET /v1/orders")));
    };
    let Wanted { limit, cursor, status, channel, q, number, external_id, account, .. } = &wanted;
    let Wanted { currency, sku, .. } = &wanted;
    let others = [cursor, number, external_id, account].into_iter().any(Option::is_some);
    if others || limit.is_some() {
        return Err(expected(&format!("only {IN_VIEWS}")));
    }
    if q.as_deref().is_some_and(|q| q.contains('@')) {
        return Err(expected("no customer's address: it is kept with the customer's orders alone"));
    }
    if status.as_deref().is_some_and(|status| is_known(status).is_none()) {
        return Err(expected(&format!("a status that is one of {}", all_statuses())));
    }
    let fits = |name: &str, value: &Option<String>, max| read::bounded(name, value.as_deref(), max);
    fits("channel", channel, 40)
        .and(fits("q", q, 254))
        .and(fits("sku", sku, 180))
        .map_err(|_| expected("a channel of 1 to 40 characters, a q to 254 and a sku to 180"))?;
    as_currency(currency.as_deref()).map(drop).map_err(|_| expected("a currency such as CZK"))
}

/// The status of a word, and whether orders come to rest in it.
fn is_known(status: &str) -> Option<bool> {
    STATUSES.iter().find(|(known, _)| word(*known) == status).map(|(_, rests)| *rests)
}

fn all_statuses() -> String {
    STATUSES.map(|(known, _)| word(known)).join(", ")
}

/// The currency of a code, if one is asked for.
pub(super) fn as_currency(code: Option<&str>) -> Result<Option<Currency>, Problem> {
    let expected = |_| Problem::parameter("currency", "expected three letters, such as CZK");
    code.map(Currency::parse).transpose().map_err(expected)
}

/// What an order is to be like, beside what an index finds.
struct Which {
    placed: Placed,
    currency: Option<Currency>,
    cancelled: Option<bool>,
    paid: Option<bool>,
    sku: Option<String>,
}

impl Which {
    /// Whether no order can stand so and be cancelled, or not, as is asked.
    fn contradicts(&self, status: Option<&str>) -> bool {
        let cancelled = status.map(|status| status == word(OrderStatus::Cancelled));
        self.cancelled.zip(cancelled).is_some_and(|(wanted, is)| wanted != is)
    }

    fn fits(&self, order: &OrderDocument) -> bool {
        let cancelled = order.status == OrderStatus::Cancelled;
        let has = |sku: &String| order.lines.iter().any(|line| line.sku.as_str() == sku);
        self.placed.fits(order.placed_at)
            && self.currency.is_none_or(|currency| currency == order.currency)
            && self.cancelled.is_none_or(|wanted| wanted == cancelled)
            && self.paid.is_none_or(|wanted| wanted == order.paid_at.is_some())
            && self.sku.as_ref().is_none_or(has)
    }
}

impl Wanted {
    /// The key that is asked for, if one is.
    fn key(&self) -> Result<Option<(&'static str, String)>, Problem> {
        read::bounded("number", self.number.as_deref(), 100)?;
        read::bounded("external_id", self.external_id.as_deref(), 100)?;
        read::bounded("channel", self.channel.as_deref(), 40)?;
        read::bounded("account", self.account.as_deref(), 100)?;
        let named = self.number.is_some() || self.external_id.is_some();
        if named && self.q.is_some() {
            return Err(Problem::parameter("q", "expected no number or external_id beside it"));
        }
        match (&self.number, &self.external_id, &self.channel) {
            (Some(number), None, None) => Ok(Some(("number", number.clone()))),
            (None, Some(external_id), Some(channel)) => {
                let key = external_key(channel, self.account.as_deref(), external_id);
                Ok(Some((key.name, key.value)))
            }
            (None, None, _) if self.account.is_none() => Ok(None),
            _ => Err(Problem::parameter(
                "external_id",
                "expected number alone, or external_id with channel",
            )),
        }
    }

    fn which(&self, access: &Access) -> Result<Which, Problem> {
        read::bounded("sku", self.sku.as_deref(), 180)?;
        let (from, to) = (self.placed_from.as_deref(), self.placed_to.as_deref());
        Ok(Which {
            placed: Placed::read(access, from, to)?,
            currency: as_currency(self.currency.as_deref())?,
            cancelled: self.cancelled,
            paid: self.paid,
            sku: self.sku.clone(),
        })
    }

    /// The status that an index is asked for: that of cancelled orders is one of them.
    fn stands(&self) -> Option<&str> {
        let cancelled = self.cancelled == Some(true);
        self.status.as_deref().or(cancelled.then(|| word(OrderStatus::Cancelled)))
    }

    /// Whether orders that an index finds may be passed over for what they say.
    fn is_particular(&self) -> bool {
        let any_but_cancelled = self.cancelled == Some(false) && self.status.is_none();
        let said = [any_but_cancelled, self.paid.is_some()];
        said.contains(&true) || self.currency.is_some() || self.sku.is_some()
    }

    fn asked(&self, placed: &Placed) -> Result<Asked, Problem> {
        let known = self.stands().map(|status| {
            let expected = || format!("expected one of {}", all_statuses());
            is_known(status).ok_or_else(|| Problem::parameter("status", expected()))
        });
        let rests = known.transpose()?.unwrap_or(false);
        Ok(Asked {
            status: self.stands().map(str::to_owned),
            label: self.channel.clone(),
            lead: if rests { Lead::Label } else { Lead::Status },
            from: placed.first(),
            until: placed.end(),
            few: self.is_particular(),
            ..Asked::new(self.limit, self.cursor.clone())?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelled_orders_are_found_by_their_status_and_the_others_by_what_they_say() {
        let wanted = |cancelled, status: Option<&str>| Wanted {
            cancelled: Some(cancelled),
            status: status.map(str::to_owned),
            ..Wanted::default()
        };
        let stands = |wanted: Wanted| (wanted.stands().map(str::to_owned), wanted.is_particular());
        assert_eq!(stands(wanted(true, None)), (Some("cancelled".to_owned()), false));
        assert_eq!(stands(wanted(false, None)), (None, true));
        assert_eq!(stands(wanted(false, Some("shipped"))), (Some("shipped".to_owned()), false));
    }
}
