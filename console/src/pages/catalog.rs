//! The catalog: products with who wrote what of them; categories are beside it.

mod categories;
mod category;

pub(super) use categories::paths;

use super::{Answer, timeline};
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, query},
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
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 6] = [
    words("Product"),
    words("SKU"),
    words("Status"),
    words("Brand").minor(),
    figures("Price"),
    words("Changed").minor(),
];
/// Products by how they stand.
const VIEWS: [(&str, &str); 4] = [
    ("", text!("All")),
    ("active", text!("Active")),
    ("draft", text!("Drafts")),
    ("archived", text!("Archived")),
];

/// Products of a page.
const LIMIT: i64 = 50;

/// What a list is narrowed by.
const NAMES: [&str; 3] = ["q", "status", "category"];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/catalog", get(list))
        .route("/catalog/categories", get(categories::show))
        .route("/catalog/categories/new", get(categories::blank).post(categories::make))
        .route("/catalog/categories/{category}", get(category::show).post(category::save))
        .route(
            "/catalog/categories/{category}/{action}",
            get(category::ask).post(category::carry_out),
        )
        .route("/catalog/products/{product}", get(show))
}

/// The pages of the catalog, as tabs. Those of products keep what is asked for beside the status;
/// without a question, the categories are where we are.
fn views(desk: &Desk, asked: Option<&Form>) -> Markup {
    let said = |name: &str| asked.map_or("", |asked| asked.text(name)).to_owned();
    let (words, category, current) = (said("q"), said("category"), said("status"));
    let of_status = |(status, label): (&'static str, &'static str)| {
        let asked_for = [("q", &*words), ("status", status), ("category", &*category)];
        let here = asked.is_some() && status == current;
        (narrowed(desk, &asked_for), desk.t(label).to_owned(), here)
    };
    let mut tabs: Vec<_> = VIEWS.into_iter().map(of_status).collect();
    let categories = desk.t("Categories").to_owned();
    tabs.push((desk.url("/catalog/categories"), categories, asked.is_none()));
    parts::tabs(desk.t("Views"), &tabs)
}

/// Where the products that are like this are found; what is empty is not asked.
fn narrowed(desk: &Desk, like: &[(&str, &str)]) -> String {
    query(&desk.url("/catalog"), like).trim_end_matches('?').to_owned()
}

/// A product's title in the reader's language, else in any.
pub(super) fn title(desk: &Desk, product: &Value) -> String {
    let titles = product.at("titles").as_object();
    let own = titles.and_then(|titles| titles.get(desk.language().code()));
    let any = own.or_else(|| titles?.values().next()).and_then(Value::as_str);
    any.unwrap_or(product.text("sku")).to_owned()
}

/// The price that counts, of those of a kind.
fn price(desk: &Desk, product: &Value) -> Markup {
    let kinds = ["sale", "base", "recommended", "cost"];
    let known = product.list("prices");
    let found =
        kinds.iter().find_map(|kind| known.iter().find(|price| price.text("kind") == *kind));
    found.or(known.first()).map_or_else(
        || html! {},
        |price| parts::money(desk, price.int("amount_minor"), price.text("currency")),
    )
}

async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let found = NAMES.map(|name| (name, asked.text(name)));
    let limit = LIMIT.to_string();
    let wanted = [&[("limit", &*limit), ("cursor", asked.text("cursor"))], &found[..]].concat();
    let path = query("/v1/products", &wanted);
    if desk.wants_csv() {
        let ending = |desk: &Desk, end: &csv::End<'_>| cut(desk, end.page, end.asked_for);
        return csv::list_ending(&desk, &COLUMNS, &path, row, ending).await;
    }
    let (page, chips) = tokio::join!(desk.api().get(&path), chips(&desk, &asked));
    let page = page?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    // The next page is of the same words.
    let base = narrowed(&desk, &found);
    let main = html! {
        (parts::heading(desk.t("Catalog"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (views(&desk, Some(&asked)))
        (parts::chips(&desk, &chips))
        form.filter role="search" aria-label=(desk.t("Find a product")) {
            @for name in ["status", "category"].into_iter().filter(|name| !asked.text(name).is_empty()) {
                input type="hidden" name=(name) value=(asked.text(name));
            }
            label { span { (desk.t("Words, SKU, EAN")) }
                input name="q" type="search" value=(asked.text("q")) size="28"; }
            button type="submit" { (desk.t("Find")) }
        }
        div #live data-live="product.* catalog.*" data-live-rows="" {
            @if rows.is_empty() {
                (parts::empty(desk.t("No product is like that"),
                    desk.t("Products come by a supplier's feed, by POST /v1/products, or in bulk.")))
            } @else { (table(&desk, desk.t("Products"), &COLUMNS, &rows, None)) }
        }
        @let shown = asked.int("cursor").unwrap_or(0).saturating_add(LIMIT);
        @if let Some(said) = cut(&desk, &page, shown) { p.notice { (said) } }
        (parts::pager(&desk, &base, asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Catalog"), main))
}

/// Says of which category the products are, or are below, if only those of one are shown.
async fn chips(desk: &Desk, asked: &Form) -> Vec<(String, String)> {
    let category = asked.text("category");
    if category.is_empty() {
        return Vec::new();
    }
    let document = desk.api().get_if_any(&format!("/v1/categories/{}", escape(category))).await;
    let name = if document.is_null() { category.to_owned() } else { name(desk, &document) };
    let rest = [("q", asked.text("q")), ("status", asked.text("status"))];
    vec![(desk.f("category is {}", &[&name]), narrowed(desk, &rest))]
}

/// Where the products are found that are in a category or below it.
fn of_category(desk: &Desk, category: &str) -> String {
    narrowed(desk, &[("category", category)])
}

/// What is told at the end of a list that the search does not follow to its end: it counts all that
/// there are, and leads to no page past the first so many. `shown` says how far the list was asked for.
fn cut(desk: &Desk, page: &Value, shown: i64) -> Option<String> {
    let ends = !page.has("next_cursor") && shown < page.int("total");
    let (shown, total) = (desk.number(shown), desk.number(page.int("total")));
    ends.then(|| {
        desk.f(
            "The list ends at {} of {} products: narrow it to see the others.",
            &[&shown, &total],
        )
    })
}

fn row(desk: &Desk, product: &Value) -> Row {
    Row {
        id: product.text("id").to_owned(),
        href: desk.url(&format!("/catalog/products/{}", escape(product.text("id")))),
        cells: vec![
            html! { (title(desk, product)) },
            html! { code { (product.text("sku")) } },
            parts::badge(desk, product.text("status")),
            html! { (product.text("brand")) },
            price(desk, product),
            parts::ago(desk, product.text("updated_at")),
        ],
    }
}

async fn show(desk: Desk, Path((_, product)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/products/{}", escape(&product));
    let past = format!("{path}/history?limit=100");
    let (document, past) = tokio::join!(desk.api().get(&path), desk.api().get_if_any(&past));
    let document = document?;
    let title = title(&desk, &document);
    let sku = document.text("sku");
    let beside = html! {
        (parts::badge(&desk, document.text("status")))
        (price(&desk, &document))
        a href=(desk.url(&format!("/stock/{}", escape(sku)))) { (desk.t("Stock")) " " (sku) }
        (parts::id(&desk, document.text("id")))
    };
    let main = html! {
        (parts::heading(&title, &beside, &html! {}))
        div.columns {
            div {
                (what_it_is(&desk, &document))
                (writers(&desk, &document))
                (parts::raw(&desk, &document))
            }
            aside aria-label=(desk.t("What happened")) { (happened(&desk, &past)) }
        }
    };
    Ok(desk.page(&title, main))
}

fn what_it_is(desk: &Desk, product: &Value) -> Markup {
    let said = |name: &str| html! { (product.text(name)) };
    parts::section(
        desk.t("What it is"),
        &html! {
            @if let Some(summaries) = product.at("summaries").as_object() {
                @for (language, text) in summaries { p lang=(language) { (text.as_str().unwrap_or("")) } }
            }
            (parts::facts(&[
                (desk.t("Brand"), said("brand")),
                (desk.t("Maker"), said("manufacturer")),
                (desk.t("Maker's code"), said("mpn")),
                ("EAN", said("ean")),
                (desk.t("Categories"), html! {
                    @for category in product.list("categories") {
                        span.pair { (category.as_str().unwrap_or_default()) }
                    }
                }),
                (desk.t("Prices"), html! {
                    @for price in product.list("prices") {
                        span.pair {
                            (desk.language().word(price.text("kind"))) " "
                            (parts::money(desk, price.int("amount_minor"), price.text("currency")))
                            " " (price.text("channel"))
                        }
                    }
                }),
                (desk.t("Known to suppliers as"), html! {
                    @for link in product.list("links") {
                        span.pair { (link.text("source")) " " code { (link.text("code")) } }
                    }
                }),
            ]))
        },
    )
}

fn writers(desk: &Desk, product: &Value) -> Markup {
    let owners = product.list("owners");
    if owners.is_empty() {
        return html! {};
    }
    parts::section(
        desk.t("Who wrote what"),
        &html! {
            ul.plain {
                @for owner in owners { li { (written(desk, owner)) } }
            }
        },
    )
}

/// A writer with its fields, and the import that wrote them last.
fn written(desk: &Desk, owner: &Value) -> Markup {
    let run = owner.text("run");
    html! {
        strong { (source_of(desk, owner.text("source"))) } ": "
        @for field in owner.list("fields").iter().filter_map(Value::as_str) {
            code.pair { (field) }
        }
        @if !run.is_empty() {
            a href=(desk.url(&format!("/suppliers/imports/{}", escape(run)))) {
                (desk.t("by this import"))
            }
        }
    }
}

/// Who writes, in words: `supplier:acme`, `price_rule`, `person`.
pub(super) fn source_of(desk: &Desk, source: &str) -> String {
    match source.split_once(':') {
        Some((kind, name)) => format!("{} {name}", desk.language().word(kind)),
        None => desk.language().word(source),
    }
}

fn happened(desk: &Desk, past: &Value) -> Markup {
    parts::section(
        desk.t("What happened"),
        &html! {
            ol.timeline {
                @for event in past.list("items").iter().rev() {
                    li {
                        span.when { (parts::clock(desk, event.text("at"))) }
                        div {
                            p { (timeline::sentence(desk, &timeline::Happening::of(event))) }
                            p.small { (timeline::who(desk, event.text("actor"))) }
                            (parts::raw(desk, event.at("data")))
                        }
                    }
                }
            }
        },
    )
}

/// A category's name in the reader's language, else in any.
pub(super) fn name(desk: &Desk, category: &Value) -> String {
    let names = category.at("names").as_object();
    let own = names.and_then(|names| names.get(desk.language().code()));
    let any = own.or_else(|| names?.values().next()).and_then(Value::as_str);
    any.unwrap_or(category.text("id")).to_owned()
}
