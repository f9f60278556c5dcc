//! Stock: what there is, why it is so, what is held for whom, and putting it right.

mod count;
mod holds;
mod list;
mod settings;
mod sku;
mod warehouses;

use crate::state::Console;
use axum::{
    Router,
    routing::{get, post},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/stock", get(list::show))
        .route("/stock/holds", get(list::holds))
        .route("/stock/transfers", get(list::transfers))
        .route("/stock/transfers/{transfer}/receive", post(list::receive))
        .route("/stock/count", get(count::show).post(count::ask))
        .route("/stock/warehouses", get(warehouses::list))
        .route("/stock/warehouses/new", get(warehouses::blank).post(warehouses::make))
        .route("/stock/warehouses/{code}", get(warehouses::show).post(warehouses::change))
        .route("/stock/{sku}", get(sku::show))
        .route("/stock/{sku}/holds", get(holds::list))
        .route("/stock/{sku}/settings", get(settings::show).post(settings::change))
        .route("/stock/{sku}/move", post(sku::move_goods))
}
