//! "Why?": the chain that led to an event, and what it led to, with how long each step took.

use super::{
    super::{Answer, timeline},
    side,
};
use crate::{
    backend::{Trouble, escape},
    desk::Desk,
    format,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

/// Steps of a chain at most.
const STEPS_MAX: usize = 50;

pub(super) async fn show(
    desk: Desk,
    Path((_, order, event)): Path<(String, String, String)>,
) -> Answer {
    let around = side::read(&desk, &order).await;
    let events = timeline::merged(&around.histories);
    let asked = events.iter().find(|known| known.text("id") == event);
    let asked = asked.ok_or_else(Trouble::not_found)?;
    let before = before(&events, asked);
    let after = after(&events, asked);
    let title = desk.f("Why: {}", &[&desk.language().word(asked.text("type"))]);
    let root = before.first().copied().unwrap_or(asked);
    let main = html! {
        (parts::heading(&title, &html! {}, &html! {}))
        section.panel {
            h2 { (desk.t("The chain")) }
            ol.chain {
                li.root { (origin(&desk, root)) }
                @for (place, step) in before.iter().enumerate() {
                    (link(&desk, step, place.checked_sub(1).map(|place| before[place]), false))
                }
                (link(&desk, asked, before.last().copied(), true))
                @for step in &after { (link(&desk, step, Some(asked), false)) }
            }
        }
        p { a href=(desk.url(&format!("/orders/{}", escape(&order)))) { (desk.t("Back to the order")) } }
    };
    Ok(desk.page(&title, main))
}

/// What led to an event, the first cause first.
fn before<'e>(events: &'e [Value], asked: &'e Value) -> Vec<&'e Value> {
    let (mut chain, mut last) = (Vec::new(), asked);
    while chain.len() < STEPS_MAX {
        let cause = last.text("cause");
        let found = events.iter().find(|known| !cause.is_empty() && known.text("id") == cause);
        let Some(found) = found else { break };
        chain.push(found);
        last = found;
    }
    chain.reverse();
    chain
}

/// What an event led to, in order.
fn after<'e>(events: &'e [Value], asked: &Value) -> Vec<&'e Value> {
    let mut causes = vec![asked.text("id").to_owned()];
    let mut chain = Vec::new();
    for event in events {
        if chain.len() < STEPS_MAX && causes.iter().any(|cause| cause == event.text("cause")) {
            causes.push(event.text("id").to_owned());
            chain.push(event);
        }
    }
    chain
}

fn origin(desk: &Desk, first: &Value) -> Markup {
    html! {
        (timeline::who(desk, first.text("actor")))
        @if first.has("address") { " " (desk.t("from")) " " code { (first.text("address")) } }
        @if first.has("cause") { " · " (desk.t("request")) " " (parts::id(desk, first.text("cause"))) }
    }
}

fn link(desk: &Desk, event: &Value, previous: Option<&Value>, asked: bool) -> Markup {
    let at = |event: &Value| format::instant(event.text("at"));
    let took = previous.and_then(|previous| {
        let took = at(event)?.signed_duration_since(at(previous)?);
        Some(format::lasting(desk.language(), took.num_milliseconds().max(0)))
    });
    html! {
        li aria-current=[asked.then_some("true")] {
            @if let Some(took) = took { span.took { (desk.f("{} later", &[&took])) } }
            span.when { (parts::clock(desk, event.text("at"))) }
            " " (timeline::sentence(desk, &timeline::Happening::of(event)))
            " " span.quiet { (timeline::who(desk, event.text("actor"))) }
        }
    }
}
