//! Stock: warehouses, levels, movements, transfers, reservations.

mod levels;
mod moves;
mod reservations;
mod warehouses;

use super::Api;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(levels::routes())
        .merge(moves::routes())
        .merge(reservations::routes())
        .merge(warehouses::routes())
}
