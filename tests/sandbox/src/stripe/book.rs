//! All objects of all accounts, and what payers and calls do to sessions.
//!
//! Synchronous and without I/O: an operation changes the book and returns the events it caused.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::error::ApiError;
use super::objects::{Intent, NewSession, PaymentStatus, Phase, Refund, Session, SessionStatus};
use crate::common::Dice;

/// What the payer does on the hosted page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayerAct {
    /// Pays by card; the money is taken, or held under manual capture.
    Pay,
    /// Tries a card that is declined; the session stays open.
    Decline,
    /// Pays by a slow method that succeeds later.
    AsyncPay,
    /// Pays by a slow method that fails later.
    AsyncFail,
    /// Walks away; nothing changes.
    Abandon,
}

/// What came of a payer's act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayerResult {
    /// The session is complete; it may have been before.
    Completed,
    /// The card was declined.
    Declined,
    /// The payer left.
    Left,
    /// The session had expired.
    Expired,
    /// There is no such session.
    Unknown,
}

/// An event to be published.
pub(crate) struct Draft {
    pub(crate) account: String,
    pub(crate) kind: &'static str,
    pub(crate) object: Value,
}

/// What is to happen by itself a little later.
#[derive(Clone, Debug)]
pub(crate) enum Later {
    SettleSession { session: String, succeeds: bool },
    SettleIntent { intent: String, succeeds: bool },
    FailRefund { refund: String },
    SettleRefund { refund: String },
}

/// The outcome of an operation.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) answer: Value,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) later: Option<Later>,
    /// The work was done and is answered by a no.
    pub(crate) refused: Option<ApiError>,
}

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) intents: HashMap<String, Intent>,
    pub(crate) refunds: HashMap<String, Refund>,
    /// Ids in the order of creation, for lists.
    pub(crate) session_order: Vec<String>,
    pub(crate) refund_order: Vec<String>,
    /// Open sessions by the millisecond at which they expire.
    deadlines: BTreeSet<(u64, String)>,
}

/// Where and when a session is created.
pub(crate) struct Creation<'a> {
    pub(crate) account: &'a str,
    pub(crate) base_url: &'a str,
    pub(crate) now: u64,
    /// Overrides the session's own expiry, in milliseconds of Unix time.
    pub(crate) deadline_ms: Option<u64>,
    pub(crate) objects_max: usize,
}

impl Book {
    pub(crate) fn create_session(
        &mut self,
        asked: NewSession,
        creation: &Creation<'_>,
        dice: &Dice,
    ) -> Result<String, ApiError> {
        if self.sessions.len() >= creation.objects_max {
            return Err(ApiError::full());
        }
        let id = dice.id("cs_test_");
        let deadline = creation.deadline_ms.unwrap_or(asked.expires_at.saturating_mul(1000));
        self.deadlines.insert((deadline, id.clone()));
        let payment_status = match asked.amount_total {
            0 => PaymentStatus::NoPaymentRequired,
            _ => PaymentStatus::Unpaid,
        };
        let session = Session {
            id: id.clone(),
            account: creation.account.to_owned(),
            created: creation.now,
            url: format!("{}/pay/{id}", creation.base_url),
            asked,
            status: SessionStatus::Open,
            payment_status,
            intent: None,
        };
        self.session_order.push(id.clone());
        self.sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// The session as its own account may see it.
    pub(crate) fn session(&self, account: &str, id: &str) -> Result<&Session, ApiError> {
        let found = self.sessions.get(id).filter(|session| session.account == account);
        found.ok_or_else(|| ApiError::no_such("checkout.session", id, "session"))
    }

    /// The session as JSON with the given properties expanded.
    pub(crate) fn session_json(&self, session: &Session, expand: &[&str]) -> Value {
        let wanted = expand.iter().any(|name| name.starts_with("payment_intent"));
        let deep = expand.contains(&"payment_intent.latest_charge");
        let intent = session.intent.as_ref().filter(|_| wanted).and_then(|id| self.intents.get(id));
        session.json(
            intent.map(|intent| intent.json(if deep { intent.latest_charge() } else { None })),
        )
    }

    pub(crate) fn expire(&mut self, account: &str, id: &str, now: u64) -> Result<Done, ApiError> {
        let session = self.session(account, id)?;
        if session.status != SessionStatus::Open {
            let message =
                "Only Checkout Sessions with a status in [\"open\"] can be expired.".to_owned();
            return Err(ApiError::state(None, message));
        }
        let drafts = self.close(id, now);
        let answer = self.session_json(self.session(account, id)?, &[]);
        Ok(Done { answer, drafts, ..Done::default() })
    }

    /// Closes the open sessions whose time is over.
    pub(crate) fn expire_due(&mut self, now_ms: u64) -> Vec<Draft> {
        let mut drafts = Vec::new();
        while self.deadlines.first().is_some_and(|(deadline, _)| *deadline <= now_ms) {
            if let Some((_, id)) = self.deadlines.pop_first() {
                drafts.extend(self.close(&id, now_ms / 1000));
            }
        }
        drafts
    }

    fn close(&mut self, id: &str, now: u64) -> Vec<Draft> {
        let Some(session) = self.sessions.get_mut(id) else { return Vec::new() };
        if session.status != SessionStatus::Open {
            return Vec::new();
        }
        session.status = SessionStatus::Expired;
        let mut drafts = vec![session_draft("checkout.session.expired", session)];
        // A declined try has left an intent behind, which ends with its session.
        if let Some(intent) = session.intent.as_ref().and_then(|id| self.intents.get_mut(id)) {
            intent.phase = Phase::Canceled { at: now, reason: Some("automatic".to_owned()) };
            drafts.push(intent_draft("payment_intent.canceled", intent));
        }
        drafts
    }

    /// The payer acts. Whoever pays a complete session again is not charged again.
    pub(crate) fn act(&mut self, id: &str, act: PayerAct, dice: &Dice) -> (PayerResult, Done) {
        let Some(session) = self.sessions.get_mut(id) else {
            return (PayerResult::Unknown, Done::default());
        };
        match session.status {
            SessionStatus::Complete => return (PayerResult::Completed, Done::default()),
            SessionStatus::Expired => return (PayerResult::Expired, Done::default()),
            SessionStatus::Open => {}
        }
        if act == PayerAct::Abandon {
            return (PayerResult::Left, Done::default());
        }
        if session.payment_status == PaymentStatus::NoPaymentRequired {
            session.status = SessionStatus::Complete;
            let drafts = vec![session_draft("checkout.session.completed", session)];
            return (PayerResult::Completed, Done { drafts, ..Done::default() });
        }
        let intent_id = session.intent.get_or_insert_with(|| dice.id("pi_")).clone();
        let intent =
            self.intents.entry(intent_id.clone()).or_insert_with(|| opened(intent_id, session));
        let (drafts, later) = match act {
            PayerAct::Decline | PayerAct::Abandon => {
                return (PayerResult::Declined, declined(intent));
            }
            PayerAct::Pay => (pay(session, intent, dice), None),
            PayerAct::AsyncPay => pay_slowly(session, intent, true),
            PayerAct::AsyncFail => pay_slowly(session, intent, false),
        };
        (PayerResult::Completed, Done { drafts, later, ..Done::default() })
    }

    /// The slow method has come to its end.
    pub(crate) fn settle_session(&mut self, id: &str, succeeds: bool, dice: &Dice) -> Vec<Draft> {
        let Some(session) = self.sessions.get_mut(id) else { return Vec::new() };
        let Some(intent) = session.intent.as_ref().and_then(|id| self.intents.get_mut(id)) else {
            return Vec::new();
        };
        if intent.phase != Phase::Processing {
            return Vec::new();
        }
        if !succeeds {
            let mut drafts = declined(intent).drafts;
            drafts.push(session_draft("checkout.session.async_payment_failed", session));
            return drafts;
        }
        let mut drafts = take(intent, dice);
        session.payment_status = PaymentStatus::Paid;
        drafts.push(session_draft("checkout.session.async_payment_succeeded", session));
        drafts
    }
}

fn opened(id: String, session: &Session) -> Intent {
    Intent {
        id,
        account: session.account.clone(),
        session: Some(session.id.clone()),
        page: None,
        return_url: None,
        created: session.created,
        amount: session.asked.amount_total,
        currency: session.asked.currency.clone(),
        capture_method: session.asked.capture_method.clone(),
        description: session.asked.description.clone(),
        metadata: session.asked.intent_metadata.clone(),
        phase: Phase::RequiresPaymentMethod,
        declined: false,
        charge: None,
        refunded: 0,
        refunds: Vec::new(),
    }
}

fn pay(session: &mut Session, intent: &mut Intent, dice: &Dice) -> Vec<Draft> {
    session.status = SessionStatus::Complete;
    if intent.capture_method != "manual" {
        session.payment_status = PaymentStatus::Paid;
    }
    let mut drafts = charged(intent, dice);
    drafts.push(session_draft("checkout.session.completed", session));
    drafts
}

fn pay_slowly(
    session: &mut Session,
    intent: &mut Intent,
    succeeds: bool,
) -> (Vec<Draft>, Option<Later>) {
    session.status = SessionStatus::Complete;
    intent.phase = Phase::Processing;
    intent.declined = false;
    let drafts = vec![
        intent_draft("payment_intent.processing", intent),
        session_draft("checkout.session.completed", session),
    ];
    (drafts, Some(Later::SettleSession { session: session.id.clone(), succeeds }))
}

/// Holds the money, if it is to be captured, and else takes it.
pub(crate) fn charged(intent: &mut Intent, dice: &Dice) -> Vec<Draft> {
    if intent.capture_method != "manual" {
        return take(intent, dice);
    }
    intent.phase = Phase::RequiresCapture;
    intent.declined = false;
    intent.charge = Some(dice.id("ch_"));
    vec![intent_draft("payment_intent.amount_capturable_updated", intent)]
}

pub(crate) fn take(intent: &mut Intent, dice: &Dice) -> Vec<Draft> {
    intent.declined = false;
    intent.phase = Phase::Succeeded { received: intent.amount };
    intent.charge = Some(dice.id("ch_"));
    vec![charge_draft("charge.succeeded", intent), intent_draft("payment_intent.succeeded", intent)]
}

pub(crate) fn declined(intent: &mut Intent) -> Done {
    intent.phase = Phase::RequiresPaymentMethod;
    intent.declined = true;
    let drafts = vec![intent_draft("payment_intent.payment_failed", intent)];
    Done { drafts, ..Done::default() }
}

pub(crate) fn session_draft(kind: &'static str, session: &Session) -> Draft {
    Draft { account: session.account.clone(), kind, object: session.json(None) }
}

pub(crate) fn intent_draft(kind: &'static str, intent: &Intent) -> Draft {
    Draft { account: intent.account.clone(), kind, object: intent.json(None) }
}

pub(crate) fn charge_draft(kind: &'static str, intent: &Intent) -> Draft {
    Draft { account: intent.account.clone(), kind, object: intent.charge_json() }
}
