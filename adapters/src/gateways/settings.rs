//! How providers are called, as the node is set.

use super::breaker::Rest;
use kontor_messages::payment::Backoff;
use serde::Deserialize;
use std::time::Duration;

/// How providers and mail servers of tenants are called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaySettings {
    /// Whether their addresses may be private, and without TLS.
    pub allow_private: bool,
    /// How long a payment's call that was not done waits before it is made again. Each further
    /// wait is twice as long.
    pub retry_ms: u64,
    /// The longest of these waits.
    pub retry_ms_max: u64,
    /// How long an account rests that has failed some times in a row. Each further rest is twice
    /// as long.
    pub rest_ms: u64,
    /// The longest of these rests.
    pub rest_ms_max: u64,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        let (backoff, rest) = (Backoff::default(), Rest::default());
        let ms = |rest: Duration| u64::try_from(rest.as_millis()).unwrap_or(u64::MAX);
        Self {
            allow_private: false,
            retry_ms: backoff.first_ms,
            retry_ms_max: backoff.ms_max,
            rest_ms: ms(rest.first),
            rest_ms_max: ms(rest.max),
        }
    }
}

impl GatewaySettings {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff { first_ms: self.retry_ms, ms_max: self.retry_ms_max }
    }

    pub(super) fn rest(&self) -> Rest {
        let ms = Duration::from_millis;
        Rest { first: ms(self.rest_ms), max: ms(self.rest_ms_max) }
    }
}
