//! The console: the web pages of Kontor, served at `/console` by the program itself.
//!
//! It is a client of the API in the same process: pages are made of what the API answers to the
//! access token of whoever is signed in. It has no query that the API lacks, decides nothing, and
//! knows no domain by its types. Pages work without scripts for reading; scripts make them live.

mod assets;
mod backend;
mod cookies;
mod desk;
mod format;
mod gate;
mod multipart;
mod pages;
mod seal;
mod session;
mod state;
mod ui;
mod value;
mod words;

pub use backend::Backend;

use axum::{Router, middleware::from_fn_with_state};
use seal::Seal;
use state::Console;
use tower_http::compression::CompressionLayer;

/// The console in front of an API. `secret` is the node's, or all nodes' of one house: with it the
/// browser's cookies are sealed.
///
/// Its routes are all under `/console`; it is merged beside the API's own router.
///
/// # Errors
///
/// If no keys can be made of the secret.
pub fn router(backend: Backend, secret: &[u8; 32]) -> Result<Router, String> {
    let seal = Seal::new(secret).map_err(|_| "no keys can be made of the secret".to_owned())?;
    let console = Console::new(backend, seal);
    let edge = from_fn_with_state(console.clone(), gate::edge);
    let routes = pages::routes(&console).layer(edge);
    Ok(routes.layer(CompressionLayer::new().gzip(true)).with_state(console))
}

/// The code of a link that sets a fresh node up (`/console/setup#CODE`): the operator's token,
/// sealed under the console's secret. It counts until the first person is known. None if the
/// machine gives no randomness.
pub fn setup_code(secret: &[u8; 32], operator_token: &str) -> Option<String> {
    Seal::new(secret).ok()?.seal(SETUP, operator_token)
}

/// What a sealed operator's token is for.
pub(crate) const SETUP: &str = "setup";
