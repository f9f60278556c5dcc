//! Looking at the first rows of a feed as they would be read, before anything is imported.

use super::{super::super::Answer, fields::TARGETS, path, title, url};
use crate::{
    backend::Trouble,
    desk::{Desk, Form},
    format,
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Rows that are read.
const ROWS: u32 = 20;
/// Characters of a value that are told.
const VALUE_MAX: usize = 60;

const COLUMNS: [Column; 4] =
    [figures("Row"), words("Code"), words("Title"), words("How it would be read")];

pub(super) async fn show(desk: Desk, Path((_, source)): Path<(String, String)>) -> Answer {
    let known = desk.api().get(&path(&source)).await?;
    let there = known.has("upload") || known.has("known");
    let outcome = match there {
        true => looked_at(&desk, &source, json!({ "rows": ROWS })).await?,
        false => html! {},
    };
    let page = page(&desk, &source, (&Form::default(), there), &outcome);
    Ok(desk.page(&title(&desk, &source), page))
}

pub(super) async fn try_out(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let mut trial = json!({ "rows": ROWS });
    if !said.text("sample").is_empty() {
        trial["sample"] = said.text("sample").into();
    }
    let outcome = looked_at(&desk, &source, trial).await?;
    let page = page(&desk, &source, (&said, true), &outcome);
    Ok(desk.page(&title(&desk, &source), page))
}

/// What is made of the rows; what is wrong with the sample or the settings is told in their place.
async fn looked_at(desk: &Desk, source: &str, trial: Value) -> Result<Markup, Trouble> {
    let looked = desk.api().would(&format!("{}/preview", path(source)), trial).await;
    match looked {
        Ok(preview) => Ok(rows(desk, &preview)),
        // A sample that is too long for the API is no trouble of the page either.
        Err(trouble) if trouble.is_of_the_form() || trouble.status == 413 => {
            Ok(parts::refusal(desk, &trouble))
        }
        Err(trouble) => Err(trouble),
    }
}

fn page(desk: &Desk, source: &str, (said, there): (&Form, bool), outcome: &Markup) -> Markup {
    html! {
        (parts::heading(&title(desk, source), &html! { span { (desk.t("Look at the file")) } }, &html! {}))
        p { (desk.t("The first rows, as the source's settings read them. Nothing is kept and nothing changes.")) }
        div #outcome { (outcome) }
        form.sheet.wide method="post" {
            (desk.form_fields())
            @if !there {
                p { (desk.t("No file of this source is there yet: put the beginning of one here.")) }
            }
            label { span { (desk.t("From a file")) }
                input type="file" accept=".csv,.txt,.xml,.json,text/csv,text/plain,text/xml,application/json"
                    data-into="sample"; }
            label { span { (desk.t("The beginning of a feed; the file that is there, if it is empty")) }
                textarea #sample name="sample" rows="8" spellcheck="false" maxlength="100000" {
                    (said.text("sample"))
                } }
            button.primary type="submit" { (desk.t("Read it")) }
        }
        p {
            a href=(url(desk, source, "/settings")) { (desk.t("To its settings")) } " · "
            a href=(url(desk, source, "")) { (desk.t("To the source")) }
        }
    }
}

fn rows(desk: &Desk, preview: &Value) -> Markup {
    let rows: Vec<_> = preview.list("rows").iter().map(|row| line(desk, row)).collect();
    let names: Vec<_> = preview.list("names").iter().filter_map(Value::as_str).collect();
    html! {
        @if preview.has("problem") {
            p.notice.red role="alert" { (preview.text("problem")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("No row was read"), desk.t("Look at the format in the source's settings.")))
        } @else {
            (parts::section(desk.t("As they would be read"),
                &table(desk, desk.t("As they would be read"), &COLUMNS, &rows, None)))
        }
        @if !names.is_empty() {
            (parts::section(desk.t("Columns that occur"), &html! {
                p { @for name in names { code.pair { (name) } } }
            }))
        }
    }
}

fn line(desk: &Desk, row: &Value) -> Row {
    let record = row.at("record");
    let members = record.as_object().into_iter().flatten();
    let told = members.filter(|(name, _)| !matches!(name.as_str(), "code" | "name"));
    let told = told.filter_map(|(name, value)| Some((label(desk, name), said(desk, name, value)?)));
    Row {
        cells: vec![
            html! { (desk.number(row.int("row"))) },
            html! { code { (record.text("code")) } },
            html! { (record.text("name")) },
            html! {
                @if row.is("filtered") { (desk.t("left out by a filter")) }
                @for problem in row.list("problems") {
                    span.pair { strong { (problem.text("field")) } ": " (problem.text("reason")) }
                }
                @for (name, value) in told { span.pair { (name) ": " (value) } }
            },
        ],
        ..Row::default()
    }
}

fn label(desk: &Desk, name: &str) -> String {
    let known = TARGETS.iter().find(|(target, _)| *target == name);
    known.map_or_else(|| desk.language().word(name), |&(_, label)| desk.t(label).to_owned())
}

/// What a field of a row says, as short as a table needs it; nothing where it says nothing.
fn said(desk: &Desk, name: &str, value: &Value) -> Option<String> {
    let whole = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::Bool(true) => desk.t("yes").to_owned(),
        Value::Number(rate) if name == "vat" => {
            let hundredths = rate.as_i64().unwrap_or_default();
            format::share(desk.language(), hundredths, 10_000)
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|one| said(desk, "", one)).collect();
            items.join(" > ")
        }
        money if money.has("amount_minor") => {
            desk.money(money.int("amount_minor"), money.text("currency"))
        }
        stock if stock.has("quantity_milli") => {
            let pieces = stock.int("quantity_milli");
            let more = if stock.text("kind") == "at_least" { "+" } else { "" };
            format!("{}{more}", desk.number(pieces / 1000))
        }
        word if word.has("kind") => desk.language().word(word.text("kind")),
        Value::Object(members) => {
            let each = members.iter();
            let each =
                each.filter_map(|(name, one)| Some(format!("{name} {}", said(desk, "", one)?)));
            each.collect::<Vec<_>>().join(", ")
        }
    };
    let short: String = whole.chars().take(VALUE_MAX).collect();
    let told = if short.len() < whole.len() { format!("{short}…") } else { short };
    Some(told).filter(|told| !told.is_empty())
}
