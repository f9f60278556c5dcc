//! The console in Czech: each text by its English one, and the API's words in both languages.

mod accounts;
mod api;
mod frame;
mod goods;
mod health;
mod money;
mod orders;
mod people;
mod roles;
mod routing;
mod sentences;
mod sources;
mod supplies;

pub(super) use accounts::SETTINGS;
pub(super) use api::WORDS;
pub(super) use sentences::SENTENCES;

/// All texts: English, Czech.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = [
        accounts::TEXTS,
        frame::TEXTS,
        goods::TEXTS,
        health::TEXTS,
        orders::TEXTS,
        money::TEXTS,
        people::TEXTS,
        roles::TEXTS,
        routing::TEXTS,
        sources::TEXTS,
        supplies::TEXTS,
    ];
    all.into_iter().flatten().copied()
}
