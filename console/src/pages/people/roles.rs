//! Roles, with what each allows: those that come with the program as a table, the shop's own beside.

use super::{super::Answer, Roles, views};
use crate::{
    backend::escape,
    desk::{Asked, Desk},
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;

/// The roles that come with the program, in the order of the columns.
const BUILT_IN: [&str; 5] = ["owner", "admin", "operator", "support", "viewer"];
const COLUMNS: [Column; 7] = [
    words("Allows"),
    words("Owner"),
    words("Admin"),
    words("Operator"),
    words("Support"),
    words("Viewer"),
    words("Called").minor(),
];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    // Here they are what is asked for, so why there are none is told.
    let (built_in, own) =
        tokio::join!(desk.api().get("/v1/permissions"), desk.api().get("/v1/roles?limit=200"),);
    let roles = Roles { built_in: built_in?, own: own? };
    let rows: Vec<_> = roles.every().map(|permission| row(&desk, permission)).collect();
    if desk.wants_csv() {
        return Ok(csv::of(&desk, &COLUMNS, &rows));
    }
    let own = roles.own.list("items");
    let main = html! {
        (parts::heading(desk.t("Roles"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("roles:write") {
                (parts::action(&desk.url("/people/roles/new"), desk.t("New role"), "primary"))
            }
        }))
        (views(&desk, "/roles"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        (parts::section(desk.t("Your own roles"), &html! {
            @if own.is_empty() {
                (parts::empty(desk.t("You have no roles of your own"),
                    desk.t("The roles below come with the program. One of your own is made of the same permissions, for what none of them fits.")))
            }
            @for role in own { (one(&desk, &roles, role)) }
        }))
        (parts::section(desk.t("Roles that come with the program"), &html! {
            (table(&desk, desk.t("Roles that come with the program"), &COLUMNS, &rows, None))
            p.small { (desk.t("Nobody gives more than they have; only an owner makes another owner.")) }
        }))
    };
    Ok(desk.page(desk.t("Roles"), main))
}

fn row(desk: &Desk, permission: &Value) -> Row {
    let has = |role: &str| permission.list("roles").iter().any(|one| one.as_str() == Some(role));
    let mut cells = vec![html! { span lang="en" { (permission.text("allows")) } }];
    cells.extend(BUILT_IN.map(|role| match has(role) {
        true => html! { (desk.t("yes")) },
        false => html! {},
    }));
    cells.push(html! { code { (permission.text("permission")) } });
    Row { cells, ..Row::default() }
}

fn one(desk: &Desk, roles: &Roles, role: &Value) -> Markup {
    let name = role.text("name");
    html! {
        details data-keep=(name) {
            summary {
                strong { (name) } " " span.quiet { (role.text("description")) } " "
                small { (desk.f("{} permissions", &[&role.list("permissions").len().to_string()])) }
            }
            ul.plain {
                @for permission in roles.allows(name) { li lang="en" { (roles.about(permission)) } }
            }
            p { a href=(desk.url(&format!("/people/roles/{}", escape(name)))) { (desk.f("To the role {}", &[name])) } }
        }
    }
}
