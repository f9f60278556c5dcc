//! A decision about one payment while it is being made: events are carried into a copy at once,
//! so that each is decided on top of those before it.

use super::{
    Payment, apply,
    schedule::key_too_old,
    standing::room,
    state::{Attempt, Call, CallState, PaymentDocument, REFUNDS_MAX},
};
use crate::{
    domain::{Decision, Key},
    world::{Missing, World},
};
use kontor_messages::{
    EntityId, Money, TenantId, Timestamp,
    payment::{
        CallKey, Operation, PaymentEvent, PaymentRefusal, PaymentStatus, Problem, QueryReason,
        RefundStatus, provider_key,
    },
};
use sha2::{Digest, Sha256};

/// A payment with what happens to it.
pub struct Draft<'w> {
    world: &'w World<'w, Payment>,
    /// Which payment.
    pub id: EntityId,
    /// How it stands after the events.
    pub document: PaymentDocument,
    /// How it stood.
    pub before: PaymentDocument,
    /// What happens.
    pub events: Vec<PaymentEvent>,
    /// The present instant.
    pub now: Timestamp,
}

impl<'w> Draft<'w> {
    /// Begins with a payment as it stands; none if there is no such payment.
    pub fn of(
        world: &'w World<'w, Payment>,
        id: &EntityId,
        now: Timestamp,
    ) -> Result<Option<Self>, Missing> {
        let state = world.get(id)?;
        Ok(state.payment().map(|document| Self::new(world, id, document.clone(), now)))
    }

    /// Begins with a document.
    pub fn new(
        world: &'w World<'w, Payment>,
        id: &EntityId,
        document: PaymentDocument,
        now: Timestamp,
    ) -> Self {
        let before = document.clone();
        Self { world, id: id.clone(), document, before, events: Vec::new(), now }
    }

    /// Lets something happen.
    pub fn push(&mut self, event: PaymentEvent) {
        apply::apply(&mut self.document, &event, self.now);
        self.events.push(event);
    }

    /// The order it is for.
    pub fn order(&self) -> Option<EntityId> {
        self.document.order.clone()
    }

    /// The decision, its consequences included.
    pub fn decision(self) -> Decision<PaymentEvent> {
        let id = self.id.clone();
        Decision::of(id, self.finished())
    }

    /// A key that is the same for the same call, and says nothing about anybody.
    pub fn key(&self, attempt: u32, operation: Operation, sequence: u32) -> CallKey {
        call_key(self.world.tenant(), &self.id, attempt, operation, sequence)
    }

    /// The key of an attempt's next call.
    pub fn next_key(&self, attempt: &Attempt, operation: Operation) -> CallKey {
        self.key(attempt.attempt, operation, attempt.calls_made + 1)
    }

    /// Asks the provider to call an attempt off, unless that is under way; one of which the
    /// provider knows nothing ends at once.
    pub fn call_off(&mut self, number: u32) {
        let Some(attempt) = self.document.attempt(number).cloned() else { return };
        let calls = |operation| {
            let of = move |call: &&Call| call.attempt == number && call.operation == operation;
            self.document.calls.iter().find(of)
        };
        if calls(Operation::Cancel).is_some() {
            return;
        }
        // While the opening is under way, the call waits for the name that it brings.
        let opening = calls(Operation::Open).is_some_and(|call| call.state == CallState::Sent);
        if attempt.by_hand || (attempt.references.is_empty() && !opening) {
            let status = PaymentStatus::Cancelled;
            self.push(PaymentEvent::AttemptClosed { attempt: number, status, problem: None });
        } else {
            let call = self.next_key(&attempt, Operation::Cancel);
            let Attempt { provider, account, .. } = attempt;
            self.push(PaymentEvent::CancelRequested { attempt: number, call, provider, account });
        }
    }

    /// Asks for a refund.
    pub fn refund(&mut self, refund: NewRefund) {
        let Some(attempt) = self.document.attempt(refund.attempt) else { return };
        let call = self.next_key(attempt, Operation::Refund);
        let (provider, account) = (attempt.provider.clone(), attempt.account.clone());
        let order = self.order();
        let NewRefund { attempt, refund, amount, key, reason, automatic } = refund;
        self.push(PaymentEvent::RefundRequested {
            order,
            refund,
            attempt,
            amount,
            key,
            reason,
            automatic,
            call,
            provider,
            account,
        });
    }

    /// Gives back what is left of an attempt, once a round: a refund that fails needs a person.
    pub fn give_back(&mut self, number: u32, round: u32) {
        let Some(attempt) = self.document.attempt(number) else { return };
        let left = room(&self.document, attempt);
        let of = |refund: &&super::state::RefundRecord| {
            refund.attempt == number && refund.automatic.is_some()
        };
        let made = self.document.refunds.iter().filter(of).count();
        let failed = self.document.refunds.iter().filter(of).any(|refund| {
            refund.automatic == Some(round) && refund.status >= RefundStatus::Cancelled
        });
        let contested = super::standing::contested(&self.document, number);
        if left == 0 || failed || contested || self.document.refunds.len() >= REFUNDS_MAX {
            return;
        }
        let name = format!("{}/{number}/{}", self.id, made + 1);
        let amount = attempt.money(left);
        let why = match round {
            0 if attempt.unwanted => "paid too late",
            0 => "paid twice",
            _ => "settled",
        };
        self.refund(NewRefund {
            attempt: number,
            refund: EntityId::named(name.clone()),
            amount,
            key: name,
            reason: Some(why.to_owned()),
            automatic: Some(round),
        });
    }

    /// Asks how an attempt stands, if its provider can be asked.
    pub fn query(&mut self, number: u32, reason: QueryReason, step: Option<u32>) -> bool {
        let Some(attempt) = self.document.attempt(number) else { return false };
        if attempt.by_hand || attempt.references.is_empty() {
            return false;
        }
        let query = self.document.queries + 1;
        let (provider, account) = (attempt.provider.clone(), attempt.account.clone());
        self.push(PaymentEvent::QueryRequested {
            attempt: number,
            query,
            reason,
            step,
            provider,
            account,
        });
        true
    }

    /// Makes a call again; with a new key where the old one leads nowhere.
    pub fn repeat(&mut self, call: &Call) {
        let Some(attempt) = self.document.attempt(call.attempt) else { return };
        let fresh = call.fresh_key || key_too_old(call, self.now);
        let again = if fresh {
            self.next_key(attempt, call.operation)
        } else {
            CallKey { sequence: call.sequence, key: call.key.clone() }
        };
        let (provider, account) = (attempt.provider.clone(), attempt.account.clone());
        self.push(PaymentEvent::CallRepeated {
            key: call.key.clone(),
            operation: call.operation,
            attempt: call.attempt,
            call: again,
            provider,
            account,
        });
    }

    /// Leaves a call to a person.
    pub fn give_up(&mut self, call: &Call, problem: Problem) {
        self.push(PaymentEvent::CallGivenUp {
            key: call.key.clone(),
            operation: call.operation,
            attempt: call.attempt,
            problem,
        });
    }

    /// Of these names, those that no other payment has.
    pub fn own_references(
        &self,
        attempt: u32,
        references: Vec<String>,
    ) -> Result<Vec<String>, Missing> {
        let Some(attempt) = self.document.attempt(attempt) else { return Ok(Vec::new()) };
        let mut own = Vec::with_capacity(references.len());
        for reference in references {
            let value = provider_key(&attempt.provider, &attempt.account, &reference);
            let owner = self.world.find(&Key::new("provider_ref", value))?;
            if owner.is_none_or(|owner| *owner == self.id) {
                own.push(reference);
            }
        }
        Ok(own)
    }

    /// A refusal that says where the payment stands.
    pub fn cannot_be(&self, action: &'static str) -> PaymentRefusal {
        PaymentRefusal::WrongStatus { status: word(self.document.status), action }
    }
}

/// A refund to be asked for.
pub struct NewRefund {
    /// Of which attempt.
    pub attempt: u32,
    /// Its id.
    pub refund: EntityId,
    /// How much.
    pub amount: Money,
    /// Why it is asked for.
    pub key: String,
    /// For people.
    pub reason: Option<String>,
    /// In which round of settling.
    pub automatic: Option<u32>,
}

/// The status as people say it, and as lists filter by it.
pub fn word(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Created => "created",
        PaymentStatus::Pending => "pending",
        PaymentStatus::Authorized => "authorized",
        PaymentStatus::Paid => "paid",
        PaymentStatus::PartiallyRefunded => "partially_refunded",
        PaymentStatus::Refunded => "refunded",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Cancelled => "cancelled",
        PaymentStatus::Expired => "expired",
        PaymentStatus::Held => "held",
        PaymentStatus::Disputed => "disputed",
    }
}

/// The key of a call: the same for the same tenant, payment, attempt, operation and sequence.
pub fn call_key(
    tenant: &TenantId,
    payment: &EntityId,
    attempt: u32,
    operation: Operation,
    sequence: u32,
) -> CallKey {
    let operation = match operation {
        Operation::Open => "open",
        Operation::Capture => "capture",
        Operation::Cancel => "cancel",
        Operation::Refund => "refund",
        Operation::Query => "query",
    };
    let text = format!("{tenant}\n{payment}\n{attempt}\n{operation}\n{sequence}");
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    CallKey { sequence, key: format!("kontor-{}", &digest[..40]) }
}
