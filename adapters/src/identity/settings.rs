//! What can be set on identities.

use secrecy::SecretString;
use serde::Deserialize;

/// What can be set on identities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySettings {
    /// The node's secret, 32 bytes or more in base64; a file in the data folder if absent.
    pub secret: Option<SecretString>,
    /// Days after which access tokens are signed with a new key.
    pub rotate_days: u32,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self { secret: None, rotate_days: 30 }
    }
}

impl IdentitySettings {
    /// What is wrong, by key.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let long = |secret: &SecretString| super::vault::decode(secret).is_ok();
        if !self.secret.as_ref().is_none_or(long) {
            faults.push(("identity.secret", "32 bytes or more in base64"));
        }
        if !(1..=365).contains(&self.rotate_days) {
            faults.push(("identity.rotate_days", "a number from 1 to 365"));
        }
        faults
    }
}
