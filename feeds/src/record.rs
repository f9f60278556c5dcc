//! A supplier's product as we understand it, the same whatever format it came in.

use crate::gtin::GtinFault;
use crate::hash::{Fingerprint, Fingerprinting};
use chrono::NaiveDate;
use kontor_messages::Money;
use kontor_messages::catalog::Gtin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One product or variant of a supplier. What is `None` or empty was not in the feed, or was not
/// mapped: a feed of stocks says nothing about names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The supplier's own code, the only thing that identifies it within the supplier.
    pub code: String,
    /// The product that it is a variant of.
    pub group: Option<String>,
    /// The trade item number, if it is true.
    pub ean: Option<Gtin>,
    /// The maker's number.
    pub mpn: Option<String>,
    /// The brand.
    pub brand: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The description as it came, HTML included: who shows it has to clean it.
    pub description: Option<String>,
    /// Addresses of pictures, the main one first.
    pub images: Vec<String>,
    /// Parameters by the supplier's names.
    pub params: Vec<Param>,
    /// The supplier's categories, each from the root to the leaf; the first is the main one.
    pub categories: Vec<Vec<String>>,
    /// What we pay, without VAT.
    pub purchase_price: Option<Money>,
    /// The list price without VAT.
    pub list_price: Option<Money>,
    /// The recommended retail price with VAT.
    pub rrp: Option<Money>,
    /// The rate of VAT.
    pub vat: Option<VatRate>,
    /// What is in the supplier's stock.
    pub stock: Option<Stock>,
    /// When the supplier can send it.
    pub lead_time: Option<LeadTime>,
    /// The sales unit.
    pub unit: Option<String>,
    /// The weight.
    pub weight_grams: Option<i64>,
    /// The supplier says that it is gone.
    pub deleted: bool,
    /// What else was mapped, by the mapping's names.
    pub extra: BTreeMap<String, String>,
    /// What was noticed about the row and did not stop it.
    pub notes: Vec<Note>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// The supplier's name of it.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A rate of VAT in hundredths of a percent: 21 % is 2100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatRate(pub u16);

/// A quantity in thousandths of the sales unit: cloth is sold by the metre.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(pub i64);

/// What a supplier says about its stock. It is a number only where it says a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stock {
    /// This many.
    Exact {
        /// How many thousandths of a unit.
        quantity_milli: Quantity,
    },
    /// This many or more; the supplier does not say how many.
    AtLeast {
        /// How many thousandths of a unit.
        quantity_milli: Quantity,
    },
    /// Some.
    InStock,
    /// None.
    None,
    /// The supplier does not say: what was known last holds for a while.
    Unknown,
}

/// When a supplier can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LeadTime {
    /// So many days after the order.
    Days {
        /// How many.
        days: u32,
    },
    /// From a day on.
    From {
        /// The day.
        #[serde(with = "day")]
        date: NaiveDate,
    },
    /// Somebody has to ask.
    OnRequest,
}

/// What is odd about a row without making it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// The trade item number was left out.
    Ean {
        /// Why.
        fault: GtinFault,
    },
    /// The code looks as if a spreadsheet had been at it, and was repaired.
    CodeRepaired,
    /// Net and gross price are the same although there is VAT: one of them is not what it is called.
    NetEqualsGross,
    /// The recommended retail price is below the purchase price.
    RrpBelowPurchase,
    /// The stock was below zero: the supplier owes others.
    Oversold,
    /// An address of a picture could not be completed and was left out.
    ImageAddress,
}

impl Quantity {
    /// So many whole units.
    pub fn whole(units: i64) -> Self {
        Self(units.saturating_mul(1000))
    }

    /// Whole units, rounded down: what can be sold by the piece.
    pub fn floor(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl VatRate {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Whole percent.
    pub fn percent(percent: u16) -> Self {
        Self(percent.saturating_mul(100))
    }
}

impl Stock {
    /// This many whole units.
    pub fn exact(units: i64) -> Self {
        Self::Exact { quantity_milli: Quantity::whole(units) }
    }

    /// This many whole units or more.
    pub fn at_least(units: i64) -> Self {
        Self::AtLeast { quantity_milli: Quantity::whole(units) }
    }

    /// The whole units that one may count on: the bound where there is one, and for "some" what the
    /// operator thinks is safe. `None` where nothing is known.
    pub fn countable(self, some: i64) -> Option<i64> {
        match self {
            Self::Exact { quantity_milli } | Self::AtLeast { quantity_milli } => {
                Some(quantity_milli.floor().max(0))
            }
            Self::InStock => Some(some),
            Self::None => Some(0),
            Self::Unknown => None,
        }
    }
}

impl Record {
    /// A hash of everything that was understood. Records that mean the same are equal, whatever
    /// order, spelling or format they came in.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hashing = Fingerprinting::new();
        // JSON with a fixed order of members; a change of this struct changes the hash, as it must.
        let text = serde_json::to_string(self).unwrap_or_default();
        hashing.text(&text);
        hashing.finish()
    }
}

/// A day as `2026-03-02`.
mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
