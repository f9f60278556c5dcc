//! Stripe's objects as the sandbox keeps them, and as they look on the wire.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Where a checkout session stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// The payer may still act.
    Open,
    /// The payer has acted; the money may still be under way.
    Complete,
    /// Closed unpaid.
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentStatus {
    Unpaid,
    Paid,
    NoPaymentRequired,
}

pub(crate) type Metadata = BTreeMap<String, String>;

/// What a create call asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) amount_total: i64,
    pub(crate) currency: String,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) intent_metadata: Metadata,
    pub(crate) description: Option<String>,
    pub(crate) capture_method: String,
    pub(crate) expires_at: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) created: u64,
    pub(crate) url: String,
    pub(crate) asked: NewSession,
    pub(crate) status: SessionStatus,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) intent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    RequiresPaymentMethod,
    /// The payer has to show at the bank's page who they are.
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded {
        received: i64,
    },
    Canceled {
        at: u64,
        reason: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) account: String,
    /// The session that owns it; none if it was made by itself.
    pub(crate) session: Option<String>,
    /// The page of one without a session.
    pub(crate) page: Option<String>,
    /// Where its payer goes from there.
    pub(crate) return_url: Option<String>,
    pub(crate) created: u64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) capture_method: String,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) phase: Phase,
    /// The last try was declined.
    pub(crate) declined: bool,
    /// Made with the first money held or taken, and never a second time.
    pub(crate) charge: Option<String>,
    pub(crate) refunded: i64,
    pub(crate) refunds: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) intent: String,
    pub(crate) charge: Option<String>,
    pub(crate) created: u64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) status: RefundStatus,
}

impl Session {
    /// The object as a reply shows it; `intent` is the expanded payment intent.
    pub(crate) fn json(&self, intent: Option<Value>) -> Value {
        let asked = &self.asked;
        let open = self.status == SessionStatus::Open;
        let details = asked.customer_email.as_ref().map(|email| json!({ "email": email }));
        let payment_status = match self.payment_status {
            PaymentStatus::Unpaid => "unpaid",
            PaymentStatus::Paid => "paid",
            PaymentStatus::NoPaymentRequired => "no_payment_required",
        };
        json!({
            "id": self.id, "object": "checkout.session",
            "amount_subtotal": asked.amount_total, "amount_total": asked.amount_total,
            "cancel_url": asked.cancel_url, "client_reference_id": asked.client_reference_id,
            "created": self.created, "currency": asked.currency, "customer": null,
            "customer_details": details, "customer_email": asked.customer_email,
            "expires_at": asked.expires_at, "livemode": false, "metadata": asked.metadata,
            "mode": "payment", "payment_intent": intent.or_else(|| self.intent.clone().map(Value::from)),
            "payment_method_types": ["card"], "payment_status": payment_status,
            "status": self.status, "success_url": asked.success_url, "ui_mode": "hosted_page",
            "url": open.then_some(&self.url),
        })
    }
}

impl Intent {
    pub(crate) fn received(&self) -> i64 {
        match self.phase {
            Phase::Succeeded { received } => received,
            _ => 0,
        }
    }

    pub(crate) fn status(&self) -> &'static str {
        match self.phase {
            Phase::RequiresPaymentMethod => "requires_payment_method",
            Phase::RequiresAction => "requires_action",
            Phase::Processing => "processing",
            Phase::RequiresCapture => "requires_capture",
            Phase::Succeeded { .. } => "succeeded",
            Phase::Canceled { .. } => "canceled",
        }
    }

    /// The object as a reply shows it; `charge` is the expanded latest charge.
    pub(crate) fn json(&self, charge: Option<Value>) -> Value {
        let capturable = if self.phase == Phase::RequiresCapture { self.amount } else { 0 };
        let (canceled_at, reason) = match &self.phase {
            Phase::Canceled { at, reason } => (Some(*at), reason.clone()),
            _ => (None, None),
        };
        let declined = self.declined.then(|| {
            json!({"type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
                   "message": "Your card was declined."})
        });
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount,
            "amount_capturable": capturable, "amount_received": self.received(),
            "canceled_at": canceled_at, "cancellation_reason": reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret(),
            "created": self.created, "currency": self.currency, "description": self.description,
            "last_payment_error": declined,
            "latest_charge": charge.or_else(|| self.charge.clone().map(Value::from)),
            "livemode": false, "metadata": self.metadata, "next_action": self.next_action(),
            "payment_method_types": ["card"], "status": self.status(),
        })
    }

    /// The bank's page, while the payer has to go there.
    fn next_action(&self) -> Option<Value> {
        let waits = self.phase == Phase::RequiresAction;
        let page = self.page.as_ref().filter(|_| waits)?;
        let return_url = &self.return_url;
        Some(json!({
            "type": "redirect_to_url",
            "redirect_to_url": { "url": page, "return_url": return_url },
        }))
    }

    /// What the payer's browser shows for it.
    pub(crate) fn client_secret(&self) -> String {
        format!("{}_secret_sandbox", self.id)
    }

    /// The latest charge as a reply or an event shows it.
    pub(crate) fn charge_json(&self) -> Value {
        let captured = self.received();
        json!({
            "id": self.charge, "object": "charge", "amount": self.amount,
            "amount_captured": captured, "amount_refunded": self.refunded,
            "captured": captured > 0, "created": self.created, "currency": self.currency,
            "livemode": false, "metadata": self.metadata, "paid": true,
            "payment_intent": self.id, "refunded": captured > 0 && self.refunded == captured,
            "status": "succeeded",
        })
    }
}

impl Refund {
    pub(crate) fn json(&self) -> Value {
        let (status, failure) = match self.status {
            RefundStatus::Pending => ("pending", None),
            RefundStatus::Succeeded => ("succeeded", None),
            RefundStatus::Failed => ("failed", Some("expired_or_canceled_card")),
        };
        let mut refund = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "charge": self.charge,
            "created": self.created, "currency": self.currency, "metadata": self.metadata,
            "payment_intent": self.intent, "reason": self.reason, "status": status,
        });
        if let Some(reason) = failure {
            refund["failure_reason"] = json!(reason);
        }
        if self.status == RefundStatus::Pending {
            refund["pending_reason"] = json!("processing");
        }
        refund
    }
}
