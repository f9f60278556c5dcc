//! Invitations: whom, as what, and how it stands; a letter is written only once it was said to whom.

use super::{super::Answer, Roles, role_field, views};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 6] = [
    words("Invited"),
    words("Role"),
    words("Status"),
    figures("Letters").minor(),
    words("Counts until"),
    words("Change"),
];
const STATES: [(&str, &str); 5] = [
    ("open", text!("Open")),
    ("accepted", text!("Accepted")),
    ("expired", text!("Expired")),
    ("revoked", text!("Taken back")),
    ("", text!("All")),
];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let mut said = Form::of([("role", "support"), ("language", desk.language().code())]);
    if !asked.text("role").is_empty() {
        said = asked.clone();
    }
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &question(&asked), row).await;
    }
    let main = page(&desk, &asked, &said, &html! {}).await?;
    Ok(desk.page(desk.t("Invitations"), main))
}

/// How the invitations that are asked for stand; the open ones, if nothing is said.
fn standing(asked: &Form) -> &str {
    match asked.all("status") {
        [] => "open",
        _ => asked.text("status"),
    }
}

/// What is asked of the API for them.
fn question(asked: &Form) -> String {
    let (status, cursor) = (standing(asked), asked.text("cursor"));
    query("/v1/invitations", &[("limit", "50"), ("status", status), ("cursor", cursor)])
}

async fn page(desk: &Desk, asked: &Form, said: &Form, outcome: &Markup) -> Result<Markup, Trouble> {
    let (status, path) = (standing(asked), question(asked));
    let (page, roles) = tokio::join!(desk.api().get(&path), Roles::read(desk));
    let page = page?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(desk, one)).collect();
    let base = desk.url("/people/invitations");
    let tabs = STATES.map(|(state, label)| {
        (format!("{base}?status={state}"), desk.t(label).to_owned(), state == status)
    });
    Ok(html! {
        (parts::heading(desk.t("Invitations"), &html! {}, &parts::export(desk)))
        (views(desk, "/invitations"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if desk.may("members:write") { (form(desk, &roles, said, outcome)) }
        (parts::tabs(desk.t("How invitations stand"), &tabs))
        @if rows.is_empty() {
            (parts::empty(desk.t("No invitation is like that"),
                desk.t("Whoever is invited gets a letter with a link. It counts for a week, and only for that address.")))
        } @else { div { (table(desk, desk.t("Invitations"), &COLUMNS, &rows, None)) } }
        (parts::pager(desk, &format!("{base}?status={status}"), asked.text("cursor"), &page))
    })
}

fn form(desk: &Desk, roles: &Roles, said: &Form, outcome: &Markup) -> Markup {
    let language = said.text("language");
    parts::section(
        desk.t("Invite somebody"),
        &html! {
            form.row method="post" {
                (desk.form_fields())
                label.wide { span { (desk.t("E-mail")) }
                    input name="email" type="email" required maxlength="254" autocomplete="off"
                        value=(said.text("email")); }
                (role_field(desk, roles, said.text("role")))
                label { span { (desk.t("Language of the letter")) }
                    select name="language" {
                        option value="cs" selected[language == "cs"] { "Česky" }
                        option value="en" selected[language == "en"] { "English" }
                    } }
                button type="submit" { (desk.t("Show what it would do")) }
            }
            div #outcome aria-live="polite" { (outcome) }
        },
    )
}

fn row(desk: &Desk, invitation: &Value) -> Row {
    let (id, open) = (invitation.text("id"), invitation.text("status") == "open");
    let url = |action: &str| desk.url(&format!("/people/invitations/{}/{action}", escape(id)));
    let label = |label: &'static str| desk.f("{}: {}", &[desk.t(label), invitation.text("email")]);
    Row {
        id: id.to_owned(),
        cells: vec![
            html! { strong { (invitation.text("email")) } },
            html! { (desk.language().word(invitation.text("role"))) },
            parts::badge(desk, invitation.text("status")),
            html! { (desk.number(invitation.int("mails"))) },
            parts::ago(desk, invitation.text("expires_at")),
            html! {
                @if open && desk.may("members:write") {
                    span.inline {
                        a.button href=(url("resend")) aria-label=(label(text!("Write again"))) {
                            (desk.t("Write again"))
                        }
                        a.button.danger href=(url("revoke")) aria-label=(label(text!("Take back"))) {
                            (desk.t("Take back"))
                        }
                    }
                }
            },
        ],
        ..Row::default()
    }
}

pub(super) async fn invite(desk: Desk, Posted(said): Posted) -> Answer {
    let sure = said.text("sure") == "yes";
    let body = json!({ "email": said.text("email"), "role": said.text("role"),
                       "language": said.text("language") });
    let told = match sure {
        true => desk.api().post("/v1/invitations", body, said.text("key")).await,
        false => desk.api().would("/v1/invitations", body).await,
    };
    let outcome = match &told {
        Ok(_) if sure => return Ok(go(&desk.url("/people/invitations?done=yes"))),
        Ok(_) => {
            let label = desk.f("Invite {}", &[said.text("email")]);
            let roles = Roles::read(&desk).await;
            html! {
                (parts::forecast(&desk, &letter(&desk, &roles, said.text("email"), said.text("role"))))
                (allowed(&desk, &roles, said.text("role")))
                (parts::decision(&desk, &said, &["email", "role", "language"], (&label, "primary")))
            }
        }
        Err(trouble) if trouble.is_of_the_form() => parts::refusal(&desk, trouble),
        Err(trouble) => return Err(trouble.clone()),
    };
    let main = page(&desk, &Form::default(), &said, &outcome).await?;
    Ok(match told {
        Err(trouble) => desk.refused(desk.t("Invitations"), &trouble, main),
        Ok(_) => desk.page(desk.t("Invitations"), main),
    })
}

/// What a letter says, and what comes of it.
fn letter(desk: &Desk, roles: &Roles, email: &str, role: &str) -> Vec<String> {
    let count = roles.allows(role).len().to_string();
    vec![
        desk.f("A letter goes to {}.", &[email]),
        desk.f(
            "Whoever accepts it with that address is {} here, with {} permissions.",
            &[&desk.language().word(role), &count],
        ),
        desk.t("It counts for a week from now, and can be taken back until it is accepted.")
            .to_owned(),
    ]
}

/// The way to what a role allows: the shop's own have a page each, the others are one table.
fn allowed(desk: &Desk, roles: &Roles, role: &str) -> Markup {
    let own = roles.own.list("items").iter().any(|own| own.text("name") == role);
    let page = match own {
        true => desk.url(&format!("/people/roles/{}", escape(role))),
        false => desk.url("/people/roles"),
    };
    html! {
        @if desk.may("roles:read") {
            p { a href=(page) { (desk.f("What {} allows", &[&desk.language().word(role)])) } }
        }
    }
}

/// What can be done with an open invitation.
fn action_of(action: &str) -> Result<(&'static str, &'static str), Trouble> {
    match action {
        "resend" => Ok((text!("Write again"), "primary")),
        "revoke" => Ok((text!("Take back"), "danger")),
        _ => Err(Trouble::not_found()),
    }
}

pub(super) async fn ask(
    desk: Desk,
    Path((_, invitation, action)): Path<(String, String, String)>,
) -> Answer {
    let (label, class) = action_of(&action)?;
    let path = format!("/v1/invitations/{}", escape(&invitation));
    let (document, roles) = tokio::join!(desk.api().get(&path), Roles::read(&desk));
    let document = document?;
    let email = document.text("email");
    let outcome = match desk.api().would(&format!("{path}/{action}"), json!({})).await {
        Err(trouble) => parts::refusal(&desk, &trouble),
        Ok(_) => {
            let all = match action.as_str() {
                "resend" => letter(&desk, &roles, email, document.text("role")),
                _ => vec![desk.f("The letter to {} counts no longer, at once.", &[email])],
            };
            html! {
                (parts::forecast(&desk, &all))
                @if action == "resend" { (allowed(&desk, &roles, document.text("role"))) }
                (parts::decision(&desk, &Form::default(), &[], (desk.t(label), class)))
            }
        }
    };
    let title = desk.f("{}: {}", &[desk.t(label), email]);
    Ok(desk.page(&title, asking(&desk, &title, &document, &outcome)))
}

fn asking(desk: &Desk, title: &str, document: &Value, outcome: &Markup) -> Markup {
    html! {
        (parts::heading(title, &parts::badge(desk, document.text("status")), &html! {}))
        (outcome)
        p { a href=(desk.url("/people/invitations")) { (desk.t("Back to the invitations, changing nothing")) } }
    }
}

pub(super) async fn carry_out(
    desk: Desk,
    Path((_, invitation, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let (label, _) = action_of(&action)?;
    let path = format!("/v1/invitations/{}", escape(&invitation));
    match desk.api().post(&format!("{path}/{action}"), json!({}), said.text("key")).await {
        Ok(_) => Ok(go(&desk.url("/people/invitations?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let document = desk.api().get(&path).await?;
            let main = asking(&desk, desk.t(label), &document, &parts::refusal(&desk, &trouble));
            Ok(desk.refused(desk.t(label), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}
