//! The vocabulary of Kontor: ids, money, time, and per domain its commands, events and refusals.
//!
//! This crate knows nobody. It holds no behaviour beyond parsing, printing and arithmetic that
//! cannot go wrong silently; whoever decides or does I/O lives elsewhere.

pub mod address;
pub mod catalog;
pub mod erasure;
pub mod id;
pub mod meta;
pub mod money;
pub mod notification;
pub mod order;
pub mod payment;
pub mod payout;
pub mod reconciliation;
pub mod refusal;
pub mod schedule;
pub mod signing;
pub mod stock;
pub mod supplier;
pub mod tenant;
pub mod time;
pub mod user;
pub mod webhook;

pub use address::AddressRange;
pub use id::{EntityId, EventId, TenantId};
pub use meta::{Actor, Meta};
pub use money::{Currency, Money, MoneyError};
pub use refusal::{Refusal, RefusalKind};
pub use time::Timestamp;
