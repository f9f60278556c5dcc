//! Refresh tokens: `rt_<user>_<session>_<generation>_<secret>`. Only the secret's hash is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_actors::chance::{NoChance, secret_bytes};
use kontor_messages::user::{SessionId, UserId};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a token begins with.
const PREFIX: &str = "rt";
/// 32 bytes in base64url.
const SECRET_LEN: usize = 43;

/// The secret of a token that is not given out yet.
pub struct Fresh {
    secret: Zeroizing<String>,
}

/// A token's parts.
pub struct Presented {
    /// Whose it says it is.
    pub user: UserId,
    /// Which session's.
    pub session: SessionId,
    /// Which of its tokens.
    pub generation: u32,
    /// SHA-256 of its secret, in hex.
    pub hash: String,
}

impl Fresh {
    /// A new secret of 256 bits.
    pub fn new() -> Result<Self, NoChance> {
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(secret_bytes()?);
        Ok(Self { secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)) })
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hash(&self.secret)
    }

    /// The token, for its bearer.
    pub fn token(&self, user: UserId, session: SessionId, generation: u32) -> String {
        let (user, session) = (user.0.simple(), session.0.simple());
        format!("{PREFIX}_{user}_{session}_{generation}_{}", *self.secret)
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh").finish_non_exhaustive()
    }
}

/// Takes a token apart; `None` if it is none of ours.
pub fn read(text: &str) -> Option<Presented> {
    let mut parts = text.splitn(5, '_');
    if parts.next() != Some(PREFIX) {
        return None;
    }
    let (user, session) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let generation = parts.next()?.parse().ok()?;
    let secret = parts.next().filter(|secret| secret.len() == SECRET_LEN)?;
    Some(Presented { user, session, generation, hash: hash(secret) })
}

/// An id that nobody can guess.
pub fn unguessable() -> Result<Uuid, NoChance> {
    Ok(uuid::Builder::from_random_bytes(secret_bytes()?).into_uuid())
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_even_with_the_separator_in_its_secret() {
        let (user, session) = (UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let fresh = Fresh { secret: Zeroizing::new("_".repeat(SECRET_LEN)) };
        let read = read(&fresh.token(user, session, 7)).unwrap();
        assert_eq!((read.user, read.session, read.generation), (user, session, 7));
        assert_eq!(read.hash, fresh.hash());
        assert_ne!(Fresh::new().unwrap().hash(), Fresh::new().unwrap().hash());
    }

    #[test]
    fn what_is_no_token_is_not_taken_for_one() {
        let fresh = Fresh::new().unwrap();
        let good = fresh.token(UserId(Uuid::nil()), SessionId(Uuid::nil()), 1);
        for bad in ["", "rt", &good[1..], &good[..good.len() - 1], &good.replace("_1_", "_x_")] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
