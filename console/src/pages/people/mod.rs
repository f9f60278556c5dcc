//! The people of a shop: members with their roles, who is invited, and what each role allows.

mod invitations;
mod members;
mod role;
mod roles;

use crate::{
    desk::Desk,
    state::Console,
    ui::{layout::text, parts},
    value::Read,
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::Value;

const VIEWS: [(&str, &str, &str); 3] = [
    ("", text!("Members"), "members:read"),
    ("/invitations", text!("Invitations"), "members:read"),
    ("/roles", text!("Roles"), "roles:read"),
];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/people", get(members::list))
        .route("/people/members/{user}", get(members::show).post(members::change))
        .route("/people/members/{user}/remove", get(members::leaving).post(members::remove))
        .route("/people/invitations", get(invitations::list).post(invitations::invite))
        .route(
            "/people/invitations/{invitation}/{action}",
            get(invitations::ask).post(invitations::carry_out),
        )
        .route("/people/roles", get(roles::show))
        .route("/people/roles/new", get(role::blank).post(role::make))
        .route("/people/roles/{role}", get(role::show).post(role::change))
        .route("/people/roles/{role}/end", get(role::ending).post(role::end))
}

/// The pages of people, as tabs.
fn views(desk: &Desk, current: &str) -> Markup {
    let tabs = VIEWS.iter().filter(|(_, _, needs)| desk.may(needs)).map(|(path, label, _)| {
        (desk.url(&format!("/people{path}")), desk.t(label).to_owned(), *path == current)
    });
    parts::tabs(desk.t("Views"), &tabs.collect::<Vec<_>>())
}

/// All roles: those that come with the program, and the shop's own.
struct Roles {
    built_in: Value,
    own: Value,
}

impl Roles {
    async fn read(desk: &Desk) -> Self {
        let (built_in, own) = tokio::join!(
            desk.api().get_if_any("/v1/permissions"),
            desk.api().get_if_any("/v1/roles?limit=200"),
        );
        Self { built_in, own }
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.built_in.list("roles").iter().chain(self.own.list("items"))
    }

    /// What a role allows, permission by permission.
    fn allows(&self, role: &str) -> Vec<&str> {
        let found = self.all().find(|one| one.text("name") == role);
        let names = found.map(|one| one.list("permissions")).unwrap_or_default();
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        match names.contains(&"*") {
            true => self.every().map(|one| one.text("permission")).collect(),
            false => names,
        }
    }

    /// The permissions that there are, but for the one that stands for all.
    fn every(&self) -> impl Iterator<Item = &Value> {
        self.built_in.list("items").iter().filter(|one| one.text("permission") != "*")
    }

    /// What a permission allows, in words; the API's own.
    fn about<'r>(&'r self, permission: &'r str) -> &'r str {
        let found = self.every().find(|one| one.text("permission") == permission);
        found.map_or(permission, |one| one.text("allows"))
    }
}

/// A field that chooses a role, of those that whoever looks may give.
fn role_field(desk: &Desk, roles: &Roles, chosen: &str) -> Markup {
    let gives = |role: &Value| {
        let mut named = role.list("permissions").iter().filter_map(Value::as_str);
        role.text("name") == chosen || named.all(|permission| desk.may(permission))
    };
    html! {
        label { span { (desk.t("Role")) }
            select name="role" required {
                @for role in roles.all().filter(|role| gives(role)) {
                    @let name = role.text("name");
                    option value=(name) selected[name == chosen] {
                        (desk.language().word(name))
                        @if !role.text("description").is_empty() { " – " (role.text("description")) }
                    }
                }
            } }
    }
}
