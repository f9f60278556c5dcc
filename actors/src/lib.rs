//! Domains, and the few generic actors that host them all.
//!
//! Actors decide, the journal remembers, everything else follows the journal. This crate names no
//! provider and no database: what it needs of the outside are ports, such as [`store`].

pub mod admission;
pub mod announce;
pub mod book;
pub mod catalog;
pub mod census;
pub mod chance;
pub mod domain;
pub mod domain_actor;
pub mod erasure;
pub mod follower;
pub mod gate;
pub mod host;
pub mod intake;
pub mod journal;
pub mod lives;
pub mod loader;
pub mod memory;
pub mod notification;
pub mod order;
pub mod pace;
mod pauses;
pub mod payment;
pub mod payout;
pub mod placing;
pub mod policies;
pub mod ports;
pub mod ports_notification;
pub mod ports_statement;
pub mod ports_webhook;
pub mod reconciliation;
pub mod replay;
pub mod request;
pub mod retry;
pub mod schedule;
pub mod signing;
pub mod stock;
pub mod storable;
pub mod store;
pub mod supplier;
mod tagged;
pub mod tenant;
#[doc(hidden)]
pub mod testing;
pub mod used_keys;
pub mod user;
pub mod webhook;
pub mod words;
pub mod world;
