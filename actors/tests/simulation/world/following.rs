//! What followers do, one step of one lane at a time.

use super::{
    Flaw, Simulation,
    calls::{event, opened, opening, operation, refunded},
    followers::{CALLS, Doing, POLICIES, RELAY, Work, lane},
    node::Then,
    provider::{ACCOUNT, Ask, PROVIDER, Reply, What},
};
use kontor_actors::{
    domain::Domain,
    notification::Notification,
    order::{Order, state::OrderState},
    payment::{CallState, Payment, PaymentState},
    policies::{Act, Fact, Occurrence, react},
    stock::Stock,
    store::StoredEvent,
};
use kontor_messages::{
    EventId,
    payment::{
        Backoff, CallFault, CallOutcome, Operation, PaymentCommand, PaymentEvent, Problem,
        ProviderCall,
    },
};
use std::{collections::VecDeque, sync::Arc};

/// Events read at once, at most.
const READ_MAX: usize = 12;

impl Simulation {
    /// One step of a follower: reads on, begins a lane, or goes on with one.
    pub(super) fn follow(&mut self, follower: &'static str) -> Result<(), String> {
        self.read_on(follower);
        self.begin(follower);
        let following = self.node.followers.get(follower);
        let lanes: Vec<Arc<str>> = following.works.keys().cloned().collect();
        if let Some(lane) = self.chance.choice(&lanes).cloned() {
            self.go_on(follower, &lane)?;
        }
        self.try_again(follower);
        self.keep_cursor(follower);
        Ok(())
    }

    /// All steps that there are.
    pub(super) fn follow_all(&mut self, follower: &'static str) -> Result<(), String> {
        loop {
            self.try_again(follower);
            let more = self.read_on(follower) | self.begin(follower);
            let lanes: Vec<_> = self.node.followers.get(follower).works.keys().cloned().collect();
            let mut moved = more;
            for lane in lanes {
                moved |= self.go_on(follower, &lane)?;
            }
            self.keep_cursor(follower);
            if !moved {
                return Ok(());
            }
        }
    }

    fn read_on(&mut self, follower: &'static str) -> bool {
        let window = &mut self.node.followers.get(follower).window;
        let after = window.read_to() as usize;
        let rows = self.disk.journal.iter().skip(after).take(READ_MAX);
        let events: Vec<_> = rows.map(|row| Arc::clone(&row.event)).collect();
        for event in &events {
            match lane(follower, event) {
                Some(lane) => window.add(lane, Arc::clone(event)),
                None => window.pass(event),
            }
        }
        !events.is_empty()
    }

    fn begin(&mut self, follower: &'static str) -> bool {
        let early = self.flaw == Some(Flaw::CursorBeforeEffect);
        let backwards = follower == RELAY && self.flaw == Some(Flaw::RelayOutOfOrder);
        let following = self.node.followers.get(follower);
        let Some((lane, taken)) = following.window.next(256, 4) else { return false };
        let mut events: VecDeque<_> = taken.iter().cloned().collect();
        if backwards {
            events = events.into_iter().rev().collect();
        }
        if early {
            following.window.finish(&lane, &taken);
        }
        following.works.insert(lane, Work { events, taken, doing: Doing::Fresh });
        true
    }

    /// Goes on with a lane; false if it waits for something.
    fn go_on(&mut self, follower: &'static str, lane: &Arc<str>) -> Result<bool, String> {
        let following = self.node.followers.get(follower);
        let Some(work) = following.works.get_mut(lane) else { return Ok(false) };
        let Some(event) = work.events.front().cloned() else {
            self.finish(follower, lane);
            return Ok(true);
        };
        match std::mem::replace(&mut work.doing, Doing::Fresh) {
            Doing::Fresh => match follower {
                POLICIES => {
                    let acts = self.reactions(&event).into();
                    self.act(lane, &event, acts);
                }
                CALLS => match self.errand(&event) {
                    Some(ask) => self.set(follower, lane, Doing::Called(Box::new(ask))),
                    None => self.done(follower, lane, &event),
                },
                _ => self.publish(lane, &event)?,
            },
            Doing::Acts(acts) => self.act(lane, &event, acts),
            Doing::Called(ask) => self.call(lane, ask)?,
            Doing::Heard(ask, heard) => self.record(lane, &ask, heard),
            waits @ Doing::Durable(_) => {
                self.set(follower, lane, waits);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a lane has told a domain is durable.
    pub(super) fn durable(&mut self, follower: &'static str, lane: &Arc<str>) {
        let Some(work) = self.node.followers.get(follower).works.get_mut(lane) else { return };
        let Some(event) = work.events.front().cloned() else { return };
        match std::mem::replace(&mut work.doing, Doing::Fresh) {
            Doing::Durable(acts) if !acts.is_empty() => work.doing = Doing::Acts(acts),
            _ => self.done(follower, lane, &event),
        }
    }

    /// It could not be told: the lane begins again with the same event, later.
    pub(super) fn hitch(&mut self, follower: &'static str, lane: &Arc<str>) {
        let following = self.node.followers.get(follower);
        let Some(work) = following.works.remove(lane) else { return };
        let done = work.taken.len() - work.events.len();
        following.window.hold(lane, done, work.taken);
        following.held.insert(Arc::clone(lane));
    }

    fn try_again(&mut self, follower: &'static str) {
        let following = self.node.followers.get(follower);
        for lane in std::mem::take(&mut following.held) {
            following.window.try_again(&lane);
        }
    }

    /// The first event of a lane is done with.
    fn done(&mut self, follower: &'static str, lane: &Arc<str>, event: &StoredEvent) {
        self.checker.handled(follower, event.seq);
        let Some(work) = self.node.followers.get(follower).works.get_mut(lane) else { return };
        work.events.pop_front();
        work.doing = Doing::Fresh;
        if work.events.is_empty() {
            self.finish(follower, lane);
        }
    }

    fn finish(&mut self, follower: &'static str, lane: &Arc<str>) {
        let early = self.flaw == Some(Flaw::CursorBeforeEffect);
        let following = self.node.followers.get(follower);
        if let (Some(work), false) = (following.works.remove(lane), early) {
            following.window.finish(lane, &work.taken);
        }
    }

    fn keep_cursor(&mut self, follower: &'static str) {
        if let Some(seq) = self.node.followers.get(follower).window.cursor() {
            self.node.cursors.insert(follower, seq);
        }
    }

    fn set(&mut self, follower: &'static str, lane: &Arc<str>, doing: Doing) {
        if let Some(work) = self.node.followers.get(follower).works.get_mut(lane) {
            work.doing = doing;
        }
    }

    fn publish(&mut self, lane: &Arc<str>, event: &StoredEvent) -> Result<(), String> {
        self.broker.take(event)?;
        // The confirmation may be lost; then it is published again.
        if self.one_in(40) {
            self.crash()?;
        } else if self.one_in(6) {
            self.hitch(RELAY, lane);
        } else {
            self.done(RELAY, lane, event);
        }
        Ok(())
    }

    /// What follows from an event, with its owner as it stands by now.
    fn reactions(&self, stored: &StoredEvent) -> Vec<Act> {
        let occurrence = |fact| Occurrence {
            tenant: &stored.tenant,
            id: stored.id,
            at: stored.at,
            entity: &stored.entity,
            version: stored.version,
            fact,
        };
        match &*stored.domain {
            Stock::NAME => react(&occurrence(Fact::Stock(&event::<Stock>(stored)))),
            Notification::NAME => {
                react(&occurrence(Fact::Notification(&event::<Notification>(stored))))
            }
            Order::NAME => match self.disk.state::<Order>(&stored.entity) {
                OrderState::Order(order) => {
                    react(&occurrence(Fact::Order(&event::<Order>(stored), &order)))
                }
                _ => Vec::new(),
            },
            _ => match self.disk.state::<Payment>(&stored.entity) {
                PaymentState::Payment(payment) => {
                    react(&occurrence(Fact::Payment(&event::<Payment>(stored), &payment)))
                }
                _ => Vec::new(),
            },
        }
    }

    /// The next of the acts; the lane waits until it is durable, a refusal too.
    fn act(&mut self, lane: &Arc<str>, event: &StoredEvent, mut acts: VecDeque<Act>) {
        let Some(act) = acts.pop_front() else { return self.done(POLICIES, lane, event) };
        self.note(|| format!("because of {} {}: {act:?}", event.name, event.entity));
        let then = Then::Worked(POLICIES, Arc::clone(lane));
        self.set(POLICIES, lane, Doing::Durable(acts));
        self.asked.push(act.clone());
        self.carry_out(act, then);
    }

    /// A node that was given up for dead asks once more for something long done.
    pub(super) fn echo(&mut self) {
        if let Some(act) = self.chance.choice(&self.asked).cloned() {
            self.note(|| format!("once more: {act:?}"));
            self.injected.repetitions += 1;
            self.carry_out(act, Then::Nothing);
        }
    }

    fn carry_out(&mut self, act: Act, then: Then) {
        match act {
            Act::Stock(command) => self.tell::<Stock>(command, then),
            Act::Order(command) => self.tell::<Order>(command, then),
            Act::Payment(command) => self.tell::<Payment>(command, then),
            Act::Notification(command) => self.tell::<Notification>(command, then),
            Act::Payout(other) => panic!("no card leads to {other:?}"),
            Act::User(other) => panic!("no order leads to {other:?}"),
        };
    }

    /// The call that an event asks for, if it is still wanted.
    fn errand(&self, stored: &StoredEvent) -> Option<Ask> {
        let PaymentState::Payment(document) = self.disk.state::<Payment>(&stored.entity) else {
            return None;
        };
        let payment = stored.entity.clone();
        let key = match event::<Payment>(stored) {
            PaymentEvent::QueryRequested { attempt, .. } => {
                let known = document.attempt(attempt)?;
                let named = !known.references.is_empty();
                let (key, what) = (String::new(), What::Query);
                let ask = Ask { payment, attempt, key, named, what };
                return named.then_some(ask);
            }
            PaymentEvent::Requested { call, .. }
            | PaymentEvent::CaptureRequested { call, .. }
            | PaymentEvent::CancelRequested { call, .. }
            | PaymentEvent::RefundRequested { call, .. }
            | PaymentEvent::CallRepeated { call, .. } => call.key,
            _ => return None,
        };
        let call = document.call(&key).filter(|call| call.state == CallState::Sent)?;
        let amount = call.amount.map_or(0, |amount| amount.amount_minor);
        let what = match call.operation {
            Operation::Open => opening(&document, call.attempt)?,
            Operation::Capture => What::Capture { amount },
            Operation::Cancel => What::Cancel,
            Operation::Refund => What::Refund { refund: call.refund.clone()?, amount },
            Operation::Query => What::Query,
        };
        let attempt = document.attempt(call.attempt)?;
        let named = !attempt.references.is_empty();
        Some(Ask { payment, attempt: call.attempt, key, named, what })
    }

    /// The provider does it, or not, and its answer comes, or not.
    fn call(&mut self, lane: &Arc<str>, ask: Box<Ask>) -> Result<(), String> {
        let fate = if self.calm { 9 } else { self.chance.u32(..10) };
        let unknown = CallFault::AskFirst { fresh_key: false };
        let heard = match fate {
            _ if matches!(ask.what, What::Withdrawn) => Err(CallFault::GiveUp),
            // The answer to the opening is under way, and it brings the name.
            _ if !ask.named && matches!(ask.what, What::Cancel) => {
                Err(CallFault::Retry { at: None, fresh_key: false })
            }
            0 => Err(CallFault::Retry { at: None, fresh_key: false }),
            1 => Err(unknown),
            2 | 3 => {
                self.provider.perform(&ask, self.now);
                Err(unknown)
            }
            _ => Ok(self.provider.perform(&ask, self.now)),
        };
        self.injected.calls_failed += u64::from(heard.is_err());
        self.note(|| format!("the provider is asked {ask:?}: {heard:?}"));
        self.set(CALLS, lane, Doing::Heard(ask, heard));
        // The node may die with the answer in its hand.
        if self.one_in(12) { self.crash() } else { Ok(()) }
    }

    /// The call goes into the journal with what it brought.
    fn record(&mut self, lane: &Arc<str>, ask: &Ask, heard: Result<Reply, CallFault>) {
        let payment = ask.payment.clone();
        let operation = operation(&ask.what);
        let failed = |fault, code: &str| PaymentCommand::RecordCallFailed {
            payment: payment.clone(),
            operation,
            attempt: ask.attempt,
            key: ask.key.clone(),
            fault,
            problem: Problem::new(code, "it did not work"),
            jitter_permille: 0,
            backoff: Backoff::default(),
        };
        let outcome = match &heard {
            Ok(Reply::No(_)) => CallOutcome::Refused,
            Ok(_) => CallOutcome::Answered,
            Err(CallFault::AskFirst { .. }) => CallOutcome::Unknown,
            Err(_) => CallOutcome::Failed,
        };
        let told = match heard {
            Ok(Reply::Opened { reference, expires_at }) => opened(ask, reference, expires_at),
            Ok(Reply::Stands(observation)) => {
                PaymentCommand::RecordObservation { payment: payment.clone(), observation }
            }
            Ok(Reply::Refund(seen)) => refunded(ask, seen, self.now),
            Ok(Reply::No(code)) => failed(CallFault::GiveUp, code),
            // A question can always be asked again.
            Err(CallFault::AskFirst { .. }) if operation == Operation::Query => {
                failed(CallFault::Retry { at: None, fresh_key: false }, "unknown")
            }
            Err(fault) => failed(fault, "unknown"),
        };
        let call = Box::new(ProviderCall {
            id: EventId::fresh(self.now),
            operation,
            attempt: ask.attempt,
            provider: PROVIDER.to_owned(),
            account: ACCOUNT.to_owned(),
            key: ask.key.clone(),
            tries: 1,
            started_at: self.now,
            duration_ms: 1,
            outcome,
            problem: None,
            exchanges: Vec::new(),
            exchanges_left_out: 0,
        });
        self.set(CALLS, lane, Doing::Durable(VecDeque::new()));
        let command = PaymentCommand::RecordCall { payment, call, told: Box::new(told) };
        self.tell::<Payment>(command, Then::Worked(CALLS, Arc::clone(lane)));
    }
}
