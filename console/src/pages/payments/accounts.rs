//! The shop's accounts at providers. Their secrets go in by the API, and are never shown.

use super::{super::Answer, list::views};
use crate::{
    backend::page_at,
    desk::{Asked, Desk},
    ui::{
        layout::text,
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
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
/// Providers that carry messages; all others carry money.
const CARRIERS: [&str; 2] = ["smtp", "smsc"];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let page = desk.api().get(&page_at("/v1/accounts?limit=50", asked.text("cursor"))).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let main = html! {
        (parts::heading(desk.t("Accounts"), &html! {}, &html! {}))
        (views(&desk, "/accounts"))
        @if rows.is_empty() {
            (parts::empty(desk.t("There is no account yet"),
                desk.t("An account at a provider is set up with its secrets: PUT /v1/accounts/{provider}/{name}. Payments by hand need none: manual/main.")))
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

fn row(desk: &Desk, account: &Value) -> Row {
    let provider = account.text("provider");
    let takes = if CARRIERS.contains(&provider) { text!("messages") } else { text!("money") };
    let mode = match account.text("mode") {
        "live" => html! { (desk.t("real")) },
        _ => html! { span.badge.amber { (desk.t("for trying out")) } },
    };
    Row {
        id: account.text("id").to_owned(),
        cells: vec![
            html! { strong { (provider) } "/" (account.text("name")) },
            html! { (desk.t(takes)) },
            mode,
            settings(account.at("settings")),
            hears(desk, account),
            parts::ago(desk, account.text("changed_at")),
        ],
        ..Row::default()
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
