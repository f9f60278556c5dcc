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
use super::found;
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{Days, NaiveDate};
use http::{StatusCode, Uri};
use kontor_actors::{
    order::{
        Order, external_key,
        state::{OrderDocument, word},
    },
    placing::day_begins,
};
use kontor_messages::{Timestamp, id::least_from, order::OrderStatus};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long the id of an order may be older than the order: its goods are held in between.
pub(super) const PLACING_MAX: Duration = Duration::from_secs(60);

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
    /// The beginning of an order's number; or, with an `@` in it, the customer's whole mail address,
    /// in any case of letters. What else is known of a customer is sealed and cannot be searched.
    /// Sorted by number, the last one first, where it is the beginning of one.
    #[param(min_length = 1, max_length = 254)]
    q: Option<String>,
    /// The order of this number; alone.
    #[param(min_length = 1, max_length = 100)]
    number: Option<String>,
    /// The order that its channel calls so; needs `channel`.
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
    if let Some((name, value)) = wanted.key()? {
        let found = api.intake().find::<Order>(access.id(), name, &value).await?;
        let page = match found {
            Some(order) => page_of(read::load::<Orders>(&api, access.id(), order.as_str()).await?)?,
            None => Page { items: Vec::new(), next_cursor: None },
        };
        return Ok(super::super::json(StatusCode::OK, &page));
    }
    read::bounded("q", wanted.q.as_deref(), 254)?;
    let placed = wanted.placed(&access)?;
    let asked = wanted.asked(&placed)?;
    let fits = |order: &OrderDocument| placed.fits(order.placed_at);
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

/// A day as `2026-01-15` and in no other form.
pub(super) fn as_day(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Refuses a view that is no list of orders, or that holds a customer's address: what is erased
/// with a customer must not stay in somebody's view.
pub(in crate::http) fn check_view(query: &str) -> Result<(), Problem> {
    let expected = |what: &str| Problem::invalid("/query", format!("expected {what}"));
    let parsed = format!("/?{query}").parse::<Uri>().ok();
    let wanted = parsed.and_then(|uri| Query::<Wanted>::try_from_uri(&uri).ok());
    let Some(Query(wanted)) = wanted else {
        return Err(expected(
            "status, channel, placed_from, placed_to and q, as in GET /v1/orders",
        ));
    };
    let Wanted { limit, cursor, status, channel, q, number, external_id, account, .. } = &wanted;
    let others = [cursor, number, external_id, account].into_iter().any(Option::is_some);
    if others || limit.is_some() {
        return Err(expected("only status, channel, placed_from, placed_to and q"));
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
        .map_err(|_| expected("a channel of 1 to 40 characters, and a q of 1 to 254"))
}

/// The status of a word, and whether orders come to rest in it.
fn is_known(status: &str) -> Option<bool> {
    STATUSES.iter().find(|(known, _)| word(*known) == status).map(|(_, rests)| *rests)
}

fn all_statuses() -> String {
    STATUSES.map(|(known, _)| word(known)).join(", ")
}

/// When orders were placed.
struct Placed {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Placed {
    fn fits(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

impl Wanted {
    /// The key that is asked for, if one is.
    fn key(&self) -> Result<Option<(&'static str, String)>, Problem> {
        read::bounded("number", self.number.as_deref(), 100)?;
        read::bounded("external_id", self.external_id.as_deref(), 100)?;
        read::bounded("channel", self.channel.as_deref(), 40)?;
        read::bounded("account", self.account.as_deref(), 100)?;
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

    fn placed(&self, access: &Access) -> Result<Placed, Problem> {
        let zone = &access.settings().time_zone;
        let read = |name: &str, text: Option<&str>, days_on: u64| {
            let Some(text) = text else { return Ok(None) };
            let day = as_day(text).and_then(|day| day.checked_add_days(Days::new(days_on)));
            let at = day.map(|day| day_begins(zone, day)).or_else(|| Timestamp::parse(text));
            let expected = "expected a time as RFC 3339, such as 2026-01-15T10:00:00Z, or a day, \
                such as 2026-01-15";
            at.map(Some).ok_or_else(|| Problem::parameter(name, expected))
        };
        let from = read("placed_from", self.placed_from.as_deref(), 0)?;
        let to = read("placed_to", self.placed_to.as_deref(), 1)?;
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            return Err(Problem::parameter("placed_to", "expected a time after placed_from"));
        }
        Ok(Placed { from, to })
    }

    fn asked(&self, placed: &Placed) -> Result<Asked, Problem> {
        let known = self.status.as_deref().map(|status| {
            let expected = || format!("expected one of {}", all_statuses());
            is_known(status).ok_or_else(|| Problem::parameter("status", expected()))
        });
        let rests = known.transpose()?.unwrap_or(false);
        let earliest = |at: Timestamp| {
            let slack = i64::try_from(PLACING_MAX.as_millis()).unwrap_or_default();
            least_from(Timestamp::from_millis(at.millis().saturating_sub(slack)))
        };
        Ok(Asked {
            status: self.status.clone(),
            label: self.channel.clone(),
            lead: if rests { Lead::Label } else { Lead::Status },
            from: placed.from.map(earliest),
            until: placed.to.map(least_from),
            ..Asked::new(self.limit, self.cursor.clone())?
        })
    }
}
