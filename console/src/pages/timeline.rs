//! What has happened, in words: the journal of an order, a payment or a product as people read it.

mod catalog;
mod sentences;

pub(super) use catalog::{field_name, value};

use crate::{backend::escape, desk::Desk, ui::parts, value::Read};
use maud::{Markup, html};
use serde_json::Value;

/// Something that has happened, or would.
pub(super) struct Happening<'e> {
    /// Its public name.
    pub(super) name: &'e str,
    /// What it says.
    pub(super) data: &'e Value,
}

impl<'e> Happening<'e> {
    /// An event of a history.
    pub(super) fn of(event: &'e Value) -> Self {
        Self { name: event.text("type"), data: event.at("data") }
    }

    /// An event that would happen.
    pub(super) fn would(event: &'e Value) -> Self {
        Self::of(event)
    }
}

/// Histories as one, newest first by time and then by place.
pub(super) fn merged(histories: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> =
        histories.iter().flat_map(|history| history.list("items").iter().cloned()).collect();
    all.sort_by_key(place);
    // An event that touches several things is in the history of each.
    all.dedup_by(|one, other| one.text("id") == other.text("id"));
    all
}

/// Where an event stands in its shard's journal.
fn place(event: &Value) -> (i64, i64) {
    let cursor = event.text("cursor").split_once('-').unwrap_or_default();
    (cursor.0.parse().unwrap_or_default(), cursor.1.parse().unwrap_or_default())
}

/// The events in words, newest first; each leads to the page as it was then, and to its why.
pub(super) fn show(desk: &Desk, order: &str, events: &[Value], at: &str) -> Markup {
    let base = desk.url(&format!("/orders/{}", escape(order)));
    let born = born(events);
    html! {
        section.panel {
            h2 { (desk.t("What happened")) }
            (stepper(desk, &base, events, at))
            ol.timeline {
                @for event in events.iter().rev() {
                    @let then = event.text("at");
                    @let later = !at.is_empty() && then > at;
                    li class=[later.then_some("later")] data-at=(then) aria-current=[(then == at).then_some("true")] {
                        span.when { (parts::clock(desk, then)) }
                        div {
                            p { (sentence(desk, &Happening::of(event))) }
                            p.small {
                                (who(desk, event.text("actor")))
                                @if event.has("cause") {
                                    " · " a href=(format!("{base}/why/{}", escape(event.text("id")))) {
                                        (desk.t("why?"))
                                    }
                                }
                                @if then >= born {
                                    " · " a href=(format!("{base}?at={}", escape(then))) {
                                        (desk.t("as it was then"))
                                    }
                                }
                            }
                            (parts::raw(desk, event))
                        }
                    }
                }
            }
        }
    }
}

/// Since when the order is there: its goods are held a moment before.
fn born(events: &[Value]) -> &str {
    let created = events.iter().find(|event| event.text("type") == "order.created");
    created.map_or("", |event| event.text("at"))
}

/// One step back or forward in time.
fn stepper(desk: &Desk, base: &str, events: &[Value], at: &str) -> Markup {
    if events.len() < 2 {
        return html! {};
    }
    let born = born(events);
    let times = events.iter().map(|event| event.text("at")).filter(|time| *time >= born);
    let times: Vec<&str> = times.collect();
    let earlier = match at {
        "" => times.get(times.len().wrapping_sub(2)),
        at => times.iter().rev().find(|time| **time < at),
    };
    let later = times.iter().find(|time| !at.is_empty() && **time > at);
    let step = |to: Option<&&str>, label: &str, rel: &str| {
        html! {
            @match to {
                Some(time) => a.button rel=(rel) href=(format!("{base}?at={}", escape(time))) { (label) },
                None => span.button aria-disabled="true" { (label) },
            }
        }
    };
    html! {
        nav.stepper aria-label=(desk.t("Step through time")) {
            (step(earlier, desk.t("Earlier"), "prev"))
            (step(later, desk.t("Later"), "next"))
            @if !at.is_empty() { a.button href=(base) { (desk.t("Now")) } }
            (slider(desk, base, times, at))
        }
    }
}

/// Any step in time by one movement of the hand. It needs a script to lead anywhere, which shows it.
fn slider(desk: &Desk, base: &str, mut times: Vec<&str>, at: &str) -> Markup {
    times.dedup();
    let last = times.len().saturating_sub(1);
    if last < 2 {
        return html! {};
    }
    let stands = times.iter().rposition(|time| *time <= at).filter(|_| !at.is_empty());
    html! {
        input.through type="range" hidden min="0" max=(last) value=(stands.unwrap_or(last))
            aria-label=(desk.t("Move through time")) data-through=(base)
            data-times=(times.join(" "));
    }
}

/// Who did it, as people say it.
pub(super) fn who(desk: &Desk, actor: &str) -> Markup {
    let (kind, name) = actor.split_once(':').unwrap_or((actor, ""));
    match kind {
        "user" => html! { (desk.t("a person")) " " (parts::id(desk, name)) },
        "key" => html! { (desk.t("a program with the key")) " " code { (name) } },
        "operator" => html! { (desk.t("the operator")) },
        "policy" => html! { (desk.t("by itself")) },
        "timer" | "timers" => html! { (desk.t("by its deadline")) },
        "provider" if name.is_empty() => html! { (desk.t("our call of the provider")) },
        "provider" => html! { (desk.t("told by")) " " (name) },
        _ => html! { (desk.language().word(kind)) @if !name.is_empty() { " " (name) } },
    }
}

/// What an event says.
pub(super) fn sentence(desk: &Desk, happening: &Happening<'_>) -> Markup {
    html! { (sentences::of(desk, happening.name, happening.data)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_that_two_histories_tell_is_told_once_and_in_its_place() {
        let event = |id: &str, cursor: &str| json!({"id": id, "cursor": cursor});
        let order = json!({"items": [event("a", "0-1"), event("c", "0-30")]});
        let payment = json!({"items": [event("b", "0-4"), event("c", "0-30")]});
        let ids: Vec<_> =
            merged(&[order, payment]).iter().map(|event| event.text("id").to_owned()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }
}
