//! How stock says no.

use crate::{EntityId, Refusal, RefusalKind};

/// How stock says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StockRefusal {
    /// Less is there than asked for.
    #[error("{sku}: {available} available, {wanted} wanted")]
    OutOfStock {
        /// Which line.
        line: usize,
        /// The product.
        sku: String,
        /// Sellable to that channel.
        available: i64,
        /// Asked for.
        wanted: i64,
    },
    /// No such product has ever had stock here.
    #[error("there is no stock entry for {sku}")]
    UnknownSku {
        /// Which line, if it was one of several.
        line: Option<usize>,
        /// The product.
        sku: String,
    },
    /// No such warehouse.
    #[error("there is no warehouse {0}")]
    UnknownWarehouse(String),
    /// The warehouse takes part in nothing.
    #[error("warehouse {0} is not active")]
    InactiveWarehouse(String),
    /// No such reservation or transfer.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The same id was used for something else.
    #[error("{0} exists already and says something else")]
    Differs(EntityId),
    /// It has ended, or is committed: what is asked cannot be done any more.
    #[error("the reservation is {0}")]
    Ended(&'static str),
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
    /// The level would not fit or fall below what is held.
    #[error("{0}")]
    Impossible(String),
}

impl Refusal for StockRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::OutOfStock { .. } => "out_of_stock",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::UnknownWarehouse(_) => "unknown_warehouse",
            Self::InactiveWarehouse(_) => "inactive_warehouse",
            Self::NotFound(_) => "not_found",
            Self::Differs(_) => "differs",
            Self::Ended(_) => "reservation_ended",
            Self::Invalid { .. } => "invalid",
            Self::Impossible(_) => "impossible_level",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::UnknownSku { .. } | Self::UnknownWarehouse(_) | Self::Invalid { .. } => {
                RefusalKind::Invalid
            }
            Self::OutOfStock { .. }
            | Self::InactiveWarehouse(_)
            | Self::Differs(_)
            | Self::Ended(_)
            | Self::Impossible(_) => RefusalKind::Conflict,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::OutOfStock { line, .. } => Some(format!("/lines/{line}/quantity")),
            Self::UnknownSku { line: Some(line), .. } => Some(format!("/lines/{line}/sku")),
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
