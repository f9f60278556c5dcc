//! Suppliers: their sources, what imports did, undoing it, and which category of theirs is which.

mod import;
mod list;
mod mapping;

use crate::state::Console;
use axum::{
    Router,
    routing::{get, post},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/suppliers", get(list::show))
        .route("/suppliers/run", post(list::run))
        .route("/suppliers/sources/{source}/categories", get(mapping::show).post(mapping::map))
        .route("/suppliers/imports/{import}", get(import::show))
        .route("/suppliers/imports/{import}/{action}", post(import::act))
}
