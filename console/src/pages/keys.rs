//! API keys: which there are, making one, whose text is shown this once, and ending one.

use super::Answer;
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    state::Console,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::{Router, extract::Path, routing::get};
use chrono::{Days, NaiveDate, NaiveTime, SecondsFormat, Utc};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 6] = [
    words("Key"),
    words("Status"),
    figures("Permissions"),
    words("Used last"),
    words("Ends"),
    words("Made").minor(),
];
const VIEWS: [(&str, &str); 3] =
    [("active", text!("Active")), ("revoked", text!("Ended")), ("", text!("All"))];
const FIELDS: [&str; 4] = ["name", "scope", "until", "addresses"];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/keys", get(list))
        .route("/keys/new", get(blank).post(make))
        .route("/keys/{key}", get(show))
        .route("/keys/{key}/revoke", get(ask).post(revoke))
}

async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let status = match asked.all("status") {
        [] => "active",
        _ => asked.text("status"),
    };
    let path =
        query("/v1/keys", &[("limit", "50"), ("status", status), ("cursor", asked.text("cursor"))]);
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|key| row(&desk, key)).collect();
    let base = desk.url("/keys");
    let tabs = VIEWS.map(|(state, label)| {
        (format!("{base}?status={state}"), desk.t(label).to_owned(), state == status)
    });
    let main = html! {
        (parts::heading(desk.t("API keys"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("keys:write") {
                (parts::action(&desk.url("/keys/new"), desk.t("New key"), "primary"))
            }
        }))
        (parts::tabs(desk.t("Views"), &tabs))
        @if rows.is_empty() {
            (parts::empty(desk.t("No key is like that"),
                desk.t("A program that asks the API needs a key: make one here, with no more permissions than it needs.")))
        } @else { div { (table(&desk, desk.t("API keys"), &COLUMNS, &rows, None)) } }
        (parts::pager(&desk, &format!("{base}?status={status}"), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("API keys"), main))
}

/// How a key stands: the API tells of an ended one only what ended it.
fn state(desk: &Desk, key: &Value) -> &'static str {
    let over = crate::format::instant(key.text("expires_at")).is_some_and(|end| end <= desk.now());
    match (key.has("revoked_at"), over) {
        (true, _) => "ended",
        (_, true) => "expired",
        _ => "active",
    }
}

fn row(desk: &Desk, key: &Value) -> Row {
    let id = key.text("id");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/keys/{}", escape(id))),
        cells: vec![
            html! { (key.text("name")) },
            parts::badge(desk, state(desk, key)),
            html! { (desk.number(i64::try_from(key.list("scopes").len()).unwrap_or(i64::MAX))) },
            used(desk, key),
            match key.text("expires_at") {
                "" => html! { (desk.t("never")) },
                at => parts::ago(desk, at),
            },
            parts::ago(desk, key.text("created_at")),
        ],
    }
}

fn used(desk: &Desk, key: &Value) -> Markup {
    match key.text("last_used_at") {
        "" => html! { (desk.t("never")) },
        at => html! { (parts::ago(desk, at)) " " small { (key.text("last_used_from")) } },
    }
}

async fn show(desk: Desk, Path((_, key)): Path<(String, String)>, Asked(asked): Asked) -> Answer {
    let path = format!("/v1/keys/{}", escape(&key));
    let (document, known) =
        tokio::join!(desk.api().get(&path), desk.api().get_if_any("/v1/permissions"));
    let document = document?;
    let state = state(&desk, &document);
    let beside = html! { (parts::badge(&desk, state)) (parts::id(&desk, document.text("id"))) };
    let actions = html! {
        @if state == "active" && desk.may("keys:write") {
            (parts::action(&desk.url(&format!("/keys/{}/revoke", escape(&key))), desk.t("End this key"), "danger"))
        }
    };
    let scopes = strings(document.list("scopes"));
    let main = html! {
        (parts::heading(document.text("name"), &beside, &actions))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        (parts::section(desk.t("Key"), &parts::facts(&[
            (desk.t("Made"), parts::clock(&desk, document.text("created_at"))),
            (desk.t("Used last"), used(&desk, &document)),
            (desk.t("Ends"), parts::clock(&desk, document.text("expires_at"))),
            (desk.t("Ended"), parts::clock(&desk, document.text("revoked_at"))),
            (desk.t("Counts from"), html! {
                @for address in strings(document.list("allowed_addresses")) { code.pair { (address) } }
            }),
        ])))
        (parts::section(desk.t("What it may do"), &html! {
            ul.plain { @for scope in &scopes {
                li { span lang="en" { (about(&known, scope)) } " " code { (scope) } }
            } }
        }))
        p { a href=(desk.url("/keys")) { (desk.t("To all keys")) } }
    };
    Ok(desk.page(document.text("name"), main))
}

fn strings(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(Value::as_str).collect()
}

/// What a permission allows, in the API's words.
fn about<'k>(known: &'k Value, scope: &'k str) -> &'k str {
    let found = known.list("items").iter().find(|one| one.text("permission") == scope);
    found.map_or(scope, |one| one.text("allows"))
}

async fn blank(desk: Desk) -> Answer {
    let known = desk.api().get("/v1/permissions").await?;
    let main = form(&desk, &known, &Form::default(), &html! {});
    Ok(desk.page(desk.t("New key"), main))
}

async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let known = desk.api().get("/v1/permissions").await?;
    let sure = said.text("sure") == "yes";
    let told = match body(&desk, &said) {
        Err(trouble) => Err(trouble),
        Ok(body) if sure => desk.api().post("/v1/keys", body, said.text("key")).await,
        Ok(body) => desk.api().would("/v1/keys", body).await,
    };
    match told {
        Ok(made) if sure => Ok(desk.page(desk.t("New key"), shown_once(&desk, &made))),
        Ok(_) => {
            let label = desk.f("Make the key {}", &[said.text("name")]);
            let outcome = html! {
                (parts::forecast(&desk, &effects(&desk, &known, &said)))
                (parts::decision(&desk, &said, &FIELDS, (&label, "primary")))
            };
            Ok(desk.page(desk.t("New key"), form(&desk, &known, &said, &outcome)))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            let main = form(&desk, &known, &said, &parts::refusal(&desk, &trouble));
            Ok(desk.refused(desk.t("New key"), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The key as it was made. Its text stands on this page and nowhere else.
fn shown_once(desk: &Desk, made: &Value) -> Markup {
    let token = made.text("token");
    let page = desk.url(&format!("/keys/{}", escape(made.text("id"))));
    html! {
        (parts::heading(made.text("name"), &parts::badge(desk, "active"), &html! {}))
        @if token.is_empty() {
            div.notice.amber role="status" {
                p { strong { (desk.t("This key was made and shown before.")) } }
                p { (desk.t("Its text is not kept. If nobody has it, end this key and make another one.")) }
            }
        } @else {
            section.panel {
                h2 { (desk.t("The key, this once")) }
                p { (desk.t("Copy it now to where it is needed: it is not kept, and not shown again.")) }
                p.once {
                    code #token { (token) }
                    button type="button" data-copy=(token) { (desk.t("Copy the key")) }
                }
                p.small { (desk.t("It goes into the header of each request:")) " "
                    code { "Authorization: Bearer …" } }
            }
        }
        p { a href=(page) { (desk.t("To the key")) } }
    }
}

fn effects(desk: &Desk, known: &Value, said: &Form) -> Vec<String> {
    let mut all = vec![
        desk.f("Whoever has the key {} may ask the API in the shop's name.", &[said.text("name")]),
    ];
    for scope in said.all("scope") {
        all.push(desk.f("May then: {}", &[about(known, scope)]));
    }
    match said.text("until") {
        "" => all.push(desk.t("It counts until it is ended.").to_owned()),
        day => all.push(desk.f("It counts to the end of {}.", &[day])),
    }
    let addresses = said.pieces("addresses");
    match addresses.is_empty() {
        true => all.push(desk.t("It counts from everywhere.").to_owned()),
        false => all.push(desk.f("It counts only from {}.", &[&addresses.join(", ")])),
    }
    all
}

fn body(desk: &Desk, said: &Form) -> Result<Value, Trouble> {
    let mut body = json!({
        "name": said.text("name"), "scopes": said.all("scope"),
        "allowed_addresses": said.pieces("addresses"),
    });
    if said.all("scope").is_empty() {
        return Err(Trouble::invalid(
            desk.t("Choose what the key may do: one permission at least."),
        ));
    }
    if !said.text("until").is_empty() {
        let end = end_of(desk, said.text("until"));
        let end =
            end.ok_or_else(|| Trouble::invalid(desk.t("The day is written as 2027-01-31.")))?;
        body["expires_at"] = end.into();
    }
    Ok(body)
}

/// When a day ends in the shop's zone.
fn end_of(desk: &Desk, day: &str) -> Option<String> {
    let next = day.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(1))?;
    let end = next.and_time(NaiveTime::MIN).and_local_timezone(desk.zone()).earliest()?;
    Some(end.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn form(desk: &Desk, known: &Value, said: &Form, outcome: &Markup) -> Markup {
    let items = known.list("items").iter();
    let items = items.filter(|one| desk.may(one.text("permission")));
    let chosen = |name: &str| said.all("scope").iter().any(|one| one == name);
    html! {
        (parts::heading(desk.t("New key"), &html! {}, &html! {}))
        div.columns.even {
            form.sheet.wide method="post" {
                (desk.form_fields())
                label { span { (desk.t("What it is for")) }
                    input name="name" required maxlength="100" autocomplete="off" value=(said.text("name")); }
                fieldset {
                    legend { (desk.t("What it may do")) }
                    p.small { (desk.t("No more than it needs, and no more than you may.")) }
                    @for one in items {
                        @let name = one.text("permission");
                        label.check {
                            input type="checkbox" name="scope" value=(name) checked[chosen(name)];
                            span lang="en" { (one.text("allows")) " " code { (name) } }
                        }
                    }
                }
                label { span { (desk.t("Until which day, if it is to end by itself")) }
                    input name="until" type="date" value=(said.text("until")); }
                label { span { (desk.t("From which addresses or networks only, if so")) }
                    textarea name="addresses" rows="2" spellcheck="false" placeholder="203.0.113.7, 198.51.100.0/24" {
                        (said.text("addresses"))
                    } }
                button type="submit" { (desk.t("Show what it would do")) }
            }
            div #outcome aria-live="polite" { (outcome) }
        }
        p { a href=(desk.url("/keys")) { (desk.t("Back to the keys, changing nothing")) } }
    }
}

async fn ask(desk: Desk, Path((_, key)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/keys/{}", escape(&key));
    let document = desk.api().get(&path).await?;
    let would = desk.api().change_would(Method::DELETE, &path, json!({})).await;
    let outcome = match &would {
        Err(trouble) => parts::refusal(&desk, trouble),
        Ok(_) => {
            let mut all =
                vec![desk.f(
                    "The key {} counts no longer, at once and for ever.",
                    &[document.text("name")],
                )];
            if document.has("last_used_at") {
                let at = crate::format::instant(document.text("last_used_at"));
                let ago = at.map(|at| crate::format::ago(desk.language(), at, desk.now()));
                all.push(desk.f(
                    "It was used last {}: what still uses it is refused.",
                    &[&ago.unwrap_or_default()],
                ));
            }
            html! {
                (parts::forecast(&desk, &all))
                (parts::decision(&desk, &Form::default(), &[], (desk.t("End this key"), "danger")))
            }
        }
    };
    let title = desk.f("End the key {}", &[document.text("name")]);
    let main = html! {
        (parts::heading(&title, &parts::badge(&desk, state(&desk, &document)), &html! {}))
        (outcome)
        p { a href=(desk.url("/keys")) { (desk.t("Back to the keys, changing nothing")) } }
    };
    Ok(desk.page(&title, main))
}

async fn revoke(
    desk: Desk,
    Path((_, key)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/keys/{}", escape(&key));
    let change =
        Change { method: Method::DELETE, path: &path, body: json!({}), key: said.text("key") };
    desk.api().change(change).await?;
    Ok(go(&desk.url(&format!("/keys/{}?done=yes", escape(&key)))))
}
