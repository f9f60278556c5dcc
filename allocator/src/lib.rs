//! The allocator of the program, and how it is set.
//!
//! Frees and allocations are a quarter of an order's work; mimalloc makes them cheaper than the
//! system's. It keeps what was freed for a second before the system has it back, which is a long time for
//! a node that imports a feed: what is set here made the most memory of an import a fifth less
//! (`docs/performance.md`).

pub use mimalloc::MiMalloc as Allocator;
use std::ffi::{c_int, c_long};

/// `mi_option_purge_delay`, by its place in `enum mi_option_e` of mimalloc.h.
const PURGE_DELAY: c_int = 15;
/// As mimalloc 2 has it.
const PURGE_DELAY_MS: c_long = 10;

// SAFETY: these are the declarations of mimalloc.h.
unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
    #[cfg(test)]
    fn mi_option_get(option: c_int) -> c_long;
}

/// Has freed memory given back to the system after ten milliseconds, unless `MIMALLOC_PURGE_DELAY` says
/// another time. To be called first of all, while there is one thread.
pub fn give_back_soon() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() {
        return;
    }
    // SAFETY: it writes one number into a table that is never freed. It must not be called from two
    // threads at once, and `main` calls it before it begins any.
    unsafe { mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator;

    #[test]
    fn the_delay_is_the_setting_that_was_meant() {
        // SAFETY: it only reads, and this is the only test here.
        let delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 1_000, "what mimalloc 3 has by itself");
        give_back_soon();
        assert_eq!(delay(), PURGE_DELAY_MS);
    }
}
