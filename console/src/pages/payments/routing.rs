//! Which account takes which payment: the rules in order, of which the first that fits counts. What
//! changes them is shown as they would be, and done to them as they were read.

use super::{super::Answer, list::views};
use crate::{
    backend::{Change, Trouble},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::{
        csv,
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Where the rules are.
pub(super) const ROUTES: &str = "/v1/payment-routes";

const COLUMNS: [Column; 4] = [figures("No."), words("Payments"), words("Go to"), words("Change")];
const ORDER: [Column; 3] = [figures("No."), words("Payments"), words("Go to")];

/// What can be done with a rule where it stands.
const ACTIONS: [(&str, &str, &str); 3] = [
    ("up", text!("Move up"), "primary"),
    ("down", text!("Move down"), "primary"),
    ("remove", text!("Remove"), "danger"),
];

pub(super) async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let document = desk.api().get(ROUTES).await?;
    let rules = document.list("rules");
    let rows: Vec<_> =
        rules.iter().enumerate().map(|(at, rule)| row(&desk, at, rule, rules.len())).collect();
    if desk.wants_csv() {
        return Ok(csv::of(&desk, &COLUMNS, &rows));
    }
    let main = html! {
        (parts::heading(desk.t("Routing"), &html! {}, &html! {
            (parts::export(&desk))
            @if desk.may("tenants:write") {
                (parts::action(&desk.url("/payments/routes/new"), desk.t("New rule"), "primary"))
            }
        }))
        (views(&desk, "/routes"))
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
        @if rows.is_empty() {
            (parts::empty(desk.t("There are no rules yet"),
                desk.t("Without rules a payment names its account itself. A rule says which payments go to which account, and which one takes over when that one cannot.")))
        } @else {
            p { (desk.t("The first rule that fits a payment counts; its first account takes it, or the next when that one cannot.")) }
            div { (table(&desk, desk.t("Routing"), &COLUMNS, &rows, None)) }
        }
    };
    Ok(desk.page(desk.t("Routing"), main))
}

fn row(desk: &Desk, at: usize, rule: &Value, count: usize) -> Row {
    let url = |rest: &str| desk.url(&format!("/payments/routes/{}{rest}", at + 1));
    let possible = |action: &str| match action {
        "up" => at > 0,
        "down" => at + 1 < count,
        _ => true,
    };
    let writes = desk.may("tenants:write");
    let [number, payments, accounts] = cells(desk, at, rule);
    Row {
        id: format!("rule-{}", at + 1),
        href: if writes { url("") } else { String::new() },
        cells: vec![
            number,
            payments,
            accounts,
            html! {
                @if writes {
                    span.inline {
                        @for (action, label, _) in ACTIONS.iter().filter(|(action, ..)| possible(action)) {
                            a.button href=(url(&format!("/{action}")))
                                aria-label=(desk.f("{}: rule {}", &[desk.t(label), &(at + 1).to_string()])) {
                                (desk.t(label))
                            }
                        }
                    }
                }
            },
        ],
    }
}

fn cells(desk: &Desk, at: usize, rule: &Value) -> [Markup; 3] {
    [html! { (at + 1) }, html! { (payments(desk, rule)) }, html! { (accounts(desk, rule)) }]
}

/// Which payments a rule takes, as a sentence.
pub(super) fn payments(desk: &Desk, rule: &Value) -> String {
    let listed = |member: &str| {
        let all: Vec<_> = rule.list(member).iter().filter_map(Value::as_str).collect();
        all.join(", ")
    };
    let mut parts = Vec::new();
    for (member, label) in [
        ("methods", desk.t("paid by")),
        ("currencies", desk.t("in")),
        ("countries", desk.t("from the country")),
    ] {
        let words = listed(member);
        if !words.is_empty() {
            parts.push(format!("{label} {words}"));
        }
    }
    let currency = rule.text("/currencies/0");
    let (from, to) = (rule.int("amount_from_minor"), rule.int("amount_to_minor"));
    if from > 0 {
        parts.push(desk.f("of {} or more", &[&desk.money(from, currency)]));
    }
    if to > 0 {
        parts.push(desk.f("of {} at most", &[&desk.money(to, currency)]));
    }
    match parts.is_empty() {
        true => desk.t("all payments").to_owned(),
        false => parts.join(", "),
    }
}

/// Which accounts take them, in order.
pub(super) fn accounts(desk: &Desk, rule: &Value) -> String {
    let all = rule.list("accounts").iter();
    let all: Vec<_> =
        all.map(|one| format!("{}/{}", one.text("provider"), one.text("account"))).collect();
    all.join(desk.t(", else "))
}

/// The place of a rule in an address; they are counted from 1.
pub(super) fn place(text: &str, rules: &[Value]) -> Result<usize, Trouble> {
    let place = text.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
    place.filter(|place| *place < rules.len()).ok_or_else(Trouble::not_found)
}

/// The rules, once that was done.
fn after(rules: &[Value], at: usize, action: &str) -> Result<Vec<Value>, Trouble> {
    let mut rules = rules.to_vec();
    match action {
        "up" if at > 0 => rules.swap(at - 1, at),
        "down" if at + 1 < rules.len() => rules.swap(at, at + 1),
        "remove" => drop(rules.remove(at)),
        _ => return Err(Trouble::not_found()),
    }
    Ok(rules)
}

fn label_of(action: &str) -> Result<(&'static str, &'static str), Trouble> {
    let found = ACTIONS.iter().find(|(known, ..)| *known == action);
    found.map(|(_, label, class)| (*label, *class)).ok_or_else(Trouble::not_found)
}

pub(super) async fn ask(
    desk: Desk,
    Path((_, number, action)): Path<(String, String, String)>,
) -> Answer {
    let document = desk.api().get(ROUTES).await?;
    let rules = document.list("rules");
    let at = place(&number, rules)?;
    let (label, class) = label_of(&action)?;
    let then = after(rules, at, &action)?;
    let would = desk.api().change_would(Method::PUT, ROUTES, json!({ "rules": then })).await;
    let title = desk.f("{}: rule {}", &[desk.t(label), &number]);
    let version = document.int("version").to_string();
    let said = Form::of([("version", version.as_str())]);
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        (views(&desk, "/routes"))
        @match &would {
            Err(trouble) => (parts::refusal(&desk, trouble)),
            Ok(_) => {
                (future(&desk, &then))
                (parts::decision(&desk, &said, &["version"], (desk.t(label), class)))
            }
        }
        (back(&desk))
    };
    Ok(desk.page(&title, main))
}

/// The rules as they would be.
pub(super) fn future(desk: &Desk, rules: &[Value]) -> Markup {
    let rows: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| Row { cells: cells(desk, at, rule).into(), ..Row::default() })
        .collect();
    html! {
        section.panel.dry-run {
            h2 { (desk.t("The rules will be")) }
            @if rows.is_empty() {
                p { (desk.t("None: each payment names its account itself.")) }
            } @else { (table(desk, desk.t("The rules will be"), &ORDER, &rows, None)) }
        }
    }
}

/// The way back.
pub(super) fn back(desk: &Desk) -> Markup {
    html! {
        p { a href=(desk.url("/payments/routes")) { (desk.t("Back to the rules, changing nothing")) } }
    }
}

pub(super) async fn carry_out(
    desk: Desk,
    Path((_, number, action)): Path<(String, String, String)>,
    Posted(said): Posted,
) -> Answer {
    let document = desk.api().get(ROUTES).await?;
    let rules = document.list("rules");
    let at = place(&number, rules)?;
    let then = after(rules, at, &action)?;
    match put(&desk, then, &said).await {
        Ok(_) => Ok(go(&desk.url("/payments/routes?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let title = desk.f("{}: rule {}", &[desk.t(label_of(&action)?.0), &number]);
            let main = html! {
                (parts::heading(&title, &html! {}, &html! {}))
                (views(&desk, "/routes"))
                (parts::refusal(&desk, &trouble))
                (back(&desk))
            };
            Ok(desk.refused(&title, &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Writes the rules over those that were shown; whoever was faster is not undone.
pub(super) async fn put(desk: &Desk, rules: Vec<Value>, said: &Form) -> Result<Value, Trouble> {
    let version = said.int("version").unwrap_or_default();
    let (body, key) = (json!({ "rules": rules }), said.text("key"));
    let change = Change { method: Method::PUT, path: ROUTES, body, key };
    desk.api().change_at(change, version).await
}
