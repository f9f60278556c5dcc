//! All tenants: which one fails, and that the others do not.

use super::{super::Answer, for_operators, views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go},
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 7] = [
    words("Tenant"),
    words("Name"),
    words("Status"),
    words("Held domains"),
    words("Country").minor(),
    words("Since").minor(),
    words("What to do"),
];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let path = page_at("/v1/tenants?limit=100", asked.text("cursor"));
    let (page, held) = tokio::join!(desk.api().get(&path), desk.api().get("/v1/quarantine"));
    let (page, held) = (page?, held?);
    let row = |tenant: &Value| {
        let id = tenant.text("id");
        let held = held.list("items").iter().filter(|one| one.text("tenant") == id);
        Row {
            id: id.to_owned(),
            href: format!("/console/t/{}", escape(id)),
            cells: vec![
                html! { (id) },
                html! { (tenant.text("/settings/name")) },
                parts::badge(&desk, tenant.text("status")),
                html! { @for one in held {
                    a.badge.red href=(format!("/console/system/actors/{}/{}", escape(id), escape(one.text("domain")))) {
                        (desk.language().word(one.text("domain")))
                    } " "
                } },
                html! { (tenant.text("/settings/country")) },
                parts::ago(&desk, tenant.text("created_at")),
                button(&desk, tenant),
            ],
        }
    };
    let rows: Vec<_> = page.list("items").iter().map(row).collect();
    let main = html! {
        (parts::heading(desk.t("Tenants"), &html! {}, &parts::export(&desk)))
        (views(&desk, "/console/system/tenants"))
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no tenant yet"),
                desk.t("A tenant is opened by kontor tenant create, or by POST /v1/tenants.")))
        } @else { (table(&desk, desk.t("Tenants"), &COLUMNS, &rows, None)) }
        (parts::pager(&desk, "/console/system/tenants", asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Tenants"), main))
}

/// A tenant that is paused reads and changes nothing; nothing of it is lost.
fn button(desk: &Desk, tenant: &Value) -> Markup {
    let url = |what: &str| format!("/console/system/tenants/{}/{what}", escape(tenant.text("id")));
    match tenant.text("status") {
        "active" => parts::action(&url("suspend"), &format!("{}…", desk.t("Pause")), "small"),
        "suspended" => parts::one_button(desk, &url("resume"), desk.t("Go on"), "small"),
        _ => html! {},
    }
}

/// Asks why a tenant is to be paused, and says what that does.
pub(super) async fn ask(desk: Desk, Path(tenant): Path<String>) -> Answer {
    for_operators(&desk)?;
    let title = desk.f("Pause {}", &[&tenant]);
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        form.sheet method="post" action={ "/console/system/tenants/" (escape(&tenant)) "/suspend" } {
            (desk.form_fields())
            p { (desk.t("It can be read and changes nothing until it goes on. Nothing of it is lost.")) }
            label { span { (desk.t("Why")) } input name="reason" required maxlength="500"; }
            div.actions {
                button.danger type="submit" { (desk.t("Pause")) }
                a href="/console/system/tenants" { (desk.t("Back, changing nothing")) }
            }
        }
    };
    Ok(desk.page(&title, main))
}

pub(super) async fn suspend(
    desk: Desk,
    Path(tenant): Path<String>,
    Posted(said): Posted,
) -> Answer {
    let body = json!({ "reason": said.text("reason") });
    let path = format!("/v1/tenants/{}/suspend", escape(&tenant));
    desk.api().post(&path, body, said.text("key")).await?;
    Ok(go("/console/system/tenants"))
}

pub(super) async fn resume(desk: Desk, Path(tenant): Path<String>, Posted(said): Posted) -> Answer {
    let path = format!("/v1/tenants/{}/resume", escape(&tenant));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go("/console/system/tenants"))
}
