//! The rules of the HTTP API, asked in process.

// A test that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod access;
mod auth;
mod conventions;
mod followers;
mod isolation;
mod ledger;
mod lifecycle;
mod mails;
mod members;
mod orders;
mod payments;
mod people;
mod reconciliations;
mod replays;
mod routing;
mod shop;
mod sources;
mod stock;
mod wall;
