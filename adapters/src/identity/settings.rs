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
    /// How often a minute anybody may try from one address.
    pub per_address_per_minute: u32,
    /// How often a minute anybody may try at one account.
    pub per_account_per_minute: u32,
    /// How many codes an hour go to one telephone number.
    pub texts_per_number_per_hour: u32,
    /// How many codes an hour anybody may have sent to telephones from one address.
    pub texts_per_address_per_hour: u32,
    /// How many codes an hour go to telephones in all: text messages cost money.
    pub texts_per_hour: u32,
    /// Who signs access tokens: their claim `iss`.
    pub issuer: String,
    /// The page that links in mails lead to, which is given `?token=`; without it mails hold the
    /// token itself. `{action}` in it becomes `verify-email` or `reset-password`.
    pub link: Option<String>,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            secret: None,
            rotate_days: 30,
            per_address_per_minute: 120,
            per_account_per_minute: 10,
            texts_per_number_per_hour: 5,
            texts_per_address_per_hour: 10,
            texts_per_hour: 1_000,
            issuer: "kontor".to_owned(),
            link: None,
        }
    }
}

impl IdentitySettings {
    /// The page that a letter's token leads to, if there is one.
    pub fn link(&self, action: &str, token: &str) -> Option<String> {
        let page = self.link.as_ref()?.replace("{action}", action);
        // A token is plain: nothing in it needs escaping.
        let sign = if page.contains('?') { '&' } else { '?' };
        Some(format!("{page}{sign}token={token}"))
    }

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
        for (key, value) in [
            ("identity.per_address_per_minute", self.per_address_per_minute),
            ("identity.per_account_per_minute", self.per_account_per_minute),
            ("identity.texts_per_number_per_hour", self.texts_per_number_per_hour),
            ("identity.texts_per_address_per_hour", self.texts_per_address_per_hour),
            ("identity.texts_per_hour", self.texts_per_hour),
        ] {
            if !(1..=1_000_000).contains(&value) {
                faults.push((key, "a number from 1 to 1000000"));
            }
        }
        if self.issuer.is_empty() || 200 < self.issuer.len() {
            faults.push(("identity.issuer", "1 to 200 characters"));
        }
        let page = |link: &String| {
            let link = url::Url::parse(&link.replace("{action}", "x"));
            link.is_ok_and(|link| matches!(link.scheme(), "http" | "https"))
        };
        if !self.link.as_ref().is_none_or(page) {
            faults.push(("identity.link", "an address such as https://example.com/{action}"));
        }
        faults
    }
}
