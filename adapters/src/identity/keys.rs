//! The keys that sign: read from the ring, kept for a while, and offered to it when one is missing.

use super::{Vault, refresh::unguessable, tokens};
use crate::identity::tokens::{Bearer, TokenFault};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_actors::{
    admission::Lane,
    intake::{Caller, Intake},
    request::Terms,
    signing::{RingDocument, Signing},
};
use kontor_messages::{
    Meta, TenantId, Timestamp,
    signing::{NewKey, SigningCommand, ring_entity},
};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What is known of the ring is believed for so long; a key signs a little after it was replaced.
const AGE_MAX: Duration = Duration::from_secs(60);
/// A token of a key that nobody knows makes the ring be read again, but not more often than this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Signs and verifies with the keys of the ring.
pub(super) struct Keys {
    intake: Intake,
    vault: Vault,
    issuer: String,
    signs_for_s: u64,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    since: Instant,
    ring: Arc<RingDocument>,
    /// The one that signs, if it could be opened.
    active: Option<Arc<(String, Ed25519KeyPair)>>,
}

impl Keys {
    pub(super) fn new(intake: Intake, vault: Vault, issuer: String, rotate_days: u32) -> Self {
        let signs_for_s = u64::from(rotate_days) * 24 * 3600;
        Self { intake, vault, issuer, signs_for_s, known: Mutex::default() }
    }

    /// An access token.
    pub(super) async fn sign(&self, bearer: &Bearer) -> Result<String, TokenFault> {
        let known = self.known(AGE_MAX).await?;
        let (active, jti) = (known.active.ok_or(TokenFault::Unavailable)?, unguessable());
        let jti = jti.map_err(|_| TokenFault::Unavailable)?;
        let key = (active.0.as_str(), &active.1);
        tokens::sign(key, &self.issuer, bearer, jti).ok_or(TokenFault::Unavailable)
    }

    /// Who shows an access token.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<Bearer, TokenFault> {
        let kid = tokens::kid(token).ok_or(TokenFault::Invalid)?;
        for age in [AGE_MAX, LOOK_AGAIN] {
            let known = self.known(age).await?;
            let key = known.ring.keys().find(|key| key.key.kid == kid);
            if let Some(key) = key {
                let public = URL_SAFE_NO_PAD.decode(&key.key.public);
                let public = public.map_err(|_| TokenFault::Invalid)?;
                return tokens::verify(token, &public, &self.issuer, now);
            }
        }
        Err(TokenFault::Invalid)
    }

    /// Whether this node has the secret that the ring's keys are sealed with.
    pub(super) async fn at_home(&self) -> Result<bool, TokenFault> {
        Ok(self.known(AGE_MAX).await?.active.is_some())
    }

    /// The public keys, as verifiers read them (RFC 7517, RFC 8037).
    pub(super) async fn published(&self) -> Result<Value, TokenFault> {
        let known = self.known(AGE_MAX).await?;
        let keys = known.ring.keys().map(|key| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": key.key.kid, "x": key.key.public,
            })
        });
        Ok(json!({ "keys": keys.collect::<Vec<_>>() }))
    }

    /// Has the next key sign as soon as it has been published for long enough, or at once.
    pub(super) async fn rotate(
        &self,
        meta: Meta,
        at_once: bool,
    ) -> Result<Arc<RingDocument>, TokenFault> {
        self.known(AGE_MAX).await?;
        self.tell(meta, SigningCommand::Rotate { at_once }).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(self.known(AGE_MAX).await?.ring)
    }

    /// The ring, not older than `age`, with no key missing.
    async fn known(&self, age: Duration) -> Result<Known, TokenFault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.since.elapsed() < age) {
            return Ok(known);
        }
        let since = Instant::now();
        let mut ring = self.read().await?;
        // Twice at the first start: one that signs, and the one after it.
        for _ in 0..2 {
            // Who cannot open the key that signs has another secret: its keys would be no use.
            let at_home = ring.active.as_ref().is_none_or(|key| self.open(&key.key).is_some());
            if ring.wants_key() && at_home {
                self.offer().await?;
                ring = self.read().await?;
            }
        }
        let active = ring.active.as_ref().and_then(|active| self.open(&active.key));
        let known = Known { since, ring: Arc::new(ring), active };
        let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(known.clone());
        Ok(known)
    }

    async fn read(&self) -> Result<RingDocument, TokenFault> {
        let platform = TenantId::platform();
        match self.intake.read::<Signing>(&platform, &ring_entity()).await {
            Ok(found) => Ok(found.map(|(ring, _)| ring).unwrap_or_default()),
            Err(fault) => {
                tracing::warn!(%fault, "the signing keys cannot be read");
                Err(TokenFault::Unavailable)
            }
        }
    }

    async fn offer(&self) -> Result<(), TokenFault> {
        let key = self.make().ok_or(TokenFault::Unavailable)?;
        let offer = SigningCommand::Offer { key, signs_for_s: self.signs_for_s };
        self.tell(Meta::by("system"), offer).await
    }

    async fn tell(&self, meta: Meta, command: SigningCommand) -> Result<(), TokenFault> {
        let caller = Caller { tenant: TenantId::platform(), meta, lane: Lane::Interactive };
        let told = self.intake.ask::<Signing>(&caller, command, Terms::default()).await;
        told.map(drop).map_err(|denied| {
            tracing::warn!(%denied, "the ring of signing keys does not answer");
            TokenFault::Unavailable
        })
    }

    fn make(&self) -> Option<NewKey> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).ok()?;
        let public = pair.public_key().as_ref();
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..12]);
        let sealed = self.vault.seal(&context(&kid), document.as_ref()).ok()?;
        Some(NewKey { public: URL_SAFE_NO_PAD.encode(public), sealed, kid })
    }

    fn open(&self, key: &NewKey) -> Option<Arc<(String, Ed25519KeyPair)>> {
        let opened = self.vault.open(&context(&key.kid), &key.sealed);
        let pair = opened.ok().and_then(|document| Ed25519KeyPair::from_pkcs8(&document).ok());
        if pair.is_none() {
            tracing::error!(kid = key.kid, "the signing key does not open: is the secret another?");
        }
        Some(Arc::new((key.kid.clone(), pair?)))
    }
}

fn context(kid: &str) -> String {
    format!("signing/{kid}")
}
