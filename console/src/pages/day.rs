//! A day whose orders the API has added up, and the ways to the orders that its figures are made of: of
//! a day with more orders than are counted, to those that were.

use super::orders::filters::narrowed;
use crate::{
    desk::{Desk, query},
    format,
    value::Read,
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde_json::Value;

/// A day that was added up.
#[derive(Default)]
pub(super) struct Day {
    /// Which, such as `2026-11-27`.
    pub(super) name: String,
    /// Orders that were counted.
    pub(super) orders: i64,
    /// Whether these are all.
    pub(super) complete: bool,
    /// When the earliest of them was placed, where they are not all.
    counted_from: Option<String>,
}

impl Day {
    /// As `GET /v1/summary` tells it.
    pub(super) fn of(told: &Value) -> Self {
        let complete = told.is("complete");
        let cut = !complete && told.has("counted_from");
        Self {
            name: told.text("day").to_owned(),
            orders: told.int("orders"),
            complete,
            counted_from: cut.then(|| told.text("counted_from").to_owned()),
        }
    }

    /// The list of those that were counted and are like this.
    pub(super) fn orders(&self, desk: &Desk, like: &[(&str, &str)]) -> String {
        narrowed(desk, &[like, &self.placed()].concat())
    }

    /// What each of those that were counted and are like this brings and costs.
    pub(super) fn margins(&self, desk: &Desk, like: &[(&str, &str)]) -> String {
        desk.url(&query("/margin/orders", &[like, &self.placed()].concat()))
    }

    fn placed(&self) -> [(&str, &str); 2] {
        let from = self.counted_from.as_deref().unwrap_or(&self.name);
        [("placed_from", from), ("placed_to", &self.name)]
    }

    /// When the earliest order that was counted was placed, where not all were.
    pub(super) fn counted_from(&self) -> Option<DateTime<Utc>> {
        self.counted_from.as_deref().and_then(format::instant)
    }

    /// Says that there are more orders than were counted, where it is so.
    pub(super) fn notice(&self, desk: &Desk) -> Markup {
        let number = desk.number(self.orders);
        let from = self.counted_from();
        html! {
            @if !self.complete {
                p.notice.amber role="status" {
                    (desk.f("The day has more orders than are added up: these are the latest {}.", &[&number]))
                    @if let Some(from) = from {
                        " "
                        (desk.f("The earliest of them was placed on {}: the lists behind the figures begin there.",
                            &[&format::exact(desk.language(), from, desk.zone())]))
                    }
                }
            }
        }
    }
}
