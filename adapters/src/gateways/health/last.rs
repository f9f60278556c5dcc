//! The last calls of an account, one by one: so many and no more. Nothing of what was said in them is
//! kept, which each payment's own calls tell.

use super::{Health, WAIT};
use kontor_actors::ports::GatewayFault;
use kontor_messages::{EntityId, Timestamp, payment::CallOutcome};
use serde::Serialize;
use std::{collections::VecDeque, sync::PoisonError, time::Duration};
use utoipa::ToSchema;

/// Calls that are kept.
pub const KEPT_MAX: usize = 50;

/// A call, as it is or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LastCall)]
pub struct LastCall {
    /// When it ended; while it is under way, when it began.
    pub at: Timestamp,
    /// What was asked.
    #[schema(example = "open")]
    pub operation: &'static str,
    /// What came of it; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CallOutcome>,
    /// How long it took, in milliseconds, with the wait for its turn; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// How long it waited for its turn, in milliseconds; 0 if nobody would notice, absent if its turn
    /// has not come, or did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u64>,
    /// Whether it was put off until the account takes it, and so not made.
    pub put_off: bool,
    /// For which payment; absent if for none, and for who may not read payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<EntityId>,
}

/// The last ones, the newest last.
#[derive(Default)]
pub(super) struct Last {
    begun: u64,
    kept: VecDeque<(u64, LastCall)>,
}

impl Last {
    fn begin(&mut self, call: LastCall) -> u64 {
        self.begun += 1;
        self.keep(self.begun, call);
        self.begun
    }

    fn keep(&mut self, number: u64, call: LastCall) {
        if self.kept.len() == KEPT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back((number, call));
    }

    fn take(&mut self, number: u64) -> Option<LastCall> {
        let place = self.kept.iter().position(|(kept, _)| *kept == number)?;
        self.kept.remove(place).map(|(_, call)| call)
    }
}

/// A call that is under way. One that is dropped before its end is forgotten.
pub struct UnderWay<'h> {
    health: &'h Health,
    number: u64,
    call: LastCall,
}

impl UnderWay<'_> {
    /// Its turn has come, after so long.
    pub fn has_its_turn(&mut self, waited: Duration, at: Timestamp) {
        self.health.note_wait(waited, at);
        let noticed = if waited < WAIT { Duration::ZERO } else { waited };
        self.call.waited_ms = Some(millis(noticed));
        self.health.with_last(|last| {
            let known = last.kept.iter_mut().find(|(number, _)| *number == self.number);
            if let Some((_, call)) = known {
                call.waited_ms = self.call.waited_ms;
            }
        });
    }

    /// It came to an end.
    pub fn ended(
        mut self,
        outcome: CallOutcome,
        fault: Option<&GatewayFault>,
        took: Duration,
        at: Timestamp,
    ) {
        self.health.note_call((self.call.operation, outcome), fault, took, at);
        self.call.put_off = fault.is_some_and(|fault| super::is_put_off(outcome, fault));
        (self.call.at, self.call.outcome) = (at, Some(outcome));
        self.call.took_ms = Some(millis(took));
        // It is the newest of those that have ended, whenever it began.
        self.health.with_last(|last| {
            last.take(self.number);
            last.keep(self.number, self.call.clone());
        });
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.call.outcome.is_none() {
            self.health.with_last(|last| last.take(self.number));
        }
    }
}

impl Health {
    /// A call begins.
    pub fn begin(
        &self,
        operation: &'static str,
        payment: Option<EntityId>,
        at: Timestamp,
    ) -> UnderWay<'_> {
        let (outcome, took_ms, waited_ms, put_off) = (None, None, None, false);
        let call = LastCall { at, operation, outcome, took_ms, waited_ms, put_off, payment };
        let number = self.with_last(|last| last.begin(call.clone()));
        UnderWay { health: self, number, call }
    }

    /// The calls under way and those that ended within the hour that is counted, newest first: the
    /// last ones of them, so many at most.
    pub fn last_calls(&self, now: Timestamp) -> Vec<LastCall> {
        let counted = |call: &&LastCall| call.outcome.is_none() || super::is_counted(call.at, now);
        self.with_last(|last| {
            let calls = last.kept.iter().rev().map(|(_, call)| call);
            calls.filter(counted).cloned().collect()
        })
    }

    fn with_last<T>(&self, then: impl FnOnce(&mut Last) -> T) -> T {
        then(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
