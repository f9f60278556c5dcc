//! The domain actors of this node: what waits for each, how it has crashed, and a button that ends
//! one where it stands, to watch it come back with nothing lost.

use super::{super::Answer, for_operators, views};
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, go, query},
    format,
    gate::Posted,
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 10] = [
    words("Tenant"),
    words("Domain"),
    words("Status"),
    figures("In the mailbox"),
    figures("Taken up").minor(),
    figures("A minute"),
    figures("p99"),
    figures("Crashes"),
    words("Since"),
    words("What to do"),
];
const PLACE: &str = "/console/system/actors";
/// What a list is narrowed by.
const NAMES: [&str; 4] = ["tenant", "domain", "shard", "status"];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let of = NAMES.map(|name| (name, asked.text(name)));
    let path = query(
        "/v1/actors",
        &[&[("limit", "100"), ("cursor", asked.text("cursor"))], &of[..]].concat(),
    );
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|actor| row(&desk, actor)).collect();
    let main = html! {
        div #live data-live-every="1000" {
            (parts::heading(desk.t("Actors"), &html! {}, &parts::export(&desk)))
            (views(&desk, PLACE))
            (parts::chips(&desk, &chips(&desk, &asked)))
            @if rows.is_empty() {
                (parts::empty(desk.t("No actor runs"),
                    desk.t("An actor begins with the first command for its tenant and domain, and sleeps when nobody needs it.")))
            } @else { (table(&desk, desk.t("Actors"), &COLUMNS, &rows, None)) }
            (parts::pager(&desk, &narrowed(&of), asked.text("cursor"), &page))
        }
    };
    Ok(desk.page(desk.t("Actors"), main))
}

/// Where the list that is narrowed so is found.
pub(super) fn narrowed(of: &[(&str, &str)]) -> String {
    query(PLACE, of).trim_end_matches('?').to_owned()
}

/// What the list is narrowed by, each with the list without it.
fn chips(desk: &Desk, asked: &Form) -> Vec<(String, String)> {
    let chip = |name: &'static str| {
        let value = asked.text(name);
        let label = match name {
            "tenant" => desk.f("tenant is {}", &[value]),
            "domain" => desk.f("domain is {}", &[&desk.language().word(value)]),
            "shard" => desk.f("shard is {}", &[value]),
            _ => desk.f("status is {}", &[&desk.language().word(value)]),
        };
        let rest = NAMES.map(|other| (other, if other == name { "" } else { asked.text(other) }));
        (!value.is_empty()).then(|| (label, narrowed(&rest)))
    };
    NAMES.iter().filter_map(|name| chip(name)).collect()
}

fn row(desk: &Desk, actor: &Value) -> Row {
    let (tenant, domain) = (actor.text("tenant"), actor.text("domain"));
    let figure = |name: &str| html! { (desk.number(actor.int(name))) };
    Row {
        id: format!("{tenant}/{domain}"),
        href: String::new(),
        cells: vec![
            html! { a href={ (PLACE) "?tenant=" (escape(tenant)) } { (tenant) } },
            html! { a href={ (PLACE) "/" (escape(tenant)) "/" (escape(domain)) } {
            (desk.language().word(domain)) } },
            parts::badge(desk, actor.text("status")),
            figure("waiting"),
            figure("done"),
            figure("answers_per_minute"),
            slowest(desk, actor),
            crashes(desk, actor),
            parts::ago(desk, actor.text("since")),
            button(desk, (tenant, domain), actor),
        ],
    }
}

/// What 99 of 100 answers took at most, with the commit.
fn slowest(desk: &Desk, actor: &Value) -> Markup {
    if !actor.has("answer_p99_us") {
        return html! { span.quiet title=(desk.t("no answer lately")) { "–" } };
    }
    html! { (format::lasting(desk.language(), actor.int("answer_p99_us") / 1000)) }
}

fn crashes(desk: &Desk, actor: &Value) -> Markup {
    html! {
        (desk.number(actor.int("crashes")))
        @if actor.has("crashed_at") {
            br;
            small title=(actor.text("crashed_by")) { (parts::ago(desk, actor.text("crashed_at"))) }
        }
    }
}

/// What can be done with it.
pub(super) fn button(desk: &Desk, (tenant, domain): (&str, &str), actor: &Value) -> Markup {
    let (tenant, domain) = (escape(tenant), escape(domain));
    match actor.text("status") {
        "running" => {
            let url = format!("{PLACE}/{tenant}/{domain}/kill");
            parts::one_button(desk, &url, desk.t("Kill"), "small danger")
        }
        "quarantined" => {
            let url = format!("/console/system/quarantine/{tenant}/{domain}/release");
            parts::one_button(desk, &url, desk.t("Let it serve again"), "small")
        }
        "paused" => {
            let url = format!("{PLACE}/{tenant}/{domain}/resume");
            parts::one_button(desk, &url, desk.t("Go on"), "small")
        }
        _ => html! { span.quiet { (desk.t("begins with the next command")) } },
    }
}

pub(super) async fn kill(
    desk: Desk,
    Path((tenant, domain)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/actors/{}/{}/restart", escape(&tenant), escape(&domain));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(PLACE))
}
