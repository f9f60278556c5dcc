//! Posting to tenants' own endpoints, as Standard Webhooks has it.
//!
//! An address comes from a tenant, so it is a stranger's: [`guard`](super::guard) keeps it from leading back
//! into our own network, [`sign`] proves to the other side that the request is ours.

pub mod callback;
mod sender;
pub mod sign;

pub use sender::{Sender, SenderSettings};
