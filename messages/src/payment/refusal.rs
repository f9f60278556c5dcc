//! How a payment says no.

use crate::{Money, Refusal, RefusalKind};

/// How a payment says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PaymentRefusal {
    /// No such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The id was used for a payment with other content.
    #[error("a payment of this id is there with other content")]
    PaymentTaken,
    /// The id or key was used for a refund with another amount.
    #[error("a refund of this id or key is there with another amount")]
    RefundTaken,
    /// No such refund.
    #[error("there is no such refund")]
    RefundNotFound,
    /// No such call, or it was not given up.
    #[error("no call of this key was given up")]
    CallNotFound,
    /// More than there is to give back.
    #[error("{remaining} can be refunded and no more")]
    RefundTooLarge {
        /// What is left.
        remaining: Money,
    },
    /// More than is held.
    #[error("{held} is held and can be captured")]
    CaptureTooLarge {
        /// What is held.
        held: Money,
    },
    /// What is asked does not fit where the payment stands.
    #[error("a payment that is {status} cannot be {action}")]
    WrongStatus {
        /// Where it stands, as people say.
        status: &'static str,
        /// What was asked: `captured`, `cancelled`.
        action: &'static str,
    },
    /// The provider tells how it stands, and not a person.
    #[error("the provider says how this payment stands, so it cannot be marked by hand")]
    NotByHand,
    /// No second payment of this attempt waits for a decision.
    #[error("no second payment of this attempt waits for a decision")]
    NothingToDecide,
    /// What has come is in another currency: it cannot stand for what was asked for.
    #[error("what has come is {found}, in another currency: refund it")]
    OtherCurrency {
        /// What has come.
        found: Money,
    },
    /// A list is at its limit.
    #[error("a payment has at most {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        max: usize,
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

impl Refusal for PaymentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::PaymentTaken => "payment_taken",
            Self::RefundTaken => "refund_taken",
            Self::RefundNotFound => "refund_not_found",
            Self::CallNotFound => "call_not_found",
            Self::RefundTooLarge { .. } => "refund_too_large",
            Self::CaptureTooLarge { .. } => "capture_too_large",
            Self::WrongStatus { .. } => "wrong_status",
            Self::NotByHand => "not_by_hand",
            Self::NothingToDecide => "nothing_to_decide",
            Self::OtherCurrency { .. } => "other_currency",
            Self::TooMany { .. } => "too_many",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound | Self::RefundNotFound | Self::CallNotFound => RefusalKind::NotFound,
            Self::PaymentTaken
            | Self::RefundTaken
            | Self::RefundTooLarge { .. }
            | Self::CaptureTooLarge { .. }
            | Self::WrongStatus { .. }
            | Self::NotByHand
            | Self::NothingToDecide
            | Self::OtherCurrency { .. }
            | Self::TooMany { .. } => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            Self::RefundTooLarge { .. } | Self::CaptureTooLarge { .. } => Some("/amount".into()),
            _ => None,
        }
    }
}
