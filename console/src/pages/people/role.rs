//! One role of the shop's own: made of the permissions that there are, changed, and ended. Nobody is
//! offered what they may not give; who may give what is judged by the API.

use super::{super::Answer, Roles, views};
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Desk, Form, go},
    gate::Posted,
    ui::{layout::text, parts},
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const FIELDS: [&str; 4] = ["name", "description", "permission", "version"];

/// What permissions are about, by what stands before their colon. Another is shown by its name.
const ABOUT: [(&str, &str); 17] = [
    ("orders", text!("Orders")),
    ("stock", text!("Stock")),
    ("supplier", text!("Suppliers")),
    ("catalog", text!("Catalog")),
    ("payments", text!("Payments")),
    ("notifications", text!("Messages")),
    ("webhooks", text!("Webhooks")),
    ("events", text!("Events")),
    ("tenants", text!("The shop and its accounts")),
    ("keys", text!("API keys")),
    ("dead-letters", text!("Not done")),
    ("timers", text!("What waits")),
    ("members", text!("Members")),
    ("roles", text!("Roles")),
    ("audit", text!("Who did what")),
    ("export", text!("All data, taken out")),
    ("erasures", text!("People who were forgotten")),
];

/// A form, with what came of it.
struct Sheet<'s> {
    title: &'s str,
    /// The role as it is; none for one that is to be made.
    known: Option<&'s Value>,
    said: &'s Form,
    trouble: Option<&'s Trouble>,
    outcome: Markup,
}

fn path(role: &str) -> String {
    format!("/v1/roles/{}", escape(role))
}

fn title(desk: &Desk, role: &str) -> String {
    desk.f("Role {}", &[role])
}

/// Whether whoever looks may change it: who has less than it allows may not.
fn changes(desk: &Desk, role: &Value) -> bool {
    let mut allowed = role.list("permissions").iter().filter_map(Value::as_str);
    desk.may("roles:write") && allowed.all(|permission| desk.may(permission))
}

pub(super) async fn blank(desk: Desk) -> Answer {
    let roles = Roles::read(&desk).await;
    let title = desk.t("New role");
    let said = Form::default();
    let sheet = Sheet { title, known: None, said: &said, trouble: None, outcome: html! {} };
    Ok(desk.page(title, form(&desk, &roles, &sheet)))
}

pub(super) async fn show(desk: Desk, Path((_, role)): Path<(String, String)>) -> Answer {
    let path = path(&role);
    let (known, roles) = tokio::join!(desk.api().get(&path), Roles::read(&desk));
    let known = known?;
    let title = title(&desk, &role);
    if !changes(&desk, &known) {
        return Ok(desk.page(&title, facts(&desk, &roles, &title, &known)));
    }
    let version = known.int("version").to_string();
    let mut fields = vec![("description", known.text("description")), ("version", &version)];
    let allowed = known.list("permissions").iter().filter_map(Value::as_str);
    fields.extend(allowed.map(|permission| ("permission", permission)));
    let said = Form::of(fields);
    let sheet =
        Sheet { title: &title, known: Some(&known), said: &said, trouble: None, outcome: html! {} };
    Ok(desk.page(&title, form(&desk, &roles, &sheet)))
}

/// A role for those who may not change it.
fn facts(desk: &Desk, roles: &Roles, title: &str, known: &Value) -> Markup {
    let allowed = known.list("permissions").iter().filter_map(Value::as_str);
    html! {
        (parts::heading(title, &html! { (known.text("description")) }, &html! {}))
        (views(desk, "-"))
        @if desk.may("roles:write") {
            p.notice.amber { (desk.t("It allows what you may not do yourself, so you can neither change nor end it.")) }
        }
        (parts::section(desk.t("What it may do"), &html! {
            ul.plain { @for permission in allowed {
                li { span lang="en" { (roles.about(permission)) } " " code { (permission) } }
            } }
        }))
        p { a href=(desk.url("/people/roles")) { (desk.t("To all roles")) } }
    }
}

pub(super) async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let (title, name) = (desk.t("New role"), said.text("name"));
    // Writing to a name that is there would change that role.
    let there = !name.is_empty() && desk.api().get(&path(name)).await.is_ok();
    let trouble = match (there, name.is_empty()) {
        (true, _) => Trouble::at("/name", desk.f("There is a role {} already.", &[name])),
        (_, true) => Trouble::at("/name", desk.t("A role needs a name.")),
        _ => return write(&desk, title, None, &said).await,
    };
    let roles = Roles::read(&desk).await;
    refused(&desk, &roles, (title, None, &said), &trouble)
}

pub(super) async fn change(
    desk: Desk,
    Path((_, role)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let known = desk.api().get(&path(&role)).await?;
    write(&desk, &title(&desk, &role), Some(&known), &said).await
}

/// Shows what a form would change, or changes it once that was seen.
async fn write(desk: &Desk, title: &str, known: Option<&Value>, said: &Form) -> Answer {
    let name = known.map_or_else(|| said.text("name"), |known| known.text("name"));
    let path = path(name);
    let body =
        json!({ "permissions": said.all("permission"), "description": said.text("description") });
    let sure = said.text("sure") == "yes";
    let told = if sure {
        let change = Change { method: Method::PUT, path: &path, body, key: said.text("key") };
        match said.int("version").filter(|_| known.is_some()) {
            Some(version) => desk.api().change_at(change, version).await,
            None => desk.api().change(change).await,
        }
    } else {
        desk.api().change_would(Method::PUT, &path, body).await
    };
    let roles = Roles::read(desk).await;
    match told {
        Ok(_) if sure => Ok(go(&desk.url("/people/roles?done=yes"))),
        Ok(would) => {
            let effects = match would.list("would") {
                [] => Vec::new(),
                _ => effects(desk, &roles, (name, known), said).await,
            };
            let label =
                if known.is_some() { desk.t("Save the role") } else { desk.t("Make the role") };
            let outcome = html! {
                (parts::forecast(desk, &effects))
                @if !effects.is_empty() { (parts::decision(desk, said, &FIELDS, (label, "primary"))) }
            };
            let sheet = Sheet { title, known, said, trouble: None, outcome };
            Ok(desk.page(title, form(desk, &roles, &sheet)))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            refused(desk, &roles, (title, known, said), &placed(trouble))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Refusals that name no member are about one all the same.
fn placed(trouble: Trouble) -> Trouble {
    match &*trouble.code {
        "missing_scope" => trouble.about("/permissions"),
        "role_reserved" => trouble.about("/name"),
        _ => trouble,
    }
}

fn refused(
    desk: &Desk,
    roles: &Roles,
    (title, known, said): (&str, Option<&Value>, &Form),
    trouble: &Trouble,
) -> Answer {
    let outcome = parts::refusal(desk, trouble);
    let sheet = Sheet { title, known, said, trouble: Some(trouble), outcome };
    Ok(desk.refused(title, trouble, form(desk, roles, &sheet)))
}

/// What a role as the form says it means, and for whom.
async fn effects(
    desk: &Desk,
    roles: &Roles,
    (name, known): (&str, Option<&Value>),
    said: &Form,
) -> Vec<String> {
    let before: Vec<_> = known
        .map(|known| known.list("permissions"))
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let after: Vec<_> = said.all("permission").iter().map(String::as_str).collect();
    let mut all = Vec::new();
    if known.is_none() {
        all.push(desk.f("The role {} is made. Nobody has it yet.", &[name]));
    } else {
        let members = holders(desk, name).await;
        all.push(match members.is_empty() {
            true => desk.f("The role {} is changed. Nobody has it now.", &[name]),
            false => {
                desk.f("The role {} is changed, at once for: {}", &[name, &members.join(", ")])
            }
        });
    }
    for one in after.iter().filter(|one| !before.contains(one)) {
        all.push(desk.f("May then: {}", &[roles.about(one)]));
    }
    for one in before.iter().filter(|one| !after.contains(one)) {
        all.push(desk.f("May no longer: {}", &[roles.about(one)]));
    }
    all
}

/// Who has a role, of the first page of members, if whoever asks may know.
async fn holders(desk: &Desk, role: &str) -> Vec<String> {
    let members = desk.api().get_if_any("/v1/members?limit=200").await;
    let having = members.list("items").iter().filter(|member| member.text("role") == role);
    having.map(|member| member.text("email").to_owned()).collect()
}

fn form(desk: &Desk, roles: &Roles, sheet: &Sheet<'_>) -> Markup {
    let name = sheet.known.map_or("", |known| known.text("name"));
    let actions = html! {
        @if sheet.known.is_some() {
            (parts::action(&desk.url(&format!("/people/roles/{}/end", escape(name))), desk.t("End this role"), "danger"))
        }
    };
    html! {
        (parts::heading(sheet.title, &html! {}, &actions))
        (views(desk, "-"))
        div.columns.even {
            form.sheet.wide method="post" {
                (desk.form_fields())
                input type="hidden" name="version" value=(sheet.said.text("version"));
                @if sheet.known.is_none() { (name_field(desk, sheet)) }
                (description_field(desk, sheet))
                (permission_fields(desk, roles, sheet))
                button type="submit" { (desk.t("Show what it changes")) }
            }
            div #outcome aria-live="polite" { (sheet.outcome) }
        }
        p { a href=(desk.url("/people/roles")) { (desk.t("Back to the roles, changing nothing")) } }
    }
}

fn name_field(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let wrong = parts::described_by(sheet.trouble, "/name");
    html! {
        div.field {
            label { span { (desk.t("Name, for ever (a-z, 0-9, - and _)")) }
                input name="name" required maxlength="40" pattern=r"[a-z0-9_\-]+" autocomplete="off"
                    value=(sheet.said.text("name")) aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[wrong.as_ref()]; }
            (parts::fault(sheet.trouble, "/name"))
        }
    }
}

fn description_field(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let wrong = parts::described_by(sheet.trouble, "/description");
    html! {
        div.field {
            label { span { (desk.t("What it is for")) }
                input name="description" maxlength="200" autocomplete="off"
                    value=(sheet.said.text("description"))
                    aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[wrong.as_ref()]; }
            (parts::fault(sheet.trouble, "/description"))
        }
    }
}

/// The permissions that whoever looks may give, by what they are about.
fn permission_fields(desk: &Desk, roles: &Roles, sheet: &Sheet<'_>) -> Markup {
    let chosen = |name: &str| sheet.said.all("permission").iter().any(|one| one == name);
    let offered = roles.every().filter(|one| desk.may(one.text("permission")));
    html! {
        p.small { (desk.t("What it may do: no more than is needed, and no more than you may.")) }
        (parts::fault(sheet.trouble, "/permissions"))
        @for (about, permissions) in groups(offered) {
            @let known = ABOUT.iter().find(|(word, _)| *word == about);
            fieldset aria-describedby=[parts::described_by(sheet.trouble, "/permissions")] {
                legend { (known.map_or(about, |(_, label)| desk.t(label))) }
                @for one in permissions {
                    @let name = one.text("permission");
                    label.check {
                        input type="checkbox" name="permission" value=(name) checked[chosen(name)];
                        span lang="en" { (one.text("allows")) " " code { (name) } }
                    }
                }
            }
        }
    }
}

fn groups<'r>(all: impl Iterator<Item = &'r Value>) -> Vec<(&'r str, Vec<&'r Value>)> {
    let mut groups: Vec<(&str, Vec<&Value>)> = Vec::new();
    for one in all {
        let about = one.text("permission").split(':').next().unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == about) {
            Some((_, same)) => same.push(one),
            None => groups.push((about, vec![one])),
        }
    }
    groups
}

pub(super) async fn ending(desk: Desk, Path((_, role)): Path<(String, String)>) -> Answer {
    let path = path(&role);
    desk.api().get(&path).await?;
    let title = desk.f("End the role {}", &[&role]);
    let outcome = match desk.api().change_would(Method::DELETE, &path, json!({})).await {
        Err(trouble) => in_the_way(&desk, &role, &trouble).await,
        Ok(_) => html! {
            (parts::forecast(&desk, &[desk.f("The role {} can be given no longer. Nobody has it.", &[&role])]))
            (parts::decision(&desk, &Form::default(), &[], (desk.t("End this role"), "danger")))
        },
    };
    Ok(desk.page(&title, farewell(&desk, &title, &outcome)))
}

/// Why a role cannot be ended, and who has it.
async fn in_the_way(desk: &Desk, role: &str, trouble: &Trouble) -> Markup {
    let members = holders(desk, role).await;
    html! {
        (parts::refusal(desk, trouble))
        @if trouble.code == "role_in_use" {
            p { (desk.t("Give them another role first; take open invitations to it back.")) }
            @if !members.is_empty() { ul.plain { @for email in &members { li { (email) } } } }
            p { a href=(desk.url("/people")) { (desk.t("To all members")) } }
        }
    }
}

fn farewell(desk: &Desk, title: &str, outcome: &Markup) -> Markup {
    html! {
        (parts::heading(title, &html! {}, &html! {}))
        (outcome)
        p { a href=(desk.url("/people/roles")) { (desk.t("Back to the roles, changing nothing")) } }
    }
}

pub(super) async fn end(
    desk: Desk,
    Path((_, role)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let (path, key) = (path(&role), said.text("key"));
    let change = Change { method: Method::DELETE, path: &path, body: json!({}), key };
    match desk.api().change(change).await {
        Ok(_) => Ok(go(&desk.url("/people/roles?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() && trouble.status != 404 => {
            let title = desk.f("End the role {}", &[&role]);
            let outcome = in_the_way(&desk, &role, &trouble).await;
            Ok(desk.refused(&title, &trouble, farewell(&desk, &title, &outcome)))
        }
        Err(trouble) => Err(trouble),
    }
}
