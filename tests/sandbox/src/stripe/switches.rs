//! The faults that the Stripe stand-in can be told to commit.

use serde::{Deserialize, Serialize};

/// What goes wrong at the Stripe stand-in. The default is a faultless, prompt Stripe. Percentages
/// are chances per call or per event, from 0 to 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StripeSwitches {
    /// Every API call takes at least this long. An idempotency key is taken during the wait.
    pub latency_ms: u64,
    /// Answers 500 before any work; nothing is remembered under the idempotency key.
    pub fail_rate_percent: u8,
    /// Does the work, then answers 500 or cuts the connection, with even chances. The true answer
    /// is kept under the idempotency key, so that a repeat finds it.
    pub fail_after_rate_percent: u8,
    /// Together with the former: the 500 is kept under the key, and a repeat finds the 500.
    pub fail_after_saves_500: bool,
    /// Answers 429 before any work.
    pub rate_limit_percent: u8,
    /// Sends every event twice at once, with one event id.
    pub duplicate_webhooks: bool,
    /// Delivers the events of a call (or of the payer's act) before answering it.
    pub webhook_before_answer: bool,
    /// A new session is paid, and its events delivered, before the create call is answered. The
    /// answer still shows the session open.
    pub instant_pay_before_create_answer: bool,
    /// Events leave out of order and up to 300 ms late.
    pub shuffle_webhooks: bool,
    /// Events that are never sent, though `GET /v1/events` lists them.
    pub drop_webhooks_percent: u8,
    /// The signature header carries a wrong `v1` before the right one, as in a secret's rotation.
    pub two_v1: bool,
    /// Refunds succeed at first and fail after `later_ms`.
    pub refund_fails_later: bool,
    /// Refunds start pending and succeed (or fail, with the former) after `later_ms`.
    pub refund_starts_pending: bool,
    /// Amounts in events about sessions, and about intents without one, are 100 minor units more
    /// than they are.
    pub wrong_amount: bool,
    /// How long slow payment methods and slow refunds take.
    pub later_ms: u64,
    /// Does the work, then says nothing for `hang_ms`, and cuts the connection.
    pub hang_percent: u8,
    /// How long calls hang.
    pub hang_ms: u64,
    /// After how many seconds a call that was too fast may come again.
    pub retry_after_s: u32,
    /// Sessions and payment intents are told with a status that nobody knows.
    pub unknown_status: bool,
    /// Events leave so much later.
    pub late_webhooks_ms: u64,
    /// The signature is made with another secret.
    pub wrong_signature: bool,
    /// If above 0, sessions created now expire after this long, whatever `expires_at` said.
    pub expire_after_ms: u64,
}

impl Default for StripeSwitches {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            fail_rate_percent: 0,
            fail_after_rate_percent: 0,
            fail_after_saves_500: false,
            rate_limit_percent: 0,
            duplicate_webhooks: false,
            webhook_before_answer: false,
            instant_pay_before_create_answer: false,
            shuffle_webhooks: false,
            drop_webhooks_percent: 0,
            two_v1: false,
            refund_fails_later: false,
            refund_starts_pending: false,
            wrong_amount: false,
            later_ms: 200,
            hang_percent: 0,
            hang_ms: 60_000,
            retry_after_s: 1,
            unknown_status: false,
            late_webhooks_ms: 0,
            wrong_signature: false,
            expire_after_ms: 0,
        }
    }
}
