//! Sentences of products: which fields say something else now, what they said and what they say.

use crate::{desk::Desk, value::Read};
use serde_json::Value;

/// Changes that one sentence tells at most.
const CHANGES_MAX: usize = 4;
/// Characters of a text that are told.
const TEXT_MAX: usize = 60;

/// What an event of a product says; `None` for what has no sentence yet.
pub(super) fn product(desk: &Desk, what: &str, data: &Value) -> Option<String> {
    Some(match what {
        "created" => desk.f("{} was put into the catalog", &[data.text("sku")]),
        "changed" => changed(desk, data)?,
        "archived" => desk.t("It is offered no longer").to_owned(),
        "fields_released" => desk.t("Any source may write these fields again").to_owned(),
        _ => return None,
    })
}

/// What an event of prices says.
pub(super) fn price(desk: &Desk, what: &str, data: &Value) -> Option<String> {
    match what {
        "changed" => changed(desk, data),
        "turned" => Some(desk.t("A sale began or ended, so another price counts").to_owned()),
        _ => None,
    }
}

fn changed(desk: &Desk, data: &Value) -> Option<String> {
    let changes = data.list("changes");
    if changes.is_empty() {
        return None;
    }
    let told: Vec<_> = changes.iter().take(CHANGES_MAX).map(|one| change(desk, one)).collect();
    let mut sentence = told.join("; ");
    let more = changes.len().saturating_sub(CHANGES_MAX);
    if more > 0 {
        sentence.push_str("; ");
        sentence.push_str(&desk.f("{} more", &[&more.to_string()]));
    }
    Some(sentence)
}

fn change(desk: &Desk, change: &Value) -> String {
    let field = change.text("field");
    let name = field_name(desk, field);
    let said = |member: &str| value(desk, field, change.at(member));
    match (said("was"), said("now")) {
        (Some(was), Some(now)) => format!("{name}: {was} → {now}"),
        (None, Some(now)) => format!("{name}: {now}"),
        (Some(was), None) => desk.f("{}: {} was taken away", &[&name, &was]),
        (None, None) => name,
    }
}

/// A field in words: `price.sale.CZK@web` is a kind of price on a channel, `title.cs` a title.
pub(in crate::pages) fn field_name(desk: &Desk, field: &str) -> String {
    match field.split_once('.') {
        Some(("price", slot)) => {
            let (kind, channel) = match slot.split_once('@') {
                Some((slot, channel)) => (slot, Some(channel)),
                None => (slot, None),
            };
            let kind = match kind.split('.').next().unwrap_or_default() {
                "cost" => desk.t("Cost price"),
                "sale" => desk.t("Price in the sale"),
                "recommended" => desk.t("Recommended price"),
                _ => desk.t("Price"),
            };
            channel.map_or_else(|| kind.to_owned(), |channel| format!("{kind} ({channel})"))
        }
        Some((word, of)) => format!("{} ({of})", desk.language().word(word)),
        None => desk.language().word(field),
    }
}

/// What a field says, as short as a sentence needs it; nothing where it says nothing.
pub(in crate::pages) fn value(desk: &Desk, field: &str, said: &Value) -> Option<String> {
    let (kind, told) = said.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "price" => {
            let currency = field.split(['.', '@']).nth(2).unwrap_or_default();
            desk.money(told.int("amount_minor"), currency)
        }
        "offer" => desk.money(told.int("/cost/amount_minor"), told.text("/cost/currency")),
        "text" => {
            let text = told.as_str().unwrap_or_default();
            let short: String = text.chars().take(TEXT_MAX).collect();
            if short.len() < text.len() { format!("{short}…") } else { short }
        }
        "number" => desk.number(told.as_i64().unwrap_or_default()),
        "attribute" => match told {
            Value::Bool(true) => desk.t("yes").to_owned(),
            Value::Bool(false) => desk.t("no").to_owned(),
            Value::Array(many) => desk.f("{} of them", &[&many.len().to_string()]),
            one => one.as_str()?.chars().take(TEXT_MAX).collect(),
        },
        "list" | "media" => {
            let count = told.as_array().map_or(0, Vec::len);
            desk.f("{} of them", &[&count.to_string()])
        }
        _ => return None,
    })
}
