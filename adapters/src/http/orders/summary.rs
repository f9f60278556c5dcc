//! A day's orders added up, by channel and by hour.
//!
//! Nothing is written for it: the day's orders are read by their ids, which begin with the time, and
//! so many and no more. What that took long to make is told again for a while, so that pages which
//! ask again and again cost little. Nobody is shown, so nothing personal is opened.

use super::super::{Api, access::Access, problem::Problem, query};
use super::{
    margin::{Costs, SEES_COSTS},
    placed::{as_day, first_id},
    sums::{Counted, Sum, Sums, Tally, WithoutCost},
};
use axum::{extract::State, response::Response};
use chrono::{Days, NaiveDate};
use http::StatusCode;
use kontor_actors::{
    domain::Domain,
    order::Order,
    placing::day_begins,
    store::{ListQuery, StoreFault, StoredEntity},
};
use kontor_messages::{EntityId, TenantId, Timestamp, id::least_from};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Orders of a day that are added up at most, the latest.
const ORDERS_MAX: usize = 10_000;
/// Orders that are read at once.
const ROWS: u32 = 500;
/// Channels that are told of at most.
const CHANNELS_MAX: u32 = 100;
/// Minutes that are told of at most, the latest.
const MINUTES_MAX: usize = 60;
/// A summary is told again for so many times as long as it took to make.
const WORTH: u32 = 20;
/// And for so long at most.
const KEPT_MAX: Duration = Duration::from_secs(30);
/// Summaries in memory at most.
const SUMMARIES_MAX: usize = 1_000;

/// Which day.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The day in the tenant's time zone; today, if it is not said.
    #[param(min_length = 10, max_length = 10, example = "2026-11-27")]
    day: Option<String>,
}

/// A day's orders, added up.
#[derive(Clone, Serialize, ToSchema)]
struct Summary {
    /// The day.
    #[schema(format = "date", example = "2026-11-27")]
    day: String,
    /// In this time zone.
    #[schema(example = "Europe/Prague")]
    time_zone: String,
    /// Whether all of the day's orders are counted. There may be 10,000; of more, only the latest.
    complete: bool,
    /// When the earliest order that is counted was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_from: Option<Timestamp>,
    /// All channels together.
    #[serde(flatten)]
    all: Tally,
    /// The latest minutes in which orders were placed, the last one last.
    #[schema(max_items = 60)]
    minutes: Vec<Minute>,
    /// Each channel that an order ever came from, by name; also one without an order that day.
    #[schema(max_items = 100)]
    channels: Vec<Channel>,
    /// Products that were sold and whose cost is not known, those with most lines first; absent
    /// for who may not read the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    products_without_cost: Option<Vec<WithoutCost>>,
}

impl Summary {
    /// The same for who may not know what goods cost.
    fn without_costs(&self) -> Self {
        let mut told = self.clone();
        told.products_without_cost = None;
        told.all.margin = None;
        told.channels.iter_mut().for_each(|channel| channel.tally.margin = None);
        told
    }
}

/// A channel's part of a day.
#[derive(Clone, Serialize, ToSchema)]
struct Channel {
    /// The channel.
    channel: String,
    /// What came from it that day.
    #[serde(flatten)]
    tally: Tally,
    /// The order that came from it last, on whatever day.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_order: Option<LastOrder>,
}

/// The last order of a channel.
#[derive(Clone, Serialize, ToSchema)]
struct LastOrder {
    /// The order.
    id: EntityId,
    /// Its number.
    number: String,
    /// When it was placed.
    placed_at: Timestamp,
}

/// Orders of a minute.
#[derive(Clone, Serialize, ToSchema)]
struct Minute {
    /// When it began.
    at: Timestamp,
    /// How many.
    orders: u32,
}

/// Summaries that were made a moment ago.
#[derive(Default)]
pub(in crate::http) struct Summaries {
    kept: Mutex<HashMap<(TenantId, NaiveDate), Kept>>,
}

struct Kept {
    until: Instant,
    told: Arc<Summary>,
}

impl Summaries {
    fn get(&self, tenant: &TenantId, day: NaiveDate) -> Option<Arc<Summary>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&(tenant.clone(), day));
        found.filter(|kept| Instant::now() < kept.until).map(|kept| Arc::clone(&kept.told))
    }

    fn keep(&self, tenant: &TenantId, day: NaiveDate, took: Duration, told: &Arc<Summary>) {
        let now = Instant::now();
        let until = now + took.saturating_mul(WORTH).min(KEPT_MAX);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if SUMMARIES_MAX <= kept.len() {
            kept.retain(|_, kept| now < kept.until);
        }
        if kept.len() < SUMMARIES_MAX {
            kept.insert((tenant.clone(), day), Kept { until, told: Arc::clone(told) });
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(summary))
}

/// A day's orders added up, by channel and by hour of the tenant's time zone. Where there are many,
/// it may be some seconds old. The margin is for who may read the catalog; it goes by what goods
/// cost now, and through 5,000 products at most: lines of others count as without a cost.
#[utoipa::path(get, path = "/v1/summary", tag = "orders", params(Wanted),
    responses((status = OK, body = Summary)))]
async fn summary(
    State(api): State<Api>,
    access: Access,
    query::Asked(wanted): query::Asked<Wanted>,
) -> Result<Response, Problem> {
    let zone: chrono_tz::Tz = access.settings().time_zone.parse().unwrap_or(chrono_tz::UTC);
    let day = match &wanted.day {
        Some(day) => as_day(day).ok_or_else(expected_day)?,
        None => Timestamp::now().to_utc().with_timezone(&zone).date_naive(),
    };
    let told = match api.summaries().get(access.id(), day) {
        Some(told) => told,
        None => {
            let begun = Instant::now();
            let told = Arc::new(made(&api, &access, day, zone).await?);
            api.summaries().keep(access.id(), day, begun.elapsed(), &told);
            told
        }
    };
    // All who ask share what is kept, and not all of them may know what goods cost.
    Ok(match access.may_read(&api, SEES_COSTS).await {
        true => super::super::json(StatusCode::OK, &*told),
        false => super::super::json(StatusCode::OK, &told.without_costs()),
    })
}

async fn made(
    api: &Api,
    access: &Access,
    day: NaiveDate,
    zone: chrono_tz::Tz,
) -> Result<Summary, Problem> {
    let time_zone = access.settings().time_zone.clone();
    let next = day.checked_add_days(Days::new(1)).ok_or_else(expected_day)?;
    let (from, to) = (day_begins(&time_zone, day), day_begins(&time_zone, next));
    let mut sums = Sums::new(zone);
    let complete = read_day(api, access, (from, to), &mut sums).await?;
    let costs = Costs::read(api, access.id(), &sums.products()).await?;
    let channels = channels(api, access, &mut sums.channels, &costs).await?;
    let skip = sums.minutes.len().saturating_sub(MINUTES_MAX);
    let minutes = sums.minutes.into_iter().skip(skip);
    let minutes = minutes.map(|(at, orders)| Minute { at, orders }).collect();
    let products_without_cost = Some(sums.all.without_cost(&costs));
    let (day, counted_from, all) = (day.to_string(), sums.first, sums.all.told(&costs));
    Ok(Summary {
        day,
        time_zone,
        complete,
        counted_from,
        all,
        minutes,
        channels,
        products_without_cost,
    })
}

fn expected_day() -> Problem {
    Problem::parameter("day", "expected a day, such as 2026-01-15")
}

/// Adds up the orders that were placed between two instants, the latest first, so many at most.
/// Says whether these were all.
async fn read_day(
    api: &Api,
    access: &Access,
    (from, to): (Timestamp, Timestamp),
    sums: &mut Sums,
) -> Result<bool, Problem> {
    let mut wanted = ListQuery {
        tenant: access.id().clone(),
        domain: Order::NAME.to_owned(),
        prefix: String::new(),
        status: None,
        label: None,
        from: Some(first_id(from)),
        before: Some(least_from(to)),
        limit: ROWS,
    };
    for _ in 0..ORDERS_MAX / ROWS as usize {
        let rows = api.store().list_unopened(&wanted).await?;
        for row in &rows {
            let order = counted(row)?;
            if from <= order.placed_at && order.placed_at < to {
                sums.add(&order);
            }
        }
        if rows.len() < ROWS as usize {
            return Ok(true);
        }
        wanted.before = rows.last().map(|row| row.entity.to_string());
    }
    wanted.limit = 1;
    let more = api.store().list_unopened(&wanted).await?;
    let more = more.first().map(counted).transpose()?;
    Ok(more.is_none_or(|order| order.placed_at < from))
}

/// All channels that there are, each with its last order.
async fn channels(
    api: &Api,
    access: &Access,
    sums: &mut BTreeMap<String, Sum>,
    costs: &Costs,
) -> Result<Vec<Channel>, Problem> {
    let known = api.store().labels(access.id(), Order::NAME, CHANNELS_MAX).await?;
    let mut channels = Vec::with_capacity(known.len());
    for channel in known {
        let wanted = ListQuery {
            tenant: access.id().clone(),
            domain: Order::NAME.to_owned(),
            prefix: String::new(),
            status: None,
            label: Some(channel.clone()),
            from: None,
            before: None,
            limit: 1,
        };
        let last = api.store().list_unopened(&wanted).await?;
        let last_order = last.first().map(last_order).transpose()?;
        let tally = sums.remove(&channel).unwrap_or_default().told(costs);
        channels.push(Channel { channel, tally, last_order });
    }
    Ok(channels)
}

fn last_order(row: &StoredEntity) -> Result<LastOrder, StoreFault> {
    let Counted { number, placed_at, .. } = counted(row)?;
    Ok(LastOrder { id: row.entity.clone(), number, placed_at })
}

/// What is counted of an order's row.
pub(super) fn counted(row: &StoredEntity) -> Result<Counted, StoreFault> {
    serde_json::from_str(&row.state)
        .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))
}
