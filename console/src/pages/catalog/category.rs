//! One category: its names, and moving, merging, hiding and showing it, each with what it does first.

use super::{
    super::Answer,
    categories::{
        chooser, link, names_fields, names_said, paths, place_fields, position, position_field,
        written,
    },
    name, of_category, views,
};
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    ui::{layout::text, parts},
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

/// What can be done with a category: its route, the verb, and how the category stands for it.
struct Action {
    route: &'static str,
    label: &'static str,
    from: &'static [&'static str],
    danger: bool,
}

static ACTIONS: [Action; 4] = [
    Action { route: "move", label: text!("Move"), from: &["active", "archived"], danger: false },
    Action {
        route: "merge",
        label: text!("Merge into another"),
        from: &["active", "archived"],
        danger: true,
    },
    Action { route: "archive", label: text!("Hide"), from: &["active"], danger: true },
    Action { route: "restore", label: text!("Show again"), from: &["archived"], danger: false },
];

/// A category with what it is among.
struct Known {
    document: Value,
    tree: Value,
}

async fn known(desk: &Desk, category: &str) -> Result<Known, Trouble> {
    let path = format!("/v1/categories/{}", escape(category));
    let (document, tree) =
        tokio::join!(desk.api().get(&path), desk.api().get("/v1/categories/tree"));
    Ok(Known { document: document?, tree: tree? })
}

fn url(desk: &Desk, category: &str, rest: &str) -> String {
    desk.url(&format!("/catalog/categories/{}{rest}", escape(category)))
}

pub(super) async fn show(
    desk: Desk,
    Path((_, category)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let known = known(&desk, &category).await?;
    let names = known.document.at("names").as_object().into_iter().flatten();
    let names: Vec<_> = names
        .map(|(language, name)| (language.clone(), name.as_str().unwrap_or_default().to_owned()))
        .collect();
    let position = known.document.int("position").to_string();
    let form = form(&desk, &names, known.document.text("slug"), &position);
    let notice = html! {
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
    };
    Ok(desk.page(&name(&desk, &known.document), page(&desk, &known, &notice, &form)))
}

pub(super) async fn save(
    desk: Desk,
    Path((_, category)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/categories/{}", escape(&category));
    let done = match written(&desk, &said) {
        Ok(body) => {
            let key = said.text("key");
            desk.api().change(Change { method: Method::PATCH, path: &path, body, key }).await
        }
        Err(trouble) => Err(trouble),
    };
    match done {
        Ok(_) => Ok(go(&url(&desk, &category, "?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let known = known(&desk, &category).await?;
            let (slug, position) = (said.text("slug"), said.text("position"));
            let form = form(&desk, &names_said(&said), slug, position);
            let main = page(&desk, &known, &parts::refusal(&desk, &trouble), &form);
            Ok(desk.refused(&name(&desk, &known.document), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

fn form(desk: &Desk, names: &[(String, String)], slug: &str, position: &str) -> Markup {
    html! {
        form.sheet.wide method="post" {
            (desk.form_fields())
            (names_fields(desk, names))
            (place_fields(desk, slug, position))
            button.primary type="submit" { (desk.t("Save")) }
        }
    }
}

fn page(desk: &Desk, known: &Known, notice: &Markup, form: &Markup) -> Markup {
    let Known { document, tree } = known;
    let (id, status) = (document.text("id"), document.text("status"));
    let writes = desk.may("catalog:write");
    let beside = html! { (parts::badge(desk, status)) (parts::id(desk, id)) };
    let actions = html! {
        @for action in ACTIONS.iter().filter(|action| writes && action.from.contains(&status)) {
            @let class = if action.danger { "danger" } else { "" };
            (parts::action(&url(desk, id, &format!("/{}", action.route)), desk.t(action.label), class))
        }
    };
    html! {
        (parts::heading(&name(desk, document), &beside, &actions))
        (views(desk, None))
        (notice)
        @if document.has("merged_into") {
            @let into = document.text("merged_into");
            p.notice.amber { (desk.t("It became another category:")) " "
                a href=(url(desk, into, "")) { (path_of(desk, tree, into)) } }
        }
        div.columns {
            div { @if writes && status != "merged" { (form) } @else { (names(desk, document)) } }
            aside aria-label=(desk.t("Where it is")) { (place(desk, document, tree)) }
        }
    }
}

fn names(desk: &Desk, document: &Value) -> Markup {
    let names = document.at("names").as_object().into_iter().flatten();
    let rows: Vec<(&str, Markup)> = names
        .map(|(language, name)| {
            (language.as_str(), html! { span lang=(language) { (name.as_str().unwrap_or("")) } })
        })
        .collect();
    parts::section(desk.t("Names"), &parts::facts(&rows))
}

fn place(desk: &Desk, document: &Value, tree: &Value) -> Markup {
    let id = document.text("id");
    let below = node(tree.list("items"), id).map(|node| node.list("children")).unwrap_or_default();
    let parent = document.text("parent");
    let new = desk.url(&query("/catalog/categories/new", &[("parent", id)]));
    html! {
        (parts::section(desk.t("Where it is"), &html! {
            (parts::facts(&[
                (desk.t("In which category"), match parent {
                    "" => html! { (desk.t("at the top")) },
                    parent => html! { a href=(url(desk, parent, "")) { (path_of(desk, tree, parent)) } },
                }),
                (desk.t("Name in addresses"), html! { code { (document.text("slug")) } }),
                (desk.t("Changed"), parts::ago(desk, document.text("updated_at"))),
            ]))
        }))
        (parts::section(desk.t("Below it"), &html! {
            @if below.is_empty() { p.quiet { (desk.t("nothing")) } }
            ul.plain { @for child in below { li { (link(desk, child)) } } }
            @if desk.may("catalog:write") && document.text("status") == "active" {
                p { a href=(new) { (desk.t("New category below it")) } }
            }
        }))
    }
}

/// A category in its tree.
fn node<'t>(nodes: &'t [Value], id: &str) -> Option<&'t Value> {
    nodes.iter().find_map(|one| match one.text("id") == id {
        true => Some(one),
        false => node(one.list("children"), id),
    })
}

/// How many categories are below one.
fn below(node: &Value) -> usize {
    node.list("children").iter().map(|child| 1 + below(child)).sum()
}

/// A category by its whole path; by its id, if it is not in the tree.
fn path_of(desk: &Desk, tree: &Value, id: &str) -> String {
    let all = paths(desk, tree);
    all.into_iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, path)| path)
}

fn action_of(route: &str) -> Result<&'static Action, Trouble> {
    ACTIONS.iter().find(|action| action.route == route).ok_or_else(Trouble::not_found)
}

/// What the API is told; none, as long as something is missing.
fn body(desk: &Desk, action: &Action, said: &Form) -> Result<Option<Value>, Trouble> {
    Ok(match action.route {
        "move" if said.all("parent").is_empty() => None,
        "move" => {
            let parent = Some(said.text("parent")).filter(|parent| !parent.is_empty());
            Some(json!({ "parent": parent, "position": position(desk, said)? }))
        }
        "merge" if said.text("into").is_empty() => None,
        "merge" => Some(json!({ "into": said.text("into") })),
        _ => Some(json!({})),
    })
}

pub(super) async fn ask(
    desk: Desk,
    Path((_, category, route)): Path<(String, String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let action = action_of(&route)?;
    let known = known(&desk, &category).await?;
    let path = format!("/v1/categories/{}/{route}", escape(&category));
    let would = match body(&desk, action, &asked) {
        Ok(Some(body)) => Some(desk.api().would(&path, body).await),
        Ok(None) => None,
        Err(trouble) => Some(Err(trouble)),
    };
    let outcome = match &would {
        None => html! {},
        Some(Err(trouble)) => parts::refusal(&desk, trouble),
        Some(Ok(would)) => {
            let none = would.list("would").is_empty();
            let sentences =
                if none { vec![] } else { effects(&desk, &known, action, &asked).await };
            let class = if action.danger { "danger" } else { "primary" };
            html! {
                (parts::forecast(&desk, &sentences))
                @if !none {
                    (parts::decision(&desk, &asked, &["parent", "position", "into"],
                        (desk.t(action.label), class)))
                }
            }
        }
    };
    let title = desk.f("{}: {}", &[desk.t(action.label), &name(&desk, &known.document)]);
    Ok(desk.page(&title, asking(&desk, &known, action, &asked, &outcome)))
}

fn asking(desk: &Desk, known: &Known, action: &Action, said: &Form, outcome: &Markup) -> Markup {
    let Known { document, tree } = known;
    let id = document.text("id");
    let title = desk.f("{}: {}", &[desk.t(action.label), &name(desk, document)]);
    let ours: Vec<_> = paths(desk, tree).into_iter().filter(|(other, _)| other != id).collect();
    let said_or = |field: &str, other: String| match said.all(field) {
        [] => other,
        _ => said.text(field).to_owned(),
    };
    html! {
        (parts::heading(&title, &parts::badge(desk, document.text("status")), &html! {}))
        @if matches!(action.route, "move" | "merge") {
            form.sheet hx-get=(desk.path()) hx-target="#outcome" hx-select="#outcome"
                hx-swap="outerHTML" hx-trigger="change, submit" hx-push-url="true" {
                @if action.route == "move" {
                    label { span { (desk.t("Into which category")) }
                        (chooser(desk, "parent", &ours, &said_or("parent", document.text("parent").to_owned()),
                            Some(desk.t("at the top")))) }
                    (position_field(desk, &said_or("position", document.int("position").to_string())))
                } @else {
                    label { span { (desk.t("Into which category")) }
                        (chooser(desk, "into", &ours, said.text("into"), Some(desk.t("choose one")))) }
                }
                button type="submit" { (desk.t("Show what it would do")) }
            }
        }
        div #outcome aria-live="polite" { (outcome) }
        p { a href=(url(desk, id, "")) { (desk.t("Back to the category, changing nothing")) } }
    }
}

/// What an action does, in sentences. What they count leads to what is counted.
async fn effects(desk: &Desk, known: &Known, action: &Action, said: &Form) -> Vec<Markup> {
    let Known { document, tree } = known;
    let (id, own) = (document.text("id"), name(desk, document));
    let along = node(tree.list("items"), id).map_or(0, below).to_string();
    let named = |id: &str| match id {
        "" => desk.t("at the top").to_owned(),
        id => path_of(desk, tree, id),
    };
    let says = |sentence: String| html! { (sentence) };
    // The category's own page lists what is below it.
    let leads = |sentence: String| html! { a href=(url(desk, id, "")) { (sentence) } };
    let mut all = Vec::new();
    let below = match action.route {
        "move" => {
            let (from, to) = (named(document.text("parent")), named(said.text("parent")));
            all.push(says(desk.f("{} is moved. It was: {}. It will be: {}.", &[&own, &from, &to])));
            desk.f("Categories below it that go along: {}", &[&along])
        }
        "merge" => {
            let into = named(said.text("into"));
            all.push(says(desk.f("{} is {} from now on, wherever it is named.", &[&own, &into])));
            desk.f("Categories below it that are below {} then: {}", &[&into, &along])
        }
        "archive" => {
            all.push(says(desk.f("{} is shown no longer. Its products stay in it.", &[&own])));
            desk.f("Categories below it that are hidden too: {}", &[&along])
        }
        _ => return vec![says(desk.f("{} is shown again, with what is below it.", &[&own]))],
    };
    if along != "0" {
        all.push(leads(below));
    }
    match action.route {
        "merge" => {
            let (into, count) = (named(said.text("into")), products(desk, id).await);
            let told = match count {
                Some(count) => desk.number(count),
                None => desk.t("nobody knows how many").to_owned(),
            };
            let sentence = desk.f("Products that are in {} then: {}", &[&into, &told]);
            all.push(match count {
                Some(_) => html! { a href=(of_category(desk, id)) { (sentence) } },
                None => says(sentence),
            });
            all.push(says(
                desk.t("This cannot be taken back: they do not come apart again.").to_owned(),
            ));
        }
        "archive" => all.push(says(desk.t("It can be shown again.").to_owned())),
        _ => {}
    }
    all
}

/// How many products are in a category or below it, if that can be told.
async fn products(desk: &Desk, category: &str) -> Option<i64> {
    let path = format!("/v1/products?limit=1&category={}", escape(category));
    let page = desk.api().get_if_any(&path).await;
    page.has("total").then(|| page.int("total"))
}

pub(super) async fn carry_out(
    desk: Desk,
    Path((_, category, route)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let action = action_of(&route)?;
    let path = format!("/v1/categories/{}/{route}", escape(&category));
    let done = match body(&desk, action, &said) {
        Ok(Some(body)) => desk.api().post(&path, body, said.text("key")).await,
        Ok(None) => Err(Trouble::invalid(desk.t("Choose a category first."))),
        Err(trouble) => Err(trouble),
    };
    match done {
        Ok(_) if route == "merge" => Ok(go(&url(&desk, said.text("into"), "?done=yes"))),
        Ok(_) => Ok(go(&url(&desk, &category, "?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let known = known(&desk, &category).await?;
            let outcome = parts::refusal(&desk, &trouble);
            let main = asking(&desk, &known, action, &said, &outcome);
            Ok(desk.refused(desk.t(action.label), &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}
