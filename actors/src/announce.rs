//! What the world is told of the journal: event in, public announcements out. Pure.
//!
//! Broker, webhooks and live stream say the same, so they all ask here. Only what is listed leaves:
//! an event that is new in the journal stays inside until somebody writes it down below. Personal
//! data never leaves by this way; who may see it asks the API by the ids that are told.

mod catalog;
mod stock;
#[cfg(test)]
mod tests;

use crate::{
    domain::Domain,
    store::{Seq, StoredEvent},
};
use kontor_messages::{TenantId, Timestamp, id::derived};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Something that is told to the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// Its identity, the same however often it is made; consumers drop duplicates by it. The first
    /// announcement of an event has the event's own.
    pub id: String,
    /// Its public name, `order.created`: routing key, webhook type, and name in the stream.
    pub name: &'static str,
    /// The entity that it is about.
    pub subject: String,
    /// Whose.
    pub tenant: TenantId,
    /// When it happened.
    pub at: Timestamp,
    /// What is told.
    pub data: Value,
    /// The shard of its event.
    pub shard: u32,
    /// Its event's place there.
    pub seq: Seq,
    /// Which change of the subject it is.
    pub version: i64,
    /// What a later one of the same key makes superfluous in a batch, see [`coalesce`].
    pub coalesce: Option<String>,
    /// W3C `traceparent` of the request that led to it.
    pub trace: Option<String>,
}

impl Announcement {
    /// Its event's place as text, `<shard>-<seq>`; sixteen digits, so that it sorts in a shard.
    pub fn sequence(&self) -> String {
        format!("{}-{:016}", self.shard, self.seq)
    }
}

/// One kind of journal event that is told as it is.
struct Public {
    /// The event's name in the journal.
    event: &'static str,
    /// The name that it is told under.
    name: &'static str,
    /// The members that leave; a dot leads into a member.
    members: &'static [&'static str],
}

const fn public(event: &'static str, members: &'static [&'static str]) -> Public {
    Public { event, name: event, members }
}

const fn update(event: &'static str, members: &'static [&'static str]) -> Public {
    Public { event, name: "order.updated", members }
}

/// What is told besides stock and the catalog, and which members of it.
const PUBLIC: &[Public] = &[
    public(
        "order.created",
        &[
            "number",
            "place.channel",
            "place.account",
            "place.external_id",
            "place.currency",
            "place.lines",
            "place.totals",
            "place.shipping_method",
            "place.paid",
            "stock",
            "pay_until",
        ],
    ),
    public("order.confirmed", &[]),
    public("order.paid", &["payment", "paid"]),
    public("order.paid_without_stock", &["decide_until"]),
    public("order.shipped", &["parcel", "complete"]),
    public("order.delivered", &["parcels", "complete"]),
    public("order.cancelled", &["reason"]),
    public("order.returned", &["lines", "restock", "complete", "total_minor", "refund_minor"]),
    public("order.refunded", &["payment", "refunded", "amount"]),
    update("order.processing", &[]),
    update("order.lines_cancelled", &["lines", "reason", "total_minor", "refund_minor"]),
    update("order.stock_changed", &["standing"]),
    public("payment.opened", &["order", "attempt", "redirect_url", "expires_at"]),
    public("payment.authorized", &["order", "authorized"]),
    public("payment.paid", &["order", "paid"]),
    public("payment.failed", &["order", "problem"]),
    public("payment.cancelled", &["order"]),
    public("payment.expired", &["order"]),
    public("payment.mismatch", &["order", "expected", "found", "status"]),
    public("payment.refunded", &["order", "refunded", "status"]),
    public("payment.refund_failed", &["order", "refund", "amount", "problem"]),
    public("payment.refund_reversed", &["order", "refunded", "status"]),
    public("payment.disputed", &["order", "reference", "amount", "respond_by"]),
    public("payment.dispute_closed", &["order", "reference", "outcome", "charged_back", "status"]),
    public("notification.sent", &["provider_id"]),
    public("notification.given_up", &["failure.kind", "failure.code"]),
    public("tenant.created", &["settings"]),
    public("tenant.configured", &["settings"]),
    public("tenant.suspended", &["reason"]),
    public("tenant.resumed", &[]),
    public("tenant.archived", &[]),
    public("tenant.deletion_scheduled", &["at"]),
    public("tenant.deletion_cancelled", &[]),
    public("tenant.deleted", &[]),
    public("user.registered", &["via"]),
    public("supplier.put", &["settings"]),
    public("import.queued", &["source", "supplier", "trigger", "dry_run"]),
    public("import.completed", &["source", "counts"]),
    public("import.not_modified", &["source"]),
    public("import.rejected", &["source", "gate", "reason"]),
    public("import.failed", &["source", "problem"]),
    public("import.cancelled", &["source"]),
    public("import.undone", &["source"]),
];

/// Every name that there is, each once: what subscriptions may ask for.
pub fn names() -> Vec<&'static str> {
    let told = PUBLIC.iter().map(|public| public.name);
    let mut names: Vec<_> = told.chain(stock::NAMES).chain(catalog::NAMES).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether anything may be told of an event of this name.
pub fn is_public(event: &str) -> bool {
    stock::EVENTS.contains(&event)
        || catalog::EVENTS.contains(&event)
        || PUBLIC.iter().any(|public| public.event == event)
}

/// What is told of an event; mostly one thing or nothing.
pub fn announce(event: &StoredEvent) -> Vec<Announcement> {
    if event.name.starts_with("stock.") {
        return stock::announce(event);
    }
    if &*event.domain == crate::catalog::Catalog::NAME {
        return catalog::announce(event);
    }
    let Some(public) = PUBLIC.iter().find(|public| public.event == &*event.name) else {
        return Vec::new();
    };
    // What cannot be read is told without content: its name and subject are worth the news.
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).unwrap_or_default();
    let mut data = Map::new();
    // The domain, or which of its things the event is about.
    let what = event.name.split_once('.').map_or(&*event.domain, |(what, _)| what);
    data.insert(what.to_owned(), event.entity.as_str().into());
    data.insert("version".into(), event.version.into());
    if public.name != public.event {
        let change = public.event.split_once('.').map_or(public.event, |(_, change)| change);
        data.insert("change".into(), change.into());
    }
    for path in public.members {
        if let Some(value) = member(&payload, path) {
            let name = path.rsplit('.').next().unwrap_or(path);
            data.insert(name.to_owned(), value.clone());
        }
    }
    vec![Announcement {
        id: event.id.to_string(),
        name: public.name,
        subject: event.entity.to_string(),
        tenant: event.tenant.clone(),
        at: event.at,
        data: data.into(),
        shard: event.shard,
        seq: event.seq,
        version: event.version,
        coalesce: None,
        trace: trace(event),
    }]
}

/// Of several announcements with the same key keeps the last; otherwise the order stays.
pub fn coalesce(announcements: Vec<Announcement>) -> Vec<Announcement> {
    let mut last = HashMap::new();
    for (place, announcement) in announcements.iter().enumerate() {
        if let Some(key) = &announcement.coalesce {
            last.insert((announcement.tenant.clone(), key.clone()), place);
        }
    }
    let keep = announcements.into_iter().enumerate().filter(|(place, announcement)| {
        let key = announcement.coalesce.clone();
        key.is_none_or(|key| last.get(&(announcement.tenant.clone(), key)) == Some(place))
    });
    keep.map(|(_, announcement)| announcement).collect()
}

fn member<'a>(payload: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = payload.get(names.next()?)?;
    names.try_fold(first, |within, name| within.get(name)).filter(|value| !value.is_null())
}

/// The identity of an announcement: the event's own for the first, one that follows from what it
/// tells for any other.
fn identity(event: &StoredEvent, place: usize, what: &str) -> String {
    match place {
        0 => event.id.to_string(),
        _ => derived(event.id, what).to_string(),
    }
}

fn trace(event: &StoredEvent) -> Option<String> {
    #[derive(Deserialize)]
    struct Traced {
        trace: Option<String>,
    }
    // Most events have none; then nothing is parsed.
    if !event.meta.contains("\"trace\"") {
        return None;
    }
    serde_json::from_str::<Traced>(&event.meta).ok()?.trace
}
