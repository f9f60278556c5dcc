//! Passwords: argon2id, and bcrypt for accounts that come from elsewhere.
//!
//! Hashing is dear on purpose, so only a few are under way at once, on threads of their own, and
//! only so many wait in line: the rest is told to come again, and nobody else notices.

use crate::aside::Crew;
use argon2::{
    Algorithm, Argon2, Block, Params, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kontor_actors::chance::secret_bytes;
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

/// Memory in KiB, passes and lanes of a new hash.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Those who wait for their turn, for each that has it.
const WAITING_FOR_EACH: usize = 32;
/// So long somebody waits for their turn and what comes of it.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// The dearest hash that is taken from elsewhere: memory in KiB, passes, lanes; rounds of bcrypt.
const DEAREST: (u32, u32, u32) = (262_144, 10, 4);
const DEAREST_BCRYPT: u32 = 14;
/// A password's length in characters.
pub const LEN: std::ops::RangeInclusive<usize> = 10..=128;

/// Too many wait for their turn; ask again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// There are too many.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// It could not be hashed.
    #[error("a password could not be hashed")]
    Broken,
}

/// What a password came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether it is right.
    pub right: bool,
    /// The right password under today's hash, if the one that is kept is of an older kind.
    pub rehash: Option<String>,
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    /// Hashes are made in memory that the one before left, while somebody waits: to map so much anew
    /// for each takes about a third of its time.
    crew: Arc<Crew<Memory>>,
    /// What the password of nobody is checked against, so that it takes as long.
    nobody: Arc<str>,
}

/// What one hash is made in.
type Memory = Vec<Block>;

impl Passwords {
    /// As many at once as the machine has cores, but one: that is everybody else's.
    pub fn new() -> Result<Self, HashFault> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with(cores.saturating_sub(1).max(1))
    }

    fn with(threads: usize) -> Result<Self, HashFault> {
        let crew = Crew::new("password", threads, threads * WAITING_FOR_EACH);
        let crew = crew.map_err(|_| HashFault::Broken)?;
        let chance: [u8; 32] = secret_bytes().map_err(|_| HashFault::Broken)?;
        let nobody = hash_now(&hex::encode(chance), &mut Memory::new())?;
        Ok(Self { crew: Arc::new(crew), nobody: nobody.into() })
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: SecretString) -> Result<String, HashFault> {
        self.work(move |memory| hash_now(password.expose_secret(), memory)).await
    }

    /// Checks a password against what is kept of it; against nobody's if nothing is.
    pub async fn check(
        &self,
        password: SecretString,
        kept: Option<&str>,
    ) -> Result<Checked, HashFault> {
        let there = kept.is_some();
        let kept = kept.unwrap_or(&self.nobody).to_owned();
        self.work(move |memory| {
            let right = check_now(password.expose_secret(), &kept, memory) && there;
            let outdated = right && is_outdated(&kept);
            let rehash =
                outdated.then(|| hash_now(password.expose_secret(), memory)).transpose()?;
            Ok(Checked { right, rehash })
        })
        .await
    }

    /// Works in its turn, if somebody waits for it still.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, HashFault> {
        let (done, result) = oneshot::channel();
        let taken = self.crew.ask(move |memory| {
            if !done.is_closed() {
                // Whoever asked may go away meanwhile.
                let _ = done.send(work(memory));
            }
        });
        if !taken {
            metrics::counter!("kontor_passwords_refused_total").increment(1);
            return Err(HashFault::Busy);
        }
        match tokio::time::timeout(WAIT_MAX, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(HashFault::Broken),
            Err(_) => Err(HashFault::Busy),
        }
    }
}

fn argon2id() -> Result<Argon2<'static>, HashFault> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| HashFault::Broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What today's hashes begin with, as PHC strings.
fn form() -> String {
    let (memory, passes, lanes) = COST;
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$")
}

fn hash_now(password: &str, memory: &mut Memory) -> Result<String, HashFault> {
    let salt: [u8; 16] = secret_bytes().map_err(|_| HashFault::Broken)?;
    let hash = hashed(password, &salt, memory)?;
    Ok(format!("{}{}${}", form(), STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash)))
}

fn hashed(password: &str, salt: &[u8], memory: &mut Memory) -> Result<[u8; 32], HashFault> {
    let hasher = argon2id()?;
    memory.resize(hasher.params().block_count(), Block::default());
    let mut hash = [0; 32];
    hasher
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory)
        .map_err(|_| HashFault::Broken)?;
    Ok(hash)
}

fn check_now(password: &str, kept: &str, memory: &mut Memory) -> bool {
    let todays = kept.strip_prefix(&form()).and_then(|rest| rest.split_once('$'));
    if let Some((salt, hash)) = todays {
        let decode = |text| STANDARD_NO_PAD.decode(text).ok();
        let (Some(salt), Some(hash)) = (decode(salt), decode(hash)) else { return false };
        let shown = hashed(password, &salt, memory);
        return shown.is_ok_and(|shown| shown.as_slice().ct_eq(&hash).into());
    }
    if kept.starts_with("$argon2") {
        return argon2id()
            .is_ok_and(|hasher| hasher.verify_password(password.as_bytes(), kept).is_ok());
    }
    bcrypt::verify(password, kept).unwrap_or(false)
}

/// Whether a hash is of another kind, or cheaper, than those that are made today.
fn is_outdated(kept: &str) -> bool {
    let Ok(hash) = PasswordHash::new(kept) else { return true };
    let Ok(params) = Params::try_from(&hash) else { return true };
    let (memory, passes, _) = COST;
    !kept.starts_with("$argon2id$") || params.m_cost() < memory || params.t_cost() < passes
}

/// Says what is wrong with a hash from elsewhere: not of a kind that can be checked, or so dear
/// that checking it would wear the node out.
pub fn check_form(kept: &str) -> Result<(), &'static str> {
    if kept.starts_with("$argon2id$") {
        let form = "an argon2id hash as a PHC string";
        let hash = PasswordHash::new(kept).map_err(|_| form)?;
        let params = Params::try_from(&hash).map_err(|_| form)?;
        let (memory, passes, lanes) = DEAREST;
        let dear = params.m_cost() > memory || params.t_cost() > passes || params.p_cost() > lanes;
        return match hash.salt.is_none() || hash.hash.is_none() {
            true => Err(form),
            false if dear => Err("a hash of at most m=262144, t=10, p=4"),
            false => Ok(()),
        };
    }
    let parts = kept.parse::<bcrypt::HashParts>();
    match parts {
        Ok(parts) if parts.get_cost() <= DEAREST_BCRYPT => Ok(()),
        Ok(_) => Err("a bcrypt hash of cost 14 at most"),
        Err(_) => Err("an argon2id hash as a PHC string, or a bcrypt hash"),
    }
}

/// Says what is wrong with a new password.
pub fn check_new(password: &str, email: Option<&str>) -> Result<(), &'static str> {
    if !LEN.contains(&password.chars().count()) {
        return Err("expected 10 to 128 characters");
    }
    let same = |email: &str| password.trim().to_lowercase() == email;
    if email.is_some_and(same) {
        return Err("expected something else than the mail address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `correct horse` by another implementation, cost 4.
    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuD5TgYnB5.5JQUjhTpvi1t0OwhS5I5Fu";

    #[tokio::test]
    async fn a_password_is_right_against_its_own_hash_only() {
        let passwords = Passwords::with(2).unwrap();
        let kept = passwords.hash("correct horse".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let right = passwords.check("correct horse".into(), Some(&kept)).await.unwrap();
        assert_eq!(right, Checked { right: true, rehash: None });
        for (shown, kept) in [("correct horsf", Some(&*kept)), ("correct horse", None)] {
            let wrong = passwords.check(shown.into(), kept).await.unwrap();
            assert_eq!(wrong, Checked { right: false, rehash: None });
        }
    }

    #[test]
    fn a_hash_is_the_one_of_its_specification_whatever_its_memory_held_before() {
        let mut memory = Memory::new();
        let kept = hash_now("correct horse", &mut memory).unwrap();
        let hasher = argon2id().unwrap();
        for password in ["correct horse", "wrong"] {
            let right = hasher.verify_password(password.as_bytes(), &*kept).is_ok();
            assert_eq!(right, password == "correct horse");
            assert_eq!(check_now(password, &kept, &mut memory), right, "memory that was used");
            assert_eq!(check_now(password, &kept, &mut Memory::new()), right);
        }
        let shorter = kept.strip_suffix(&kept[kept.len() - 4..]).unwrap();
        assert!(!check_now("correct horse", shorter, &mut memory));
    }

    #[tokio::test]
    async fn a_hash_from_elsewhere_counts_and_is_made_anew() {
        let passwords = Passwords::with(2).unwrap();
        let kept = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).unwrap().to_string();
        assert_eq!(check_form(&kept), Ok(()));
        let checked = passwords.check("correct horse".into(), Some(&kept)).await.unwrap();
        assert!(checked.right);
        let rehash = checked.rehash.unwrap();
        assert!(passwords.check("correct horse".into(), Some(&rehash)).await.unwrap().right);
        assert!(!passwords.check("wrong".into(), Some(BCRYPT)).await.unwrap().right);
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_told_to_come_again() {
        let passwords = Passwords::with(1).unwrap();
        let (begun, begins) = std::sync::mpsc::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let held = move |_: &mut Memory| {
            begun.send(()).unwrap();
            gone.recv().map_err(|_| HashFault::Broken)
        };
        let line = |passwords: &Passwords| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.work(|_| Ok(())).await })
        };
        let first = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.work(held).await }
        });
        while begins.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        let waiting: Vec<_> = (0..WAITING_FOR_EACH).map(|_| line(&passwords)).collect();
        // Each is in line once its task has run.
        tokio::task::yield_now().await;
        assert_eq!(line(&passwords).await.unwrap(), Err(HashFault::Busy));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        for waited in waiting {
            assert_eq!(waited.await.unwrap(), Ok(()));
        }
    }

    #[test]
    fn a_hash_that_cannot_be_checked_or_is_too_dear_is_not_taken() {
        for bad in [
            "",
            "tide",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
            "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
            "$2b$31$abcdefghijklmnopqrstuuD5TgYnB5.5JQUjhTpvi1t0OwhS5I5Fu",
            "$2b$10$short",
        ] {
            assert!(check_form(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_new_password_has_a_length_and_is_not_the_mail_address() {
        let email = Some("jana@example.com");
        assert!(check_new("correct horse", email).is_ok());
        for bad in ["too short", "Jana@example.com", &"x".repeat(129)] {
            assert!(check_new(bad, email).is_err(), "{bad}");
        }
    }
}
