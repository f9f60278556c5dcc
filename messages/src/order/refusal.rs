//! How an order says no.

use crate::{EntityId, Refusal, RefusalKind};

/// How an order says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OrderRefusal {
    /// No such order.
    #[error("there is no such order")]
    NotFound,
    /// The channel's id was used for an order with other content.
    #[error("order {order} of this channel has the same external id and other content")]
    ExternalIdTaken {
        /// Which.
        order: EntityId,
    },
    /// What is asked does not fit where the order stands.
    #[error("an order that is {status} cannot be {action}")]
    WrongStatus {
        /// Where it stands, as people say.
        status: &'static str,
        /// What was asked: `shipped`, `cancelled`.
        action: &'static str,
    },
    /// The order holds as many of these as it may.
    #[error("an order takes at most {max} {what}")]
    LimitReached {
        /// What: `parcels`, `notes`.
        what: &'static str,
        /// How many.
        max: usize,
    },
    /// The tenant has placed as many orders today as it may.
    #[error("the tenant's limit of {max} orders a day is reached")]
    DayFull {
        /// How many.
        max: u32,
    },
    /// The tenant has as many entities as it may.
    #[error("the tenant's limit of {max} entities is reached")]
    TenantFull {
        /// How many.
        max: u64,
    },
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for OrderRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::ExternalIdTaken { .. } => "external_id_taken",
            Self::WrongStatus { .. } => "wrong_status",
            Self::LimitReached { .. } => "limit_reached",
            Self::DayFull { .. } => "orders_per_day_reached",
            Self::TenantFull { .. } => "entities_limit_reached",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::ExternalIdTaken { .. } | Self::WrongStatus { .. } | Self::LimitReached { .. } => {
                RefusalKind::Conflict
            }
            Self::DayFull { .. } | Self::TenantFull { .. } => RefusalKind::Exhausted,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
