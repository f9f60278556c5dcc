//! Suppliers themselves: what they are called, and whether anything is imported from them.

use super::super::Answer;
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
use axum::{Router, extract::Path, response::Response, routing::get};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 4] =
    [words("Supplier"), words("Name"), words("Status"), words("Changed").minor()];

pub(super) fn routes() -> Router<crate::state::Console> {
    Router::new()
        .route("/suppliers/who", get(list))
        .route("/suppliers/who/new", get(blank).post(make))
        .route("/suppliers/who/{supplier}", get(show).post(change))
}

/// Where a supplier is found.
pub(super) fn url(desk: &Desk, supplier: &str) -> String {
    desk.url(&format!("/suppliers/who/{}", escape(supplier)))
}

fn path(supplier: &str) -> String {
    format!("/v1/suppliers/{}", escape(supplier))
}

async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let path = page_at("/v1/suppliers?limit=100", asked.text("cursor"));
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let main = html! {
        (parts::heading(desk.t("Suppliers"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("supplier:write") {
                (parts::action(&desk.url("/suppliers/who/new"), desk.t("New supplier"), "primary"))
            }
        }))
        (super::views(&desk, "/who"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no supplier yet"),
                desk.t("A supplier has sources: each says where a feed is and how it is read.")))
        } @else { (table(&desk, desk.t("Suppliers"), &COLUMNS, &rows, None)) }
        (parts::pager(&desk, &desk.url("/suppliers/who"), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Suppliers"), main))
}

fn row(desk: &Desk, one: &Value) -> Row {
    Row {
        id: one.text("id").to_owned(),
        href: url(desk, one.text("id")),
        cells: vec![
            html! { (one.text("id")) },
            html! { (one.text("/settings/name")) },
            status(desk, one),
            parts::ago(desk, one.text("updated_at")),
        ],
    }
}

/// A supplier of whom nothing is imported any more is no fault of anybody.
fn status(desk: &Desk, supplier: &Value) -> Markup {
    let active = supplier.is("/settings/active");
    parts::badge(desk, if active { "active" } else { "paused" })
}

async fn blank(desk: Desk) -> Answer {
    let said = Form::of([("active", "yes")]);
    let title = desk.t("New supplier");
    Ok(desk.page(title, form(&desk, title, None, &said, None)))
}

async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let (title, code) = (desk.t("New supplier"), said.text("code"));
    // Writing to a code that is there would change that supplier.
    let there = !code.is_empty() && super::is_there(&desk, &path(code)).await?;
    let trouble = match (there, code) {
        (_, "") => Trouble::at("/code", desk.t("A supplier needs a code.")),
        (true, _) => Trouble::at("/code", desk.f("There is a supplier {} already.", &[code])),
        (_, "new") => {
            Trouble::at("/code", desk.t("This word is kept for a page: choose another code."))
        }
        _ => return write(&desk, title, (None, code), &said).await,
    };
    Ok(refused(&desk, title, None, &said, &trouble))
}

async fn show(desk: Desk, Path((_, supplier)): Path<(String, String)>) -> Answer {
    let known = desk.api().get(&path(&supplier)).await?;
    let title = desk.f("Supplier {}", &[&supplier]);
    let version = known.int("version").to_string();
    let said = Form::of([
        ("name", known.text("/settings/name")),
        ("active", if known.is("/settings/active") { "yes" } else { "" }),
        ("version", &version),
    ]);
    if desk.may("supplier:write") {
        return Ok(desk.page(&title, form(&desk, &title, Some(&supplier), &said, None)));
    }
    let main = html! {
        (parts::heading(&title, &status(&desk, &known), &html! {}))
        (super::views(&desk, "/who"))
        (parts::section(desk.t("What it is"), &parts::facts(&[
            (desk.t("Name"), html! { (known.text("/settings/name")) }),
        ])))
    };
    Ok(desk.page(&title, main))
}

async fn change(
    desk: Desk,
    Path((_, supplier)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let title = desk.f("Supplier {}", &[&supplier]);
    write(&desk, &title, (Some(&supplier), &supplier), &said).await
}

async fn write(
    desk: &Desk,
    title: &str,
    (known, code): (Option<&str>, &str),
    said: &Form,
) -> Answer {
    let body = json!({ "name": said.text("name"), "active": said.text("active") == "yes" });
    let path = path(code);
    let change = Change { method: Method::PUT, path: &path, body, key: said.text("key") };
    let told = match said.int("version").filter(|_| known.is_some()) {
        Some(version) => desk.api().change_at(change, version).await,
        None => desk.api().change(change).await,
    };
    match told {
        // A supplier that is new has no source yet: that comes next.
        Ok(_) if known.is_none() => {
            Ok(go(&desk.url(&format!("/suppliers/sources/new?supplier={}", escape(code)))))
        }
        Ok(_) => Ok(go(&desk.url("/suppliers/who?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => Ok(refused(desk, title, known, said, &trouble)),
        Err(trouble) => Err(trouble),
    }
}

fn refused(
    desk: &Desk,
    title: &str,
    known: Option<&str>,
    said: &Form,
    trouble: &Trouble,
) -> Response {
    desk.refused(title, trouble, form(desk, title, known, said, Some(trouble)))
}

fn form(
    desk: &Desk,
    title: &str,
    known: Option<&str>,
    said: &Form,
    trouble: Option<&Trouble>,
) -> Markup {
    let text = |name: &str, label: &str, max: &str| {
        let pointer = format!("/{name}");
        let wrong = parts::described_by(trouble, &pointer);
        html! {
            div.field {
                label { span { (label) }
                    input name=(name) required maxlength=(max) autocomplete="off" value=(said.text(name))
                        aria-invalid=[wrong.as_ref().map(|_| "true")] aria-describedby=[wrong.as_ref()]; }
                (parts::fault(trouble, &pointer))
            }
        }
    };
    html! {
        (parts::heading(title, &html! {}, &html! {}))
        (super::views(desk, "/who"))
        @if let Some(trouble) = trouble { (parts::refusal(desk, trouble)) }
        form.sheet.wide method="post" {
            (desk.form_fields())
            input type="hidden" name="version" value=(said.text("version"));
            @if known.is_none() { (text("code", desk.t("Code, for ever (a-z, 0-9, -)"), "40")) }
            (text("name", desk.t("What people call it"), "200"))
            label.check {
                input type="checkbox" name="active" value="yes" checked[said.text("active") == "yes"];
                span { (desk.t("Its feeds are imported")) }
            }
            button.primary type="submit" {
                @if known.is_some() { (desk.t("Save")) } @else { (desk.t("Make the supplier")) }
            }
        }
        p { a href=(desk.url("/suppliers/who")) { (desk.t("Back to the suppliers, changing nothing")) } }
    }
}
