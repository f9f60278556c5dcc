//! Warehouses: which there are, whose goods they hold, and which one gives first.

use super::{super::Answer, list::views};
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go},
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
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 6] = [
    words("Warehouse"),
    words("Name"),
    words("Whose goods"),
    figures("Priority"),
    words("Country").minor(),
    words("Gives goods"),
];
/// Whose goods a warehouse holds: how the API calls it, and how people do.
const KINDS: [(&str, &str); 3] = [
    ("own", text!("our own")),
    ("supplier", text!("a supplier's, who delivers to us")),
    ("dropship", text!("a supplier's, who delivers to the customer")),
];
const FIELDS: [&str; 6] = ["code", "name", "kind", "priority", "active", "country"];

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let page = desk.api().get("/v1/warehouses").await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    if desk.wants_csv() {
        return Ok(csv::of(&desk, &COLUMNS, &rows));
    }
    let main = html! {
        (parts::heading(desk.t("Warehouses"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("stock:write") {
                (parts::action(&desk.url("/stock/warehouses/new"), desk.t("New warehouse"), "primary"))
            }
        }))
        (views(&desk, "/warehouses"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no warehouse yet"),
                desk.t("Goods lie in a warehouse: make one, then write down what is in it with a count sheet.")))
        } @else {
            div { (table(&desk, desk.t("Warehouses"), &COLUMNS, &rows, None)) }
            p.quiet { (desk.t("Orders take goods from the highest priority first.")) }
        }
    };
    Ok(desk.page(desk.t("Warehouses"), main))
}

fn row(desk: &Desk, warehouse: &Value) -> Row {
    let code = warehouse.text("code");
    Row {
        id: code.to_owned(),
        href: desk.url(&format!("/stock/warehouses/{}", escape(code))),
        cells: vec![
            html! { (code) },
            html! { (warehouse.text("name")) },
            html! { (kind(desk, warehouse.text("kind"))) },
            html! { (desk.number(warehouse.int("priority"))) },
            html! { (warehouse.text("country")) },
            html! {
                @if warehouse.is("active") { (desk.t("yes")) }
                @else { (parts::badge(desk, "paused")) }
            },
        ],
    }
}

fn kind(desk: &Desk, kind: &str) -> String {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    known.map_or_else(|| desk.language().word(kind), |(_, label)| desk.t(label).to_owned())
}

pub(super) async fn blank(desk: Desk) -> Answer {
    let said = Form::of([("active", "yes")]);
    let title = desk.t("New warehouse");
    Ok(desk.page(title, form(&desk, title, None, &said, &html! {})))
}

pub(super) async fn show(desk: Desk, Path((_, code)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/warehouses/{}", escape(&code));
    let known = desk.api().get(&path).await?;
    let priority = known.int("priority").to_string();
    let said = Form::of([
        ("name", known.text("name")),
        ("kind", known.text("kind")),
        ("priority", &priority),
        ("active", if known.is("active") { "yes" } else { "" }),
        ("country", known.text("country")),
    ]);
    let title = desk.f("Warehouse {}", &[&code]);
    let main = html! {
        @if desk.may("stock:write") { (form(&desk, &title, Some(&code), &said, &html! {})) }
        @else {
            (parts::heading(&title, &html! {}, &html! {}))
            (views(&desk, "/warehouses"))
            (facts(&desk, &known))
        }
    };
    Ok(desk.page(&title, main))
}

fn facts(desk: &Desk, known: &Value) -> Markup {
    parts::section(
        desk.t("What it is"),
        &parts::facts(&[
            (desk.t("Name"), html! { (known.text("name")) }),
            (desk.t("Whose goods"), html! { (kind(desk, known.text("kind"))) }),
            (desk.t("Priority"), html! { (desk.number(known.int("priority"))) }),
            (desk.t("Country"), html! { (known.text("country")) }),
        ]),
    )
}

pub(super) async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let title = desk.t("New warehouse");
    let code = said.text("code");
    let path = format!("/v1/warehouses/{}", escape(code));
    // Writing to a code that is there would change that warehouse.
    let there = !code.is_empty() && desk.api().get(&path).await.is_ok();
    if there || code.is_empty() {
        let trouble = match there {
            true => Trouble::invalid(desk.f("There is a warehouse {} already.", &[code])),
            false => Trouble::invalid(desk.t("A warehouse needs a code.")),
        };
        let main = form(&desk, title, None, &said, &parts::refusal(&desk, &trouble));
        return Ok(desk.refused(title, &trouble, main));
    }
    write(&desk, title, (None, code), &said).await
}

pub(super) async fn change(
    desk: Desk,
    Path((_, code)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let title = desk.f("Warehouse {}", &[&code]);
    write(&desk, &title, (Some(&code), &code), &said).await
}

/// Shows what a form would change, or changes it once that was seen.
async fn write(
    desk: &Desk,
    title: &str,
    (known, code): (Option<&str>, &str),
    said: &Form,
) -> Answer {
    let path = format!("/v1/warehouses/{}", escape(code));
    let sure = said.text("sure") == "yes";
    let told = match body(desk, said) {
        Err(trouble) => Err(trouble),
        Ok(body) if sure => {
            let key = said.text("key");
            desk.api().change(Change { method: Method::PUT, path: &path, body, key }).await
        }
        Ok(body) => desk.api().change_would(Method::PUT, &path, body).await,
    };
    match told {
        Ok(_) if sure => Ok(go(&desk.url("/stock/warehouses?done=yes"))),
        Ok(would) => {
            let outcome = outcome(desk, known, code, said, &would).await;
            Ok(desk.page(title, form(desk, title, known, said, &outcome)))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            let main = form(desk, title, known, said, &parts::refusal(desk, &trouble));
            Ok(desk.refused(title, &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

async fn outcome(
    desk: &Desk,
    known: Option<&str>,
    code: &str,
    said: &Form,
    would: &Value,
) -> Markup {
    if would.list("would").is_empty() {
        return parts::forecast::<String>(desk, &[]);
    }
    let path = format!("/v1/warehouses/{}", escape(code));
    let before = match known {
        Some(_) => desk.api().get_if_any(&path).await,
        None => Value::Null,
    };
    let after = would.at("result");
    let mut all = Vec::new();
    if before.is_null() {
        all.push(desk.f("The warehouse {} is made.", &[code]));
    }
    if before.is("active") && !after.is("active") {
        all.push(
            desk.t("New orders get nothing from it any more; what is held stays held.").into(),
        );
    }
    if !before.is_null() && !before.is("active") && after.is("active") {
        all.push(desk.t("New orders get goods from it again.").into());
    }
    if !before.is_null() && before.int("priority") != after.int("priority") {
        let (was, is) = (before.int("priority").to_string(), after.int("priority").to_string());
        all.push(desk.f(
            "Its priority was {} and will be {}: orders take from it earlier or later.",
            &[&was, &is],
        ));
    }
    for (member, label) in [("name", desk.t("Name")), ("country", desk.t("Country"))] {
        if !before.is_null() && before.text(member) != after.text(member) {
            all.push(desk.f("{}: {}", &[label, after.text(member)]));
        }
    }
    if !before.is_null() && before.text("kind") != after.text("kind") {
        all.push(desk.f("{}: {}", &[desk.t("Whose goods"), &kind(desk, after.text("kind"))]));
    }
    let label = if known.is_some() { desk.t("Save") } else { desk.t("Make the warehouse") };
    html! {
        (parts::forecast(desk, &all))
        (parts::decision(desk, said, &FIELDS, (label, "primary")))
    }
}

fn body(desk: &Desk, said: &Form) -> Result<Value, Trouble> {
    let priority = match said.text("priority") {
        "" => Some(0),
        _ => said.int("priority"),
    };
    let priority =
        priority.ok_or_else(|| Trouble::invalid(desk.t("The priority is a whole number.")))?;
    let mut body = json!({
        "name": said.text("name"), "kind": said.text("kind"), "priority": priority,
        "active": said.text("active") == "yes",
    });
    if !said.text("country").is_empty() {
        body["country"] = said.text("country").to_uppercase().into();
    }
    Ok(body)
}

fn form(desk: &Desk, title: &str, known: Option<&str>, said: &Form, outcome: &Markup) -> Markup {
    html! {
        (parts::heading(title, &html! {}, &html! {}))
        (views(desk, "/warehouses"))
        div.columns.even {
            form.sheet.wide method="post" {
                (desk.form_fields())
                @if known.is_none() {
                    label { span { (desk.t("Code, for ever (a-z, 0-9, -)")) }
                        input name="code" required maxlength="40" pattern=r"[a-z0-9][a-z0-9\-]*"
                            value=(said.text("code")); }
                }
                label { span { (desk.t("Name")) }
                    input name="name" required maxlength="200" value=(said.text("name")); }
                label { span { (desk.t("Whose goods")) }
                    select name="kind" {
                        @for (kind, label) in KINDS {
                            option value=(kind) selected[said.text("kind") == kind] { (desk.t(label)) }
                        }
                    } }
                label { span { (desk.t("Priority: goods are taken from the highest first")) }
                    input name="priority" inputmode="numeric" pattern="-?[0-9]+"
                        value=(said.text("priority")); }
                label { span { (desk.t("Country (two letters)")) }
                    input name="country" maxlength="2" value=(said.text("country")); }
                label.check {
                    input type="checkbox" name="active" value="yes" checked[said.text("active") == "yes"];
                    " " (desk.t("It gives goods to new orders"))
                }
                button type="submit" { (desk.t("Show what it changes")) }
            }
            div #outcome aria-live="polite" { (outcome) }
        }
        p { a href=(desk.url("/stock/warehouses")) { (desk.t("Back to the warehouses, changing nothing")) } }
    }
}
