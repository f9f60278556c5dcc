//! The form of an account, made of what the API says about its provider's settings. What is secret is
//! written and never shown, not even to whoever has just written it.

use crate::{
    backend::Trouble,
    desk::{Desk, Form},
    ui::parts,
    value::Read,
};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

/// How an answer shows what it does not tell.
const MASK: &str = "***";

/// A form, with what came of it.
pub(super) struct Sheet<'s> {
    /// The provider, with its settings.
    pub(super) provider: &'s Value,
    /// The account as it is; null for one that is to be made.
    pub(super) known: &'s Value,
    pub(super) said: &'s Form,
    pub(super) trouble: Option<&'s Trouble>,
}

/// The name of a setting's field.
fn field(setting: &str) -> String {
    format!("setting.{setting}")
}

/// The name of the box that takes a setting away.
fn forgotten(setting: &str) -> String {
    format!("forget.{setting}")
}

/// Whether a setting is there and is not told.
fn is_hidden(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Array(items) => items.iter().any(is_hidden),
        Value::Object(members) => members.values().any(is_hidden),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An account as the form says it.
pub(super) fn written(provider: &Value, known: &Value) -> Form {
    let version = known.int("version").to_string();
    let mut fields =
        vec![("mode".to_owned(), known.text("mode").to_owned()), ("version".to_owned(), version)];
    for setting in provider.list("settings") {
        let name = setting.text("name");
        let value = known.at("settings").at(name);
        if !is_hidden(value) {
            fields.push((field(name), in_words(value)));
        }
    }
    Form::of(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let lines = members.iter().map(|(name, value)| format!("{name} = {}", in_words(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        value => value.to_string(),
    }
}

/// The account that a form says, as the API takes it.
pub(super) fn body(desk: &Desk, sheet: &Sheet<'_>) -> Result<Value, Trouble> {
    let mut settings = Map::new();
    for setting in sheet.provider.list("settings") {
        let name = setting.text("name");
        let before = sheet.known.at("settings").at(name);
        let said = sheet.said.text(&field(name));
        let kept = is_hidden(before) && sheet.said.text(&forgotten(name)) != "yes";
        match said {
            "" if kept => drop(settings.insert(name.to_owned(), before.clone())),
            "" => {}
            _ => drop(settings.insert(name.to_owned(), value(desk, setting, sheet.said)?)),
        }
    }
    Ok(json!({ "mode": sheet.said.text("mode"), "settings": settings }))
}

fn value(desk: &Desk, setting: &Value, form: &Form) -> Result<Value, Trouble> {
    let name = field(setting.text("name"));
    let wrong = |expected| Trouble::at(&format!("/settings/{}", setting.text("name")), expected);
    Ok(match setting.text("kind") {
        "number" => {
            form.int(&name).ok_or_else(|| wrong(desk.t("Write a whole number here.")))?.into()
        }
        "switch" => (form.text(&name) == "true").into(),
        "list" => form.pieces(&name).into(),
        "names" => {
            let lines = form.text(&name).lines().filter(|line| !line.trim().is_empty());
            let pairs = lines.map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.trim().to_owned(), Value::from(value.trim())))
            });
            let pairs: Option<Map<_, _>> = pairs.collect();
            Value::Object(
                pairs.ok_or_else(|| wrong(desk.t("Write a line for each: name = value.")))?,
            )
        }
        _ => form.text(&name).into(),
    })
}

/// A refusal of all settings that names one of them in words is told there.
pub(super) fn placed(provider: &Value, trouble: Trouble) -> Trouble {
    let Some(expected) = trouble.of("/settings").map(str::to_owned) else { return trouble };
    let names = provider.list("settings").iter().map(|setting| setting.text("name"));
    let about = |name: &&str| {
        expected.starts_with(&format!("{name}:")) || expected.contains(&format!("`{name}`"))
    };
    match names.into_iter().find(about) {
        Some(name) => trouble.about(&format!("/settings/{name}")),
        None => trouble,
    }
}

/// The fields of the settings: first what an account needs, then the rest.
pub(super) fn fields(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let all = || sheet.provider.list("settings").iter();
    let (needed, others) = (
        all().filter(|setting| setting.is("required") || setting.is("secret")),
        all().filter(|setting| !setting.is("required") && !setting.is("secret")),
    );
    let others: Vec<_> = others.collect();
    // Nobody should have to look for what is wrong.
    let wrong = |setting: &&Value| {
        let pointer = format!("/settings/{}", setting.text("name"));
        sheet.trouble.is_some_and(|trouble| trouble.of(&pointer).is_some())
    };
    html! {
        @for setting in needed { (one(desk, sheet, setting)) }
        @if !others.is_empty() {
            details.others open[others.iter().any(wrong)] {
                summary { (desk.t("Other settings, each with what holds if nothing is said")) }
                @for setting in &others { (one(desk, sheet, setting)) }
            }
        }
    }
}

/// One setting: its field, what it is, what is wrong with it, and whether it is kept.
fn one(desk: &Desk, sheet: &Sheet<'_>, setting: &Value) -> Markup {
    let name = setting.text("name");
    let pointer = format!("/settings/{name}");
    let hidden = is_hidden(sheet.known.at("settings").at(name));
    let hint = format!("hint-{name}");
    let wrong = parts::described_by(sheet.trouble, &pointer);
    let described = wrong.as_ref().map_or_else(|| hint.clone(), |wrong| format!("{hint} {wrong}"));
    html! {
        div.field {
            label {
                span {
                    (desk.language().setting(name))
                    @if setting.is("secret") { " · " (desk.t("secret")) }
                    @if setting.is("required") { " · " (desk.t("needed")) }
                }
                (control(desk, sheet, setting, (&described, wrong.is_some())))
            }
            small id=(hint) {
                @match desk.language().sentence(setting.text("about")) {
                    Some(own) => span { (own) },
                    None => span lang="en" { (setting.text("about")) },
                }
                @if hidden { " " (desk.t("It is set, and stays as it is if nothing is written.")) }
            }
            (parts::fault(sheet.trouble, &pointer))
            @if hidden && !setting.is("required") {
                label.check {
                    input type="checkbox" name=(forgotten(name)) value="yes"
                        checked[sheet.said.text(&forgotten(name)) == "yes"];
                    span { (desk.t("Take it away")) ": " (desk.language().setting(name)) }
                }
            }
        }
    }
}

fn control(
    desk: &Desk,
    sheet: &Sheet<'_>,
    setting: &Value,
    (described, wrong): (&str, bool),
) -> Markup {
    let name = setting.text("name");
    let field = field(name);
    let said = sheet.said.text(&field);
    let invalid = wrong.then_some("true");
    let hidden = is_hidden(sheet.known.at("settings").at(name));
    let required = setting.is("required") && !hidden;
    let choices: Vec<(&str, String)> = match setting.text("kind") {
        "switch" => vec![("true", desk.t("yes").to_owned()), ("false", desk.t("no").to_owned())],
        _ => {
            let words = setting.list("choices").iter().filter_map(Value::as_str);
            words.map(|word| (word, word.replace('_', " "))).collect()
        }
    };
    html! {
        @if !choices.is_empty() {
            select name=(field) required[required] aria-describedby=(described) aria-invalid=[invalid] {
                option value="" { (desk.t("not said")) }
                @for (choice, label) in &choices {
                    option value=(choice) selected[*choice == said] { (label) }
                }
            }
        } @else if setting.is("secret") {
            // What was written is never sent back, whatever came of the form.
            input type="password" name=(field) required[required] autocomplete="new-password"
                aria-describedby=(described) aria-invalid=[invalid];
        } @else if matches!(setting.text("kind"), "names" | "lines") {
            textarea name=(field) rows="3" spellcheck="false" required[required]
                aria-describedby=(described) aria-invalid=[invalid] { (said) }
        } @else {
            input name=(field) value=(said) required[required] autocomplete="off" spellcheck="false"
                inputmode=[(setting.text("kind") == "number").then_some("numeric")]
                aria-describedby=(described) aria-invalid=[invalid];
        }
    }
}
