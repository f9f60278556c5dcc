//! One thing done with many orders: first what it would do with each, then doing it.

use super::{
    super::{
        Answer,
        timeline::{self, Happening},
    },
    action::known,
};
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, Form},
    gate::Posted,
    ui::parts,
    value::Read,
};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

/// Orders at once at most: a page of the list.
const MAX: usize = 50;

pub(super) async fn ask(desk: Desk, Posted(said): Posted) -> Answer {
    let action = known(said.text("action"))?;
    let orders = said.all("order");
    if orders.is_empty() || orders.len() > MAX {
        let detail = format!("choose 1 to {MAX} orders, and what to do with them");
        return Err(Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing_chosen", detail));
    }
    let sure = said.text("sure") == "yes";
    let body = action.body(&said);
    let mut outcomes = Vec::with_capacity(orders.len());
    for order in orders {
        let path = format!("/v1/orders/{}/{}", escape(order), action.route);
        let outcome = match sure {
            // Each order is a request of its own: the same form again does none of them twice.
            true => desk.api().post(&path, body.clone(), &key(&said, order)).await,
            false => desk.api().would(&path, body.clone()).await,
        };
        outcomes.push((order.as_str(), outcome));
    }
    let label = desk.t(action.label);
    let possible = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count().to_string();
    let all = outcomes.len().to_string();
    let title = match sure {
        true => desk.f("{}: done with {} of {}", &[label, &possible, &all]),
        false => desk.f("{}: possible with {} of {}", &[label, &possible, &all]),
    };
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        ul.outcomes {
            @for (order, outcome) in &outcomes { (line(&desk, order, outcome, sure)) }
        }
        @if !sure {
            form method="post" action=(desk.url("/orders/bulk")) {
                (desk.form_fields())
                input type="hidden" name="action" value=(action.route);
                input type="hidden" name="sure" value="yes";
                @for (order, outcome) in &outcomes {
                    @if outcome.is_ok() { input type="hidden" name="order" value=(order); }
                }
                button type="submit" class=(if action.danger { "danger" } else { "primary" })
                    disabled[possible == "0"] { (label) " (" (possible) ")" }
            }
        }
        p { a href=(desk.url("/orders")) { (desk.t("Back to the orders")) } }
    };
    Ok(desk.page(&title, main))
}

fn key(said: &Form, order: &str) -> String {
    format!("{}-{}", said.text("key"), crate::format::short(order))
}

fn line(desk: &Desk, order: &str, outcome: &Result<Value, Trouble>, sure: bool) -> Markup {
    let href = desk.url(&format!("/orders/{}", escape(order)));
    html! {
        li {
            @match outcome {
                Err(trouble) => {
                    a href=(href) { (crate::format::short(order)) } " "
                    span.badge.red { (trouble.detail) }
                }
                Ok(done) if sure => {
                    a href=(href) { (done.text("number")) } " "
                    (parts::badge(desk, done.text("status")))
                }
                Ok(would) => {
                    a href=(href) { (would.text("/result/number")) } " "
                    @for event in would.list("would") {
                        (timeline::sentence(desk, &Happening::would(event))) " "
                    }
                }
            }
        }
    }
}
