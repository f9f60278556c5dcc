//! The console in Czech: each text by its English one, and the API's words in both languages.

mod api;
mod frame;
mod money;
mod orders;

pub(super) use api::WORDS;

/// All texts: English, Czech.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    [frame::TEXTS, orders::TEXTS, money::TEXTS].into_iter().flatten().copied()
}
