//! What a supplier offers under a code.

use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much a supplier says there is. Absent, unknown and none are three things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", content = "quantity", rename_all = "snake_case")]
pub enum Availability {
    /// So many.
    Exact(i64),
    /// So many or more.
    AtLeast(i64),
    /// Some, nobody says how many.
    Some,
    /// None.
    None,
    /// Not said.
    #[default]
    Unknown,
}

impl Availability {
    /// Units that may be sold on the strength of it; `None` if it says nothing. `some` stands for
    /// what is there in unknown quantity.
    pub fn units(self, some: i64) -> Option<i64> {
        match self {
            Self::Exact(units) | Self::AtLeast(units) => Some(units.max(0)),
            Self::Some => Some(some),
            Self::None => Some(0),
            Self::Unknown => None,
        }
    }
}

/// An offer as a row of a feed tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewOffer {
    /// The supplier's code.
    #[schema(min_length = 1, max_length = 64)]
    pub code: String,
    /// The page on which the source has it; absent for one that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The product's SKU; absent while nobody knows which product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What it costs, without tax. Absent: the feed does not say, and what is known stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// How much there is.
    #[serde(default)]
    pub stock: Availability,
    /// Tells whether anything of the row has changed.
    pub fingerprint: u64,
    /// Tells whether anything besides price and stock has.
    pub content: u64,
}

/// An offer that was new or has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferChange {
    /// The supplier's code.
    pub code: String,
    /// The product's SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What it costs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// How much there is now.
    pub stock: Availability,
    /// Tells whether anything of the row has changed.
    pub fingerprint: u64,
    /// Tells whether anything besides price and stock has.
    pub content: u64,
    /// How it stood before; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// How an offer stood before a run changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Before {
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// How much there was.
    pub stock: Availability,
    /// The row's fingerprint.
    pub fingerprint: u64,
    /// The same without price and stock.
    pub content: u64,
    /// When the supplier said so.
    pub observed_at: Timestamp,
    /// How many full feeds it had been missing from.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u32,
}

/// Changed offers of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageChanges {
    /// Which page.
    pub page: u32,
    /// Its offers that changed.
    pub offers: Vec<OfferChange>,
}

/// Offers of a page that a full feed did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageLosses {
    /// Which page.
    pub page: u32,
    /// Their codes.
    pub codes: Vec<String>,
    /// Those of them that were not missing often enough yet to be gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
}

pub(super) fn is_zero(count: &u32) -> bool {
    *count == 0
}
