//! A provider on this node: what came of the calls to it since the node began, and how the accounts of
//! all tenants there are, trouble first.

use super::{
    super::{Answer, payments::health},
    figures::Figures,
    for_operators, views,
};
use crate::{
    backend::escape,
    desk::{Desk, query},
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

/// Accounts that are shown.
const ACCOUNTS: &str = "200";
const CALLS: &str = "kontor_gateway_calls_total";

const COLUMNS: [Column; 3] = [words("What was asked"), words("What came of it"), figures("Calls")];

pub(super) async fn show(desk: Desk, Path(provider): Path<String>) -> Answer {
    for_operators(&desk)?;
    let asked = [("provider", &*provider), ("limit", ACCOUNTS)];
    let asked = query("/v1/platform/accounts", &asked);
    let (page, text) = tokio::join!(desk.api().get(&asked), desk.api().text("/metrics"));
    let (page, now) = (page?, Figures::parse(&text?));
    let line = |seen: &Value| {
        let (tenant, account) = (seen.text("tenant"), seen.text("account"));
        let of_it = format!("{}/{}/health", escape(&provider), escape(account));
        let href = format!("/console/t/{}/payments/accounts/{of_it}", escape(tenant));
        health::line(&desk, (&href, &format!("{tenant} · {account}")), seen)
    };
    let items = page.list("items");
    let title = desk.language().word(&provider);
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(&title, &html! {}, &html! {}))
            (views(&desk, "-"))
            (parts::section(desk.t("Calls since the node began"), &calls(&desk, &provider, &now)))
            h2 { (desk.t("Its accounts, of all tenants")) }
            @if items.is_empty() {
                (parts::empty(desk.t("No account of it is in use"),
                    desk.t("An account is seen here once this node has looked at it or called it.")))
            } @else {
                div.panel.runs { ul { @for seen in items { li { (line(seen)) } } } }
            }
            @if page.is("more") {
                p.quiet { (desk.f("These are {}; the others are no worse.", &[ACCOUNTS])) }
            }
            p.quiet { (desk.t("This is what this node has seen since it began; it counts an hour back.")) }
        }
    };
    Ok(desk.page(&title, main))
}

/// Each call that was made, by what was asked and what came of it; together they are the count that
/// led here.
fn calls(desk: &Desk, provider: &str, now: &Figures) -> Markup {
    let all = now.sum(CALLS, &[("provider", provider)]);
    let good = now.sum(CALLS, &[("provider", provider), ("outcome", "answered")]);
    let mut rows = Vec::new();
    for operation in now.values_of(CALLS, &[("provider", provider)], "operation") {
        let of_it = [("provider", provider), ("operation", operation.as_str())];
        for outcome in now.values_of(CALLS, &of_it, "outcome") {
            let count = now.sum(CALLS, &[&of_it[..], &[("outcome", outcome.as_str())]].concat());
            rows.push(Row {
                cells: vec![
                    html! { code { (operation) } },
                    html! { (desk.language().word(&outcome)) },
                    html! { (desk.number(count / 1_000_000)) },
                ],
                ..Row::default()
            });
        }
    }
    let (good, all) = (desk.number(good / 1_000_000), desk.number(all / 1_000_000));
    html! {
        @if rows.is_empty() {
            p.quiet { (desk.t("This node has not called it yet.")) }
        } @else {
            p { (desk.f("{} of {} calls answered.", &[&good, &all])) }
            (table(desk, desk.t("Calls since the node began"), &COLUMNS, &rows, None))
        }
    }
}
