//! Imports of suppliers' feeds: where feeds are kept, and how sources' settings are read.

pub mod files;
pub mod plan;
