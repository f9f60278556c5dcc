//! What calls do to money that a payer has given: capture, cancel, refund.

use serde_json::{Value, json};

use super::book::{Book, Done, Draft, Later, charge_draft, intent_draft};
use super::error::ApiError;
use super::objects::{Intent, PaymentStatus, Phase, Refund, RefundStatus};
use super::params::Params;
use crate::common::Dice;

pub(crate) const UNEXPECTED: Option<&str> = Some("payment_intent_unexpected_state");
const CANCEL_REASONS: [&str; 4] = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];
const REFUND_REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// How refunds made now will go on.
pub(crate) struct RefundCourse {
    pub(crate) starts_pending: bool,
    pub(crate) fails_later: bool,
    pub(crate) refunds_max: usize,
}

impl Intent {
    /// The expanded charge, if there is one.
    pub(crate) fn latest_charge(&self) -> Option<Value> {
        self.charge.as_ref().map(|_| self.charge_json())
    }
}

impl Book {
    /// The payment intent as its own account may see it.
    pub(crate) fn intent(&self, account: &str, id: &str) -> Result<&Intent, ApiError> {
        let found = self.intents.get(id).filter(|intent| intent.account == account);
        found.ok_or_else(|| ApiError::no_such("payment_intent", id, "intent"))
    }

    pub(crate) fn intent_mut(&mut self, account: &str, id: &str) -> Result<&mut Intent, ApiError> {
        let found = self.intents.get_mut(id).filter(|intent| intent.account == account);
        found.ok_or_else(|| ApiError::no_such("payment_intent", id, "intent"))
    }

    pub(crate) fn capture(
        &mut self,
        account: &str,
        id: &str,
        params: &Params,
    ) -> Result<Done, ApiError> {
        params.only(&["amount_to_capture", "final_capture", "metadata", "expand"])?;
        let wanted = params.integer("amount_to_capture")?;
        let intent = self.intent_mut(account, id)?;
        if intent.phase != Phase::RequiresCapture {
            let status = intent.status();
            let message = format!(
                "This PaymentIntent could not be captured because it has a status of {status}. \
                 Only a PaymentIntent with one of the following statuses may be captured: \
                 requires_capture."
            );
            return Err(ApiError::state(UNEXPECTED, message));
        }
        let received = wanted.unwrap_or(intent.amount);
        if received < 1 || received > intent.amount {
            let message = format!("amount_to_capture must be from 1 to {}.", intent.amount);
            return Err(ApiError::coded("amount_to_capture", "amount_too_large", message));
        }
        intent.phase = Phase::Succeeded { received };
        let drafts = vec![
            charge_draft("charge.captured", intent),
            intent_draft("payment_intent.succeeded", intent),
        ];
        let answer = intent.json(None);
        let session = intent.session.clone();
        if let Some(session) = session.and_then(|session| self.sessions.get_mut(&session)) {
            session.payment_status = PaymentStatus::Paid;
        }
        Ok(Done { answer, drafts, ..Done::default() })
    }

    pub(crate) fn cancel(
        &mut self,
        account: &str,
        id: &str,
        params: &Params,
        now: u64,
    ) -> Result<Done, ApiError> {
        params.only(&["cancellation_reason", "expand"])?;
        let reason = params.owned("cancellation_reason");
        if reason.as_ref().is_some_and(|reason| !CANCEL_REASONS.contains(&reason.as_str())) {
            return Err(ApiError::invalid("cancellation_reason", "Invalid cancellation_reason."));
        }
        let intent = self.intent_mut(account, id)?;
        let own = intent.session.is_none()
            && matches!(intent.phase, Phase::RequiresPaymentMethod | Phase::RequiresAction);
        if intent.phase != Phase::RequiresCapture && !own {
            let status = intent.status();
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {status}. One \
                 that Checkout made can be canceled in requires_capture only; otherwise expire \
                 the Checkout Session."
            );
            return Err(ApiError::state(UNEXPECTED, message));
        }
        intent.phase = Phase::Canceled { at: now, reason };
        intent.declined = false;
        let drafts = vec![intent_draft("payment_intent.canceled", intent)];
        Ok(Done { answer: intent.json(None), drafts, ..Done::default() })
    }

    pub(crate) fn refund(
        &mut self,
        account: &str,
        params: &Params,
        course: &RefundCourse,
        now: u64,
        dice: &Dice,
    ) -> Result<Done, ApiError> {
        params.only(&["amount", "charge", "expand", "metadata", "payment_intent", "reason"])?;
        let asked = params.integer("amount")?;
        let reason = params.owned("reason");
        if reason.as_ref().is_some_and(|reason| !REFUND_REASONS.contains(&reason.as_str())) {
            return Err(ApiError::invalid("reason", "Invalid reason."));
        }
        let metadata = params.metadata("metadata")?;
        if self.refunds.len() >= course.refunds_max {
            return Err(ApiError::full());
        }
        let intent_id = self.refunded_intent(account, params)?;
        let intent = self.intent_mut(account, &intent_id)?;
        let amount = refundable(intent, asked)?;
        intent.refunded += amount;
        let status =
            if course.starts_pending { RefundStatus::Pending } else { RefundStatus::Succeeded };
        let refund = Refund {
            id: dice.id("re_"),
            account: account.to_owned(),
            intent: intent.id.clone(),
            charge: intent.charge.clone(),
            created: now,
            amount,
            currency: intent.currency.clone(),
            reason,
            metadata,
            status,
        };
        intent.refunds.push(refund.id.clone());
        let drafts =
            vec![refund_draft("refund.created", &refund), charge_draft("charge.refunded", intent)];
        let later = match (course.fails_later, course.starts_pending) {
            (true, _) => Some(Later::FailRefund { refund: refund.id.clone() }),
            (false, true) => Some(Later::SettleRefund { refund: refund.id.clone() }),
            (false, false) => None,
        };
        let answer = refund.json();
        self.refund_order.push(refund.id.clone());
        self.refunds.insert(refund.id.clone(), refund);
        Ok(Done { answer, drafts, later, refused: None })
    }

    fn refunded_intent(&self, account: &str, params: &Params) -> Result<String, ApiError> {
        if let Some(id) = params.text("payment_intent") {
            let found = self.intents.get(id).filter(|intent| intent.account == account);
            let found =
                found.ok_or_else(|| ApiError::no_such("payment_intent", id, "payment_intent"));
            return found.map(|intent| intent.id.clone());
        }
        let Some(id) = params.text("charge") else {
            return Err(ApiError::missing("payment_intent"));
        };
        let mut own = self.intents.values().filter(|intent| intent.account == account);
        let found = own.find(|intent| intent.charge.as_deref() == Some(id));
        found
            .map(|intent| intent.id.clone())
            .ok_or_else(|| ApiError::no_such("charge", id, "charge"))
    }

    /// A refund reaches its end: it fails after all, or a pending one succeeds.
    pub(crate) fn end_refund(&mut self, id: &str, status: RefundStatus) -> Vec<Draft> {
        let Some(refund) = self.refunds.get_mut(id) else { return Vec::new() };
        if refund.status == status || refund.status == RefundStatus::Failed {
            return Vec::new();
        }
        refund.status = status;
        let mut drafts = vec![refund_draft("refund.updated", refund)];
        if status == RefundStatus::Failed {
            drafts.push(refund_draft("refund.failed", refund));
            if let Some(intent) = self.intents.get_mut(&refund.intent) {
                intent.refunded -= refund.amount;
            }
        }
        drafts
    }

    pub(crate) fn refund_json(&self, account: &str, id: &str) -> Result<Value, ApiError> {
        let found = self.refunds.get(id).filter(|refund| refund.account == account);
        found.map(Refund::json).ok_or_else(|| ApiError::no_such("refund", id, "refund"))
    }
}

fn refundable(intent: &Intent, asked: Option<i64>) -> Result<i64, ApiError> {
    let left = intent.received() - intent.refunded;
    if !matches!(intent.phase, Phase::Succeeded { .. }) {
        let message = "This PaymentIntent does not have a successful charge to refund.";
        return Err(ApiError::state(None, message));
    }
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", json!(intent.charge));
        return Err(ApiError::state(Some("charge_already_refunded"), message));
    }
    let amount = asked.unwrap_or(left);
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::coded("amount", "parameter_invalid_integer", message));
    }
    if amount > left {
        let message = format!(
            "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        );
        return Err(ApiError::invalid("amount", message).but_saved());
    }
    Ok(amount)
}

fn refund_draft(kind: &'static str, refund: &Refund) -> Draft {
    Draft { account: refund.account.clone(), kind, object: refund.json() }
}
