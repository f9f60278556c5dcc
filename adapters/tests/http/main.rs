//! The rules of the HTTP API, asked in process.

// A test that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod access;
mod conventions;
mod followers;
mod orders;
mod payments;
mod replays;
mod shop;
mod stock;
