//! Accounts at providers: setting them up and ending them.

/// English, Czech.
pub(super) static TEXTS: &[(&str, &str)] = &[];
