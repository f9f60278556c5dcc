//! The platform: the tree of what runs with what hurts first, its actors, the tenants, what is
//! quarantined.
//!
//! All of it is made of the API's own figures (`/metrics`), actors, tenants and quarantine.

mod actor;
mod actors;
pub(crate) mod figures;
mod follower;
mod letters;
mod provider;
mod shard;
mod shards;
mod tenants;
mod timers;
mod tree;
pub(crate) mod troubled;
mod ways;

use super::Answer;
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, go},
    gate::Posted,
    state::Console,
    ui::parts,
};
use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/system", get(show))
        .route("/console/system/actors", get(actors::list))
        .route("/console/system/actors/{tenant}/{domain}", get(actor::show))
        .route("/console/system/actors/{tenant}/{domain}/kill", post(actors::kill))
        .route("/console/system/actors/{tenant}/{domain}/pause", post(actor::pause))
        .route("/console/system/actors/{tenant}/{domain}/resume", post(actor::resume))
        .route("/console/system/providers/{provider}", get(provider::show))
        .route("/console/system/followers/{follower}", get(follower::show))
        .route("/console/system/shards", get(shards::list))
        .route("/console/system/shards/{shard}", get(shard::show))
        .route("/console/system/dead-letters", get(letters::list))
        .route("/console/system/dead-letters/{tenant}/{letter}/retry", post(letters::retry))
        .route("/console/system/dead-letters/{tenant}/{letter}/drop", post(letters::drop_it))
        .route("/console/system/ways", get(ways::show))
        .route("/console/system/timers", get(timers::list))
        .route("/console/system/tenants", get(tenants::list))
        .route("/console/system/tenants/{tenant}/suspend", get(tenants::ask).post(tenants::suspend))
        .route("/console/system/tenants/{tenant}/resume", post(tenants::resume))
        .route("/console/system/quarantine/{tenant}/{domain}/release", post(release))
}

/// Refuses who does not run the platform: the figures are nobody else's.
fn for_operators(desk: &Desk) -> Result<(), Trouble> {
    if desk.operates() {
        return Ok(());
    }
    let detail = desk.t("Only who runs the platform sees this. They can let you in.");
    Err(Trouble::new(StatusCode::FORBIDDEN, "operator_only", detail))
}

/// The pages of the platform, as tabs.
fn views(desk: &Desk, current: &str) -> Markup {
    let tab = |path: &str, name: &str| (path.to_owned(), name.to_owned(), path == current);
    parts::tabs(
        desk.t("Views"),
        &[
            tab("/console/system", desk.t("What runs")),
            tab("/console/system/actors", desk.t("Actors")),
            tab("/console/system/timers", desk.t("Timers")),
            tab("/console/system/dead-letters", desk.t("Not done")),
            tab("/console/system/tenants", desk.t("Tenants")),
        ],
    )
}

async fn show(State(console): State<Console>, desk: Desk) -> Answer {
    for_operators(&desk)?;
    let (text, ready, tenants, shards, actors, troubles) = tokio::join!(
        desk.api().text("/metrics"),
        desk.api().get("/ready"),
        desk.api().get("/v1/tenants?limit=200"),
        desk.api().get("/v1/shards"),
        desk.api().get("/v1/actors?limit=500"),
        console.troubled().told(desk.api()),
    );
    let samples = console.samples().take(figures::Figures::parse(&text?));
    let (tenants, shards, actors) = (tenants?, shards?, actors?);
    let seen = tree::Seen {
        samples: &samples,
        ready: &ready,
        tenants: &tenants,
        shards: &shards,
        actors: &actors,
        troubles: troubles.as_ref().ok(),
    };
    let main = html! {
        div #live data-live-every="2000" {
            (parts::heading(desk.t("System"), &html! {}, &html! {}))
            (views(&desk, "/console/system"))
            (tree::show(&desk, &seen))
        }
    };
    Ok(desk.page(desk.t("System"), main))
}

async fn release(
    desk: Desk,
    Path((tenant, domain)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/quarantine/{}/{}/release", escape(&tenant), escape(&domain));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go("/console/system"))
}
