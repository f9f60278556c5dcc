//! Categories in their tree, those that are hidden or became others, and making one.

use super::{super::Answer, name, views};
use crate::{
    backend::{Trouble, escape, page_at},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

/// Categories that one may choose from at most.
const OURS_MAX: usize = 500;
/// So deep a tree is drawn.
const DEPTH_MAX: usize = 20;

const HIDDEN: [Column; 4] =
    [words("Category"), words("Name in addresses"), words("Status"), words("Changed").minor()];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    match asked.text("status") {
        "" => tree(desk).await,
        status => hidden(desk, status, asked.text("cursor")).await,
    }
}

async fn tree(desk: Desk) -> Answer {
    let tree = desk.api().get("/v1/categories/tree").await?;
    let url = |rest: &str| desk.url(&format!("/catalog/categories{rest}"));
    let main = html! {
        (parts::heading(desk.t("Categories"), &html! {}, &html! {
            @if desk.may("catalog:write") {
                (parts::action(&url("/new"), desk.t("New category"), "primary"))
            }
        }))
        (views(&desk, None))
        @if tree.list("items").is_empty() {
            (parts::empty(desk.t("There are no categories yet"),
                desk.t("Make the first one here, or bring them by POST /v1/categories; suppliers' own are mapped to them.")))
        } @else {
            div.panel.tree { (branches(&desk, tree.list("items"), 0)) }
        }
        p.quiet {
            (desk.t("Not in the tree:")) " "
            a href=(url("?status=archived")) { (desk.t("hidden categories")) } " · "
            a href=(url("?status=merged")) { (desk.t("those that became others")) }
        }
    };
    Ok(desk.page(desk.t("Categories"), main))
}

fn branches(desk: &Desk, nodes: &[Value], depth: usize) -> Markup {
    html! {
        @if !nodes.is_empty() && depth < DEPTH_MAX {
            ul {
                @for node in nodes {
                    li {
                        (link(desk, node)) " " code.quiet { (node.text("slug")) }
                        (branches(desk, node.list("children"), depth + 1))
                    }
                }
            }
        }
    }
}

/// A category's name, which leads to it.
pub(super) fn link(desk: &Desk, category: &Value) -> Markup {
    let url = desk.url(&format!("/catalog/categories/{}", escape(category.text("id"))));
    html! { a href=(url) { (name(desk, category)) } }
}

async fn hidden(desk: Desk, status: &str, cursor: &str) -> Answer {
    let path = format!("/v1/categories?limit=50&status={}", escape(status));
    if desk.wants_csv() {
        return csv::list(&desk, &HIDDEN, &path, row).await;
    }
    let page = desk.api().get(&page_at(&path, cursor)).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let title = match status {
        "merged" => desk.t("Categories that became others"),
        _ => desk.t("Hidden categories"),
    };
    let base = desk.url(&format!("/catalog/categories?status={}", escape(status)));
    let main = html! {
        (parts::heading(title, &html! {}, &parts::export(&desk)))
        (views(&desk, None))
        @if rows.is_empty() {
            (parts::empty(desk.t("There is none"),
                desk.t("A category is hidden, or becomes another one, by a button on its page.")))
        } @else { (table(&desk, title, &HIDDEN, &rows, None)) }
        (parts::pager(&desk, &base, cursor, &page))
        p { a href=(desk.url("/catalog/categories")) { (desk.t("To the tree")) } }
    };
    Ok(desk.page(title, main))
}

fn row(desk: &Desk, category: &Value) -> Row {
    Row {
        id: category.text("id").to_owned(),
        href: desk.url(&format!("/catalog/categories/{}", escape(category.text("id")))),
        cells: vec![
            html! { (name(desk, category)) },
            html! { code { (category.text("slug")) } },
            parts::badge(desk, category.text("status")),
            parts::ago(desk, category.text("updated_at")),
        ],
    }
}

/// The categories of a tree, each with its whole path.
pub(in crate::pages) fn paths(desk: &Desk, tree: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    flatten(desk, tree.list("items"), "", &mut all);
    all
}

fn flatten(desk: &Desk, nodes: &[Value], above: &str, all: &mut Vec<(String, String)>) {
    for node in nodes {
        if all.len() >= OURS_MAX {
            return;
        }
        let name = name(desk, node);
        let path = if above.is_empty() { name } else { format!("{above} › {name}") };
        all.push((node.text("id").to_owned(), path.clone()));
        flatten(desk, node.list("children"), &path, all);
    }
}

/// A field that names a category. Of a tree too large to be listed, an id may be written too.
pub(super) fn chooser(
    desk: &Desk,
    field: &str,
    ours: &[(String, String)],
    chosen: &str,
    none: Option<&str>,
) -> Markup {
    let listed = chosen.is_empty() || ours.iter().any(|(id, _)| id == chosen);
    html! {
        @if ours.len() >= OURS_MAX {
            input name=(field) list="ours" value=(chosen)
                placeholder=(desk.t("Words of its name, or its id"));
            datalist #ours { @for (id, path) in ours { option value=(id) { (path) } } }
        } @else {
            select name=(field) {
                @if let Some(none) = none { option value="" { (none) } }
                @if !listed { option value=(chosen) selected { (chosen) } }
                @for (id, path) in ours {
                    option value=(id) selected[id == chosen] { (path) }
                }
            }
        }
    }
}

pub(super) async fn blank(desk: Desk, Asked(asked): Asked) -> Answer {
    let tree = desk.api().get("/v1/categories/tree").await?;
    let title = desk.t("New category");
    Ok(desk.page(title, form(&desk, &tree, &asked, None)))
}

pub(super) async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let made = match written(&desk, &said) {
        Ok(mut body) => {
            if !said.text("parent").is_empty() {
                body["parent"] = said.text("parent").into();
            }
            desk.api().post("/v1/categories", body, said.text("key")).await
        }
        Err(trouble) => Err(trouble),
    };
    match made {
        Ok(made) => {
            let path = format!("/catalog/categories/{}?done=yes", escape(made.text("id")));
            Ok(go(&desk.url(&path)))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            let tree = desk.api().get("/v1/categories/tree").await?;
            let main = form(&desk, &tree, &said, Some(&trouble));
            Ok(desk.refused(desk.t("New category"), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

fn form(desk: &Desk, tree: &Value, said: &Form, trouble: Option<&Trouble>) -> Markup {
    let ours = paths(desk, tree);
    let mut names = names_said(said);
    if names.is_empty() {
        let other = if desk.language().code() == "cs" { "en" } else { "cs" };
        names = vec![(desk.language().code().into(), String::new()), (other.into(), String::new())];
    }
    html! {
        (parts::heading(desk.t("New category"), &html! {}, &html! {}))
        (views(desk, None))
        @if let Some(trouble) = trouble { (parts::refusal(desk, trouble)) }
        form.sheet method="post" {
            (desk.form_fields())
            (names_fields(desk, &names))
            label { span { (desk.t("In which category")) }
                (chooser(desk, "parent", &ours, said.text("parent"), Some(desk.t("at the top")))) }
            (place_fields(desk, said.text("slug"), said.text("position")))
            button.primary type="submit" { (desk.t("Make the category")) }
        }
    }
}

/// Fields of a category's names, a language each; one more than there are.
pub(super) fn names_fields(desk: &Desk, names: &[(String, String)]) -> Markup {
    let blank = [(String::new(), String::new())];
    html! {
        fieldset {
            legend { (desk.t("Names")) }
            @for (language, name) in names.iter().chain(&blank) {
                div.row {
                    label { span { (desk.t("Language")) }
                        input name="language" size="6" maxlength="35" placeholder="de" value=(language); }
                    label.wide { span { (desk.t("Name")) }
                        input name="name" maxlength="200" value=(name); }
                }
            }
            p.small { (desk.t("A row without a name is left out; save to be given one more.")) }
        }
    }
}

/// Fields of a category's address, and of its place among its siblings.
pub(super) fn place_fields(desk: &Desk, slug: &str, position: &str) -> Markup {
    html! {
        label { span { (desk.t("Name in addresses (a-z, 0-9, -), if it has one")) }
            input name="slug" maxlength="100" pattern=r"[a-z0-9][a-z0-9\-]*" value=(slug); }
        (position_field(desk, position))
    }
}

/// A field of the place among siblings.
pub(super) fn position_field(desk: &Desk, position: &str) -> Markup {
    html! {
        label { span { (desk.t("Place among its siblings: smaller comes first")) }
            input name="position" inputmode="numeric" pattern="-?[0-9]+" size="6"
                value=(if position.is_empty() { "0" } else { position }); }
    }
}

/// The names that a form says, as it says them.
pub(super) fn names_said(said: &Form) -> Vec<(String, String)> {
    let pairs = said.all("language").iter().zip(said.all("name"));
    let pairs = pairs.map(|(language, name)| (language.trim().to_owned(), name.trim().to_owned()));
    pairs.filter(|(_, name)| !name.is_empty()).collect()
}

/// A category as a form says it, but for where it is.
pub(super) fn written(desk: &Desk, said: &Form) -> Result<Value, Trouble> {
    let mut names = Map::new();
    for (language, name) in names_said(said) {
        if language.is_empty() || names.contains_key(&language) {
            let detail = desk.t("Each name needs a language of its own, such as cs or en.");
            return Err(Trouble::invalid(detail));
        }
        names.insert(language, name.into());
    }
    if names.is_empty() {
        return Err(Trouble::invalid(desk.t("A category needs a name in one language at least.")));
    }
    let slug = Some(said.text("slug")).filter(|slug| !slug.is_empty());
    Ok(json!({ "names": names, "slug": slug, "position": position(desk, said)? }))
}

/// The place among siblings that a form says; 0 if it says none.
pub(super) fn position(desk: &Desk, said: &Form) -> Result<i64, Trouble> {
    match said.text("position") {
        "" => Ok(0),
        _ => said
            .int("position")
            .ok_or_else(|| Trouble::invalid(desk.t("The place among siblings is a whole number."))),
    }
}
