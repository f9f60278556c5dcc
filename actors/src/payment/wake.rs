//! What time brings: calls that go on, ends, and questions to the provider.

use super::{
    Payment,
    decide::Answer,
    draft::Draft,
    record::{expire, give_up},
    schedule::{
        ASKS_MAX, EXPIRY_ASKS_MAX, ends_at, needs_query, next_ask, query_due, step_after,
        watch_over,
    },
    second::tell_overdue,
    standing::refunding,
    state::{Call, CallState},
};
use crate::{domain::Decision, world::World};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{Operation, PaymentEvent, PaymentStatus, Problem, QueryReason},
};

/// A payment's deadline has passed.
pub fn payment(world: &World<'_, Payment>, id: EntityId, now: Timestamp) -> Answer {
    let Some(draft) = Draft::of(world, &id, now)? else { return Ok(Decision::nothing(id)) };
    let mut waking = Waking { draft, asked: Vec::new(), step: None };
    waking.find_step();
    tell_overdue(&mut waking.draft);
    waking.end_what_is_over();
    waking.go_on_with_calls();
    waking.look_after();
    Ok(waking.draft.decision())
}

/// A payment that is woken: no attempt is asked about twice.
struct Waking<'w> {
    draft: Draft<'w>,
    asked: Vec<u32>,
    /// How far the schedule gets with the questions of this time, if it is due.
    step: Option<u32>,
}

impl Waking<'_> {
    fn find_step(&mut self) {
        let document = &self.draft.document;
        let (Some(watch), now) = (document.watch, self.draft.now) else { return };
        if query_due(document).is_none_or(|due| now < due) {
            return;
        }
        if watch_over(document, &watch, now) {
            let unfinished = document.attempts.iter().any(|attempt| {
                attempt.is_open()
                    || attempt.status == PaymentStatus::Authorized
                    || refunding(document, attempt.attempt)
            });
            self.draft.push(PaymentEvent::WatchEnded { unfinished });
            return;
        }
        self.step = Some(step_after(&watch, now));
    }

    fn end_what_is_over(&mut self) {
        for attempt in self.draft.document.attempts.clone() {
            if !attempt.is_open() || ends_at(&attempt) > self.draft.now {
                continue;
            }
            let ask = attempt.expiry_asked < EXPIRY_ASKS_MAX;
            if !(ask && self.question(attempt.attempt, QueryReason::Expiry)) {
                expire(&mut self.draft, attempt.attempt);
            }
        }
    }

    fn go_on_with_calls(&mut self) {
        let now = self.draft.now;
        let due = |call: &&Call| call.next.is_some_and(|next| next <= now);
        for call in self.draft.document.calls.iter().filter(due).cloned().collect::<Vec<_>>() {
            match call.state {
                CallState::Waiting => self.draft.repeat(&call),
                CallState::Unknown => self.ask_what_became(&call),
                CallState::Sent | CallState::GivenUp => {}
            }
        }
    }

    fn ask_what_became(&mut self, call: &Call) {
        if call.operation == Operation::Open {
            // Nothing has a name yet that could be asked for; the same key makes it the same.
            self.draft.repeat(call);
            return;
        }
        let can_ask = self
            .draft
            .document
            .attempt(call.attempt)
            .is_some_and(|attempt| !attempt.by_hand && !attempt.references.is_empty());
        if call.asks >= ASKS_MAX || !can_ask {
            let text = "it is not known what the provider has done";
            give_up(&mut self.draft, call, Problem::new("outcome_unknown", text));
            return;
        }
        let next = next_ask(call.asks + 1, self.draft.now);
        self.draft.push(PaymentEvent::CallAsked { key: call.key.clone(), next });
        self.question(call.attempt, QueryReason::UnknownOutcome);
    }

    fn look_after(&mut self) {
        if self.step.is_none() {
            return;
        }
        for attempt in self.draft.document.attempts.clone() {
            if needs_query(&self.draft.document, &attempt) {
                self.question(attempt.attempt, QueryReason::Schedule);
            }
        }
    }

    /// Asks about an attempt unless that was done; false if it cannot be asked about.
    fn question(&mut self, attempt: u32, reason: QueryReason) -> bool {
        if self.asked.contains(&attempt) {
            return true;
        }
        let asked = self.draft.query(attempt, reason, self.step);
        if asked {
            self.asked.push(attempt);
        }
        asked
    }
}
