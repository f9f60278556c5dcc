//! Messages: the outbox with what became of each, and the texts with how they look.

use super::Answer;
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go, query},
    gate::Posted,
    state::Console,
    ui::{
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
const VIEWS: [(&str, &str); 6] = [
    ("", text!("All")),
    ("?status=queued", text!("Queued")),
    ("?status=waiting", text!("Tried again later")),
    ("?status=given_up", text!("Not sent")),
    ("?status=sent", text!("Sent")),
    ("/texts", text!("Texts")),
];
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
    let page = desk.api().get(&path).await?;
    let row = |message: &Value| Row {
        id: message.text("id").to_owned(),
        href: desk.url(&format!("/messages/{}", escape(message.text("id")))),
        cells: vec![
            html! { (desk.language().word(message.text("template"))) },
            parts::badge(&desk, message.text("status")),
            html! { (message.text("recipient")) },
            html! { (desk.language().word(message.text("/last_failure/code")))
            (message.text("/last_failure/detail")) },
            parts::ago(&desk, message.text("queued_at")),
        ],
    };
    let rows: Vec<_> = page.list("items").iter().map(row).collect();
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

async fn show(desk: Desk, Path((_, message)): Path<(String, String)>) -> Answer {
    let path = format!("/v1/notifications/{}", escape(&message));
    let document = desk.api().get(&path).await?;
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
                (desk.t("Why not"), html! { (document.text("/last_failure/detail")) }),
                (desk.t("Order"), match document.text("about") {
                    "" => html! {},
                    order => html! { a href=(desk.url(&format!("/orders/{}", escape(order)))) {
                        (crate::format::short(order))
                    } },
                }),
            ])))
            (parts::raw(&desk, &document))
        }
    };
    Ok(desk.page(&title, main))
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
    let own = desk.api().get_if_any(&path).await;
    let said = Form::of([
        ("subject", own.text("subject")),
        ("text", own.text("text")),
        ("html", own.text("html")),
    ]);
    Ok(desk.page(desk.t("Texts"), editor(&desk, (&name, &language), &said, None)))
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
                let main = editor(&desk, (&name, &language), &said, Some(Err(trouble)));
                return Ok(desk.page(desk.t("Texts"), main));
            }
        }
    }
    let shown = desk.api().post(&format!("{path}/preview"), body, key).await;
    Ok(desk.page(desk.t("Texts"), editor(&desk, (&name, &language), &said, Some(shown))))
}

fn editor(
    desk: &Desk,
    (name, language): (&str, &str),
    said: &Form,
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
                div.actions {
                    button type="submit" name="step" value="preview" { (desk.t("Show how it looks")) }
                    @if desk.may("notifications:write") {
                        button.primary type="submit" name="step" value="save" { (desk.t("Keep it")) }
                    }
                }
            }
            div #outcome aria-live="polite" {
                @match &shown {
                    None => (parts::empty(desk.t("How it looks"),
                        desk.t("The text is shown here with the values of an example order."))),
                    Some(Err(trouble)) => p.notice.red role="alert" { (trouble.detail) },
                    Some(Ok(message)) => (parts::section(desk.t("How it looks"), &html! {
                        p { strong { (message.text("subject")) } }
                        pre.letter { (message.text("text")) }
                    })),
                }
            }
        }
    }
}
