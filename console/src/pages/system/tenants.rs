//! All tenants: which one fails, and that the others do not.

use super::{super::Answer, for_operators, views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go, query},
    gate::Posted,
    ui::{
        csv, parts,
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
    words("What is the matter"),
    words("Country").minor(),
    words("Since").minor(),
    words("What to do"),
];
/// Tenants in trouble that are shown before the others.
pub(super) const TROUBLED: &str = "50";
/// What the API counts as overdue of a tenant: what has just become due is being seen to.
const LATE: &str = "/overdue?late_s=60";
/// And that a file tells of, beside the tenants that it lists.
const TROUBLED_IN_FILE: &str = "200";

/// The tenants: those in trouble first, on the first page, then the others by name.
pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let path = page_at("/v1/tenants?limit=100", asked.text("cursor"));
    let most = if desk.wants_csv() { TROUBLED_IN_FILE } else { TROUBLED };
    let troubles = query("/v1/platform/troubles", &[("limit", most)]);
    if desk.wants_csv() {
        let troubles = desk.api().get(&troubles).await?;
        let row = move |desk: &Desk, tenant: &Value| {
            let of_it = |one: &&Value| one.text("tenant") == tenant.text("id");
            let trouble = troubles.list("items").iter().find(of_it).unwrap_or(&Value::Null);
            row(desk, tenant, trouble, !troubles.is("complete"))
        };
        return csv::list(&desk, &COLUMNS, "/v1/tenants", row).await;
    }
    let (page, troubles) = tokio::join!(desk.api().get(&path), desk.api().get(&troubles));
    let (page, troubles) = (page?, troubles?);
    let troubled = troubles.list("items");
    let is_troubled = |id: &str| troubled.iter().any(|one| one.text("tenant") == id);
    let all = page.list("items").iter();
    let others: Vec<_> = all
        .filter(|tenant| !is_troubled(tenant.text("id")))
        .map(|tenant| row(&desk, tenant, &Value::Null, false))
        .collect();
    let first = asked.text("cursor").is_empty();
    let cut = !troubles.is("complete");
    let bad: Vec<_> =
        troubled.iter().filter(|_| first).map(|one| in_trouble(&desk, &page, one, cut)).collect();
    let main = html! {
        (parts::heading(desk.t("Tenants"), &html! {}, &parts::export(&desk)))
        (views(&desk, "/console/system/tenants"))
        @if bad.is_empty() && others.is_empty() && first {
            (parts::empty(desk.t("There is no tenant yet"),
                desk.t("A tenant is opened by kontor tenant create, or by POST /v1/tenants.")))
        }
        @if !bad.is_empty() {
            section.panel {
                h2 { (desk.t("These need a look")) }
                (table(&desk, desk.t("Tenants that need a look"), &COLUMNS, &bad, None))
                @if cut {
                    p.quiet { (desk.t("There is more trouble than is counted here: what is shown is the worst that was found.")) }
                }
            }
        }
        @if !others.is_empty() { (table(&desk, desk.t("Tenants"), &COLUMNS, &others, None)) }
        (parts::pager(&desk, "/console/system/tenants", asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Tenants"), main))
}

/// The row of a tenant in trouble: with all that is known of it, if it is on the page too.
fn in_trouble(desk: &Desk, page: &Value, trouble: &Value, cut: bool) -> Row {
    let id = trouble.text("tenant");
    match page.list("items").iter().find(|tenant| tenant.text("id") == id) {
        Some(tenant) => row(desk, tenant, trouble, cut),
        None => {
            let (name, status) = (trouble.text("name"), trouble.text("status"));
            let known = json!({ "id": id, "status": status, "settings": { "name": name } });
            row(desk, &known, trouble, cut)
        }
    }
}

/// A tenant. Where the look at troubles was `cut` off, there may be more than are counted.
fn row(desk: &Desk, tenant: &Value, trouble: &Value, cut: bool) -> Row {
    let id = tenant.text("id");
    Row {
        id: id.to_owned(),
        href: format!("/console/t/{}", escape(id)),
        cells: vec![
            html! { (id) },
            html! { (tenant.text("/settings/name")) },
            parts::badge(desk, tenant.text("status")),
            matter(desk, id, trouble, cut),
            html! { (tenant.text("/settings/country")) },
            parts::ago(desk, tenant.text("created_at")),
            button(desk, tenant),
        ],
    }
}

/// Something that is the matter with a tenant, with the way to it.
pub(super) struct Matter {
    pub(super) tone: &'static str,
    pub(super) words: String,
    href: String,
}

/// All that is the matter with a tenant. Counts are `cut` where not all was looked at.
pub(super) fn matters(desk: &Desk, id: &str, trouble: &Value, cut: bool) -> Vec<Matter> {
    let domains = [
        ("quarantined", "red", desk.t("out of service")),
        ("crashed", "amber", desk.t("crashed")),
        ("paused", "amber", desk.t("paused")),
    ];
    let counts = [
        ("dead_letters", "red", "/dead-letters?parked=false", desk.t("not done")),
        ("parked", "amber", "/dead-letters?parked=true", desk.t("put aside")),
        ("overdue", "amber", LATE, desk.t("overdue")),
    ];
    let (id, more) = (escape(id), if cut { "+" } else { "" });
    let mut all = Vec::new();
    for (member, tone, said) in domains {
        for domain in trouble.list(member).iter().filter_map(Value::as_str) {
            let words = format!("{}: {said}", desk.language().word(domain));
            let href = format!("/console/system/actors/{id}/{domain}");
            all.push(Matter { tone, words, href });
        }
    }
    for (member, tone, path, said) in counts {
        if 0 < trouble.int(member) {
            let words = format!("{}{more} {said}", desk.number(trouble.int(member)));
            all.push(Matter { tone, words, href: format!("/console/t/{id}{path}") });
        }
    }
    all
}

/// What is the matter with a tenant, each part with the way to it.
fn matter(desk: &Desk, id: &str, trouble: &Value, cut: bool) -> Markup {
    html! {
        @for Matter { tone, words, href } in matters(desk, id, trouble, cut) {
            a class={ "badge " (tone) } href=(href) { (words) } " "
        }
        @if trouble.has("overdue_since") {
            small.quiet { (desk.t("since")) " " (parts::ago(desk, trouble.text("overdue_since"))) }
        }
    }
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
