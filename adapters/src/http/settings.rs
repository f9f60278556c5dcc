//! What can be set on the HTTP API.

use kontor_messages::AddressRange;
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use url::Url;

/// What can be set on the HTTP API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The platform operator's token; without one nobody is the operator.
    pub admin_token: Option<SecretString>,
    /// Bytes of a request's body at most.
    pub body_limit_bytes: usize,
    /// Bytes of a provider's notification at most.
    pub webhook_body_limit_bytes: usize,
    /// How long a request may take.
    pub request_timeout_ms: u64,
    /// Origins whose pages may call the API, each by its name.
    pub cors_origins: Vec<String>,
    /// Proxies before this node, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// Whether endpoints may be at addresses inside; the node says what `webhooks.allow_private` is.
    #[serde(skip)]
    pub webhooks_to_private: bool,
    /// Requests a second from one address, whoever asks; 0 for no limit.
    pub address_requests_per_second: u32,
    /// Requests that one API key may begin in a second; 0 for as many as its tenant may.
    pub key_requests_per_second: u32,
    /// Requests that one user may begin in a second; 0 for as many as the tenant may.
    pub user_requests_per_second: u32,
    /// Requests a second from one address that do not show who asks; 0 for no limit.
    pub stranger_requests_per_second: u32,
    /// Live streams of events at once.
    pub streams_max: usize,
    /// Where this node is reached from outside: payers come back through it, if it is known.
    pub public_url: Option<Url>,
    /// How long the answer to a new payment waits for its provider.
    pub payment_wait_ms: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 3200).into(),
            admin_token: None,
            body_limit_bytes: 256 * 1024,
            webhook_body_limit_bytes: 256 * 1024,
            request_timeout_ms: 40_000,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            webhooks_to_private: false,
            address_requests_per_second: 2000,
            key_requests_per_second: 1000,
            user_requests_per_second: 100,
            stranger_requests_per_second: 50,
            streams_max: 256,
            public_url: None,
            payment_wait_ms: 3_000,
        }
    }
}

impl HttpSettings {
    /// How long a request may take; longer than the intake waits for an answer.
    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// How long the answer to a new payment waits for its provider.
    pub(super) fn payment_wait(&self) -> Duration {
        Duration::from_millis(self.payment_wait_ms)
    }
}
