//! Passwords: argon2id, and bcrypt for accounts that come from elsewhere.
//!
//! Hashing is dear on purpose, so only a few are under way at once, on threads of their own, and
//! only so many wait in line: the rest is told to come again, and nobody else notices.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use kontor_actors::chance::secret_bytes;
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// Memory in KiB, passes and lanes of a new hash.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Those who wait for their turn, for each that has it.
const WAITING_FOR_EACH: usize = 32;
/// So long somebody waits for their turn.
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
    line: Arc<Line>,
    /// What the password of nobody is checked against, so that it takes as long.
    nobody: Arc<str>,
}

struct Line {
    turns: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// Someone in line, who leaves it however they go.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Passwords {
    /// As many at once as the machine has cores, but one: that is everybody else's.
    pub fn new() -> Result<Self, HashFault> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with(cores.saturating_sub(1).max(1))
    }

    fn with(turns: usize) -> Result<Self, HashFault> {
        let line = Line {
            turns: Semaphore::new(turns),
            waiting: AtomicUsize::new(0),
            waiting_max: turns * WAITING_FOR_EACH,
        };
        let chance: [u8; 32] = secret_bytes().map_err(|_| HashFault::Broken)?;
        let nobody = hash_now(&hex::encode(chance))?;
        Ok(Self { line: Arc::new(line), nobody: nobody.into() })
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: SecretString) -> Result<String, HashFault> {
        let _turn = self.turn().await?;
        blocking(move || hash_now(password.expose_secret())).await
    }

    /// Checks a password against what is kept of it; against nobody's if nothing is.
    pub async fn check(
        &self,
        password: SecretString,
        kept: Option<&str>,
    ) -> Result<Checked, HashFault> {
        let _turn = self.turn().await?;
        let there = kept.is_some();
        let kept = kept.unwrap_or(&self.nobody).to_owned();
        blocking(move || {
            let right = check_now(password.expose_secret(), &kept) && there;
            let outdated = right && is_outdated(&kept);
            let rehash = outdated.then(|| hash_now(password.expose_secret())).transpose()?;
            Ok(Checked { right, rehash })
        })
        .await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, HashFault> {
        let Line { turns, waiting, waiting_max } = &*self.line;
        if let Ok(turn) = turns.try_acquire() {
            return Ok(turn);
        }
        let before = waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(waiting);
        if *waiting_max <= before {
            metrics::counter!("kontor_passwords_refused_total").increment(1);
            return Err(HashFault::Busy);
        }
        match tokio::time::timeout(WAIT_MAX, turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(HashFault::Busy),
        }
    }
}

/// Works on a thread of its own, which costs little beside a hash, and which gives way to all others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HashFault> + Send + 'static,
) -> Result<T, HashFault> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name("password".to_owned()).spawn(move || {
        give_way();
        // Whoever asked may have gone away.
        let _ = done.send(work());
    });
    thread.map_err(|_| HashFault::Broken)?;
    result.await.map_err(|_| HashFault::Broken)?
}

/// Lets every other thread of the machine go first: one that wakes takes the core at once, which a
/// low priority alone does not give it. Where that cannot be said, it is not.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let idle = ThreadSchedulePolicy::Normal(Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}

fn argon2id() -> Result<Argon2<'static>, HashFault> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| HashFault::Broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, HashFault> {
    let salt: [u8; 16] = secret_bytes().map_err(|_| HashFault::Broken)?;
    let hash: PasswordHash = argon2id()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| HashFault::Broken)?;
    Ok(hash.to_string())
}

fn check_now(password: &str, kept: &str) -> bool {
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
        let turn = passwords.turn().await.unwrap();
        let waiting = |_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.turn().await.map(drop) })
        };
        let line: Vec<_> = (0..WAITING_FOR_EACH).map(waiting).collect();
        while passwords.line.waiting.load(Ordering::Acquire) < WAITING_FOR_EACH {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.turn().await.err(), Some(HashFault::Busy));
        drop(turn);
        for waited in line {
            assert_eq!(waited.await.unwrap(), Ok(()));
        }
        assert_eq!(passwords.line.waiting.load(Ordering::Acquire), 0);
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
