//! Load: many callers at once, each asking again when it was answered, or at a pace.

use super::{
    process::{Clocks, Watched},
    report::Row,
    times::{per_second, spread},
};
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Callers at once.
    pub(super) callers: usize,
    /// For how long.
    pub(super) seconds: u64,
    /// Units a second of all callers together; else as fast as they are answered. How long a unit
    /// took counts from when it was due, so that a node that stands is seen in every one that waits.
    pub(super) pace: Option<u64>,
}

/// What a caller is told by whom it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// It counts, and the caller asks again.
    Done,
    /// It does not count, and the caller asks again.
    Refused,
    /// There is nothing more to be had; the caller ends.
    Over,
}

/// One caller.
pub(super) trait Ask: Send + 'static {
    /// Asks once.
    fn ask(&mut self) -> impl Future<Output = Result<Answered, String>> + Send;
}

/// Lets callers ask, and says what came of it.
pub(super) async fn drive<A: Ask>(
    what: String,
    ours: bool,
    load: Load,
    callers: Vec<A>,
    watched: &[Watched],
) -> Result<Row, String> {
    let (clocks, begun) = (Clocks::start(watched), Instant::now());
    let end = begun + Duration::from_secs(load.seconds);
    let mut tasks = Vec::with_capacity(callers.len());
    for (place, caller) in (0..).zip(callers) {
        tasks.push(tokio::spawn(keep_asking(caller, begun, end, gap(load), place)));
    }
    let (mut times, mut last) = (Vec::new(), begun);
    for task in tasks {
        let (taken, until) = task.await.map_err(|fault| fault.to_string())??;
        times.extend(taken);
        last = last.max(until);
    }
    let count = times.len() as u64;
    Ok(Row {
        what,
        ours,
        count,
        throughput_per_second: per_second(count, last - begun),
        spread: spread(times),
        cpu: clocks.usage(count),
        steal_percent: clocks.steal_percent(),
    })
}

/// How long a caller waits from one unit to the next, and the callers one after another.
fn gap(load: Load) -> Option<(Duration, Duration)> {
    let pace = load.pace?;
    let between = Duration::from_micros(1_000_000 / pace.max(1));
    let callers = u32::try_from(load.callers).unwrap_or(u32::MAX);
    Some((between.saturating_mul(callers), between))
}

async fn keep_asking(
    mut caller: impl Ask,
    begun: Instant,
    end: Instant,
    gap: Option<(Duration, Duration)>,
    place: u32,
) -> Result<(Vec<Duration>, Instant), String> {
    let mut times = Vec::new();
    let mut last = begun;
    let mut due = begun + gap.map_or(Duration::ZERO, |(_, between)| between.saturating_mul(place));
    while Instant::now() < end {
        let mut asked = Instant::now();
        if let Some((gap, _)) = gap {
            tokio::time::sleep_until(due.into()).await;
            (asked, due) = (due, due + gap);
        }
        match caller.ask().await? {
            Answered::Done => {
                last = Instant::now();
                times.push(last - asked);
            }
            Answered::Refused => {}
            Answered::Over => break,
        }
    }
    Ok((times, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shelf(u32);

    impl Ask for Shelf {
        async fn ask(&mut self) -> Result<Answered, String> {
            if self.0 == 0 {
                return Ok(Answered::Over);
            }
            self.0 -= 1;
            Ok(if self.0.is_multiple_of(2) { Answered::Done } else { Answered::Refused })
        }
    }

    #[tokio::test]
    async fn only_what_was_done_is_counted_and_an_empty_shelf_ends_it() {
        let load = Load { callers: 2, seconds: 60, pace: None };
        let row = drive("shelves".to_owned(), true, load, vec![Shelf(6), Shelf(1)], &[]).await;
        assert_eq!(row.unwrap().count, 4);
    }

    #[test]
    fn callers_share_a_pace_and_take_turns() {
        let load = Load { callers: 10, seconds: 1, pace: Some(1000) };
        assert_eq!(gap(load), Some((Duration::from_millis(10), Duration::from_millis(1))));
        assert_eq!(gap(Load { pace: None, ..load }), None);
    }
}
