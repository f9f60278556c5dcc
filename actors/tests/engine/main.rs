//! The engine, told what may go wrong: one toy domain on a store in memory.

#![allow(clippy::unwrap_used)]

mod ahead;
mod answers;
mod bulk;
mod commits;
mod counter;
mod crashes;
mod doubt;
mod followers;
mod keys;
mod memory;
mod random;
mod stage;
mod through;
