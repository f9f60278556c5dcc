//! Messages: the outbox with what became of each, and the texts with how they look.

use super::Answer;
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    state::Console,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

const COLUMNS: [Column; 5] =
    [words("Message"), words("Status"), words("To"), words("Why not"), words("Queued")];
const VIEWS: [(&str, &str); 8] = [
    ("", text!("All")),
    ("?status=queued", text!("Queued")),
    ("?status=waiting", text!("Tried again later")),
    ("?status=given_up", text!("Not sent")),
    ("?status=skipped", text!("Address not written to")),
    ("?status=dismissed", text!("Left unsent")),
    ("?status=sent", text!("Sent")),
    ("/texts", text!("Texts")),
];
const TRIES: [Column; 4] =
    [words("When"), words("What came of it"), words("The provider's id"), words("Why not")];
/// Orders on which a text can be shown by one choice.
const ORDERS: &str = "/v1/orders?limit=5";
/// The texts that come with the program; the API lists only the tenant's own.
const TEXTS: [&str; 5] =
    ["order_confirmation", "payment_received", "shipped", "cancelled", "refund"];

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/messages", get(list))
        .route("/messages/texts", get(texts))
        .route("/messages/texts/{name}/{language}", get(edit).post(save))
        .route("/messages/{message}", get(show))
        .route("/messages/{message}/{action}", post(act))
}

fn views(desk: &Desk, current: &str) -> Markup {
    let tabs = VIEWS.map(|(path, label)| {
        (desk.url(&format!("/messages{path}")), desk.t(label).to_owned(), path == current)
    });
    parts::tabs(desk.t("Views"), &tabs)
}

async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    let order = asked.text("order");
    let path = query(
        "/v1/notifications",
        &[
            ("limit", "50"),
            ("status", asked.text("status")),
            ("order", order),
            ("cursor", asked.text("cursor")),
        ],
    );
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let view = match asked.text("status") {
        "" => String::new(),
        status => format!("?status={}", escape(status)),
    };
    let base = match order {
        "" => desk.url(&format!("/messages{view}")),
        order => {
            desk.url(&query("/messages", &[("status", asked.text("status")), ("order", order)]))
        }
    };
    let main = html! {
        (parts::heading(desk.t("Messages"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (views(&desk, &view))
        @if !order.is_empty() {
            nav.chips aria-label=(desk.t("What the list is narrowed by")) {
                span.quiet { (desk.t("Messages about")) }
                a.chip href=(desk.url(&format!("/messages{view}"))) title=(desk.t("Take it away")) {
                    (desk.f("order {}", &[crate::format::short(order)])) " "
                    span aria-hidden="true" { "×" }
                    span.hidden { ", " (desk.t("Take it away")) }
                }
                a href=(desk.url(&format!("/orders/{}", escape(order)))) { (desk.t("To the order")) }
            }
        }
        div #live data-live="notification.*" data-live-rows="notification.queued" {
            @if rows.is_empty() {
                (parts::empty(desk.t("No message is like that"),
                    desk.t("Messages follow what happens to orders and payments.")))
            } @else { (table(&desk, desk.t("Messages"), &COLUMNS, &rows, None)) }
        }
        (parts::pager(&desk, &base, asked.text("cursor"), &page))
    };
    Ok(desk.page(desk.t("Messages"), main))
}

fn row(desk: &Desk, message: &Value) -> Row {
    Row {
        id: message.text("id").to_owned(),
        href: desk.url(&format!("/messages/{}", escape(message.text("id")))),
        cells: vec![
            html! { (desk.language().word(message.text("template"))) },
            parts::badge(desk, message.text("status")),
            html! { (message.text("recipient")) },
            html! { (desk.language().word(message.text("/last_failure/code")))
            " " (message.text("/last_failure/message")) },
            parts::ago(desk, message.text("queued_at")),
        ],
    }
}

async fn show(desk: Desk, Path((_, message)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/notifications/{}", escape(&message));
    let tries = format!("{path}/attempts?limit=200");
    let (document, tries) = tokio::join!(desk.api().get(&path), desk.api().get_if_any(&tries));
    let document = document?;
    let url = |action: &str| desk.url(&format!("/messages/{}/{action}", escape(&message)));
    let status = document.text("status");
    let title = desk.language().word(document.text("template"));
    let beside = html! {
        (parts::badge(&desk, status)) (parts::ago(&desk, document.text("queued_at")))
        (parts::id(&desk, &message))
    };
    let actions = html! {
        @if desk.may("notifications:write") && status != "sent" {
            (parts::one_button(&desk, &url("retry"), desk.t("Send again"), "primary"))
            @if status != "dismissed" {
                (parts::one_button(&desk, &url("dismiss"), desk.t("Leave it unsent"), "danger"))
            }
        }
    };
    let main = html! {
        div #live data-live="notification.*" {
            (parts::heading(&title, &beside, &actions))
            (parts::section(desk.t("What became of it"), &parts::facts(&[
                (desk.t("To"), html! { (document.text("recipient")) }),
                (desk.t("By"), html! { (desk.language().word(document.text("channel"))) }),
                (desk.t("Language"), html! { (document.text("language")) }),
                (desk.t("Tried"), html! { (desk.number(document.int("attempts"))) " ×" }),
                (desk.t("Tried again"), parts::ago(&desk, document.text("until"))),
                (desk.t("Why not"), html! { (document.text("/last_failure/message")) }),
                (desk.t("Order"), match document.text("about") {
                    "" => html! {},
                    order => html! { a href=(desk.url(&format!("/orders/{}", escape(order)))) {
                        (crate::format::short(order))
                    } },
                }),
            ])))
            (tried(&desk, &tries))
            (parts::raw(&desk, &document))
        }
    };
    Ok(desk.page(&title, main))
}

/// Each try with what came of it, newest first.
fn tried(desk: &Desk, tries: &Value) -> Markup {
    let row = |one: &Value| Row {
        cells: vec![
            parts::clock(desk, one.text("at")),
            parts::badge(desk, one.text("result")),
            html! { @if one.has("provider_id") { code { (one.text("provider_id")) } } },
            html! {
                @if one.has("failure") {
                    code { (one.text("/failure/code")) } " " (one.text("/failure/message"))
                }
                @if one.has("next_attempt_at") {
                    " " small { (desk.t("Tried again")) " " (parts::ago(desk, one.text("next_attempt_at"))) }
                }
            },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = tries.list("items").iter().rev().map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::section(desk.t("Each try"), &table(desk, desk.t("Each try"), &TRIES, &rows, None))
}

async fn act(
    desk: Desk,
    Path((_, message, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    if !matches!(action.as_str(), "retry" | "dismiss") {
        return Err(Trouble::not_found());
    }
    let path = format!("/v1/notifications/{}/{action}", escape(&message));
    desk.api().post(&path, json!({}), said.text("key")).await?;
    Ok(go(&desk.url(&format!("/messages/{}", escape(&message)))))
}

async fn texts(desk: Desk) -> Answer {
    let own = desk.api().get("/v1/templates?limit=200").await?;
    let main = html! {
        (parts::heading(desk.t("Texts"), &html! {}, &html! {}))
        (views(&desk, "/texts"))
        (parts::section(desk.t("Your own"), &html! {
            @if own.list("items").is_empty() {
                (parts::empty(desk.t("You have none of your own"),
                    desk.t("Where there is none, the text that comes with the program is sent.")))
            }
            ul.plain {
                @for text in own.list("items") {
                    @let (name, language) = text.text("id").split_once('/').unwrap_or_default();
                    li { (link(&desk, name, language)) " " span.quiet { (text.text("subject")) } }
                }
            }
        }))
        (parts::section(desk.t("Texts that are sent"), &html! {
            ul.plain {
                @for name in TEXTS {
                    li { (desk.language().word(name)) ": "
                        @for language in ["cs", "en"] { (link(&desk, name, language)) " " } }
                }
            }
        }))
    };
    Ok(desk.page(desk.t("Texts"), main))
}

fn link(desk: &Desk, name: &str, language: &str) -> Markup {
    let url = desk.url(&format!("/messages/texts/{}/{}", escape(name), escape(language)));
    html! { a href=(url) { (desk.language().word(name)) " (" (language) ")" } }
}

async fn edit(desk: Desk, Path((_, name, language)): Path<(String, String, String)>) -> Answer {
    let path = format!("/v1/templates/{}/{}", escape(&name), escape(&language));
    let (own, orders) = tokio::join!(desk.api().get_if_any(&path), latest(&desk));
    let said = Form::of([
        ("subject", own.text("subject")),
        ("text", own.text("text")),
        ("html", own.text("html")),
    ]);
    Ok(desk.page(desk.t("Texts"), editor(&desk, (&name, &language), (&said, &orders), None)))
}

/// The latest orders, for who may see them.
async fn latest(desk: &Desk) -> Value {
    match desk.may("orders:read") {
        true => desk.api().get_if_any(ORDERS).await,
        false => Value::Null,
    }
}

async fn save(
    desk: Desk,
    Path((_, name, language)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let path = format!("/v1/templates/{}/{}", escape(&name), escape(&language));
    let mut body = json!({ "subject": said.text("subject"), "text": said.text("text") });
    if !said.text("html").is_empty() {
        body["html"] = Value::String(said.text("html").to_owned());
    }
    let key = said.text("key");
    if said.text("step") == "save" {
        let change = Change { method: Method::PUT, path: &path, body, key };
        match desk.api().change(change).await {
            Ok(_) => return Ok(go(&desk.url("/messages/texts"))),
            Err(trouble) if trouble.status >= 500 => return Err(trouble),
            Err(trouble) => {
                let about = (&said, &latest(&desk).await);
                let main = editor(&desk, (&name, &language), about, Some(Err(trouble)));
                return Ok(desk.page(desk.t("Texts"), main));
            }
        }
    }
    let named = [said.text("number"), said.text("order")].map(str::trim);
    if let Some(order) = named.into_iter().find(|order| !order.is_empty()) {
        body["order"] = Value::String(order.to_owned());
    }
    let preview = format!("{path}/preview");
    let (shown, orders) = tokio::join!(desk.api().post(&preview, body, key), latest(&desk));
    let main = editor(&desk, (&name, &language), (&said, &orders), Some(shown));
    Ok(desk.page(desk.t("Texts"), main))
}

fn editor(
    desk: &Desk,
    (name, language): (&str, &str),
    (said, orders): (&Form, &Value),
    shown: Option<Result<Value, Trouble>>,
) -> Markup {
    let title = desk.f("{}, in {}", &[&desk.language().word(name), language]);
    html! {
        (parts::heading(&title, &html! {}, &html! {}))
        (views(desk, "/texts"))
        div.columns.even {
            form.sheet.wide method="post" hx-post=(desk.path()) hx-target="#outcome" hx-select="#outcome"
                hx-swap="outerHTML" hx-trigger="input changed delay:400ms" {
                (desk.form_fields())
                label { span { (desk.t("Subject")) }
                    input name="subject" required maxlength="500" value=(said.text("subject")); }
                label { span { (desk.t("Text")) }
                    textarea name="text" rows="14" required { (said.text("text")) } }
                label { span { (desk.t("The same as HTML, if wanted")) }
                    textarea name="html" rows="6" spellcheck="false" { (said.text("html")) } }
                p.small { (desk.t("Values stand in double braces: {{ order_number }}, {{ customer_name }}, {{ total }}.")) }
                (about(desk, said, orders))
                div.actions {
                    button type="submit" name="step" value="preview" { (desk.t("Show how it looks")) }
                    @if desk.may("notifications:write") {
                        button.primary type="submit" name="step" value="save" { (desk.t("Keep it")) }
                    }
                }
            }
            (outcome(desk, shown.as_ref()))
        }
    }
}

/// How a text looks, or why it cannot be shown.
fn outcome(desk: &Desk, shown: Option<&Result<Value, Trouble>>) -> Markup {
    html! {
        div #outcome aria-live="polite" {
            @match shown {
                None => (parts::empty(desk.t("How it looks"),
                    desk.t("The text is shown here with the values of an example order, or of one of yours."))),
                Some(Err(trouble)) => p.notice.red role="alert" { (trouble.detail) },
                Some(Ok(message)) => (parts::section(desk.t("How it looks"), &html! {
                    @let samples: Vec<&str> =
                        message.list("samples").iter().filter_map(Value::as_str).collect();
                    @if !samples.is_empty() {
                        p.notice { (desk.f("This has not happened to the order yet; examples stand for: {}",
                            &[&samples.join(", ")])) }
                    }
                    p { strong { (message.text("subject")) } }
                    pre.letter { (message.text("text")) }
                })),
            }
        }
    }
}

/// Of which order the text is to speak: an example, one of the latest, or one by its number.
fn about(desk: &Desk, said: &Form, orders: &Value) -> Markup {
    if !desk.may("orders:read") {
        return html! {};
    }
    html! {
        label { span { (desk.t("Show it with the values of")) }
            select name="order" {
                option value="" { (desk.t("an example order")) }
                @for order in orders.list("items") {
                    @let id = order.text("id");
                    option value=(id) selected[said.text("order") == id] {
                        (desk.f("order {}", &[order.text("number")]))
                        @if order.has("/customer/name") { ", " (order.text("/customer/name")) }
                    }
                }
            } }
        label { span { (desk.t("or of the order with the number")) }
            input name="number" maxlength="200" autocomplete="off" value=(said.text("number")); }
    }
}
