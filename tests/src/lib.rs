//! The language of the tests that cross crates: a real `kontor serve` as a process of its own, a
//! shop that trades on it, the servers around it, and the stand-in providers.
//!
//! Nothing here waits for time to pass: it waits for a condition, until a deadline.

// A test that cannot go on panics, here as in the tests themselves.
#![allow(clippy::unwrap_used)]

pub mod binary;
pub mod broker;
pub mod bucket;
pub mod client;
pub mod collector;
pub mod database;
pub mod file_server;
pub mod localstripe;
pub mod node;
pub mod proxy;
pub mod python;
pub mod replay;
pub mod shop;
pub mod site;

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long anything may take that is to happen soon.
pub const SOON: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer.
///
/// # Panics
/// If there is none within `limit`.
pub async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The same for a condition.
///
/// # Panics
/// If it does not hold within `limit`.
pub async fn until_true<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) {
    until(what, limit, || {
        let asked = ask();
        async { asked.await.then_some(()) }
    })
    .await;
}
