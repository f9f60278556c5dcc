//! The parts of pages: badges, money, times, ids, notices, charts.

use crate::{
    backend::Trouble,
    desk::{Desk, Form},
    format,
    ui::csv,
    value::Read,
};
use maud::{Markup, PreEscaped, Render, html};
use serde_json::Value;

/// How a state is meant: what is well is grey, colour is for what needs somebody.
pub(crate) fn tone(status: &str) -> &'static str {
    match status {
        "paid_without_stock" | "failed" | "given_up" | "quarantined" | "overdue" | "rejected"
        | "mismatch" | "abandoned" | "disabled" => "red",
        "short"
        | "waiting"
        | "open"
        | "paused"
        | "suspended"
        | "deleting"
        | "second_payment"
        | "low"
        | "completed_with_errors"
        | "authorized"
        | "unmatched" => "amber",
        "running" | "processing" | "confirmed" | "assigned" | "undoing" | "sending" => "blue",
        "paid" | "completed" | "sent" | "delivered" | "active" | "settled" | "committed" => "green",
        _ => "",
    }
}

/// A state: a dot, a colour and a word.
pub(crate) fn badge(desk: &Desk, status: &str) -> Markup {
    if status.is_empty() {
        return html! {};
    }
    html! { span class={ "badge " (tone(status)) } { (desk.language().word(status)) } }
}

/// An amount of a document with its currency.
pub(crate) fn money(desk: &Desk, minor: i64, currency: &str) -> Markup {
    html! { span.figure { (desk.money(minor, currency)) } }
}

/// An amount, or a dash where there is none.
pub(crate) fn money_if_any(desk: &Desk, minor: i64, currency: &str) -> Markup {
    match minor {
        0 => html! { span.quiet { "–" } },
        minor => money(desk, minor, currency),
    }
}

/// A time: how long ago, with the exact one on hover.
pub(crate) fn ago(desk: &Desk, at: &str) -> Markup {
    let Some(instant) = format::instant(at) else { return html! {} };
    let (language, zone) = (desk.language(), desk.zone());
    html! {
        time datetime=(at) title=(format::exact(language, instant, zone)) {
            (format::ago(language, instant, desk.now()))
        }
    }
}

/// A time of the day, with the exact one on hover.
pub(crate) fn clock(desk: &Desk, at: &str) -> Markup {
    let Some(instant) = format::instant(at) else { return html! {} };
    let (language, zone) = (desk.language(), desk.zone());
    html! {
        time datetime=(at) title=(format::exact(language, instant, zone)) {
            (format::clock(language, instant, zone, desk.now()))
        }
    }
}

/// An id that can be copied; its end is shown.
pub(crate) fn id(desk: &Desk, id: &str) -> Markup {
    html! {
        button.id type="button" data-copy=(id) title=(id)
            aria-label=(desk.f("Copy {}", &[id])) { (format::short(id)) }
    }
}

/// A page's heading, with what it is about and what can be done.
pub(crate) fn heading(title: &str, beside: &Markup, actions: &Markup) -> Markup {
    html! {
        header.heading {
            h1 { (title) }
            div.beside { (beside) }
            div.actions { (actions) }
        }
    }
}

/// Takes the page's list out as a file, all of it, with how much that is at most.
pub(crate) fn export(desk: &Desk) -> Markup {
    let most = desk.number(i64::try_from(csv::ROWS_MAX).unwrap_or(i64::MAX));
    let note = desk.f("all of the list, {} rows at most", &[&most]);
    html! {
        a.button href=(csv::here(desk)) title=(note) {
            (desk.t("Export CSV")) span.hidden { ": " (note) }
        }
    }
}

/// Something that runs, in one line: a dot, its name, what it does, and what stands beside that.
pub(crate) fn line(
    desk: &Desk,
    tone: &str,
    (href, name): (&str, &str),
    doing: &str,
    beside: &Markup,
) -> Markup {
    let state = match tone {
        "red" => desk.t("trouble"),
        "amber" => desk.t("behind"),
        _ => desk.t("well"),
    };
    html! {
        div class={ "line " (tone) } {
            span.dot role="img" aria-label=(state) {}
            strong { @if href.is_empty() { (name) } @else { a href=(href) { (name) } } }
            span.doing { (doing) }
            (beside)
        }
    }
}

/// A part of a page under a title.
pub(crate) fn section(title: &str, inside: &Markup) -> Markup {
    html! { section.panel { h2 { (title) } (inside) } }
}

/// What is told where there is nothing: what would be here, and what brings it.
pub(crate) fn empty(title: &str, advice: &str) -> Markup {
    html! { div.empty { p { strong { (title) } } p { (advice) } } }
}

/// Names with values.
pub(crate) fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows.iter().filter(|(_, value)| !value.0.is_empty()) {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// A link that looks like a button.
pub(crate) fn action(href: &str, label: &str, class: &str) -> Markup {
    html! { a class={ "button " (class) } href=(href) { (label) } }
}

/// A form with one button, for what needs no question.
pub(crate) fn one_button(desk: &Desk, to: &str, label: &str, class: &str) -> Markup {
    html! {
        form.inline method="post" action=(to) {
            (desk.form_fields())
            button type="submit" class=(class) { (label) }
        }
    }
}

/// Why a form was not taken, beside it.
pub(crate) fn refusal(desk: &Desk, trouble: &Trouble) -> Markup {
    let advice = match trouble.status {
        403 => desk.t("Nothing was changed. An owner or admin of the shop can give you the right."),
        412 => desk.t("Nothing was changed: somebody else was faster. Open the page again."),
        _ => desk.t("Nothing was changed. Put it right and try again."),
    };
    html! {
        div.notice.red role="alert" { p { strong { (trouble.detail) } } p { (advice) } }
    }
}

/// What is wrong with a field, beside it; nothing if that is not at fault.
pub(crate) fn fault(trouble: Option<&Trouble>, pointer: &str) -> Markup {
    html! {
        @if let Some(expected) = trouble.and_then(|trouble| trouble.of(pointer)) {
            small.fault id=(fault_id(pointer)) { (expected) }
        }
    }
}

/// By what name a field that is at fault names what is wrong with it.
pub(crate) fn described_by(trouble: Option<&Trouble>, pointer: &str) -> Option<String> {
    trouble.and_then(|trouble| trouble.of(pointer)).map(|_| fault_id(pointer))
}

fn fault_id(pointer: &str) -> String {
    format!("fault{}", pointer.replace('/', "-"))
}

/// What will happen, in sentences, before it does. A sentence may lead to what it counts.
pub(crate) fn forecast<S: Render>(desk: &Desk, sentences: &[S]) -> Markup {
    html! {
        section.panel.dry-run {
            h2 { (desk.t("This will happen")) }
            @if sentences.is_empty() { p { (desk.t("Nothing: it is so already.")) } }
            ul { @for sentence in sentences { li { (sentence) } } }
        }
    }
}

/// The one button that does what was forecast: it says the same once more, and that one is sure.
pub(crate) fn decision(desk: &Desk, said: &Form, fields: &[&str], button: (&str, &str)) -> Markup {
    let (label, class) = button;
    html! {
        form method="post" {
            (desk.form_fields())
            input type="hidden" name="sure" value="yes";
            @for field in fields {
                @for value in said.all(field) { input type="hidden" name=(field) value=(value); }
            }
            button type="submit" class=(class) { (label) }
        }
    }
}

/// A figure with its name, which leads to what it is made of.
pub(crate) fn tile(label: &str, value: &Markup, beside: &str, href: &str, tone: &str) -> Markup {
    html! {
        a class={ "tile " (tone) } href=(href) {
            span.label { (label) }
            strong { (value) }
            span.beside { (beside) }
        }
    }
}

/// Older pages of a list. `newer` leads to its beginning.
pub(crate) fn pager(desk: &Desk, base: &str, asked: &str, page: &Value) -> Markup {
    let next = page.text("next_cursor");
    let cursor: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let join = if base.contains('?') { '&' } else { '?' };
    html! {
        @if !asked.is_empty() || !next.is_empty() {
            nav.pager aria-label=(desk.t("Pages of the list")) hx-boost="true" hx-target="#main"
                hx-select="#main" hx-swap="outerHTML show:window:top" {
                @if !asked.is_empty() { a href=(base) { (desk.t("To the newest")) } }
                @if !next.is_empty() {
                    a rel="next" href={ (base) (join) "cursor=" (cursor) } { (desk.t("Older")) }
                }
            }
        }
    }
}

/// What a list is narrowed by: each with the address of the list without it.
pub(crate) fn chips(desk: &Desk, chips: &[(String, String)]) -> Markup {
    html! {
        @if !chips.is_empty() {
            nav.chips aria-label=(desk.t("What the list is narrowed by")) {
                @for (label, without) in chips {
                    a.chip href=(without) title=(desk.t("Take it away")) {
                        (label) " " span aria-hidden="true" { "×" }
                        span.hidden { ", " (desk.t("Take it away")) }
                    }
                }
            }
        }
    }
}

/// A list's filters: links, one of which is where we are.
pub(crate) fn tabs(label: &str, tabs: &[(String, String, bool)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) hx-boost="true" hx-target="#main" hx-select="#main"
            hx-swap="outerHTML show:window:top" {
            @for (href, name, current) in tabs {
                a href=(href) aria-current=[current.then_some("true")] { (name) }
            }
        }
    }
}

/// A document as it is, to be read and copied.
pub(crate) fn raw(desk: &Desk, value: &Value) -> Markup {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    html! {
        details.raw {
            summary { span { (desk.t("As it is")) } }
            pre tabindex="0" { code { (text) } }
        }
    }
}

/// How far something has come, of how much.
pub(crate) fn progress(label: &str, done: i64, of: i64) -> Markup {
    html! { progress aria-label=(label) value=(done) max=(of.max(1)) { (done) "/" (of) } }
}

/// A chart over equal steps: its title is the answer, its numbers are a table beneath.
pub(crate) struct Chart<'c> {
    /// What is told by it.
    pub(crate) title: &'c str,
    /// Names of the steps.
    pub(crate) steps: &'c [String],
    /// Each series: its name, its values by step, and those values as people write them.
    pub(crate) series: &'c [(String, Vec<i64>, Vec<String>)],
    /// Where what each step is made of is listed; empty, or absent, where it is not.
    pub(crate) hrefs: &'c [String],
}

/// Draws a chart; without scripts its table is read.
pub(crate) fn chart(desk: &Desk, chart: &Chart<'_>) -> Markup {
    let href = |place: usize| chart.hrefs.get(place).filter(|href| !href.is_empty());
    html! {
        figure.chart data-chart {
            figcaption { (chart.title) }
            div.plot aria-hidden="true" {}
            details {
                summary { (desk.t("The numbers")) }
                div.scroll tabindex="0" {
                    table {
                        thead { tr {
                            th scope="col" { (desk.t("When")) }
                            @for (name, ..) in chart.series { th.num scope="col" { (name) } }
                        } }
                        tbody {
                            @for (place, step) in chart.steps.iter().enumerate() {
                                tr {
                                    th scope="row" { (step) }
                                    @for (_, values, shown) in chart.series {
                                        @let text = shown.get(place).map_or("", String::as_str);
                                        td.num data-value=(values.get(place).copied().unwrap_or(0)) {
                                            @if let Some(href) = href(place) { a href=(href) { (text) } }
                                            @else { (text) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A picture of one family (16 px, drawn for Kontor), where it is faster than a word.
pub(crate) fn icon(name: &str) -> Markup {
    let path = match name {
        "kontor" => "M2 14V6l6-4 6 4v8M5 14V9h6v5M8 9v5",
        "today" => "M3 8l5-5 5 5M4.5 7v6.5h7V7",
        "clock" => "M8 2a6 6 0 100 12A6 6 0 008 2M8 5v3.5l2.5 1.5",
        "list" => "M2.5 4h11M2.5 8h11M2.5 12h7",
        "box" => "M2.5 5L8 2l5.5 3v6L8 14l-5.5-3zM2.5 5L8 8l5.5-3M8 8v6",
        "tag" => "M2.5 8.5v-6h6l5 5-6 6zM5.5 5.5h.01",
        "truck" => {
            "M1.5 4h8v7h-8zM9.5 6.5h3l2 2V11h-5M4 13a1 1 0 100-2 1 1 0 000 2M12 13a1 1 0 100-2 1 1 0 000 2"
        }
        "fork" => "M8 14V9L3.5 4.5M8 9l4.5-4.5M3 7.5V4h3.5M9.5 4H13v3.5",
        "card" => "M2 4h12v8.5H2zM2 7h12M4.5 10h3",
        "mail" => "M2 4h12v8.5H2zM2.5 4.5L8 9l5.5-4.5",
        "plug" => "M5 2v3.5M11 2v3.5M3.5 5.5h9V8a4.5 4.5 0 01-9 0zM8 12.5V15",
        "alert" => "M8 2.5l6 11H2zM8 7v3M8 12h.01",
        "eye" => {
            "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8M8 10a2 2 0 100-4 2 2 0 000 4"
        }
        "people" => {
            "M6 7.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5M1.5 13.5a4.5 4.5 0 019 0M11 3a2.2 2.2 0 010 4.2M12 9.5a4 4 0 012.5 4"
        }
        "key" => "M5 8.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5M7 9.5l6.5-6.5M11 5.5l2 2M9.5 7l1.5 1.5",
        "tree" => "M3 2.5v11M3 5h4M3 11.5h4M7 3.5h6v3H7zM7 10h6v3H7z",
        "down" => "M4.5 6.5L8 10l3.5-3.5",
        "more" => "M3.5 8h.01M8 8h.01M12.5 8h.01",
        _ => "M8 8h.01",
    };
    PreEscaped(format!(
        "<svg class=\"icon\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\" \
         focusable=\"false\"><path d=\"{path}\"/></svg>"
    ))
}
