//! What an import has changed, field by field: what was said before, and what is said now.

use super::{
    super::{Answer, timeline},
    download, imports, onward,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    ui::{
        layout::text,
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] =
    [words("Code"), words("Product"), words("Field"), words("It was"), words("It is")];
const KINDS: [(&str, &str); 5] = [
    ("", text!("All")),
    ("created", text!("New")),
    ("updated", text!("Changed")),
    ("vanished", text!("Gone")),
    ("missing", text!("Missing, not gone yet")),
];
/// What a list is narrowed by.
const NAMES: [&str; 2] = ["kind", "code"];
/// Samples that a trial's page shows; the rest are in the list.
const SAMPLES: usize = 10;

fn list(import: &str, file: &str, asked: &[(&str, &str)]) -> String {
    query(&format!("/v1/imports/{}/changes{file}", escape(import)), asked)
}

pub(super) async fn show(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let narrowed: Vec<(&str, &str)> = NAMES.map(|name| (name, asked.text(name))).into();
    let wanted = [&[("limit", "25"), ("cursor", asked.text("cursor"))], &narrowed[..]].concat();
    let (path, list) = (format!("/v1/imports/{}", escape(&import)), list(&import, "", &wanted));
    let (document, page) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (document, page) = (document?, page?);
    let place = |narrowed: &[(&str, &str)], file: &str| {
        let base = format!("{}/changes{file}", imports::one(&desk, &import));
        query(&base, narrowed).trim_end_matches('?').to_owned()
    };
    let (kind, code) = (asked.text("kind"), asked.text("code"));
    let tabs = KINDS.map(|(word, label)| {
        (place(&[("kind", word), ("code", code)], ""), desk.t(label).to_owned(), word == kind)
    });
    let rows: Vec<_> = page.list("items").iter().flat_map(|one| lines(&desk, one)).collect();
    let title = desk.t("What it changed");
    let main = html! {
        (parts::heading(title, &beside(&desk, &document), &html! {
            (parts::action(&place(&narrowed, ".csv"), desk.t("CSV of all of them"), ""))
        }))
        (parts::tabs(desk.t("What has become of it"), &tabs))
        form.filter role="search" aria-label=(desk.t("Find a row")) {
            @if !kind.is_empty() { input type="hidden" name="kind" value=(kind); }
            label { span { (desk.t("The supplier's code")) }
                input name="code" value=(code) maxlength="200"; }
            button type="submit" { (desk.t("Find")) }
        }
        (told(&desk, &document, &page))
        @if rows.is_empty() {
            (nothing(&desk, &page))
        } @else { (table(&desk, title, &COLUMNS, &rows, None)) }
        (onward(&desk, &place(&narrowed, ""), asked.text("cursor"), &page))
        p { a href=(imports::one(&desk, &import)) { (desk.t("To the import")) } }
    };
    Ok(desk.page(title, main))
}

/// Whose changes these are.
pub(super) fn beside(desk: &Desk, document: &Value) -> Markup {
    html! {
        a href=(imports::one(desk, document.text("id"))) {
            (desk.f("Import from {}", &[document.text("source")]))
        }
        (parts::badge(desk, document.text("status")))
        @if document.is("dry_run") { span { (desk.t("trial: nothing is changed")) } }
        span { (parts::ago(desk, document.text("requested_at"))) }
    }
}

/// What the list is not.
fn told(desk: &Desk, document: &Value, page: &Value) -> Markup {
    html! {
        @if page.is("samples_only") {
            p.notice { (desk.f("A trial keeps the first {} of what it would have changed, and nothing of what would be gone.",
                &[&desk.number(document.list("samples").len() as i64)])) }
        }
        @if document.has("undo") {
            p.notice.amber { (desk.t("This import was undone: what it changed is told as it left it.")) }
        }
    }
}

fn nothing(desk: &Desk, page: &Value) -> Markup {
    if page.has("next_cursor") {
        let title = desk.t("Nothing of this among what was looked through");
        return parts::empty(title, desk.t("There is more: go further."));
    }
    if page.is("samples_only") {
        return parts::empty(
            desk.t("No sample of this kind was kept"),
            desk.t("A trial counts all that it would change, and keeps only the first of it."),
        );
    }
    parts::empty(
        desk.t("It changed nothing of this kind"),
        desk.t("Rows that say what was known change nothing, and are not kept."),
    )
}

/// The part of a trial's page that shows what it would have changed first.
pub(super) fn samples(desk: &Desk, document: &Value) -> Markup {
    let samples = document.list("samples");
    if samples.is_empty() {
        return html! {};
    }
    let kinds = |sample: &Value| {
        let mut sample = sample.clone();
        sample["kind"] = if sample.is("new") { "created" } else { "updated" }.into();
        sample
    };
    let first: Vec<_> = samples.iter().take(SAMPLES).map(kinds).collect();
    let rows: Vec<_> = first.iter().flat_map(|sample| lines(desk, sample)).collect();
    let title = desk.t("What would change first");
    let all = format!("{}/changes", imports::one(desk, document.text("id")));
    parts::section(
        title,
        &html! {
            (table(desk, title, &COLUMNS, &rows, None))
            @if samples.len() > SAMPLES { p { a href=(all) { (desk.t("All that the trial kept")) } } }
        },
    )
}

/// An offer as a row a field.
fn lines(desk: &Desk, one: &Value) -> Vec<Row> {
    let mut fields = of_offer(desk, one);
    fields.extend(one.list("changes").iter().map(|change| of_product(desk, change)));
    if fields.is_empty() {
        let what = match one.text("kind") {
            "vanished" => desk.t("it is no longer in the feed"),
            "missing" => desk.t("it is not in the feed"),
            _ => desk.t("what else its row says"),
        };
        fields.push((what.to_owned(), html! {}, html! {}));
    }
    let line = |(place, (field, was, now)): (usize, (String, Markup, Markup))| Row {
        cells: vec![
            // The first row says of what; those below it are of the same.
            html! { @if place == 0 { code { (one.text("code")) } " " (kind(desk, one.text("kind"))) } },
            html! { @if place == 0 { (product(desk, one)) } },
            html! { (field) },
            was,
            now,
        ],
        ..Row::default()
    };
    fields.into_iter().enumerate().map(line).collect()
}

fn kind(desk: &Desk, kind: &str) -> Markup {
    let known = KINDS.iter().find(|(word, _)| *word == kind);
    html! { span.badge { (known.map_or(kind, |&(_, label)| desk.t(label))) } }
}

/// The product of an offer, as a link where it is known which one that is.
pub(super) fn product(desk: &Desk, one: &Value) -> Markup {
    let name = match one.text("title") {
        "" => one.text("product"),
        title => title,
    };
    html! {
        @if one.has("product_id") {
            a href=(desk.url(&format!("/catalog/products/{}", escape(one.text("product_id"))))) { (name) }
        } @else if name.is_empty() {
            span.quiet { (desk.t("nobody knows which")) }
        } @else { (name) }
    }
}

fn of_offer(desk: &Desk, one: &Value) -> Vec<(String, Markup, Markup)> {
    let mut fields = Vec::new();
    let price = |member: &str| match one.at(member) {
        Value::Null => html! { span.quiet { "–" } },
        price => parts::money(desk, price.int("amount_minor"), price.text("currency")),
    };
    if one.at("price") != one.at("price_before") && one.has("price") {
        let name = desk.t("Price that the supplier asks").to_owned();
        fields.push((name, price("price_before"), price("price")));
    }
    if one.at("stock") != one.at("stock_before") && one.has("stock") {
        let name = desk.t("Stock of the supplier").to_owned();
        let stock = |member: &str| pieces(desk, one.at(member));
        fields.push((name, stock("stock_before"), stock("stock")));
    }
    fields
}

/// How much a supplier says there is.
pub(super) fn pieces(desk: &Desk, stock: &Value) -> Markup {
    html! {
        @match stock.text("is") {
            "exact" => { (desk.number(stock.int("quantity"))) }
            "at_least" => { (desk.number(stock.int("quantity"))) "+" }
            "some" => { (desk.t("some")) }
            "none" => { (desk.number(0)) }
            _ => { span.quiet { "–" } }
        }
    }
}

fn of_product(desk: &Desk, change: &Value) -> (String, Markup, Markup) {
    let field = change.text("field");
    let said = |member: &str| match timeline::value(desk, field, change.at(member)) {
        Some(value) => html! { (value) },
        None => html! { span.quiet { "–" } },
    };
    (timeline::field_name(desk, field), said("was"), said("now"))
}

pub(super) async fn file(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let narrowed = NAMES.map(|name| (name, asked.text(name)));
    download(&desk, &list(&import, ".csv", &narrowed)).await
}
