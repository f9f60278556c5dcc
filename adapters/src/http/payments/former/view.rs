//! What that service's clients read.

use crate::gateways::webhooks::callback::decimal;
use kontor_actors::{
    payment::{Attempt, PaymentDocument},
    policies::callbacks::word,
};
use kontor_messages::{
    EntityId, Timestamp,
    payment::{PaymentStatus, RefundStatus, TransferInstructions},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An answer.
#[derive(Serialize, ToSchema)]
pub(super) struct Told<T> {
    /// `true`.
    success: bool,
    /// What was asked for.
    data: T,
}

/// A payment that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedView {
    /// Its id.
    payment_id: EntityId,
    /// `pending` or `processing`, or further for a payment that was there already.
    status: &'static str,
    /// Where the payer goes; none yet while the provider has not answered, and none for a transfer.
    redirect_url: Option<String>,
    /// Until when it can be paid.
    expires_at: Timestamp,
    /// How it is transferred, if that is how it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_transfer: Option<TransferView>,
}

/// How a payer pays by bank transfer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TransferView {
    /// The account as the bank writes it.
    account: String,
    /// The same as an IBAN.
    iban: String,
    /// The symbol by which the payment is found.
    variable_symbol: String,
}

/// A payment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentView {
    /// Its id.
    payment_id: EntityId,
    /// What the application calls the order.
    order_id: Option<String>,
    /// Which application asked for it.
    application_id: Option<String>,
    /// `pending`, `processing`, `completed`, `failed`, `cancelled` or `refunded`.
    status: &'static str,
    /// How much, in major units.
    #[schema(schema_with = super::decimal_schema)]
    amount: Box<RawValue>,
    /// In which currency.
    #[schema(example = "CZK")]
    currency: String,
    /// How the payer wanted to pay.
    payment_method: String,
    /// What the provider calls it.
    provider_transaction_id: Option<String>,
    /// How much has gone back.
    #[schema(schema_with = super::decimal_schema)]
    refunded_amount: Box<RawValue>,
    /// When it was asked for.
    created_at: Option<Timestamp>,
    /// When the money had come.
    completed_at: Option<Timestamp>,
    /// When money went back last.
    refunded_at: Option<Timestamp>,
}

/// A refund.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundView {
    /// The payment's id.
    payment_id: EntityId,
    /// How the payment stands: `refunded` once all has gone back, `completed` before that.
    status: &'static str,
    /// When the money went back; none while it is on its way.
    refunded_at: Option<Timestamp>,
    /// The refund's id.
    refund_id: EntityId,
    /// `pending` or `succeeded`.
    refund_status: &'static str,
}

/// When something happened to a payment.
#[derive(Debug, Default)]
pub(super) struct Moments {
    created: Option<Timestamp>,
    completed: Option<Timestamp>,
    refunded: Option<Timestamp>,
}

impl<T> Told<T> {
    pub(super) fn of(data: T) -> Self {
        Self { success: true, data }
    }
}

impl CreatedView {
    pub(super) fn of(payment: &EntityId, document: &PaymentDocument) -> Self {
        let attempt = current(document);
        let expires_at = attempt.map(|attempt| attempt.expires_at.unwrap_or(attempt.until));
        let transfer = attempt.and_then(|attempt| attempt.transfer.as_ref());
        Self {
            payment_id: payment.clone(),
            status: word(document.status),
            redirect_url: attempt.and_then(|attempt| attempt.redirect_url.clone()),
            expires_at: expires_at.unwrap_or(document.until),
            bank_transfer: transfer.map(TransferView::of),
        }
    }
}

impl TransferView {
    fn of(transfer: &TransferInstructions) -> Self {
        Self {
            account: transfer.account.clone(),
            iban: transfer.iban.clone(),
            variable_symbol: transfer.variable_symbol.clone(),
        }
    }
}

impl PaymentView {
    pub(super) fn of(payment: &EntityId, document: &PaymentDocument, moments: &Moments) -> Self {
        let attempt = current(document);
        let client = document.plan.client.as_ref();
        let order = document.order.as_ref().map(ToString::to_string);
        let method = document.plan.method.clone();
        let provider = || attempt.map(|attempt| attempt.provider.clone()).unwrap_or_default();
        Self {
            payment_id: payment.clone(),
            order_id: client.map(|client| client.order.clone()).or(order),
            application_id: client.map(|client| client.application.clone()),
            status: word(document.status),
            amount: decimal(document.amount()),
            currency: document.currency.as_str().to_owned(),
            payment_method: client
                .map(|client| client.method.clone())
                .or(method)
                .unwrap_or_else(provider),
            provider_transaction_id: attempt
                .and_then(|attempt| attempt.references.first().cloned()),
            refunded_amount: decimal(document.money(document.refunded_minor)),
            created_at: moments.created,
            completed_at: moments.completed.filter(|_| has_come(document.status)),
            refunded_at: moments.refunded,
        }
    }
}

impl RefundView {
    pub(super) fn of(
        payment: &EntityId,
        document: &PaymentDocument,
        (refund, status): (EntityId, RefundStatus),
        moments: &Moments,
    ) -> Self {
        let succeeded = status == RefundStatus::Succeeded;
        Self {
            payment_id: payment.clone(),
            status: word(document.status),
            refunded_at: moments.refunded.filter(|_| succeeded),
            refund_id: refund,
            refund_status: if succeeded { "succeeded" } else { "pending" },
        }
    }
}

impl Moments {
    /// Notes an event; events are told oldest first.
    pub(super) fn note(&mut self, event: &str, at: Timestamp) {
        self.created.get_or_insert(at);
        match event {
            "payment.paid" => drop(self.completed.get_or_insert(at)),
            "payment.refunded" => self.refunded = Some(at),
            _ => {}
        }
    }
}

/// The attempt whose money counts, or the last one.
fn current(document: &PaymentDocument) -> Option<&Attempt> {
    let counted = document.counted.and_then(|number| document.attempt(number));
    counted.or(document.attempts.last())
}

fn has_come(status: PaymentStatus) -> bool {
    matches!(word(status), "completed" | "refunded")
}
