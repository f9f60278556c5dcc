//! The crate as others use it: opened, read, mapped.

#![allow(clippy::unwrap_used)]

mod pieces;
mod properties;
mod samples;
mod traps;
