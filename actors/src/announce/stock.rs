//! Stock, as the world is told: what is held, given back and taken, and for every row that changes
//! how it stands afterwards.
//!
//! `stock.updated` speaks of one product in one warehouse and carries the product's sellable total
//! and version. Only updates of the same row make each other superfluous: a consumer that keeps
//! rows must hear of each, one that keeps totals drops what has an older version than it has.

use super::{Announcement, identity, trace};
use crate::store::StoredEvent;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

/// The names that stock is told under.
pub(super) const NAMES: [&str; 6] = [
    "stock.reserved",
    "stock.released",
    "stock.committed",
    "stock.updated",
    "stock.low",
    "stock.out",
];

/// The events of the journal that say something to the world.
pub(super) const EVENTS: [&str; 10] = [
    "stock.reserved",
    "stock.released",
    "stock.committed",
    "stock.moved",
    "stock.observed",
    "stock.observations",
    "stock.transfer_started",
    "stock.transfer_received",
    "stock.configured",
    "stock.retotalled",
];

/// What of a stock event is told, whichever it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    channel: Option<String>,
    until: Option<Value>,
    reason: Option<Value>,
    returned: bool,
    allocations: Vec<Row>,
    change: Option<Row>,
    from: Option<Row>,
    /// In a transfer's start this is the other warehouse's code.
    to: Option<Arrival>,
    after: Option<Standing>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Arrival {
    Row(Row),
    Elsewhere(IgnoredAny),
}

#[derive(Deserialize)]
struct Row {
    sku: String,
    warehouse: String,
    quantity: i64,
    line: Option<u32>,
    after: Standing,
}

/// How a product stands; without a warehouse's row if no goods moved.
#[derive(Deserialize)]
struct Standing {
    on_hand: Option<i64>,
    reserved: Option<i64>,
    total_available: i64,
    version: i64,
    #[serde(default)]
    low: bool,
    #[serde(default)]
    out: bool,
}

pub(super) fn announce(event: &StoredEvent) -> Vec<Announcement> {
    let mut teller = Teller { event, told: Vec::new() };
    let Ok(told) = serde_json::from_str::<Told>(&event.payload) else {
        // What cannot be read is told without content, if it is public at all.
        teller.reservation(None);
        return teller.told;
    };
    teller.reservation(Some(&told));
    let arrived = match &told.to {
        Some(Arrival::Row(row)) => Some(row),
        Some(Arrival::Elsewhere(_)) | None => None,
    };
    let rows = told.allocations.iter().chain(&told.change).chain(&told.from).chain(arrived);
    for row in rows {
        teller.standing(&row.sku, Some(&row.warehouse), &row.after);
    }
    if let (Some(after), Some(sku)) = (&told.after, event.entity.as_str().strip_prefix("sku/")) {
        teller.standing(sku, None, after);
    }
    super::coalesce(teller.told)
}

struct Teller<'a> {
    event: &'a StoredEvent,
    told: Vec<Announcement>,
}

impl Teller<'_> {
    /// What has become of a reservation, if the event says it.
    fn reservation(&mut self, told: Option<&Told>) {
        let event = self.event;
        let Some(name) = NAMES[..3].iter().find(|name| **name == &*event.name) else { return };
        let mut data = Map::new();
        let id = event.entity.as_str();
        data.insert("reservation".into(), id.strip_prefix("reservation/").unwrap_or(id).into());
        data.insert("version".into(), event.version.into());
        if let Some(told) = told {
            data.insert("lines".into(), told.allocations.iter().map(line).collect());
            let channel = told.channel.clone().map(Value::from);
            let returned = told.returned.then_some(Value::Bool(true));
            let (until, reason) = (told.until.clone(), told.reason.clone());
            let rest = [
                ("channel", channel),
                ("until", until),
                ("reason", reason),
                ("returned", returned),
            ];
            for (name, value) in rest {
                if let Some(value) = value {
                    data.insert(name.into(), value);
                }
            }
        }
        self.tell(name, id.to_owned(), event.version, data.into(), None, "");
    }

    /// How a product stands now, and that it is low or gone if this change made it so.
    fn standing(&mut self, sku: &str, warehouse: Option<&str>, after: &Standing) {
        let mut data = Map::new();
        data.insert("sku".into(), sku.into());
        if let (Some(warehouse), Some(on_hand), Some(reserved)) =
            (warehouse, after.on_hand, after.reserved)
        {
            data.insert("warehouse".into(), warehouse.into());
            data.insert("on_hand".into(), on_hand.into());
            data.insert("reserved".into(), reserved.into());
            data.insert("available".into(), on_hand.saturating_sub(reserved).into());
        }
        data.insert("total_available".into(), after.total_available.into());
        data.insert("version".into(), after.version.into());
        let row = format!("{sku}/{}", warehouse.unwrap_or_default());
        let (subject, version) = (format!("sku/{sku}"), after.version);
        self.tell("stock.updated", subject.clone(), version, data.into(), Some(&row), &row);
        for (name, crossed) in [("stock.low", after.low), ("stock.out", after.out)] {
            if crossed {
                let total = after.total_available;
                let data = json!({ "sku": sku, "total_available": total, "version": version });
                self.tell(name, subject.clone(), version, data, None, &row);
            }
        }
    }

    fn tell(
        &mut self,
        name: &'static str,
        subject: String,
        version: i64,
        data: Value,
        coalesce: Option<&str>,
        row: &str,
    ) {
        let event = self.event;
        // Two lines may take from the same row; its version tells the two apart.
        let what = format!("{name}/{row}/{version}");
        self.told.push(Announcement {
            id: identity(event, self.told.len(), &what),
            name,
            subject,
            tenant: event.tenant.clone(),
            at: event.at,
            data,
            shard: event.shard,
            seq: event.seq,
            version,
            coalesce: coalesce.map(ToOwned::to_owned),
            trace: trace(event),
        });
    }
}

fn line(row: &Row) -> Value {
    let mut line = Map::new();
    line.insert("sku".into(), row.sku.as_str().into());
    line.insert("warehouse".into(), row.warehouse.as_str().into());
    line.insert("quantity".into(), row.quantity.into());
    if let Some(number) = row.line {
        line.insert("line".into(), number.into());
    }
    line.into()
}
