//! Which category of ours a supplier's is: their paths by weight, with what ours looks like it.

use super::super::{Answer, catalog};
use crate::{
    backend::{Change, escape, page_at},
    desk::{Asked, Desk, go},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

pub(super) async fn show(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let all = asked.text("show") == "all";
    let mut path = format!("/v1/sources/{}/categories?limit=50", escape(&source));
    if !all {
        path.push_str("&unmapped=true");
    }
    let path = page_at(&path, asked.text("cursor"));
    let (page, tree) =
        tokio::join!(desk.api().get(&path), desk.api().get_if_any("/v1/categories/tree"));
    let page = page?;
    let ours = catalog::paths(&desk, &tree);
    let base = desk.url(&format!("/suppliers/sources/{}/categories", escape(&source)));
    let whole = format!("{base}?show=all");
    let tabs = [
        (base.clone(), desk.t("Not mapped yet").to_owned(), !all),
        (whole.clone(), desk.t("All").to_owned(), all),
    ];
    let title = desk.f("Categories of {}", &[&source]);
    let main = html! {
        (parts::heading(&title, &html! {
            a href=(desk.url(&format!("/suppliers/sources/{}", escape(&source)))) { (desk.t("To the source")) }
        }, &html! {}))
        (parts::tabs(desk.t("Views"), &tabs))
        @if page.list("items").is_empty() {
            (parts::empty(desk.t("Every path is mapped"),
                desk.t("Paths come with the supplier's feed. A path that nobody has spoken of is what the one above it is.")))
        }
        datalist #ours {
            @for (id, path) in &ours { option value=(id) { (path) } }
        }
        @if !page.list("items").is_empty() {
            p.quiet {
                (desk.t("Rows are those of the last import that read the feed. Which ones they are is not kept; the feed's rows are seen by looking at the file.")) " "
                @if desk.may("supplier:write") {
                    a href=(desk.url(&format!("/suppliers/sources/{}/look", escape(&source)))) { (desk.t("Look at the file")) }
                }
            }
        }
        ul.mapping {
            @for entry in page.list("items") { (one(&desk, &base, entry, &ours)) }
        }
        (parts::pager(&desk, if all { &whole } else { &base }, asked.text("cursor"), &page))
    };
    Ok(desk.page(&title, main))
}

fn one(desk: &Desk, base: &str, entry: &Value, ours: &[(String, String)]) -> Markup {
    let named = |id: &str| {
        ours.iter().find(|(known, _)| known == id).map_or(id, |(_, path)| path).to_owned()
    };
    let path = entry.text("path");
    html! {
        li.panel {
            div {
                strong { (path) } " "
                small { (desk.f("{} rows", &[&desk.number(entry.int("rows"))])) }
                @if entry.has("effective") {
                    p.small { "→ " (named(entry.text("effective"))) }
                } @else if entry.is("mapped") {
                    p.small { "→ " (desk.t("none of ours")) }
                }
            }
            @if desk.may("supplier:write") {
                form.inline method="post" action=(base) {
                    (desk.form_fields())
                    input type="hidden" name="path" value=(path);
                    @for suggestion in entry.list("suggestions").iter().take(3) {
                        button type="submit" name="suggested" value=(suggestion.text("category")) {
                            (suggestion.text("path")) " "
                            small { (suggestion.int("likeness") / 10) " %" }
                        }
                    }
                    input name="category" list="ours" placeholder=(desk.t("another one"))
                        aria-label=(desk.f("Our category for {}", &[path]));
                    button type="submit" { (desk.t("Map")) }
                }
            }
        }
    }
}

pub(super) async fn map(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let chosen = match said.text("category") {
        "" => said.text("suggested"),
        category => category,
    };
    let mut body = json!({ "path": said.text("path") });
    if !chosen.is_empty() {
        body["category"] = Value::String(chosen.to_owned());
    }
    let path = format!("/v1/sources/{}/categories", escape(&source));
    let key = said.text("key");
    desk.api().change(Change { method: Method::PUT, path: &path, body, key }).await?;
    Ok(go(&desk.url(&format!("/suppliers/sources/{}/categories", escape(&source)))))
}
