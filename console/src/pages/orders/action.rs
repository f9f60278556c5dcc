//! What can be done with an order: first what it would do, then one button that says so.

use super::super::{
    Answer,
    timeline::{self, Happening},
};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::{layout::text, parts},
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

/// A field that is asked for.
pub(super) struct Field {
    name: &'static str,
    label: &'static str,
    /// What may be chosen; free text if empty.
    choices: &'static [&'static str],
    required: bool,
}

/// Something that can be done with an order.
pub(super) struct Action {
    /// Its route at the API.
    pub(super) route: &'static str,
    /// The verb.
    pub(super) label: &'static str,
    /// Where the order may stand.
    from: &'static [&'static str],
    fields: &'static [Field],
    /// Whether it takes something away.
    pub(super) danger: bool,
}

const fn field(name: &'static str, label: &'static str, required: bool) -> Field {
    Field { name, label, choices: &[], required }
}

const REASONS: &[&str] = &["customer", "merchant", "channel", "no_stock", "fraud"];

/// All of them, the likeliest first.
pub(super) const ACTIONS: [Action; 8] = [
    Action {
        route: "process",
        label: text!("Begin packing"),
        from: &["confirmed"],
        fields: &[],
        danger: false,
    },
    Action {
        route: "ship",
        label: text!("Ship"),
        from: &["confirmed", "processing"],
        fields: &[
            field("carrier", text!("Carrier"), true),
            field("tracking_number", text!("Tracking number"), false),
        ],
        danger: false,
    },
    Action {
        route: "deliver",
        label: text!("Mark as delivered"),
        from: &["shipped"],
        fields: &[],
        danger: false,
    },
    Action {
        route: "confirm",
        label: text!("Release without payment"),
        from: &["pending"],
        fields: &[],
        danger: false,
    },
    Action {
        route: "retry-stock",
        label: text!("Look for goods again"),
        from: &["paid_without_stock"],
        fields: &[],
        danger: false,
    },
    Action {
        route: "return",
        label: text!("Take goods back"),
        from: &["shipped", "delivered"],
        fields: &[
            field("reason", text!("Why"), false),
            Field {
                name: "restock",
                label: text!("Back on the shelf"),
                choices: &["yes", "no"],
                required: true,
            },
        ],
        danger: true,
    },
    Action {
        route: "cancel",
        label: text!("Cancel"),
        from: &["pending", "confirmed", "processing", "paid_without_stock"],
        fields: &[Field { name: "reason", label: text!("Why"), choices: REASONS, required: true }],
        danger: true,
    },
    Action {
        route: "notes",
        label: text!("Add a note"),
        from: &[
            "pending",
            "confirmed",
            "processing",
            "shipped",
            "delivered",
            "paid_without_stock",
            "cancelled",
            "returned",
        ],
        fields: &[field("text", text!("Note for colleagues"), true)],
        danger: false,
    },
];

/// What makes sense where the order stands.
pub(super) fn possible(status: &str) -> impl Iterator<Item = &'static Action> {
    static ALL: [Action; 8] = ACTIONS;
    let status = status.to_owned();
    ALL.iter().filter(move |action| action.from.contains(&status.as_str()))
}

/// An action by its route.
pub(super) fn known(route: &str) -> Result<&'static Action, Trouble> {
    static ALL: [Action; 8] = ACTIONS;
    ALL.iter().find(|action| action.route == route).ok_or_else(Trouble::not_found)
}

impl Action {
    /// The body that says it, from what a form or an address says.
    pub(super) fn body(&self, said: &Form) -> Value {
        let mut body = json!({});
        for field in self.fields {
            let text = match said.text(field.name) {
                "" => field.choices.first().copied().unwrap_or_default(),
                text => text,
            };
            match (field.name, text) {
                (_, "") => {}
                ("restock", text) => body["restock"] = Value::Bool(text == "yes"),
                (name, text) => body[name] = Value::String(text.to_owned()),
            }
        }
        body
    }

    /// Whether all is said that it needs.
    fn is_complete(&self, said: &Form) -> bool {
        let free = self.fields.iter().filter(|field| field.choices.is_empty() && field.required);
        free.into_iter().all(|field| !said.text(field.name).is_empty())
    }
}

pub(super) async fn show(
    desk: Desk,
    Path((_, order, route)): Path<(String, String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let action = known(&route)?;
    let path = format!("/v1/orders/{}", escape(&order));
    let document = desk.api().get(&path).await?;
    let would = match action.is_complete(&asked) {
        true => Some(desk.api().would(&format!("{path}/{route}"), action.body(&asked)).await),
        false => None,
    };
    let number = document.text("number");
    let title = desk.f("{}: {}", &[desk.t(action.label), number]);
    let back = desk.url(&format!("/orders/{}", escape(&order)));
    let main = html! {
        (parts::heading(&title, &parts::badge(&desk, document.text("status")), &html! {}))
        div.columns {
            div {
                @if !action.fields.is_empty() { (questions(&desk, action, &asked)) }
                div #outcome aria-live="polite" {
                    @match &would {
                        None => {}
                        Some(Err(trouble)) => p.notice.red role="alert" { (trouble.detail) },
                        Some(Ok(would)) => {
                            (what_would_happen(&desk, would))
                            (decision(&desk, action, &asked, &document))
                        }
                    }
                }
                p { a href=(back) { (desk.t("Back to the order, changing nothing")) } }
            }
        }
    };
    Ok(desk.page(&title, main))
}

pub(super) async fn carry_out(
    desk: Desk,
    Path((_, order, route)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let action = known(&route)?;
    let path = format!("/v1/orders/{}/{route}", escape(&order));
    desk.api().post(&path, action.body(&said), said.text("key")).await?;
    Ok(go(&desk.url(&format!("/orders/{}?done={route}", escape(&order)))))
}

fn questions(desk: &Desk, action: &Action, asked: &Form) -> Markup {
    html! {
        form.sheet hx-get=(desk.path()) hx-target="#outcome" hx-select="#outcome" hx-swap="outerHTML"
            hx-trigger="input changed delay:300ms, submit" hx-push-url="true" {
            @for field in action.fields {
                label {
                    span { (desk.t(field.label)) }
                    @if field.choices.is_empty() {
                        input name=(field.name) value=(asked.text(field.name))
                            required[field.required];
                    } @else {
                        select name=(field.name) {
                            @for choice in field.choices {
                                option value=(choice) selected[asked.text(field.name) == *choice] {
                                    (desk.language().word(choice))
                                }
                            }
                        }
                    }
                }
            }
            button type="submit" { (desk.t("Show what it would do")) }
        }
    }
}

/// What would happen, in words.
pub(in crate::pages) fn what_would_happen(desk: &Desk, would: &Value) -> Markup {
    let events = would.list("would");
    html! {
        section.panel.dry-run {
            h2 { (desk.t("This will happen")) }
            @if events.is_empty() { p { (desk.t("Nothing: it is so already.")) } }
            ul {
                @for event in events {
                    li { (timeline::sentence(desk, &Happening::would(event))) }
                }
                @for follows in consequences(desk, events) { li.follows { (follows) } }
            }
        }
    }
}

/// What follows by itself, as the policies have it.
fn consequences(desk: &Desk, events: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for event in events {
        match event.text("type") {
            "order.cancelled" => {
                all.push(desk.t("Goods that are held go back on sale.").to_owned());
                all.push(desk.t("Money that came goes back to the customer.").to_owned());
                all.push(desk.t("The customer and the channel are told.").to_owned());
            }
            "order.shipped" => {
                all.push(desk.t("The customer and the channel are told.").to_owned())
            }
            "order.returned" => {
                all.push(
                    desk.t("What was paid for these goods goes back to the customer.").to_owned(),
                );
            }
            _ => {}
        }
    }
    all
}

fn decision(desk: &Desk, action: &Action, asked: &Form, order: &Value) -> Markup {
    let paid: i64 = order
        .list("payments")
        .iter()
        .map(|payment| payment.int("paid_minor") - payment.int("refunded_minor"))
        .sum();
    let verb = desk.t(action.label);
    let label = match action.route {
        "cancel" if paid > 0 => {
            desk.f("Cancel and refund {}", &[&desk.money(paid, order.text("currency"))])
        }
        _ => verb.to_owned(),
    };
    html! {
        form method="post" {
            (desk.form_fields())
            @for field in action.fields {
                input type="hidden" name=(field.name) value=(asked.text(field.name));
            }
            button type="submit" class=(if action.danger { "danger" } else { "primary" }) { (label) }
        }
    }
}
