//! Which news of a payment is told to the application that asked for it, in the words of the
//! payments service before.

use kontor_messages::payment::{PaymentEvent, PaymentStatus};

/// News, in the application's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// How the payment stands.
    pub status: &'static str,
    /// What has happened.
    pub event: &'static str,
}

/// The events that can be news, by their names in the journal.
pub const EVENTS: [&str; 5] =
    ["payment.paid", "payment.failed", "payment.cancelled", "payment.expired", "payment.refunded"];

/// What an application is told of an event, if anything. A part that went back is told as
/// `refunded` while the payment stands as `completed`, as it was before.
pub fn news(event: &PaymentEvent) -> Option<News> {
    let (status, event) = match event {
        PaymentEvent::Paid { .. } => (word(PaymentStatus::Paid), "completed"),
        PaymentEvent::Failed { .. } => (word(PaymentStatus::Failed), "failed"),
        PaymentEvent::Cancelled { .. } => (word(PaymentStatus::Cancelled), "cancelled"),
        PaymentEvent::Expired { .. } => (word(PaymentStatus::Expired), "cancelled"),
        PaymentEvent::Refunded { status, .. } => (word(*status), "refunded"),
        _ => return None,
    };
    Some(News { status, event })
}

/// How a payment stands, in the application's words.
pub fn word(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Created => "pending",
        // Money that is held, or is not the money that was asked for, has not come.
        PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Held => "processing",
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Disputed => {
            "completed"
        }
        PaymentStatus::Refunded => "refunded",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Cancelled | PaymentStatus::Expired => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::{Currency, Money};

    fn told(event: &PaymentEvent) -> Option<(&'static str, &'static str)> {
        assert_eq!(news(event).is_some(), EVENTS.contains(&event.name()), "{}", event.name());
        news(event).map(|news| (news.status, news.event))
    }

    #[test]
    fn an_application_hears_of_the_end_and_of_money_that_goes_back() {
        let (order, money) = (None, Money::new(100, Currency::CZK));
        let paid = PaymentEvent::Paid { order: None, paid: money };
        assert_eq!(told(&paid), Some(("completed", "completed")));
        let failed = PaymentEvent::Failed { order: None, problem: None };
        assert_eq!(told(&failed), Some(("failed", "failed")));
        let cancelled = PaymentEvent::Cancelled { order: None };
        assert_eq!(told(&cancelled), Some(("cancelled", "cancelled")));
        let expired = PaymentEvent::Expired { order: None };
        assert_eq!(told(&expired), Some(("cancelled", "cancelled")));
        let back = |status| PaymentEvent::Refunded { order: None, refunded: money, status };
        assert_eq!(told(&back(PaymentStatus::Refunded)), Some(("refunded", "refunded")));
        let part = back(PaymentStatus::PartiallyRefunded);
        assert_eq!(told(&part), Some(("completed", "refunded")));
        assert_eq!(told(&PaymentEvent::Pending { order }), None);
        assert_eq!(told(&PaymentEvent::PayerReturned), None);
    }
}
