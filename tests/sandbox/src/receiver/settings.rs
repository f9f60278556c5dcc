//! How one name of the receiver behaves.

use serde::{Deserialize, Serialize};

/// How `/hook/{name}` behaves. The default answers 204 at once and verifies nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HookSettings {
    /// The Standard Webhooks secret, `whsec_...`; with one, every delivery is verified, and what
    /// does not fit is answered 401.
    pub secret: Option<String>,
    /// The status of answers, outside of the first failures.
    pub status: u16,
    /// How many of the next deliveries are answered `fail_status`; it counts down.
    pub fail_first: u32,
    /// The status of these failures.
    pub fail_status: u16,
    /// Every answer takes at least this long; the delivery is kept before the wait.
    pub latency_ms: u64,
    /// The `Retry-After` header of answers other than 2xx, in seconds.
    pub retry_after_s: Option<u64>,
    /// JSON pointers to a body's subject; the first that finds a string or number is used.
    pub subject_pointers: Vec<String>,
    /// JSON pointers to a body's sequence within the subject; the first that finds an integer is
    /// used.
    pub sequence_pointers: Vec<String>,
}

impl Default for HookSettings {
    fn default() -> Self {
        Self {
            secret: None,
            status: 204,
            fail_first: 0,
            fail_status: 500,
            latency_ms: 0,
            retry_after_s: None,
            subject_pointers: pointers(&[
                "/subject",
                "/data/subject",
                "/data/id",
                "/data/order_id",
            ]),
            sequence_pointers: pointers(&["/sequence", "/data/sequence"]),
        }
    }
}

impl HookSettings {
    /// The status for the next delivery.
    pub(crate) fn next_status(&mut self) -> u16 {
        if self.fail_first == 0 {
            return self.status;
        }
        self.fail_first -= 1;
        self.fail_status
    }
}

fn pointers(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
