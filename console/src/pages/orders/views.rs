//! Views that whoever looks keeps under names: tabs beside those that everybody has.

use super::{super::Answer, filters::Filters};
use crate::{
    backend::{Change, escape},
    desk::{Desk, Form, go},
    gate::Posted,
    value::Read,
};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

/// The views that are kept, each with what it narrows the list by.
pub(super) async fn kept(desk: &Desk) -> Vec<(String, Filters)> {
    let found = desk.api().get_if_any("/v1/auth/me/views").await;
    let view = |view: &Value| {
        let filters = Filters::of(&Form::parse(view.text("query").as_bytes()));
        (view.text("name").to_owned(), filters)
    };
    found.list("items").iter().map(view).collect()
}

/// What can be done with the list as it is narrowed now: keep it, or keep it no longer.
pub(super) fn keeping(desk: &Desk, filters: &Filters, kept: &[(String, Filters)]) -> Markup {
    if filters.is_empty() || filters.get("q").contains('@') {
        return html! {};
    }
    if let Some((name, _)) = kept.iter().find(|(_, view)| view == filters) {
        return html! {
            form.row method="post" action=(desk.url("/orders/views/remove")) {
                (desk.form_fields())
                input type="hidden" name="name" value=(name);
                button type="submit" { (desk.t("Remove this view")) }
            }
        };
    }
    html! {
        form.row method="post" action=(desk.url("/orders/views")) {
            (desk.form_fields())
            input type="hidden" name="query" value=(filters.query());
            label { span { (desk.t("Name of the view")) }
                input name="name" required maxlength="40" size="18"; }
            button type="submit" { (desk.t("Save this view")) }
        }
    }
}

pub(super) async fn save(desk: Desk, Posted(said): Posted) -> Answer {
    let filters = Filters::of(&Form::parse(said.text("query").as_bytes()));
    let path = format!("/v1/auth/me/views/{}", escape(said.text("name")));
    let (body, key) = (json!({ "query": filters.query() }), said.text("key"));
    desk.api().change(Change { method: Method::PUT, path: &path, body, key }).await?;
    Ok(go(&filters.url(&desk)))
}

pub(super) async fn remove(desk: Desk, Posted(said): Posted) -> Answer {
    let path = format!("/v1/auth/me/views/{}", escape(said.text("name")));
    let (body, key) = (json!({}), said.text("key"));
    desk.api().change(Change { method: Method::DELETE, path: &path, body, key }).await?;
    Ok(go(&desk.url("/orders")))
}
