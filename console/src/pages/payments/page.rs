//! One payment: its attempts, its ledger, what was said to the provider, and giving money back.

use super::super::{
    Answer,
    timeline::{self, Happening},
};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, Form, go},
    format,
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

const ATTEMPTS: [Column; 5] = [
    words("By"),
    words("Status"),
    figures("Came"),
    figures("Went back"),
    words("The provider's id"),
];
const LEDGER: [Column; 4] = [words("When"), words("What"), figures("Change"), figures("Left")];

pub(super) async fn show(
    desk: Desk,
    Path((_, payment)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/payments/{}", escape(&payment));
    let paths =
        ["history?limit=200", "ledger?limit=100", "calls"].map(|part| format!("{path}/{part}"));
    let (document, history, ledger, calls) = tokio::join!(
        desk.api().get(&path),
        desk.api().get_if_any(&paths[0]),
        desk.api().get_if_any(&paths[1]),
        desk.api().get_if_any(&paths[2]),
    );
    let document = document?;
    let amount = desk.money(document.int("amount_minor"), document.text("currency"));
    let title = desk.f("Payment of {}", &[&amount]);
    let main = html! {
        div #live data-live="payment.*" data-live-about=(payment) {
            (header(&desk, &payment, &document, &title))
            @if asked.text("done") == "yes" {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            div.columns {
                div {
                    (sums(&desk, &document))
                    (attempts(&desk, &document))
                    (refunds(&desk, &document))
                    (entries(&desk, &ledger))
                    (said(&desk, &calls))
                    (parts::raw(&desk, &document))
                }
                aside aria-label=(desk.t("What happened")) { (happened(&desk, &history)) }
            }
        }
    };
    Ok(desk.page(&title, main))
}

/// What is there and can be given back.
fn left(payment: &Value) -> i64 {
    payment.int("captured_minor")
        - payment.int("refunded_minor")
        - payment.int("charged_back_minor")
}

fn header(desk: &Desk, id: &str, payment: &Value, title: &str) -> Markup {
    let url = |action: &str| desk.url(&format!("/payments/{}/{action}", escape(id)));
    let status = payment.text("status");
    let beside = html! {
        (parts::badge(desk, status))
        @if payment.has("order") {
            a href=(desk.url(&format!("/orders/{}", escape(payment.text("order"))))) {
                (desk.t("the order")) " " (format::short(payment.text("order")))
            }
        }
        (parts::id(desk, id))
    };
    let actions = html! {
        @if desk.may("payments:write") {
            @if left(payment) > 0 {
                (parts::action(&url("refund"), desk.t("Give money back"), "danger"))
            }
            @if status == "authorized" {
                (parts::one_button(desk, &url("capture"), desk.t("Take the held money"), "primary"))
            }
            @if matches!(status, "pending" | "created" | "authorized") {
                (parts::one_button(desk, &url("query"), desk.t("Ask the provider"), ""))
                (parts::one_button(desk, &url("cancel"), desk.t("Call it off"), "danger"))
            }
        }
    };
    parts::heading(title, &beside, &actions)
}

fn sums(desk: &Desk, payment: &Value) -> Markup {
    let currency = payment.text("currency");
    let sum = |name: &str| match payment.int(name) {
        0 => html! {},
        minor => parts::money(desk, minor, currency),
    };
    parts::section(
        desk.t("Money"),
        &parts::facts(&[
            (desk.t("Asked for"), sum("amount_minor")),
            (desk.t("Held for us"), sum("authorized_minor")),
            (desk.t("Came"), sum("captured_minor")),
            (desk.t("Went back"), sum("refunded_minor")),
            (desk.t("Lost in a dispute"), sum("charged_back_minor")),
            (desk.t("Left"), parts::money(desk, left(payment), currency)),
            (desk.t("The payer reads"), html! { (payment.text("description")) }),
            (desk.t("May be paid until"), parts::clock(desk, payment.text("until"))),
        ]),
    )
}

fn attempts(desk: &Desk, payment: &Value) -> Markup {
    let currency = payment.text("currency");
    let row = |attempt: &Value| Row {
        cells: vec![
            html! { (attempt.text("provider")) " " small { (attempt.text("account")) } },
            parts::badge(desk, attempt.text("status")),
            parts::money_if_any(desk, attempt.int("captured_minor"), currency),
            parts::money_if_any(desk, attempt.int("refunded_minor"), currency),
            html! { @for name in attempt.list("references").iter().filter_map(Value::as_str).take(1) {
                (parts::id(desk, name))
            } },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = payment.list("attempts").iter().map(row).collect();
    parts::section(desk.t("Attempts"), &table(desk, desk.t("Attempts"), &ATTEMPTS, &rows, None))
}

fn refunds(desk: &Desk, payment: &Value) -> Markup {
    let refunds = payment.list("refunds");
    if refunds.is_empty() {
        return html! {};
    }
    parts::section(
        desk.t("Refunds"),
        &html! {
            ul.plain {
                @for refund in refunds {
                    li {
                        (desk.money(refund.int("/amount/amount_minor"), refund.text("/amount/currency")))
                        " " (parts::badge(desk, refund.text("status")))
                        " " (refund.text("reason")) " "
                        small { (parts::ago(desk, refund.text("requested_at"))) }
                    }
                }
            }
        },
    )
}

fn entries(desk: &Desk, ledger: &Value) -> Markup {
    let row = |entry: &Value| {
        let currency = entry.text("currency");
        Row {
            cells: vec![
                parts::clock(desk, entry.text("at")),
                html! { (desk.language().word(entry.text("kind"))) },
                parts::money(desk, entry.int("change_minor"), currency),
                parts::money(desk, entry.int("balance_minor"), currency),
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = ledger.list("items").iter().map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::section(desk.t("Ledger"), &table(desk, desk.t("Ledger"), &LEDGER, &rows, None))
}

/// What was said to the provider, without secrets.
fn said(desk: &Desk, calls: &Value) -> Markup {
    let calls = calls.list("items");
    if calls.is_empty() {
        return html! {};
    }
    parts::section(
        desk.t("What was said to the provider"),
        &html! {
            @for call in calls { (parts::raw(desk, call)) }
        },
    )
}

fn happened(desk: &Desk, history: &Value) -> Markup {
    parts::section(
        desk.t("What happened"),
        &html! {
            ol.timeline {
                @for event in history.list("items").iter().rev() {
                    li {
                        span.when { (parts::clock(desk, event.text("at"))) }
                        div {
                            p { (timeline::sentence(desk, &Happening::of(event))) }
                            p.small { (timeline::who(desk, event.text("actor"))) }
                            (parts::raw(desk, event))
                        }
                    }
                }
            }
        },
    )
}

/// A refund, as a form or an address says it.
fn wanted(said: &Form, payment: &Value) -> Result<Value, Trouble> {
    let mut body = json!({});
    if !said.text("amount_minor").is_empty() {
        let minor = said.int("amount_minor").filter(|minor| *minor > 0).ok_or_else(|| {
            let detail = "the amount is a whole number of minor units (haléře, cents)";
            Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_amount", detail)
        })?;
        body["amount"] = json!({ "amount_minor": minor, "currency": payment.text("currency") });
    }
    if !said.text("reason").is_empty() {
        body["reason"] = Value::String(said.text("reason").to_owned());
    }
    Ok(body)
}

pub(super) async fn refund(
    desk: Desk,
    Path((_, payment)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/payments/{}", escape(&payment));
    let document = desk.api().get(&path).await?;
    let would = match wanted(&asked, &document) {
        Ok(body) => desk.api().would(&format!("{path}/refunds"), body).await,
        Err(trouble) => Err(trouble),
    };
    let minor = asked.int("amount_minor").unwrap_or_else(|| left(&document));
    let amount = desk.money(minor, document.text("currency"));
    let title = desk.f("Give money back: {}", &[&amount]);
    let main = html! {
        (parts::heading(&title, &parts::badge(&desk, document.text("status")), &html! {}))
        form.sheet hx-get=(desk.path()) hx-target="#outcome" hx-select="#outcome" hx-swap="outerHTML"
            hx-trigger="input changed delay:300ms, submit" hx-push-url="true" {
            label { span { (desk.t("How much, in minor units; all that is left if empty")) }
                input name="amount_minor" inputmode="numeric" value=(asked.text("amount_minor")); }
            label { span { (desk.t("Why")) }
                input name="reason" maxlength="500" value=(asked.text("reason")); }
            button type="submit" { (desk.t("Show what it would do")) }
        }
        div #outcome aria-live="polite" {
            @match &would {
                Err(trouble) => p.notice.red role="alert" { (trouble.detail) },
                Ok(would) => {
                    (super::super::orders::what_would_happen(&desk, would))
                    form method="post" {
                        (desk.form_fields())
                        input type="hidden" name="amount_minor" value=(asked.text("amount_minor"));
                        input type="hidden" name="reason" value=(asked.text("reason"));
                        button.danger type="submit" { (desk.f("Give {} back", &[&amount])) }
                    }
                }
            }
        }
        p { a href=(desk.url(&format!("/payments/{}", escape(&payment)))) {
            (desk.t("Back to the payment, changing nothing"))
        } }
    };
    Ok(desk.page(&title, main))
}

pub(super) async fn refund_it(
    desk: Desk,
    Path((_, payment)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/payments/{}", escape(&payment));
    let document = desk.api().get(&path).await?;
    let body = wanted(&said, &document)?;
    desk.api().post(&format!("{path}/refunds"), body, said.text("key")).await?;
    Ok(go(&desk.url(&format!("/payments/{}?done=yes", escape(&payment)))))
}

pub(super) async fn act(
    desk: Desk,
    Path((_, payment, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    if !matches!(action.as_str(), "capture" | "cancel" | "query") {
        return Err(Trouble::not_found());
    }
    let path = format!("/v1/payments/{}/{action}", escape(&payment));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url(&format!("/payments/{}?done=yes", escape(&payment)))))
}
