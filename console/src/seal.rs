//! Seals what a browser keeps for us, and makes the tokens by which a form shows that it is ours.
//!
//! Sealing is ChaCha20-Poly1305 under a key derived from the console's secret (HKDF-SHA256), with
//! a nonce by chance and what it is as associated data. Nothing here is ever logged.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
    rand::{SecureRandom, SystemRandom},
};
use std::sync::Arc;

/// Bytes of a form's token.
const TOKEN: usize = 16;

/// Seals, opens and makes tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Seal {
    keys: Arc<Keys>,
}

struct Keys {
    sealing: LessSafeKey,
    forms: hmac::Key,
    chance: SystemRandom,
}

impl Seal {
    /// A seal on this secret.
    pub(crate) fn new(secret: &[u8; 32]) -> Result<Self, ring::error::Unspecified> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"kontor console").extract(secret);
        let sealing = UnboundKey::from(root.expand(&[b"seal"], &CHACHA20_POLY1305)?);
        let forms = hmac::Key::from(root.expand(&[b"forms"], hmac::HMAC_SHA256)?);
        let sealing = LessSafeKey::new(sealing);
        Ok(Self { keys: Arc::new(Keys { sealing, forms, chance: SystemRandom::new() }) })
    }

    /// A text that only we can read, as that thing only.
    pub(crate) fn seal(&self, what: &str, text: &str) -> Option<String> {
        let nonce: [u8; NONCE_LEN] = self.by_chance()?;
        let mut sealed = text.as_bytes().to_vec();
        let (key, aad) = (&self.keys.sealing, Aad::from(what.as_bytes()));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed[..]].concat()))
    }

    /// What was sealed as that thing; none if it was not, or was changed since.
    pub(crate) fn open(&self, what: &str, sealed: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.keys.sealing.open_in_place(nonce, Aad::from(what.as_bytes()), text);
        String::from_utf8(opened.ok()?.to_vec()).ok()
    }

    /// Something nobody guesses, as text.
    pub(crate) fn unguessable(&self) -> Option<String> {
        self.by_chance::<16>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a form of this visitor shows. Masked anew each time, so that a page which is
    /// compressed with something from outside in it does not give it away.
    pub(crate) fn form_token(&self, visitor: &str) -> String {
        let Some(mask) = self.by_chance::<TOKEN>() else { return String::new() };
        let masked: Vec<u8> = self.form_tag(visitor).iter().zip(mask).map(|(a, b)| a ^ b).collect();
        URL_SAFE_NO_PAD.encode([&mask[..], &masked[..]].concat())
    }

    /// Whether a form was ours, and of this visitor.
    pub(crate) fn is_form_token(&self, visitor: &str, shown: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(shown) else { return false };
        if bytes.len() != 2 * TOKEN || visitor.is_empty() {
            return false;
        }
        let (mask, masked) = bytes.split_at(TOKEN);
        let tag = self.form_tag(visitor);
        let differs = mask.iter().zip(masked).zip(tag);
        differs.fold(0, |sum, ((mask, masked), tag)| sum | (mask ^ masked ^ tag)) == 0
    }

    fn form_tag(&self, visitor: &str) -> [u8; TOKEN] {
        let tag = hmac::sign(&self.keys.forms, visitor.as_bytes());
        let mut short = [0; TOKEN];
        short.copy_from_slice(&tag.as_ref()[..TOKEN]);
        short
    }

    fn by_chance<const N: usize>(&self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.keys.chance.fill(&mut bytes).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_as_what_it_is() {
        let seal = Seal::new(&[7; 32]).unwrap();
        let sealed = seal.seal("session", "secret").unwrap();
        assert_eq!(seal.open("session", &sealed).as_deref(), Some("secret"));
        assert_eq!(seal.open("access", &sealed), None);
        assert_eq!(Seal::new(&[8; 32]).unwrap().open("session", &sealed), None);
        let changed = format!("{}A", &sealed[..sealed.len() - 1]);
        assert!(changed == sealed || seal.open("session", &changed).is_none());
    }

    #[test]
    fn a_form_counts_for_the_visitor_who_was_shown_it() {
        let seal = Seal::new(&[7; 32]).unwrap();
        let (one, other) = (seal.form_token("jana"), seal.form_token("jana"));
        assert_ne!(one, other, "masked anew");
        assert!(seal.is_form_token("jana", &one) && seal.is_form_token("jana", &other));
        assert!(!seal.is_form_token("petr", &one));
        assert!(!seal.is_form_token("", &seal.form_token("")));
        assert!(!seal.is_form_token("jana", ""));
    }
}
