//! A payment provider with books of its own. It survives our crashes, answers a known key as it did
//! before, sends a notification until it is thanked for or has tried a few times, and knows nothing of the engine.

use super::flaw::Flaw;
use kontor_actors::testing::tenant;
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    payment::{
        Notification, Observation, ObservationSource, ObservedStatus, RefundSeen, RefundStatus,
    },
};
use std::collections::BTreeMap;

/// What the provider is asked, under a key.
#[derive(Clone, Debug)]
pub struct Ask {
    pub payment: EntityId,
    pub attempt: u32,
    pub key: String,
    /// Whether the provider has told a name by which it can be asked for.
    pub named: bool,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Open {
        amount: i64,
        hold: bool,
        until: Timestamp,
    },
    Capture {
        amount: i64,
    },
    Cancel,
    Refund {
        refund: EntityId,
        amount: i64,
    },
    Query,
    /// Nobody wants it any more, so nobody is asked.
    Withdrawn,
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    Opened { reference: String, expires_at: Timestamp },
    Stands(Box<Observation>),
    Refund(RefundSeen),
    No(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Open,
    Held,
    Taken,
    Cancelled,
    Expired,
}

/// A payment as the provider has it.
#[derive(Debug)]
pub struct Charge {
    pub payment: EntityId,
    pub attempt: u32,
    pub amount: i64,
    hold: bool,
    until: Timestamp,
    stand: Stand,
    pub captured: i64,
    pub refunds: Vec<(EntityId, i64)>,
}

/// A notification that is sent until it is thanked for, or a few times.
pub struct Notice {
    pub notification: Box<Notification>,
    pub thanked: bool,
    pub tries: u32,
}

/// How often a notification is sent; what is lost then has to be asked for.
const NOTICE_TRIES_MAX: u32 = 4;

impl Notice {
    /// Whether it is still sent.
    pub fn waits(&self) -> bool {
        !self.thanked && self.tries < NOTICE_TRIES_MAX
    }
}

#[derive(Default)]
pub struct Provider {
    pub charges: BTreeMap<String, Charge>,
    answered: BTreeMap<String, Reply>,
    pub notices: Vec<Notice>,
    flaw: Option<Flaw>,
}

impl Charge {
    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }

    /// Whether the payer may pay.
    pub fn is_open(&self) -> bool {
        self.stand == Stand::Open
    }
}

impl Provider {
    pub fn new(flaw: Option<Flaw>) -> Self {
        Self { flaw, ..Self::default() }
    }

    /// Does what it is asked, once a key.
    pub fn perform(&mut self, ask: &Ask, now: Timestamp) -> Reply {
        let again = match ask.what {
            What::Capture { .. } => self.flaw == Some(Flaw::GatewayCapturesTwice),
            What::Refund { .. } => self.flaw == Some(Flaw::GatewayRefundsTwice),
            _ => false,
        };
        let known = self.answered.get(&ask.key).cloned();
        if let (Some(known), false) = (&known, again || matches!(ask.what, What::Query)) {
            return known.clone();
        }
        let reply = self.act(ask, now);
        self.answered.insert(ask.key.clone(), reply.clone());
        reply
    }

    /// The payer pays; it is taken at once, or held.
    pub fn pay(&mut self, reference: &str, now: Timestamp) {
        let Some(charge) = self.charges.get_mut(reference).filter(|charge| charge.is_open()) else {
            return;
        };
        if charge.hold {
            charge.stand = Stand::Held;
        } else {
            (charge.stand, charge.captured) = (Stand::Taken, charge.amount);
        }
        self.notify(reference, now);
    }

    /// What nobody has paid in time ends.
    pub fn expire(&mut self, now: Timestamp) {
        let over = |charge: &Charge| charge.is_open() && charge.until <= now;
        let over = self.charges.iter().filter(|(_, charge)| over(charge));
        for reference in over.map(|(reference, _)| reference.clone()).collect::<Vec<_>>() {
            if let Some(charge) = self.charges.get_mut(&reference) {
                charge.stand = Stand::Expired;
            }
            self.notify(&reference, now);
        }
    }

    /// What was taken for a payment, and what of it went back.
    pub fn totals(&self, payment: &EntityId) -> (i64, i64) {
        let charges = self.charges.values().filter(|charge| charge.payment == *payment);
        charges.fold((0, 0), |(taken, back), charge| {
            (taken + charge.captured, back + charge.refunded())
        })
    }

    fn act(&mut self, ask: &Ask, now: Timestamp) -> Reply {
        let reference = format!("ch_{}_{}", ask.payment, ask.attempt);
        if let What::Open { amount, hold, until } = ask.what {
            let charge = Charge {
                payment: ask.payment.clone(),
                attempt: ask.attempt,
                amount,
                hold,
                until,
                stand: Stand::Open,
                captured: 0,
                refunds: Vec::new(),
            };
            self.charges.entry(reference.clone()).or_insert(charge);
            return Reply::Opened { reference, expires_at: until };
        }
        let twice = self.flaw == Some(Flaw::GatewayCapturesTwice);
        let generous = self.flaw == Some(Flaw::GatewayRefundsTwice);
        let Some(charge) = self.charges.get_mut(&reference) else { return Reply::No("unknown") };
        match &ask.what {
            What::Query | What::Open { .. } | What::Withdrawn => {}
            What::Capture { amount } => match charge.stand {
                Stand::Held => (charge.stand, charge.captured) = (Stand::Taken, *amount),
                Stand::Taken if twice => charge.captured += amount,
                Stand::Taken => {}
                _ => return Reply::No("nothing is held"),
            },
            What::Cancel => match charge.stand {
                Stand::Open | Stand::Held => charge.stand = Stand::Cancelled,
                Stand::Taken => return Reply::No("it is taken"),
                Stand::Cancelled | Stand::Expired => {}
            },
            What::Refund { refund, amount } => {
                if charge.captured < charge.refunded() + amount && !generous {
                    return Reply::No("more than there is");
                }
                charge.refunds.push((refund.clone(), *amount));
                let seen = refund_seen(refund, *amount);
                self.notify(&reference, now);
                return Reply::Refund(seen);
            }
        }
        if !matches!(ask.what, What::Query) {
            self.notify(&reference, now);
        }
        match self.charges.get(&reference) {
            Some(charge) => Reply::Stands(Box::new(stands(charge, &reference, now))),
            None => Reply::No("unknown"),
        }
    }

    fn notify(&mut self, reference: &str, now: Timestamp) {
        let Some(charge) = self.charges.get(reference) else { return };
        let event_id = format!("evt_{}", self.notices.len());
        let mut observation = stands(charge, reference, now);
        observation.source = ObservationSource::Webhook;
        observation.provider_event = Some(event_id.clone());
        let notification = Box::new(Notification {
            provider: PROVIDER.to_owned(),
            account: ACCOUNT.to_owned(),
            event_id,
            kind: "charge.updated".to_owned(),
            references: vec![reference.to_owned()],
            tenant: Some(tenant()),
            // The first word of it may come before the answer to the opening.
            payment: Some(charge.payment.clone()),
            observation: Some(Box::new(observation)),
            body: "{}".to_owned(),
            signature_ok: true,
            received_at: now,
        });
        self.notices.push(Notice { notification, thanked: false, tries: 0 });
    }
}

/// What the provider is called.
pub const PROVIDER: &str = "harbour-bank";
/// The tenant's account there.
pub const ACCOUNT: &str = "main";

fn stands(charge: &Charge, reference: &str, now: Timestamp) -> Observation {
    let status = match charge.stand {
        Stand::Open => ObservedStatus::Created,
        Stand::Held => ObservedStatus::Authorized,
        Stand::Taken => ObservedStatus::Paid,
        Stand::Cancelled => ObservedStatus::Cancelled,
        Stand::Expired => ObservedStatus::Expired,
    };
    let held = charge.stand == Stand::Held;
    let refunds = charge.refunds.iter().map(|(refund, amount)| refund_seen(refund, *amount));
    Observation {
        attempt: Some(charge.attempt),
        references: vec![reference.to_owned()],
        status: Some(status),
        amount: Some(czk(charge.amount)),
        authorized: held.then(|| czk(charge.amount)),
        captured: (charge.captured > 0).then(|| czk(charge.captured)),
        refunded: None,
        refunds: refunds.collect(),
        disputes: Vec::new(),
        problem: None,
        source: ObservationSource::Poll,
        provider_event: None,
        observed_at: now,
    }
}

fn refund_seen(refund: &EntityId, amount: i64) -> RefundSeen {
    RefundSeen {
        refund: Some(refund.clone()),
        reference: format!("re_{refund}"),
        amount: czk(amount),
        status: RefundStatus::Succeeded,
        problem: None,
        transfer: None,
    }
}

pub fn czk(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::CZK)
}
