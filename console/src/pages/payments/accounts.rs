//! The shop's accounts at providers. Their secrets go in, and are never shown.

mod one;
mod sheet;

use super::{super::Answer, list::views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk},
    state::Console,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 6] = [
    words("Account"),
    words("Takes"),
    words("Mode"),
    words("Settings").minor(),
    words("Tell the provider"),
    words("Changed"),
];

/// The pages of accounts.
pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/payments/accounts", get(show))
        .route("/payments/accounts/new", get(one::blank).post(one::make))
        .route("/payments/accounts/{provider}/{name}", get(one::show).post(one::change))
        .route("/payments/accounts/{provider}/{name}/health", get(super::health::show))
        .route("/payments/accounts/{provider}/{name}/remove", get(one::leaving).post(one::remove))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let path = page_at("/v1/accounts?limit=50", asked.text("cursor"));
    let (page, known) = tokio::join!(desk.api().get(&path), desk.api().get_if_any("/v1/providers"));
    let page = page?;
    if desk.wants_csv() {
        let row = move |desk: &Desk, one: &Value| row(desk, &known, one);
        return csv::list(&desk, &COLUMNS, "/v1/accounts", row).await;
    }
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, &known, one)).collect();
    let main = html! {
        (parts::heading(desk.t("Accounts"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("tenants:write") {
                (parts::action(&desk.url("/payments/accounts/new"), desk.t("New account"), "primary"))
            }
        }))
        (views(&desk, "/accounts"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no account yet"),
                desk.t("An account at a provider carries money or messages. Payments by hand need none: manual/main.")))
        } @else {
            div { (table(&desk, desk.t("Accounts"), &COLUMNS, &rows, None)) }
            p.quiet {
                (desk.t("Secrets are never shown. Which account takes which payment is said by the")) " "
                a href=(desk.url("/payments/routes")) { (desk.t("rules")) } "."
            }
        }
        (parts::pager(&desk, &desk.url("/payments/accounts"), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Accounts"), main))
}

fn row(desk: &Desk, known: &Value, account: &Value) -> Row {
    let (provider, name) = (account.text("provider"), account.text("name"));
    let carries = known.list("items").iter().find(|one| one.text("provider") == provider);
    let takes = match carries.map_or("", |one| one.text("carries")) {
        "money" => text!("money"),
        "messages" => text!("messages"),
        _ => "",
    };
    Row {
        id: account.text("id").to_owned(),
        href: desk.url(&format!("/payments/accounts/{}/{}", escape(provider), escape(name))),
        cells: vec![
            html! { (provider) "/" (name) },
            html! { (desk.t(takes)) },
            mode(desk, account),
            settings(account.at("settings")),
            hears(desk, account),
            parts::ago(desk, account.text("changed_at")),
        ],
    }
}

/// Whether money and messages are real.
fn mode(desk: &Desk, account: &Value) -> Markup {
    match account.text("mode") {
        "live" => html! { (desk.t("real")) },
        _ => html! { span.badge.amber { (desk.t("for trying out")) } },
    }
}

/// What of the settings may be shown: the API has taken the secrets out.
fn settings(settings: &Value) -> Markup {
    let known = settings.as_object().into_iter().flatten();
    html! {
        @for (name, value) in known.filter(|(_, value)| value.as_str() != Some("***")).take(8) {
            @match value {
                Value::String(text) => div { (name) " " code { (text) } },
                Value::Number(number) => div { (name) " " code { (number.to_string()) } },
                Value::Bool(yes) => div { (name) " " code { (yes.to_string()) } },
                _ => {}
            }
        }
    }
}

/// Where the provider is to send its notifications.
fn hears(desk: &Desk, account: &Value) -> Markup {
    let (url, path) = (account.text("webhook_url"), account.text("webhook_path"));
    match if url.is_empty() { path } else { url } {
        "" => html! {},
        address => html! { button.small type="button" data-copy=(address) {
            (desk.t("Copy the address"))
        } },
    }
}
