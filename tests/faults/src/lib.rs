//! A harness that breaks things around a running node, and a checker that decides from the outside
//! whether anything acknowledged is missing, doubled, out of order, oversold or unpaid.
//!
//! It shares no code with the engine: it starts the `kontor` binary, speaks HTTP to it as a client
//! does, and reads the database by its own SQL, the broker's messages as a consumer, and the
//! provider's books at the sandbox. Every request is recorded with its key and its answer.

pub mod checker;
pub mod client;
pub mod cluster;
pub mod load;
pub mod process;
pub mod proxy;
pub mod rabbit;
pub mod scenarios;
pub mod site;
pub mod soak;
pub mod truth;

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// What went wrong, for people.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
/// What comes of something that may go wrong.
pub type Outcome<T> = Result<T, Fault>;

/// Between two looks at something that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until `look` finds something. The error names what never came.
pub async fn until<T, F>(what: &str, patience: Duration, mut look: impl FnMut() -> F) -> Outcome<T>
where
    F: Future<Output = Option<T>>,
{
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if patience < since.elapsed() {
            return Err(format!("{what}: not within {} s", patience.as_secs()).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A port that is not given out for outgoing connections, so that a server finds it again.
pub fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..31_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
