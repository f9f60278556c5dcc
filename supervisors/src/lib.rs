//! The running program: the supervision tree, the node that composes everything, the commands.

pub mod bench;
pub mod cli;
pub mod demo;
pub mod engine;
pub mod figures;
pub mod housekeeping;
pub mod node;
pub mod timers;
pub mod tree;
pub mod verify;
