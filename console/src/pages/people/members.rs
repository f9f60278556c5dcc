//! Members: giving them another role, and taking them out, each with what it means first.

use super::{
    super::{Answer, timeline},
    Roles, role_field, views,
};
use crate::{
    backend::{Change, Trouble, escape, page_at},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 4] =
    [words("Member"), words("Role"), words("Since"), words("Let in by").minor()];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, "/v1/members", row).await;
    }
    let page = desk.api().get(&page_at("/v1/members?limit=50", asked.text("cursor"))).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let main = html! {
        (parts::heading(desk.t("People"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("members:write") {
                (parts::action(&desk.url("/people/invitations"), desk.t("Invite somebody"), "primary"))
            }
        }))
        (views(&desk, ""))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("Nobody is a member yet"),
                desk.t("Invite somebody: they get a letter, and are a member once they accept it.")))
        } @else { div { (table(&desk, desk.t("Members"), &COLUMNS, &rows, None)) } }
        (parts::pager(&desk, &desk.url("/people"), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("People"), main))
}

fn row(desk: &Desk, member: &Value) -> Row {
    let id = member.text("id");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/people/members/{}", escape(id))),
        cells: vec![
            html! { (member.text("email")) },
            html! { (desk.language().word(member.text("role"))) },
            parts::ago(desk, member.text("since")),
            timeline::who(desk, member.text("invited_by")),
        ],
    }
}

fn url(desk: &Desk, user: &str, rest: &str) -> String {
    desk.url(&format!("/people/members/{}{rest}", escape(user)))
}

fn path(user: &str) -> String {
    format!("/v1/members/{}", escape(user))
}

pub(super) async fn show(
    desk: Desk,
    Path((_, user)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = path(&user);
    let (member, roles) = tokio::join!(desk.api().get(&path), Roles::read(&desk));
    let member = member?;
    let (was, role) = (member.text("role"), asked.text("role"));
    let outcome = match role {
        role if role.is_empty() || role == was => html! {},
        role => {
            let body = json!({ "role": role });
            match desk.api().change_would(Method::PUT, &path, body).await {
                Err(trouble) => parts::refusal(&desk, &trouble),
                Ok(_) => html! {
                    (parts::forecast(&desk, &effects(&desk, &roles, &member, role)))
                    (parts::decision(&desk, &asked, &["role"],
                        (&desk.f("Make {} {}", &[member.text("email"), &desk.language().word(role)]), "primary")))
                },
            }
        }
    };
    let main = page(&desk, &roles, &member, if role.is_empty() { was } else { role }, &outcome);
    Ok(desk.page(member.text("email"), main))
}

fn page(desk: &Desk, roles: &Roles, member: &Value, chosen: &str, outcome: &Markup) -> Markup {
    let (user, role) = (member.text("id"), member.text("role"));
    let writes = desk.may("members:write");
    let actions = html! {
        @if writes {
            (parts::action(&url(desk, user, "/remove"), desk.t("Remove"), "danger"))
        }
    };
    let beside = html! { span { (desk.language().word(role)) } (parts::id(desk, user)) };
    html! {
        (parts::heading(member.text("email"), &beside, &actions))
        (views(desk, "-"))
        (parts::section(desk.t("Membership"), &parts::facts(&[
            (desk.t("Since"), parts::clock(desk, member.text("since"))),
            (desk.t("Let in by"), timeline::who(desk, member.text("invited_by"))),
            (desk.t("What the role allows"), html! {
                a href=(desk.url("/people/roles")) { (desk.t("the table of roles")) }
            }),
        ])))
        @if writes {
            form.sheet hx-get=(desk.path()) hx-target="#outcome" hx-select="#outcome"
                hx-swap="outerHTML" hx-trigger="change, submit" hx-push-url="true" {
                (role_field(desk, roles, chosen))
                button type="submit" { (desk.t("Show what it changes")) }
            }
        }
        div #outcome aria-live="polite" { (outcome) }
        p { a href=(desk.url("/people")) { (desk.t("To all members")) } }
    }
}

/// What another role means for a member.
fn effects(desk: &Desk, roles: &Roles, member: &Value, role: &str) -> Vec<String> {
    let was = member.text("role");
    let (before, after) = (roles.allows(was), roles.allows(role));
    let word = |role: &str| desk.language().word(role);
    let mut all =
        vec![desk.f(
            "{} was {} and will be {}, at once.",
            &[member.text("email"), &word(was), &word(role)],
        )];
    for one in after.iter().filter(|one| !before.contains(one)) {
        all.push(desk.f("May then: {}", &[roles.about(one)]));
    }
    for one in before.iter().filter(|one| !after.contains(one)) {
        all.push(desk.f("May no longer: {}", &[roles.about(one)]));
    }
    all
}

pub(super) async fn change(
    desk: Desk,
    Path((_, user)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let role = said.text("role");
    let (path, body, key) = (path(&user), json!({ "role": role }), said.text("key"));
    let change = Change { method: Method::PUT, path: &path, body, key };
    match desk.api().change(change).await {
        Ok(_) => Ok(go(&desk.url("/people?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let (member, roles) = tokio::join!(desk.api().get(&path), Roles::read(&desk));
            let outcome = parts::refusal(&desk, &trouble);
            let main = page(&desk, &roles, &member?, role, &outcome);
            Ok(desk.refused(desk.t("People"), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

pub(super) async fn leaving(desk: Desk, Path((_, user)): Path<(String, String)>) -> Answer {
    let member = desk.api().get(&path(&user)).await?;
    let would = desk.api().change_would(Method::DELETE, &path(&user), json!({})).await;
    let outcome = match &would {
        Err(trouble) => parts::refusal(&desk, trouble),
        Ok(_) => {
            let all = [
                desk.f("{} is no member of this shop any more, at once.", &[member.text("email")]),
                desk.t("What they have done stays in the journal under their name.").to_owned(),
                desk.t("API keys that they have made go on counting: look at them too.").to_owned(),
            ];
            let label = desk.f("Remove {}", &[member.text("email")]);
            html! {
                (parts::forecast(&desk, &all))
                (parts::decision(&desk, &Form::default(), &[], (&label, "danger")))
            }
        }
    };
    Ok(desk.page(desk.t("People"), farewell(&desk, &member, &outcome)))
}

fn farewell(desk: &Desk, member: &Value, outcome: &Markup) -> Markup {
    let title = desk.f("Remove {}", &[member.text("email")]);
    html! {
        (parts::heading(&title, &html! { (desk.language().word(member.text("role"))) }, &html! {}))
        (outcome)
        p { a href=(url(desk, member.text("id"), "")) { (desk.t("Back to the member, changing nothing")) } }
    }
}

pub(super) async fn remove(
    desk: Desk,
    Path((_, user)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let (path, key) = (path(&user), said.text("key"));
    let change = Change { method: Method::DELETE, path: &path, body: json!({}), key };
    match desk.api().change(change).await {
        Ok(_) => Ok(go(&desk.url("/people?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() && trouble.status != 404 => {
            refused(&desk, &path, &trouble).await
        }
        Err(trouble) => Err(trouble),
    }
}

async fn refused(desk: &Desk, path: &str, trouble: &Trouble) -> Answer {
    let member = desk.api().get(path).await?;
    let main = farewell(desk, &member, &parts::refusal(desk, trouble));
    Ok(desk.refused(desk.t("People"), trouble, main))
}
