//! What every stand-in needs: a clock, dice, locks and the merging of switches.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Locks for a moment. A panic elsewhere leaves plain values behind, which stay usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unix time in milliseconds.
pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Unix time in seconds.
pub(crate) fn now_s() -> u64 {
    now_ms() / 1000
}

/// The date of a Unix second, as `2026-01-05`.
pub(crate) fn date(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The date of a day since 1970, by counting.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let leap = |year: u64| {
        (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
    };
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// A seeded source of chance: two sandboxes with one seed and one course of calls agree.
pub(crate) struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)))
    }

    /// True in about `percent` of a hundred throws.
    pub(crate) fn chance(&self, percent: u8) -> bool {
        match percent {
            0 => false,
            1..=99 => lock(&self.0).u8(0..100) < percent,
            _ => true,
        }
    }

    pub(crate) fn below(&self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { lock(&self.0).u64(0..limit) }
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        lock(&self.0).shuffle(items);
    }

    /// A provider-like id: the prefix and 24 hexadecimal digits.
    pub(crate) fn id(&self, prefix: &str) -> String {
        let mut random = lock(&self.0);
        format!("{prefix}{:016x}{:08x}", random.u64(..), random.u32(..))
    }
}

/// Lays the fields of `patch` over `current`. A field that `current` does not know is an error.
pub(crate) fn merged<T: Serialize + DeserializeOwned>(
    current: &T,
    patch: Value,
) -> Result<T, String> {
    let Value::Object(patch) = patch else {
        return Err("switches are a JSON object".to_owned());
    };
    let mut fields = serde_json::to_value(current).map_err(|error| error.to_string())?;
    for (name, value) in patch {
        match fields.get_mut(&name) {
            Some(field) => *field = value,
            None => return Err(format!("there is no switch {name}")),
        }
    }
    serde_json::from_value(fields).map_err(|error| error.to_string())
}
