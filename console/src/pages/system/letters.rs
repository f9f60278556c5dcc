//! What could not be done, of all tenants: what a follower has put aside, what a domain refused to do.

use super::{
    super::{Answer, dead_letters},
    for_operators, views,
};
use crate::{
    backend::{Change, escape},
    desk::{Asked, Desk, PLATFORM, go, query},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const PLACE: &str = "/console/system/dead-letters";
/// Stands in addresses for the tenant of letters that no tenant sees to: those of none, and the
/// platform's own.
const NOBODY: &str = "-";

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let of = ["source", "tenant", "shard", "parked"].map(|name| (name, asked.text(name)));
    let page = [("limit", "50"), ("cursor", asked.text("cursor"))];
    let path = query("/v1/platform/dead-letters", &[&page[..], &of].concat());
    let page = desk.api().get(&path).await?;
    let parked = asked.text("parked");
    let shard = match asked.text("shard") {
        "" => String::new(),
        shard => desk.f("Shard {}", &[shard]),
    };
    let which = [asked.text("source"), asked.text("tenant"), &shard];
    let which: Vec<_> = which.into_iter().filter(|one| !one.is_empty()).collect();
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(desk.t("Not done"), &html! {}, &html! {}))
            (views(&desk, PLACE))
            (dead_letters::tabs(&desk, PLACE, &of[..3], parked))
            (dead_letters::only(&desk, &dead_letters::narrowed(PLACE, &of[3..]), &which.join(" · ")))
            @if page.list("items").is_empty() { (dead_letters::nothing(&desk, &of)) }
            @for letter in page.list("items") { (one(&desk, letter)) }
            (parts::pager(&desk, &narrowed(&of), asked.text("cursor"), &page))
        }
    };
    Ok(desk.page(desk.t("Not done"), main))
}

/// Where the list that is narrowed so is found.
pub(super) fn narrowed(of: &[(&str, &str)]) -> String {
    dead_letters::narrowed(PLACE, of)
}

/// A letter with its tenant.
pub(super) fn one(desk: &Desk, letter: &Value) -> Markup {
    let tenant = letter.text("tenant");
    let sees_to_it = !matches!(tenant, "" | PLATFORM);
    let place = format!("{PLACE}/{}", if sees_to_it { escape(tenant) } else { NOBODY.into() });
    let whose = html! {
        @if sees_to_it {
            a href={ "/console/t/" (escape(tenant)) "/dead-letters" } { (tenant) }
        } @else { (tenant) }
    };
    dead_letters::one(desk, letter, Some(&place), &whose)
}

pub(super) async fn retry(
    desk: Desk,
    Path((tenant, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let key = said.text("key");
    if tenant == NOBODY {
        desk.api().post(&format!("{}/retry", address(&letter)), json!({}), key).await?;
    } else {
        dead_letters::try_again(&desk.api().of_tenant(&tenant), &letter, key).await?;
    }
    Ok(go(dead_letters::back(&said, PLACE)))
}

pub(super) async fn drop_it(
    desk: Desk,
    Path((tenant, letter)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let key = said.text("key");
    if tenant == NOBODY {
        let path = address(&letter);
        let change = Change { method: Method::DELETE, path: &path, body: json!({}), key };
        desk.api().change(change).await?;
    } else {
        dead_letters::drop_for_good(&desk.api().of_tenant(&tenant), &letter, key).await?;
    }
    Ok(go(dead_letters::back(&said, PLACE)))
}

/// Where the API has a letter for who runs the platform.
fn address(letter: &str) -> String {
    format!("/v1/platform/dead-letters/{}", escape(letter))
}
