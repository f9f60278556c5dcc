//! One line that says how it goes: redrawn on a terminal, else written now and then.

use super::{ledger::read, town::Town};
use std::{
    io::{IsTerminal, Write},
    sync::Arc,
    time::{Duration, Instant},
};

const REDRAW: Duration = Duration::from_millis(500);
const WRITE: Duration = Duration::from_secs(5);

/// Says how it goes until the shops are closed.
pub(super) async fn show(town: Arc<Town>) {
    let terminal = std::io::stderr().is_terminal();
    let begun = Instant::now();
    while !town.closed() {
        town.until_closed(if terminal { REDRAW } else { WRITE }).await;
        let line = line(&town, begun.elapsed());
        let mut err = std::io::stderr().lock();
        // Nobody reads it, if it cannot be written.
        let _ = match terminal {
            true => write!(err, "\r\x1b[2K{line}").and_then(|()| err.flush()),
            false => writeln!(err, "{line}"),
        };
    }
    if terminal {
        eprintln!();
    }
}

fn line(town: &Town, since: Duration) -> String {
    let counts = town.ledger.counts();
    let orders = read(&counts.placed);
    let receiver = town.sandbox.receiver();
    let events: usize = town.shops.iter().map(|shop| receiver.accepted_count(&shop.tenant)).sum();
    format!(
        "{:>4} s  orders {orders}  paid {}  cancelled {}  messages {}  events {events}  \
         {:.1} orders/s  p99 {:.1} ms",
        since.as_secs(),
        read(&counts.paid),
        read(&counts.cancelled),
        town.sandbox.smtp().count(),
        per_second(orders, since),
        milliseconds(town.ledger.latency(990)),
    )
}

/// How often in a second.
#[expect(clippy::float_arithmetic, reason = "a ratio of time, for people")]
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}

/// Microseconds as milliseconds.
#[expect(clippy::float_arithmetic, reason = "a ratio of time, for people")]
pub(super) fn milliseconds(micros: u32) -> f64 {
    f64::from(micros) / 1000.0
}
