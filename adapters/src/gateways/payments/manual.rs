//! Payments that no provider reports: bank transfer, invoice, cash on delivery. Nothing is
//! called; a person says what has come and what has gone back.

use super::Provider;
use crate::gateways::http::Http;
use async_trait::async_trait;
use kontor_actors::ports::{
    Abilities, CancelPayment, CapturePayment, FaultCause, GatewayFault, Headers, Interpreted,
    NotificationError, OpenPayment, Opened, PaymentGateway, QueryPayment, RefundPayment,
};
use kontor_messages::{
    Timestamp,
    payment::{Observation, ObservationSource, ObservedStatus, Problem, RefundSeen, RefundStatus},
};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// How it is registered.
pub const PROVIDER: Provider = Provider {
    name: "manual",
    needs_settings: false,
    calls: &[],
    notify: None,
    fields: &[],
    build,
    of_mode: super::mode::any,
};

/// What may be set: nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// Payments by hand.
pub struct Manual;

fn build(value: &Value, _http: &Http) -> Result<Arc<dyn PaymentGateway>, String> {
    if !value.is_null() {
        super::settings::<Settings>(value)?;
    }
    Ok(Arc::new(Manual))
}

#[async_trait]
impl PaymentGateway for Manual {
    fn name(&self) -> &'static str {
        PROVIDER.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            redirect: false,
            push: false,
            poll: false,
            hold: false,
            partial_capture: false,
            partial_refund: true,
            refund_reference: true,
            calls_per_second: 1000,
        }
    }

    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault> {
        Ok(Opened {
            provider_ref: format!("{}/{}", open.payment, open.attempt),
            references: Vec::new(),
            redirect_url: None,
            transfer: None,
            client: None,
            expires_at: Some(open.until),
        })
    }

    async fn capture(&self, _capture: &CapturePayment) -> Result<Observation, GatewayFault> {
        Err(by_hand())
    }

    async fn cancel(&self, _cancel: &CancelPayment) -> Result<Observation, GatewayFault> {
        Ok(Observation {
            attempt: None,
            references: Vec::new(),
            status: Some(ObservedStatus::Cancelled),
            amount: None,
            authorized: None,
            captured: None,
            refunded: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            problem: None,
            source: ObservationSource::Answer,
            provider_event: None,
            observed_at: Timestamp::now(),
        })
    }

    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault> {
        // It stays pending until a person says that the money has gone back.
        Ok(RefundSeen {
            refund: Some(refund.refund.clone()),
            reference: refund.refund.to_string(),
            amount: refund.amount,
            status: RefundStatus::Pending,
            problem: None,
            transfer: None,
        })
    }

    async fn query(&self, _query: &QueryPayment) -> Result<Observation, GatewayFault> {
        Err(by_hand())
    }

    async fn interpret(
        &self,
        _headers: &Headers,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<Interpreted, NotificationError> {
        Err(NotificationError::Unsupported)
    }
}

fn by_hand() -> GatewayFault {
    let problem = Problem::new("by_hand", "a person says how this payment stands");
    GatewayFault::give_up(FaultCause::Refused, problem)
}
