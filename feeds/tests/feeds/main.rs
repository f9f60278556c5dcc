//! The crate as others use it: opened, read, mapped.

mod pieces;
mod properties;
mod samples;
mod traps;
