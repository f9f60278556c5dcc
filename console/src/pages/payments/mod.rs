//! Payments: who paid, what went back, what is at each account, and where the books differ.

mod books;
mod list;
mod page;

use crate::state::Console;
use axum::{
    Router,
    routing::{get, post},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/payments", get(list::show))
        .route("/payments/ledger", get(books::ledger))
        .route("/payments/differences", get(books::differences))
        .route("/payments/differences/{difference}/settle", post(books::settle))
        .route("/payments/reconcile", post(books::reconcile))
        .route("/payments/{payment}", get(page::show))
        .route("/payments/{payment}/refund", get(page::refund).post(page::refund_it))
        .route("/payments/{payment}/{action}", post(page::act))
}
