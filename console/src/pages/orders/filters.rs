//! What a list of orders is narrowed by: read from the address, shown as a sentence of chips.

use crate::{
    desk::{Desk, Form, query},
    format,
    ui::layout::text,
};
use chrono::NaiveDate;
use maud::{Markup, html};

/// The filters, in the order in which an address and the sentence have them.
pub(super) const NAMES: [&str; 9] =
    ["status", "channel", "placed_from", "placed_to", "currency", "cancelled", "paid", "sku", "q"];
/// Those that a figure's link brings and the form has no field for: they stay until they are taken away.
const KEPT: [&str; 5] = ["status", "currency", "cancelled", "paid", "sku"];
/// From when to when the orders were placed.
const SPAN: [(&str, &str); 2] =
    [("placed_from", text!("Placed since")), ("placed_to", text!("Placed until"))];

/// What the list is narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filters {
    values: Vec<(&'static str, String)>,
}

impl Filters {
    /// As the address has them; what is empty is none.
    pub(super) fn of(asked: &Form) -> Self {
        let all = NAMES.map(|name| (name, asked.text(name).to_owned()));
        Self { values: all.into_iter().filter(|(_, value)| !value.is_empty()).collect() }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The same with another value in one place; an empty one takes it away.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let others = |other: &str| if other == name { value } else { self.get(other) }.to_owned();
        let all = NAMES.map(|other| (other, others(other)));
        Self { values: all.into_iter().filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The same by another status, which says by itself whether an order is cancelled.
    pub(super) fn of_status(&self, status: &str) -> Self {
        let with = self.with("status", status);
        if status.is_empty() { with } else { with.with("cancelled", "") }
    }

    /// As pairs, to be asked of the API.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// As the query of an address, without its question mark.
    pub(super) fn query(&self) -> String {
        let pairs: Vec<_> = self.pairs().collect();
        query("", &pairs).trim_start_matches('?').to_owned()
    }

    /// Where the list that is narrowed so is found.
    pub(super) fn url(&self, desk: &Desk) -> String {
        match self.query() {
            query if query.is_empty() => desk.url("/orders"),
            query => desk.url(&format!("/orders?{query}")),
        }
    }
}

/// The sentence: a chip for each filter, which a click takes away.
pub(super) fn chips(desk: &Desk, filters: &Filters) -> Markup {
    if filters.is_empty() {
        return html! {};
    }
    html! {
        nav.chips aria-label=(desk.t("What the list is narrowed by")) hx-boost="true"
            hx-target="#main" hx-select="#main" hx-swap="outerHTML show:window:top" {
            span.quiet { (desk.t("Orders whose")) }
            @for (name, value) in filters.pairs() {
                @let words = in_words(desk, name, value);
                a.chip href=(filters.with(name, "").url(desk)) title=(desk.t("Take it away")) {
                    (words) " " span aria-hidden="true" { "×" }
                    span.hidden { ", " (desk.t("Take it away")) }
                }
            }
            @if filters.pairs().nth(1).is_some() {
                a href=(desk.url("/orders")) { (desk.t("Show all")) }
            }
        }
    }
}

/// A filter as a part of the sentence.
pub(in crate::pages) fn in_words(desk: &Desk, name: &str, value: &str) -> String {
    match name {
        "currency" => desk.f("currency is {}", &[value]),
        "cancelled" if value == "true" => desk.t("status is cancelled").to_owned(),
        "cancelled" => desk.t("status is not cancelled").to_owned(),
        "paid" if value == "true" => desk.t("payment has come").to_owned(),
        "paid" => desk.t("payment has not come").to_owned(),
        "sku" => desk.f("goods include {}", &[value]),
        "status" => desk.f("status is {}", &[&desk.language().word(value)]),
        "channel" => desk.f("channel is {}", &[value]),
        "placed_from" => desk.f("placed since {}", &[&time(desk, value)]),
        "placed_to" => desk.f("placed until {}", &[&time(desk, value)]),
        _ if value.contains('@') => desk.f("customer is {}", &[value]),
        _ => desk.f("number begins with {}", &[value]),
    }
}

/// A day or a time as people write it; what is neither, as it is.
fn time(desk: &Desk, value: &str) -> String {
    if let Ok(day) = value.parse::<NaiveDate>() {
        return format::day(desk.language(), day);
    }
    let at = format::instant(value);
    at.map_or_else(|| value.to_owned(), |at| format::exact(desk.language(), at, desk.zone()))
}

/// The form that narrows the list further. What it has no field for stays.
pub(super) fn form(desk: &Desk, filters: &Filters, asked: &Form) -> Markup {
    // A figure's link brings times and no days: no field says them, and they stay too.
    let is_time = |name: &str| !filters.get(name).is_empty() && !is_day(filters.get(name));
    let kept = KEPT.into_iter().filter(|name| !filters.get(name).is_empty());
    let kept = kept.chain(SPAN.map(|(name, _)| name).into_iter().filter(|name| is_time(name)));
    // What is asked for by a name has no chip: its field stays in sight.
    let named = ["number", "external_id"].iter().any(|name| !asked.text(name).is_empty());
    html! {
        // On a telephone the form is folded away. It stands beside and not inside, so that where there
        // is room it is there from the first moment, by the style sheet alone.
        details.fold open[named] { summary { (desk.t("Narrow the list")) } }
        form.filter role="search" action=(desk.url("/orders"))
            aria-label=(desk.t("Find an order")) {
            @for name in kept {
                input type="hidden" name=(name) value=(filters.get(name));
            }
            label { span { (desk.t("Number, or the customer's whole e-mail")) }
                input name="q" value=(filters.get("q")) size="26" maxlength="254"; }
            label { span { (desk.t("Channel")) }
                input name="channel" value=(filters.get("channel")) size="10" maxlength="40"; }
            label { span { (desk.t("Its id at the channel")) }
                input name="external_id" value=(asked.text("external_id")) size="14"
                    maxlength="100"; }
            @for (name, label) in SPAN.into_iter().filter(|(name, _)| !is_time(name)) {
                label { span { (desk.t(label)) }
                    input type="date" name=(name) value=(filters.get(name)); }
            }
            button type="submit" { (desk.t("Find")) }
        }
    }
}

fn is_day(value: &str) -> bool {
    value.parse::<NaiveDate>().is_ok()
}

/// Where the orders that are like this are found; what is empty is not asked.
pub(in crate::pages) fn narrowed(desk: &Desk, like: &[(&str, &str)]) -> String {
    Filters::of(&Form::of(like.iter().copied())).url(desk)
}
