//! The rules of the HTTP API, asked in process.

// A test that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod access;
mod auth;
mod conventions;
mod followers;
mod orders;
mod payments;
mod shop;
mod stock;
