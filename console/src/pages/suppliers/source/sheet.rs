//! The form of a source: what is asked follows from what was chosen, by the style sheet alone. Where a
//! browser cannot do that, all of it is shown. What is secret is written and never shown.

use super::{
    body::is_hidden,
    fields::{
        ACCESSES, BASIC, BEARER, CLIENT, CSV, DIALECTS, FILE, FORMATS, FTP, Field, GUARDS,
        GUARDS_OTHER, HEADERS, HTTP, JSON, KINDS, Kind, OTHERS, PAGING, PAGINGS, PRODUCTS, REACHES,
        SERVER, SFTP, TARGETS, TARGETS_COMMON, TIMETABLE, VANISHED, XML, column,
    },
};
use crate::{
    backend::Trouble,
    desk::{Desk, Form},
    ui::parts,
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;

/// A form, with what came of it.
pub(super) struct Sheet<'s> {
    /// The source as it is; null for one that is to be made.
    pub(super) known: &'s Value,
    pub(super) said: &'s Form,
    pub(super) trouble: Option<&'s Trouble>,
    pub(super) suppliers: &'s Value,
    pub(super) warehouses: &'s Value,
}

impl Sheet<'_> {
    /// Whether something of these is at fault: nobody should have to look for it.
    fn is_at_fault(&self, fields: &[Field]) -> bool {
        let wrong =
            |field: &Field| self.trouble.is_some_and(|it| it.of(&field.pointer()).is_some());
        fields.iter().any(wrong)
    }

    /// What the field says.
    fn text(&self, name: &str) -> &str {
        self.said.text(name)
    }
}

/// A refusal that names a rule of the mapping is told at the field that the rule was made of.
pub(super) fn placed(said: &Form, trouble: Trouble) -> Trouble {
    let made = TARGETS.iter().map(|(target, _)| *target);
    let made: Vec<&str> = made.filter(|target| !said.text(&column(target)).is_empty()).collect();
    let place = trouble.faults.iter().find_map(|(pointer, _)| {
        let rest = pointer.strip_prefix("/mapping/fields")?;
        let rule = rest.split('/').nth(1).and_then(|rule| rule.parse::<usize>().ok());
        // What the rules lack as a whole is the code.
        rule.map_or(Some("code"), |rule| made.get(rule).copied())
    });
    match place {
        Some(target) => trouble.about(&format!("/{}", column(target))),
        None => trouble,
    }
}

/// All fields of the form.
pub(super) fn fields(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    html! {
        (basics(desk, sheet))
        (place(desk, sheet))
        (file(desk, sheet))
        (products(desk, sheet))
        (times(desk, sheet))
        details.others open[sheet.is_at_fault(OTHERS)] {
            summary { (desk.t("Other settings, each with what holds if nothing is said")) }
            (all(desk, sheet, OTHERS))
        }
    }
}

fn basics(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let suppliers = sheet.suppliers.list("items").iter();
    let suppliers: Vec<(&str, &str)> =
        suppliers.map(|one| (one.text("id"), one.text("/settings/name"))).collect();
    html! {
        @if sheet.known.is_null() {
            (input(sheet, ("code", desk.t("Code, for ever (a-z, 0-9, -)")), "40"))
        }
        (input(sheet, ("name", desk.t("What people call it")), "200"))
        @if sheet.known.is_null() {
            (select(sheet, ("supplier", desk.t("Whose feed it is")), None, &suppliers))
        } @else {
            // A source stays with its supplier.
            input type="hidden" name="supplier" value=(sheet.text("supplier"));
        }
        (radios(desk, sheet, ("kind", desk.t("What the feed holds")), KINDS))
    }
}

fn place(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    html! {
        (radios(desk, sheet, ("reach/by", desk.t("Where the feed is")), REACHES))
        div.when data-when="http" {
            (all(desk, sheet, HTTP))
            (radios(desk, sheet, ("reach/access/with", desk.t("How we say who we are")), ACCESSES))
            div.when data-when="basic" { (all(desk, sheet, BASIC)) }
            div.when data-when="bearer" { (all(desk, sheet, BEARER)) }
            div.when data-when="headers" { (all(desk, sheet, HEADERS)) }
            div.when data-when="client" { (all(desk, sheet, CLIENT)) }
            details.others open[sheet.is_at_fault(PAGING) || !sheet.text("reach/paging/style").is_empty()] {
                summary { (desk.t("The feed comes in pages (JSON)")) }
                (select(sheet, ("reach/paging/style", desk.t("How the next page is asked for")),
                    Some(desk.t("it does not: it is one file")), &translated(desk, PAGINGS)))
                (all(desk, sheet, PAGING))
            }
        }
        div.when data-when="server" {
            (all(desk, sheet, SERVER))
            div.when data-when="ftp" { (all(desk, sheet, FTP)) }
            div.when data-when="sftp" { (all(desk, sheet, SFTP)) }
        }
    }
}

fn file(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let more = &TARGETS[TARGETS_COMMON..];
    let written = more.iter().any(|(target, _)| !sheet.text(&column(target)).is_empty());
    html! {
        fieldset {
            legend { (desk.t("How the file is read")) }
            (select(sheet, ("dialect", desk.t("Dialect that is known")),
                Some(desk.t("none: I say how it is read")), DIALECTS))
            div.when data-when="own" {
                (radios(desk, sheet, ("format/format/kind", desk.t("Format")), FORMATS))
                div.when data-when="csv" { (all(desk, sheet, CSV)) }
                div.when data-when="xml" { (all(desk, sheet, XML)) }
                div.when data-when="json" { (all(desk, sheet, JSON)) }
            }
            (all(desk, sheet, FILE))
            (json(sheet, ("format/rest", "/format"), desk.t("The rest of how it is read, as JSON"),
                desk.t("Members of the API's format that have no field here; over a dialect, what it says otherwise.")))
        }
        fieldset {
            legend { (desk.t("Which column is what")) }
            div.when data-when="own" {
                p.small { (desk.t("A column's name, or an element's path. With | between several, the first that has a value counts.")) }
                (columns(desk, sheet, &TARGETS[..TARGETS_COMMON]))
                details.others open[written] {
                    summary { (desk.t("More columns")) }
                    (columns(desk, sheet, more))
                }
            }
            (json(sheet, ("mapping/rest", "/mapping"), desk.t("The rest of the mapping, as JSON"),
                desk.t("Expressions, parameters, filters, and how numbers and words are to be understood: fields, params, filters, reading.")))
        }
    }
}

fn products(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let warehouses = sheet.warehouses.list("items").iter();
    let warehouses: Vec<(&str, &str)> =
        warehouses.map(|one| (one.text("code"), one.text("name"))).collect();
    html! {
        fieldset {
            legend { (desk.t("What becomes of its rows")) }
            (select(sheet, ("warehouse", desk.t("Warehouse that its stock is kept in")),
                Some(desk.t("none: its stock is not taken")), &warehouses))
            (all(desk, sheet, PRODUCTS))
            (all(desk, sheet, VANISHED))
        }
        fieldset {
            legend { (desk.t("Guards: a feed beyond them is not applied")) }
            p.small { (desk.t("What holds if nothing is written is shown below each.")) }
            (all(desk, sheet, GUARDS))
            details.others open[sheet.is_at_fault(GUARDS_OTHER)] {
                summary { (desk.t("More guards")) }
                (all(desk, sheet, GUARDS_OTHER))
            }
        }
    }
}

fn times(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    html! {
        fieldset {
            legend { (desk.t("When it is imported")) }
            (all(desk, sheet, TIMETABLE))
        }
    }
}

fn translated(
    desk: &Desk,
    choices: &[(&'static str, &'static str)],
) -> Vec<(&'static str, &'static str)> {
    choices.iter().map(|&(word, label)| (word, desk.t(label))).collect()
}

fn all(desk: &Desk, sheet: &Sheet<'_>, fields: &[Field]) -> Markup {
    html! { @for field in fields { (one(desk, sheet, field)) } }
}

/// One field: its label, what it is, what is wrong with it, and whether it is kept.
fn one(desk: &Desk, sheet: &Sheet<'_>, field: &Field) -> Markup {
    let pointer = field.pointer();
    let kept = field.is_secret() && is_hidden(sheet.known.at("settings").at(&pointer));
    let hint = format!("hint{}", pointer.replace('/', "-"));
    let has_hint = kept || !field.hint.is_empty();
    let wrong = parts::described_by(sheet.trouble, &pointer);
    let described = [has_hint.then(|| hint.clone()), wrong.clone()];
    let described: Vec<String> = described.into_iter().flatten().collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = wrong.is_some().then_some("true");
    html! {
        div.field {
            @if let Kind::Switch = field.kind {
                label.check {
                    input type="checkbox" name=(field.name) value="yes"
                        checked[sheet.text(field.name) == "yes"] aria-describedby=[described.as_ref()];
                    span { (desk.t(field.label)) }
                }
            } @else {
                label {
                    span {
                        (desk.t(field.label))
                        @if field.is_secret() { " · " (desk.t("secret")) }
                    }
                    (control(desk, sheet, field, (described.as_deref(), invalid)))
                }
            }
            @if has_hint {
                small id=(hint) {
                    (desk.t(field.hint))
                    @if kept { " " (desk.t("It is set, and stays as it is if nothing is written.")) }
                }
            }
            (parts::fault(sheet.trouble, &pointer))
        }
    }
}

fn control(
    desk: &Desk,
    sheet: &Sheet<'_>,
    field: &Field,
    (described, invalid): (Option<&str>, Option<&str>),
) -> Markup {
    let (name, said) = (field.name, sheet.text(field.name));
    let numeric = match field.kind {
        Kind::Number => Some("numeric"),
        Kind::Share => Some("decimal"),
        _ => None,
    };
    html! {
        @match field.kind {
            Kind::Choice(choices) => {
                select name=(name) aria-describedby=[described] aria-invalid=[invalid] {
                    // What a file is like is found out; what becomes of rows is said.
                    @if name.starts_with("format/") {
                        option value="" { (desk.t("found out from the file")) }
                    }
                    @for (word, label) in choices {
                        option value=(word) selected[said == *word] { (desk.t(label)) }
                    }
                }
            }
            // What was written is never sent back, whatever came of the form.
            Kind::Secret => {
                input type="password" name=(name) autocomplete="new-password"
                    aria-describedby=[described] aria-invalid=[invalid];
            }
            Kind::SecretLines => {
                textarea name=(name) rows="3" spellcheck="false" autocomplete="off"
                    aria-describedby=[described] aria-invalid=[invalid] {}
            }
            Kind::Lines | Kind::Pairs => {
                textarea name=(name) rows="3" spellcheck="false"
                    aria-describedby=[described] aria-invalid=[invalid] { (said) }
            }
            _ => {
                input name=(name) value=(said) autocomplete="off" spellcheck="false"
                    inputmode=[numeric] aria-describedby=[described] aria-invalid=[invalid];
            }
        }
    }
}

/// A field that every source has.
fn input(sheet: &Sheet<'_>, (name, label): (&str, &str), max: &str) -> Markup {
    let pointer = format!("/{name}");
    let wrong = parts::described_by(sheet.trouble, &pointer);
    html! {
        div.field {
            label { span { (label) }
                input name=(name) required maxlength=(max) autocomplete="off" value=(sheet.text(name))
                    aria-invalid=[wrong.as_ref().map(|_| "true")] aria-describedby=[wrong.as_ref()]; }
            (parts::fault(sheet.trouble, &pointer))
        }
    }
}

/// One of some things, whose names are no texts of the console; `none` says what nothing means.
fn select(
    sheet: &Sheet<'_>,
    (name, label): (&str, &str),
    none: Option<&str>,
    choices: &[(&str, &str)],
) -> Markup {
    let (pointer, said) = (format!("/{name}"), sheet.text(name));
    let wrong = parts::described_by(sheet.trouble, &pointer);
    html! {
        div.field {
            label { span { (label) }
                select name=(name) aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[wrong.as_ref()] {
                    @if let Some(none) = none { option value="" selected[said.is_empty()] { (none) } }
                    // What is not among the choices, because there are too many or they may not be
                    // read, is not lost by saving the form.
                    @if !said.is_empty() && !choices.iter().any(|(word, _)| *word == said) {
                        option value=(said) selected { (said) }
                    }
                    @for (word, label) in choices {
                        option value=(word) selected[said == *word] {
                            @if label.is_empty() { (word) } @else { (label) }
                        }
                    }
                } }
            (parts::fault(sheet.trouble, &pointer))
        }
    }
}

fn radios(
    desk: &Desk,
    sheet: &Sheet<'_>,
    (name, legend): (&str, &str),
    choices: &[(&'static str, &'static str)],
) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            div.radios {
                @for &(word, label) in choices {
                    label.check {
                        input type="radio" name=(name) value=(word) checked[sheet.text(name) == word];
                        span { (desk.t(label)) }
                    }
                }
            }
            (parts::fault(sheet.trouble, &format!("/{name}")))
        }
    }
}

fn columns(desk: &Desk, sheet: &Sheet<'_>, targets: &[(&str, &'static str)]) -> Markup {
    html! {
        div.halves {
            @for &(target, label) in targets {
                @let name = column(target);
                @let pointer = format!("/{name}");
                @let wrong = parts::described_by(sheet.trouble, &pointer);
                div.field {
                    label { span { (desk.t(label)) }
                        input name=(name) value=(sheet.text(&name)) autocomplete="off" spellcheck="false"
                            aria-invalid=[wrong.as_ref().map(|_| "true")]
                            aria-describedby=[wrong.as_ref()]; }
                    (parts::fault(sheet.trouble, &pointer))
                }
            }
        }
    }
}

/// What has no field of its own.
fn json(sheet: &Sheet<'_>, (name, pointer): (&str, &str), label: &str, hint: &str) -> Markup {
    let wrong = parts::described_by(sheet.trouble, pointer);
    let hint_id = format!("hint-{}", name.replace('/', "-"));
    let described = wrong.as_ref().map_or_else(|| hint_id.clone(), |it| format!("{hint_id} {it}"));
    let said = sheet.text(name);
    html! {
        details.others open[wrong.is_some() || !said.is_empty()] {
            summary { (label) }
            div.field {
                label { span { (label) }
                    textarea name=(name) rows="8" spellcheck="false" aria-describedby=(described)
                        aria-invalid=[wrong.as_ref().map(|_| "true")] { (said) } }
                small id=(hint_id) { (hint) }
                (parts::fault(sheet.trouble, pointer))
            }
        }
    }
}
