//! Orders: the list, one order with its past, and what can be done with it.

mod action;
mod bulk;
pub(super) mod filters;
mod list;
mod page;
mod side;
mod told;
mod views;
mod why;

pub(super) use action::what_would_happen;

use crate::state::Console;
use axum::{
    Router,
    routing::{get, post},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/orders", get(list::show))
        .route("/orders/bulk", post(bulk::ask))
        .route("/orders/views", post(views::save))
        .route("/orders/views/remove", post(views::remove))
        .route("/orders/{order}", get(page::show))
        .route("/orders/{order}/why/{event}", get(why::show))
        .route("/orders/{order}/do/{action}", get(action::show).post(action::carry_out))
}
