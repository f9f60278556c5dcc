//! Questions that need no answer of their own: the provider was asked after they were put. It is
//! always the oldest question that is asked, so none is put off for ever by newer ones, however slow
//! the account is and however often somebody asks.

use kontor_actors::store::StoredEvent;
use kontor_messages::{EntityId, TenantId, Timestamp, payment::PaymentEvent};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Answers that are remembered. Whoever forgets one asks once more.
const KEPT_MAX: usize = 10_000;

/// Whose attempt.
type About = (TenantId, EntityId, u32);

/// When what was answered last was asked.
#[derive(Default)]
pub(super) struct Answers {
    asked_at: Mutex<HashMap<About, Timestamp>>,
}

impl Answers {
    /// Whether the event is a question that was put before the provider was asked.
    pub(super) fn cover(&self, event: &StoredEvent, content: &PaymentEvent) -> bool {
        let Some(about) = about(event, content) else { return false };
        self.lock().get(&about).is_some_and(|asked_at| event.at < *asked_at)
    }

    /// The provider was asked at this time, and its answer is recorded.
    pub(super) fn keep(&self, event: &StoredEvent, content: &PaymentEvent, asked_at: Timestamp) {
        let Some(about) = about(event, content) else { return };
        let mut kept = self.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(about, asked_at);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<About, Timestamp>> {
        self.asked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn about(event: &StoredEvent, content: &PaymentEvent) -> Option<About> {
    match content {
        PaymentEvent::QueryRequested { attempt, .. } => {
            Some((event.tenant.clone(), event.entity.clone(), *attempt))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::testing::{NOW, tenant};
    use kontor_messages::{EventId, payment::QueryReason};
    use std::time::Duration;

    fn question(number: u32, after: Duration) -> (StoredEvent, PaymentEvent) {
        let content = PaymentEvent::QueryRequested {
            attempt: 1,
            query: number,
            reason: QueryReason::Operator,
            step: None,
            provider: "comgate".into(),
            account: "main".into(),
        };
        let at = NOW.plus(after);
        let event = StoredEvent {
            shard: 0,
            seq: number.into(),
            id: EventId::fresh(at),
            tenant: tenant(),
            domain: "payment".into(),
            entity: EntityId::named("01977e4e-0000-7000-8000-000000000001"),
            version: number.into(),
            name: "payment.query_requested".into(),
            at,
            payload: "{}".into(),
            meta: "{}".into(),
        };
        (event, content)
    }

    #[test]
    fn the_oldest_question_is_asked_however_many_come_behind_it() {
        let answers = Answers::default();
        for number in 1..10 {
            let (event, content) = question(number, Duration::from_secs(5) * number);
            assert!(!answers.cover(&event, &content));
        }
    }

    #[test]
    fn an_answer_covers_what_was_asked_before_it_and_nothing_later() {
        let answers = Answers::default();
        let (first, content) = question(1, Duration::ZERO);
        answers.keep(&first, &content, NOW.plus(Duration::from_secs(12)));
        for (number, covered) in [(2_u32, true), (3, false)] {
            let (event, content) = question(number, Duration::from_secs(5) * number);
            assert_eq!(answers.cover(&event, &content), covered, "{number}");
        }
        let (mut other, content) = question(2, Duration::ZERO);
        other.entity = EntityId::named("01977e4e-0000-7000-8000-000000000002");
        assert!(!answers.cover(&other, &content), "another payment's answer");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let answers = Answers::default();
        let (mut event, content) = question(1, Duration::ZERO);
        for number in 0..=KEPT_MAX {
            event.entity = EntityId::named(format!("p-{number}"));
            answers.keep(&event, &content, NOW);
        }
        assert!(answers.lock().len() <= KEPT_MAX);
    }
}
