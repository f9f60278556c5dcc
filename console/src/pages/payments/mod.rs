//! Payments: who paid, what went back, what is at each account, where the books differ,
//! and which account takes which payment.

mod accounts;
mod books;
pub(super) mod health;
mod list;
mod page;
mod routing;
mod rule;

use crate::state::Console;
use axum::{
    Router,
    routing::{get, post},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .merge(accounts::routes())
        .route("/payments", get(list::show))
        .route("/payments/ledger", get(books::ledger))
        .route("/payments/differences", get(books::differences))
        .route("/payments/differences/{difference}/settle", post(books::settle))
        .route("/payments/reconcile", post(books::reconcile))
        .route("/payments/routes", get(routing::show))
        .route("/payments/routes/{place}", get(rule::show).post(rule::write))
        .route("/payments/routes/{place}/{action}", get(routing::ask).post(routing::carry_out))
        .route("/payments/{payment}", get(page::show))
        .route("/payments/{payment}/refund", get(page::refund).post(page::refund_it))
        .route("/payments/{payment}/{action}", post(page::act))
}
