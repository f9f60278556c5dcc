//! The list of payments, by status.

use super::super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk, Form, query},
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 7] = [
    words("Payment"),
    words("Status"),
    figures("Amount"),
    figures("Came").minor(),
    figures("Went back").minor(),
    words("By"),
    words("Order").minor(),
];
const VIEWS: [(&str, &str); 11] = [
    ("", text!("All")),
    ("?status=pending", text!("Open")),
    ("?status=authorized", text!("Held")),
    ("?status=paid", text!("Paid")),
    ("?status=refunded", text!("Refunded")),
    ("?status=failed", text!("Failed")),
    ("?status=second_payment", text!("Paid twice")),
    ("/ledger", text!("Ledger")),
    ("/differences", text!("Differences")),
    ("/accounts", text!("Accounts")),
    ("/routes", text!("Routing")),
];

/// The pages of payments, as tabs.
pub(super) fn views(desk: &Desk, current: &str) -> Markup {
    // How accounts are set up is told to fewer people than what came in.
    let shown = |path: &str| !matches!(path, "/accounts" | "/routes") || desk.may("tenants:read");
    let tabs = VIEWS.iter().filter(|(path, _)| shown(path)).map(|(path, label)| {
        (desk.url(&format!("/payments{path}")), desk.t(label).to_owned(), *path == current)
    });
    parts::tabs(desk.t("Views"), &tabs.collect::<Vec<_>>())
}

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let path = query(
        "/v1/payments",
        &[
            ("limit", "50"),
            ("status", asked.text("status")),
            ("provider", asked.text("provider")),
            ("account", asked.text("account")),
            ("cursor", asked.text("cursor")),
        ],
    );
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let (page, accounts) = tokio::join!(desk.api().get(&path), super::health::overview(&desk));
    let page = page?;
    let rows: Vec<_> = page.list("items").iter().map(|payment| row(&desk, payment)).collect();
    let view = match asked.text("status") {
        "" => String::new(),
        status => format!("?status={}", escape(status)),
    };
    let rows_live = asked.text("cursor").is_empty().then_some("payment.requested");
    let main = html! {
        (parts::heading(desk.t("Payments"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (views(&desk, &view))
        (accounts)
        (narrowed(&desk, &asked, &view))
        div #live data-live="payment.*" data-live-rows=[rows_live] {
            @if rows.is_empty() {
                (parts::empty(desk.t("No payment is like that"),
                    desk.t("A payment is opened by POST /v1/payments, for an order.")))
            } @else { (table(&desk, desk.t("Payments"), &COLUMNS, &rows, None)) }
        }
        (parts::pager(&desk, &base(&desk, &asked), asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Payments"), main))
}

/// The list's own address, without its page.
fn base(desk: &Desk, asked: &Form) -> String {
    let narrowed = ["status", "provider", "account"].map(|name| (name, asked.text(name)));
    match narrowed.iter().all(|(_, value)| value.is_empty()) {
        true => desk.url("/payments"),
        false => query(&desk.url("/payments"), &narrowed),
    }
}

/// Says at which account the payments are, if only those of one are shown.
fn narrowed(desk: &Desk, asked: &Form, view: &str) -> Markup {
    let (provider, account) = (asked.text("provider"), asked.text("account"));
    let name = match account {
        "" => provider.to_owned(),
        account => format!("{provider}/{account}"),
    };
    html! {
        @if !provider.is_empty() {
            nav.chips aria-label=(desk.t("What the list is narrowed by")) {
                a.chip href=(desk.url(&format!("/payments{view}"))) title=(desk.t("Take it away")) {
                    (desk.f("account is {}", &[&name])) " " span aria-hidden="true" { "×" }
                    span.hidden { ", " (desk.t("Take it away")) }
                }
            }
        }
    }
}

fn row(desk: &Desk, payment: &Value) -> Row {
    let (id, currency) = (payment.text("id"), payment.text("currency"));
    let attempt = payment.list("attempts").last().cloned().unwrap_or_default();
    let order = payment.text("order");
    Row {
        id: id.to_owned(),
        href: desk.url(&format!("/payments/{}", escape(id))),
        cells: vec![
            html! { (crate::format::short(id)) },
            parts::badge(desk, payment.text("status")),
            parts::money(desk, payment.int("amount_minor"), currency),
            parts::money_if_any(desk, payment.int("captured_minor"), currency),
            parts::money_if_any(desk, payment.int("refunded_minor"), currency),
            html! { (attempt.text("provider")) " " small { (attempt.text("account")) } },
            html! { @if !order.is_empty() {
                a href=(desk.url(&format!("/orders/{}", escape(order)))) { (csv::id(desk, order)) }
            } },
        ],
    }
}
