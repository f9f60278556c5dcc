//! The first page: straight to the shop of whoever has one, else a list, else what to do.

use super::Answer;
use crate::{
    backend::escape,
    desk::{Desk, go},
    state::Console,
    ui::parts,
};
use axum::{Router, routing::get};
use maud::html;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console", get(show)).route("/console/", get(show))
}

async fn show(desk: Desk) -> Answer {
    let tenants = desk.inner().me.as_ref().map(|me| me.tenants.clone()).unwrap_or_default();
    if let [(only, _)] = tenants.as_slice() {
        return Ok(go(&format!("/console/t/{}", escape(only))));
    }
    let main = html! {
        (parts::heading(desk.t("Shops"), &html! {}, &html! {}))
        @if tenants.is_empty() {
            (parts::empty(
                desk.t("You belong to no shop yet"),
                desk.t("An owner of a shop invites you; the letter has a link that lets you in."),
            ))
        }
        ul.shops {
            @for (tenant, role) in &tenants {
                li { a href={ "/console/t/" (escape(tenant)) } {
                    strong { (tenant) } small { (desk.language().word(role)) }
                } }
            }
        }
        @if desk.operates() {
            p { (parts::action("/console/system", desk.t("The platform"), "")) }
        }
    };
    Ok(desk.page(desk.t("Shops"), main))
}
