//! The outside: databases, brokers, HTTP and providers.
//!
//! Adapters translate and never decide. What they offer to the engine are the ports of
//! `kontor-actors`.

// The files in `store/shared` are compiled once for each database, on purpose.
#![allow(clippy::duplicate_mod)]

pub mod amqp;
pub mod aside;
mod books;
pub mod dispatch;
pub mod gateways;
pub mod hook_address;
pub mod http;
pub mod identity;
pub mod invitation;
pub mod media;
pub mod search;
pub mod store;
pub mod telemetry;
