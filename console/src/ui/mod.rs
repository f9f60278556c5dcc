//! What pages are made of: the frame around them, and the parts in them.
//!
//! Parts are functions from values to markup, shown all on `/console/components`.

pub(crate) mod chips;
pub(crate) mod csv;
pub(crate) mod layout;
pub(crate) mod parts;
pub(crate) mod table;
