//! How quickly something answers lately: how many answers there were in the last minute or so, and
//! within what time 99 of 100 of them came.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A window is counted for so long, and told of for as long again.
const WINDOW: Duration = Duration::from_secs(30);
/// Steps of a time that doubles: a time is known to a quarter of its half.
const STEPS: u32 = 4;
/// Steps from one microsecond to about two minutes; what takes longer counts in the last.
const BUCKETS: usize = 27 * STEPS as usize;

/// Times of answers, of this window and the one before. It takes the same memory however many there are.
#[derive(Debug)]
pub struct Pace(Mutex<Windows>);

#[derive(Debug)]
struct Windows {
    began: Instant,
    now: [u32; BUCKETS],
    before: [u32; BUCKETS],
    /// How long the window before was counted; nothing, if there was none.
    before_took: Duration,
}

/// What a pace was lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Answers a minute.
    pub per_minute: u64,
    /// 99 of 100 took no longer, in microseconds; none if there was no answer.
    pub p99_us: Option<u64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::since(Instant::now())
    }
}

impl Pace {
    fn since(began: Instant) -> Self {
        let (now, before) = ([0; BUCKETS], [0; BUCKETS]);
        Self(Mutex::new(Windows { began, now, before, before_took: Duration::ZERO }))
    }

    /// An answer took so long.
    pub fn note(&self, took: Duration) {
        self.note_at(Instant::now(), took);
    }

    fn note_at(&self, at: Instant, took: Duration) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.turn(at);
        let count = &mut windows.now[bucket(took)];
        *count = count.saturating_add(1);
    }

    /// What it was in the last 30 to 60 seconds.
    pub fn lately(&self) -> Lately {
        self.lately_at(Instant::now())
    }

    fn lately_at(&self, at: Instant) -> Lately {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.turn(at);
        let both = windows.now.iter().zip(&windows.before);
        let counts: Vec<u64> = both.map(|(now, before)| u64::from(*now + *before)).collect();
        let took = windows.before_took + at.saturating_duration_since(windows.began);
        drop(windows);
        let all: u64 = counts.iter().sum();
        // In the first second nobody knows what a minute will be.
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1_000);
        let slowest = all - all / 100;
        let mut passed = 0;
        let place = counts.iter().position(|count| {
            passed += count;
            0 < all && slowest <= passed
        });
        Lately { per_minute: all.saturating_mul(60_000) / took_ms, p99_us: place.map(upper_us) }
    }
}

impl Windows {
    /// Begins a new window if this one is over.
    fn turn(&mut self, at: Instant) {
        let took = at.saturating_duration_since(self.began);
        if took < WINDOW {
            return;
        }
        // What nobody has asked about for two windows is not lately.
        let follows = took < WINDOW * 2;
        self.before = if follows { self.now } else { [0; BUCKETS] };
        self.before_took = if follows { took } else { WINDOW };
        (self.now, self.began) = ([0; BUCKETS], at);
    }
}

fn bucket(took: Duration) -> usize {
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if us < u64::from(STEPS) {
        return us as usize;
    }
    let doubles = us.ilog2();
    let step = (us >> (doubles - 2)) & 3;
    let place = u64::from((doubles - 1) * STEPS) + step;
    usize::try_from(place).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The longest time that counts in a bucket.
fn upper_us(bucket: usize) -> u64 {
    let steps = STEPS as usize;
    if bucket < steps {
        return bucket as u64;
    }
    let (doubles, step) = (bucket / steps + 1, bucket % steps);
    ((4 + step as u64 + 1) << (doubles - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_counts_where_it_belongs_and_is_told_to_a_quarter() {
        for us in (0..5_000).chain([99_999, 1_000_000, 60_000_000]) {
            let upper = upper_us(bucket(Duration::from_micros(us)));
            assert!(us <= upper && upper <= us + us / 4, "{us} us is told as {upper}");
        }
        assert_eq!(bucket(Duration::from_secs(86_400)), BUCKETS - 1);
        let mut uppers = (0..BUCKETS).map(upper_us);
        assert!(uppers.clone().zip(uppers.by_ref().skip(1)).all(|(one, next)| one < next));
    }

    #[test]
    fn one_slow_answer_of_a_hundred_and_fifty_is_not_the_99th_percentile_but_two_are() {
        let pace = Pace::default();
        (0..148).for_each(|_| pace.note(Duration::from_micros(900)));
        (0..2).for_each(|_| pace.note(Duration::from_millis(80)));
        assert!(pace.lately().p99_us.is_some_and(|p99| 80_000 <= p99));
        pace.note(Duration::from_micros(900));
        (0..50).for_each(|_| pace.note(Duration::from_micros(900)));
        assert!(pace.lately().p99_us.is_some_and(|p99| p99 < 1_200));
    }

    #[test]
    fn what_is_past_is_forgotten_in_two_windows() {
        let began = Instant::now();
        let pace = Pace::since(began);
        for second in 0..30 {
            pace.note_at(began + Duration::from_secs(second), Duration::from_millis(1));
        }
        assert_eq!(pace.lately_at(began + WINDOW).per_minute, 60);
        let later = began + WINDOW + Duration::from_secs(29);
        assert_eq!(pace.lately_at(later).per_minute, 30 * 60 / 59);
        let nothing = Lately { per_minute: 0, p99_us: None };
        assert_eq!(pace.lately_at(began + WINDOW * 4), nothing);
    }
}
