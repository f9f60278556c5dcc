//! The pages, one file or folder for each place of the navigation.

mod audit;
mod catalog;
mod channels;
mod components;
mod day;
mod dead_letters;
mod keys;
mod live;
mod margin;
mod messages;
mod orders;
mod overdue;
mod payments;
mod people;
mod search;
mod setup;
mod sign_in;
mod start;
mod stock;
mod suppliers;
pub(crate) mod system;
mod timeline;
mod today;
mod webhooks;

use crate::{assets, backend::Trouble, gate, state::Console};
use axum::{
    Router,
    extract::Path,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use http::HeaderMap;

/// What a page answers, or why not.
type Answer = Result<Response, Trouble>;

/// All routes.
pub(crate) fn routes(console: &Console) -> Router<Console> {
    let open = Router::new()
        .merge(sign_in::routes())
        .merge(setup::routes())
        .route_layer(from_fn(gate::for_anybody));
    let signed_in = Router::new()
        .merge(start::routes())
        .merge(components::routes())
        .merge(system::routes())
        .nest("/console/t/{tenant}", of_a_shop())
        .route("/console/{*rest}", get(nothing))
        .route_layer(from_fn_with_state(console.clone(), gate::for_users));
    open.merge(signed_in).route("/console/assets/{hash}/{name}", get(asset))
}

/// The pages of one shop.
fn of_a_shop() -> Router<Console> {
    Router::new()
        .merge(today::routes())
        .merge(orders::routes())
        .merge(stock::routes())
        .merge(catalog::routes())
        .merge(suppliers::routes())
        .merge(channels::routes())
        .merge(margin::routes())
        .merge(payments::routes())
        .merge(messages::routes())
        .merge(webhooks::routes())
        .merge(overdue::routes())
        .merge(dead_letters::routes())
        .merge(audit::routes())
        .merge(people::routes())
        .merge(keys::routes())
        .merge(search::routes())
        .merge(live::routes())
}

async fn asset(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    assets::serve(&hash, &name, &headers)
}

async fn nothing() -> Answer {
    Err(Trouble::not_found())
}
