//! End to end: a real process, real sockets, real databases, a real broker.

// A scenario that cannot go on panics, in what it shares as well.
#![allow(clippy::unwrap_used)]

/// A scenario on both databases: `each!(name_of_the_test => function);`
macro_rules! each {
    ($($name:ident => $scenario:ident;)*) => {
        $(mod $name {
            use kontor_tests::site::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$scenario(Kind::Sqlite).await;
            }

            #[cfg(feature = "servers")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                super::$scenario(Kind::Postgres).await;
            }
        })*
    };
}

mod auth;
mod books;
#[cfg(feature = "servers")]
mod console;
mod erasing;
#[cfg(feature = "servers")]
mod faults;
#[cfg(feature = "servers")]
mod fetching;
#[cfg(feature = "servers")]
mod integrators;
mod kill9;
mod load;
#[cfg(feature = "servers")]
mod localstripe;
mod main_job;
#[cfg(feature = "servers")]
mod media;
mod payments;
mod process;
mod reconciled;
mod replayed;
mod till;
#[cfg(feature = "servers")]
mod tracing;
