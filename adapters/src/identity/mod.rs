//! Who people are: what seals secrets, checks passwords, and makes and verifies tokens.
//!
//! The rules (lock-out, single use, families of sessions) are the user domain's; here is only what
//! needs a secret, a clock or much computing.

mod keys;
pub mod passwords;
pub mod refresh;
mod settings;
pub mod tickets;
pub mod tokens;
pub mod totp;
pub mod vault;

pub use passwords::Passwords;
pub use settings::IdentitySettings;
pub use tokens::{Bearer, TokenFault};
pub use vault::{Vault, VaultFault};

use kontor_actors::{intake::Intake, signing::RingDocument};
use kontor_messages::{Meta, Timestamp};
use std::sync::Arc;

/// Everything about identities that a node shares. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    intake: Intake,
    vault: Vault,
    passwords: Passwords,
    keys: keys::Keys,
    settings: IdentitySettings,
}

impl Identity {
    /// Identities of the node behind `intake`.
    pub fn new(
        intake: Intake,
        vault: Vault,
        settings: &IdentitySettings,
    ) -> Result<Self, passwords::HashFault> {
        let issuer = settings.issuer.clone();
        let keys = keys::Keys::new(intake.clone(), vault.clone(), issuer, settings.rotate_days);
        let passwords = Passwords::new()?;
        let settings = settings.clone();
        Ok(Self { inner: Arc::new(Inner { intake, vault, passwords, keys, settings }) })
    }

    /// Who shows an access token. It counts until it expires, even if its session has ended
    /// meanwhile; a refresh token never does.
    pub async fn verify(&self, access_token: &str, now: Timestamp) -> Result<Bearer, TokenFault> {
        self.inner.keys.verify(access_token, now).await
    }

    /// An access token for somebody who has proved to be who they are.
    pub async fn sign(&self, bearer: &Bearer) -> Result<String, TokenFault> {
        self.inner.keys.sign(bearer).await
    }

    /// Whether this node's secret is the one that the platform's secrets are sealed with. A token
    /// that is derived from another is worth nothing.
    pub async fn at_home(&self) -> Result<bool, TokenFault> {
        self.inner.keys.at_home().await
    }

    /// The public keys as a JSON Web Key Set.
    pub async fn published_keys(&self) -> Result<serde_json::Value, TokenFault> {
        self.inner.keys.published().await
    }

    /// Has the next key sign as soon as verifiers can know it, or at once.
    pub async fn rotate_keys(
        &self,
        meta: Meta,
        at_once: bool,
    ) -> Result<Arc<RingDocument>, TokenFault> {
        self.inner.keys.rotate(meta, at_once).await
    }

    /// The page that a letter's token leads to, if there is one.
    pub fn link(&self, action: &str, token: &str) -> Option<String> {
        self.inner.settings.link(action, token)
    }

    /// The way to the domains of users and signing keys.
    pub fn intake(&self) -> &Intake {
        &self.inner.intake
    }

    /// What is set.
    pub fn settings(&self) -> &IdentitySettings {
        &self.inner.settings
    }

    /// Seals and derives with the node's secret.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Hashes and checks passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }
}
