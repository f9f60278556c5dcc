//! API keys as text: `kt_<tenant>_<key id>_<secret>`.
//!
//! The secret is 32 bytes of the operating system's generator and is shown once. What is kept is
//! its SHA-256: against that much chance a slow hash adds nothing but a way to wear the door out.

use crate::chance::{NoChance, secret_bytes};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_messages::TenantId;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

const ID_LEN: usize = 12;
const SECRET_LEN: usize = 32;
/// The secret as text: 32 bytes in base64url without padding.
const SECRET_TEXT_LEN: usize = 43;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key that was just made.
pub struct IssuedKey {
    /// The key's id.
    pub id: String,
    /// The whole key, for its bearer. Shown once, kept nowhere.
    pub text: String,
    /// SHA-256 of the secret part's text, in hex: what is kept.
    pub hash: String,
}

/// The parts of a key's text.
#[derive(PartialEq, Eq)]
pub struct PresentedKey<'a> {
    /// Whose it says it is.
    pub tenant: TenantId,
    /// The key's id.
    pub id: &'a str,
    /// The secret part.
    pub secret: &'a str,
}

/// Makes a new key for a tenant.
pub fn issue(tenant: &TenantId) -> Result<IssuedKey, NoChance> {
    let bytes: [u8; ID_LEN + SECRET_LEN] = secret_bytes()?;
    let (id, secret) = bytes.split_at(ID_LEN);
    let id: String = id.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let secret = URL_SAFE_NO_PAD.encode(secret);
    Ok(IssuedKey { text: format!("kt_{tenant}_{id}_{secret}"), hash: hash(&secret), id })
}

/// Takes a key's text apart; `None` if it is no key of ours.
pub fn parse(text: &str) -> Option<PresentedKey<'_>> {
    let mut parts = text.splitn(4, '_');
    if parts.next() != Some("kt") {
        return None;
    }
    let tenant = TenantId::parse(parts.next()?).ok()?;
    let id = parts.next().filter(|id| is_key_id(id))?;
    let secret = parts.next().filter(|secret| secret.len() == SECRET_TEXT_LEN)?;
    Some(PresentedKey { tenant, id, secret })
}

/// Whether a text can be a key's id.
pub fn is_key_id(text: &str) -> bool {
    text.len() == ID_LEN && text.bytes().all(|c| ALPHABET.contains(&c))
}

/// Whether a secret is the one of this hash, in the same time wherever they differ.
pub fn matches(stored_hash: &str, secret: &str) -> bool {
    hash(secret).as_bytes().ct_eq(stored_hash.as_bytes()).into()
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedKey")
            .field("tenant", &self.tenant)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_matches_its_own_hash_only() {
        let tenant = TenantId::parse("harbour-books").unwrap();
        let (one, other) = (issue(&tenant).unwrap(), issue(&tenant).unwrap());
        let read = parse(&one.text).unwrap();
        assert_eq!((read.tenant, read.id), (tenant, &*one.id));
        assert!(matches(&one.hash, read.secret));
        assert!(!matches(&other.hash, read.secret));
        assert!(!matches("", read.secret));
        assert_ne!(one.text, other.text);
    }

    #[test]
    fn a_secret_may_hold_the_separator() {
        let secret = "_".repeat(SECRET_TEXT_LEN);
        let text = format!("kt_a-b_abcdefgh2345_{secret}");
        assert_eq!(parse(&text).unwrap().secret, secret);
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        let secret = "x".repeat(SECRET_TEXT_LEN);
        for bad in [
            String::new(),
            "kt_a_abcdefgh2345".to_owned(),
            format!("kt_A_abcdefgh2345_{secret}"),
            format!("kt_a_abcdefgh2341_{secret}"),
            format!("sk_a_abcdefgh2345_{secret}"),
            format!("kt_a_abcdefgh2345_{secret}y"),
        ] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_hash_is_the_plain_sha_256_of_the_text() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(matches(of_abc, "abc"));
    }

    #[test]
    fn debug_prints_no_secret() {
        let key = issue(&TenantId::parse("a").unwrap()).unwrap();
        let secret = parse(&key.text).unwrap().secret.to_owned();
        assert!(!format!("{key:?}{:?}", parse(&key.text)).contains(&secret));
    }
}
