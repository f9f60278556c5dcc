//! All tenants: which one fails, and that the others do not.

use super::{super::Answer, for_operators, views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk},
    ui::{
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use maud::html;
use serde_json::Value;

const COLUMNS: [Column; 6] = [
    words("Tenant"),
    words("Name"),
    words("Status"),
    words("Held domains"),
    words("Country"),
    words("Since"),
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
                html! { @for one in held { span.badge.red { (one.text("domain")) } " " } },
                html! { (tenant.text("/settings/country")) },
                parts::ago(&desk, tenant.text("created_at")),
            ],
        }
    };
    let rows: Vec<_> = page.list("items").iter().map(row).collect();
    let main = html! {
        (parts::heading(desk.t("Tenants"), &html! {}, &html! {}))
        (views(&desk, "/console/system/tenants"))
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no tenant yet"),
                desk.t("A tenant is opened by kontor tenant create, or by POST /v1/tenants.")))
        } @else { (table(&desk, desk.t("Tenants"), &COLUMNS, &rows, None)) }
        (parts::pager(&desk, "/console/system/tenants", asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Tenants"), main))
}
