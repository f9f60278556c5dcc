//! The rules of the HTTP API, asked in process.

// A test that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod access;
mod account_health;
mod auth;
mod calls;
mod catalog;
mod closing;
mod compat;
mod conventions;
mod counts;
mod followers;
mod imports;
mod isolation;
mod ledger;
mod legacy;
mod letters;
mod lifecycle;
mod lists;
mod mails;
mod margin;
mod members;
mod order_list;
mod orders;
mod own_page;
mod payments;
mod payouts;
mod people;
mod phone;
mod rates;
mod reconciliations;
mod replays;
mod routing;
mod shop;
mod sources;
mod stock;
mod summary;
mod suppliers;
mod troubles;
mod views;
mod wall;
