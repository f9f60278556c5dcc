//! Accounts, one for each API key, and what is counted for them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::summary::WebhookCounts;

/// An account to be known from the start. Any other `sk_test_` key becomes an account without
/// webhooks on its first use, unless only registered keys are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeAccount {
    /// The secret key, `sk_test_...`.
    pub api_key: String,
    /// Where the account's events go.
    #[serde(default)]
    pub webhooks: Vec<WebhookEndpoint>,
}

/// A webhook endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpoint {
    /// A plain HTTP address.
    pub url: String,
    /// The signing secret, prefix included.
    pub secret: String,
}

pub(crate) struct Account {
    pub(crate) api_key: String,
    pub(crate) webhooks: Vec<WebhookEndpoint>,
    pub(crate) replays: u64,
    pub(crate) counts: WebhookCounts,
}

#[derive(Default)]
pub(crate) struct Accounts(pub(crate) HashMap<String, Account>);

impl Accounts {
    pub(crate) fn register(&mut self, account: StripeAccount) -> String {
        let id = account_id(&account.api_key);
        let known = self.0.entry(id.clone()).or_insert_with(|| blank(&account.api_key));
        known.webhooks = account.webhooks;
        id
    }

    /// The id of the account that the key opens.
    pub(crate) fn open(
        &mut self,
        api_key: &str,
        known_keys_only: bool,
        accounts_max: usize,
    ) -> Option<String> {
        let id = account_id(api_key);
        if self.0.contains_key(&id) {
            return Some(id);
        }
        let test_key = ["sk_test_", "rk_test_"]
            .iter()
            .any(|prefix| api_key.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()));
        if known_keys_only || !test_key || self.0.len() >= accounts_max {
            return None;
        }
        self.0.insert(id.clone(), blank(api_key));
        Some(id)
    }

    pub(crate) fn webhooks(&self, id: &str) -> Vec<WebhookEndpoint> {
        self.0.get(id).map(|account| account.webhooks.clone()).unwrap_or_default()
    }

    pub(crate) fn count(&mut self, id: &str, count: impl FnOnce(&mut Account)) {
        if let Some(account) = self.0.get_mut(id) {
            count(account);
        }
    }
}

fn blank(api_key: &str) -> Account {
    Account {
        api_key: api_key.to_owned(),
        webhooks: Vec::new(),
        replays: 0,
        counts: WebhookCounts::default(),
    }
}

fn account_id(api_key: &str) -> String {
    let digest = hex::encode(Sha256::digest(api_key.as_bytes()));
    format!("acct_{}", digest.get(..16).unwrap_or(&digest))
}
