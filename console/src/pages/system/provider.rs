//! A payment provider on this node: how the accounts of all tenants there are, trouble first.

use super::{
    super::{Answer, payments::health},
    for_operators, views,
};
use crate::{
    backend::escape,
    desk::{Desk, query},
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use maud::html;
use serde_json::Value;

/// Accounts that are shown.
const ACCOUNTS: &str = "200";

pub(super) async fn show(desk: Desk, Path(provider): Path<String>) -> Answer {
    for_operators(&desk)?;
    let asked = [("provider", &*provider), ("limit", ACCOUNTS)];
    let page = desk.api().get(&query("/v1/platform/accounts", &asked)).await?;
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
