//! Making a source and changing one, without its secrets being shown.

use super::{
    super::{super::Answer, is_there},
    body, path,
    sheet::{self, Sheet},
    title, url, written,
};
use crate::{
    backend::{Change, Trouble},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde_json::Value;

/// What a source may be of, and where its stock is kept.
struct Around {
    suppliers: Value,
    warehouses: Value,
}

async fn around(desk: &Desk) -> Result<Around, Trouble> {
    let (suppliers, warehouses) = tokio::join!(
        desk.api().get("/v1/suppliers?limit=200"),
        desk.api().get_if_any("/v1/warehouses"),
    );
    Ok(Around { suppliers: suppliers?, warehouses })
}

pub(super) async fn blank(desk: Desk, Asked(asked): Asked) -> Answer {
    let around = around(&desk).await?;
    let title = desk.t("New source");
    if around.suppliers.list("items").is_empty() {
        let main = html! {
            (parts::heading(title, &html! {}, &html! {}))
            (parts::empty(desk.t("There is no supplier yet"),
                desk.t("A source is a supplier's: make the supplier first.")))
            p { (parts::action(&desk.url("/suppliers/who/new"), desk.t("New supplier"), "primary")) }
            (back(&desk, None))
        };
        return Ok(desk.page(title, main));
    }
    let said = written::blank(&desk, asked.text("supplier"));
    Ok(desk.page(title, form(&desk, &around, (None, &Value::Null), &said, None)))
}

pub(super) async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let code = said.text("code");
    // Writing to a code that is there would change that source.
    let there = !code.is_empty() && is_there(&desk, &path(code)).await?;
    let trouble = match (there, code) {
        (_, "") => Trouble::at("/code", desk.t("A source needs a code.")),
        (true, _) => Trouble::at("/code", desk.f("There is a source {} already.", &[code])),
        // The page that makes one is found there.
        (_, "new") => {
            Trouble::at("/code", desk.t("This word is kept for a page: choose another code."))
        }
        _ => return write(&desk, (None, &Value::Null, code), &said).await,
    };
    refused(&desk, (None, &Value::Null), &said, &trouble).await
}

pub(super) async fn show(desk: Desk, Path((_, source)): Path<(String, String)>) -> Answer {
    let path = path(&source);
    let (known, around) = tokio::join!(desk.api().get(&path), around(&desk));
    let (known, around) = (known?, around?);
    let said = written::written(&known, desk.zone().name());
    let title = title(&desk, &source);
    Ok(desk.page(&title, form(&desk, &around, (Some(&source), &known), &said, None)))
}

pub(super) async fn change(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let known = desk.api().get(&path(&source)).await?;
    // An import changes a source as well, and is no reason to begin anew; other settings are.
    let same = match said.text("seen") {
        "" => said.int("revision") == Some(known.int("revision")),
        seen => seen == written::mark(&known),
    };
    if !same {
        let detail = desk.t("its settings were changed since this page was opened");
        let trouble = Trouble::new(StatusCode::PRECONDITION_FAILED, "other_version", detail);
        return refused(&desk, (Some(&source), &known), &said, &trouble).await;
    }
    write(&desk, (Some(&source), &known, &source), &said).await
}

/// Writes a source over the one that was read. There is no forecast to say yes to: it would have to
/// hold the secrets for as long as it is looked at.
async fn write(
    desk: &Desk,
    (source, known, code): (Option<&str>, &Value, &str),
    said: &Form,
) -> Answer {
    let told = match body::body(desk.language(), said, known) {
        Err(trouble) => Err(trouble),
        Ok(body) => {
            let (path, key) = (path(code), said.text("key"));
            let change = Change { method: Method::PUT, path: &path, body, key };
            match source {
                Some(_) => desk.api().change_at(change, known.int("version")).await,
                None => desk.api().change(change).await,
            }
        }
    };
    match told {
        Ok(_) => Ok(go(&url(desk, code, "?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let trouble = sheet::placed(said, trouble);
            refused(desk, (source, known), said, &trouble).await
        }
        Err(trouble) => Err(trouble),
    }
}

async fn refused(
    desk: &Desk,
    (source, known): (Option<&str>, &Value),
    said: &Form,
    trouble: &Trouble,
) -> Result<Response, Trouble> {
    let around = around(desk).await?;
    let title =
        source.map_or_else(|| desk.t("New source").to_owned(), |source| title(desk, source));
    let main = form(desk, &around, (source, known), said, Some(trouble));
    Ok(desk.refused(&title, trouble, main))
}

fn form(
    desk: &Desk,
    around: &Around,
    (source, known): (Option<&str>, &Value),
    said: &Form,
    trouble: Option<&Trouble>,
) -> Markup {
    let Around { suppliers, warehouses } = around;
    let sheet = Sheet { known, said, trouble, suppliers, warehouses };
    let heading =
        source.map_or_else(|| desk.t("New source").to_owned(), |source| title(desk, source));
    let beside = html! { @if source.is_some() { span { (desk.t("Settings")) } } };
    html! {
        (parts::heading(&heading, &beside, &html! {}))
        @if let Some(trouble) = trouble {
            (parts::refusal(desk, trouble))
            p { (desk.t("What was written as a secret is not kept: write it again.")) }
        }
        form.sheet.wide method="post" {
            (desk.form_fields())
            input type="hidden" name="revision" value=(said.text("revision"));
            input type="hidden" name="seen" value=(said.text("seen"));
            (sheet::fields(desk, &sheet))
            button.primary type="submit" {
                @if source.is_some() { (desk.t("Save the source")) } @else { (desk.t("Make the source")) }
            }
        }
        (back(desk, source))
    }
}

fn back(desk: &Desk, source: Option<&str>) -> Markup {
    html! {
        p {
            @match source {
                Some(source) => { a href=(url(desk, source, "")) { (desk.t("Back to the source, changing nothing")) } }
                None => { a href=(desk.url("/suppliers")) { (desk.t("Back to the suppliers, changing nothing")) } }
            }
        }
    }
}
