//! The calls of an account that are under way and the last ones that ended, one by one: so many and no
//! more. Nothing of what was said in them is
//! kept, which each payment's own calls tell.

use super::{Health, WAIT};
use kontor_actors::ports::GatewayFault;
use kontor_messages::{EntityId, Timestamp, payment::CallOutcome};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::PoisonError,
    time::Duration,
};
use tokio::sync::SemaphorePermit;
use utoipa::ToSchema;

/// Calls that have ended and are kept.
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
    /// did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u64>,
    /// Whether it was put off until the account takes it, and so not made.
    pub put_off: bool,
    /// For which payment; absent if for none, and for who may not read payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<EntityId>,
}

/// The calls under way and the last ones that ended. However many end, those under way stay.
#[derive(Default)]
pub(super) struct Last {
    begun: u64,
    /// By when their turn came; as many as have a slot of the account.
    under_way: BTreeMap<u64, LastCall>,
    /// The newest last.
    ended: VecDeque<LastCall>,
}

impl Last {
    fn begin(&mut self, call: LastCall) -> u64 {
        self.begun += 1;
        self.under_way.insert(self.begun, call);
        self.begun
    }

    fn keep(&mut self, call: LastCall) {
        if self.ended.len() == KEPT_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }
}

/// A call that waits for its turn, or is under way. One that is dropped before its end is forgotten.
pub struct UnderWay<'h> {
    health: &'h Health,
    call: LastCall,
    /// Its number among those under way, and its slot of the account, which it gives back when it is
    /// told no more.
    turn: Option<(u64, SemaphorePermit<'h>)>,
}

impl<'h> UnderWay<'h> {
    /// Its turn has come, after so long, with a slot of the account.
    pub fn has_its_turn(&mut self, slot: SemaphorePermit<'h>, waited: Duration, at: Timestamp) {
        self.health.note_wait(waited, at);
        let noticed = if waited < WAIT { Duration::ZERO } else { waited };
        self.call.waited_ms = Some(millis(noticed));
        let number = self.health.with_last(|last| last.begin(self.call.clone()));
        self.turn = Some((number, slot));
    }

    /// Its turn did not come in so long.
    pub fn has_no_turn(&self, waited: Duration, at: Timestamp) {
        self.health.note_wait(waited, at);
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
        // What is not asked while the account rests says nothing, and would push out why it does.
        if fault.is_some_and(|fault| fault.code == super::RESTS) {
            return;
        }
        self.call.put_off = fault.is_some_and(|fault| super::is_put_off(outcome, fault));
        (self.call.at, self.call.outcome) = (at, Some(outcome));
        self.call.took_ms = Some(millis(took));
        // It is the newest of those that have ended, whenever it began.
        self.health.with_last(|last| {
            if let Some((number, _)) = &self.turn {
                last.under_way.remove(number);
            }
            last.keep(self.call.clone());
        });
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some((number, _)) = &self.turn {
            self.health.with_last(|last| last.under_way.remove(number));
        }
    }
}

impl Health {
    /// A call begins to wait for its turn.
    pub fn begin(
        &self,
        operation: &'static str,
        payment: Option<EntityId>,
        at: Timestamp,
    ) -> UnderWay<'_> {
        let (outcome, took_ms, waited_ms, put_off) = (None, None, None, false);
        let call = LastCall { at, operation, outcome, took_ms, waited_ms, put_off, payment };
        UnderWay { health: self, call, turn: None }
    }

    /// The calls under way, then those that ended within the hour that is counted, the last ones of
    /// them, so many at most; each newest first.
    pub fn last_calls(&self, now: Timestamp) -> Vec<LastCall> {
        let counted = |call: &&LastCall| super::is_counted(call.at, now);
        self.with_last(|last| {
            let ended = last.ended.iter().rev().filter(counted);
            last.under_way.values().rev().chain(ended).cloned().collect()
        })
    }

    /// Calls that are under way.
    pub fn under_way(&self) -> u64 {
        self.with_last(|last| last.under_way.len() as u64)
    }

    fn with_last<T>(&self, then: impl FnOnce(&mut Last) -> T) -> T {
        then(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
