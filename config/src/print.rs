//! The settings in force, for people: every secret is `***`.

use crate::layers::{Tree, is_secret};
use serde_json::Value;
use std::fmt::Write;

/// All that holds, secrets taken out. A folder in `store.url` is none.
pub(crate) fn shown(tree: &Tree) -> Value {
    let mut shown = serde_json::to_value(tree.holds()).unwrap_or_default();
    redact("", &mut shown);
    shown
}

fn redact(key: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                redact(&key, member);
            }
        }
        Value::String(text) if key == "store.url" && !text.contains("://") => {}
        value if is_secret(key) => *value = "***".into(),
        _ => {}
    }
}

pub(crate) fn print(shown: &Value, json: bool) -> String {
    if json {
        return format!("{shown:#}\n");
    }
    let mut text = String::new();
    section("", shown, &mut text);
    text
}

/// TOML; a JSON text, number, list or truth value is one of TOML too.
fn section(name: &str, value: &Value, text: &mut String) {
    let Value::Object(members) = value else { return };
    let (sections, values): (Vec<_>, Vec<_>) =
        members.iter().partition(|(_, member)| member.is_object());
    if !name.is_empty() && !values.is_empty() {
        let _ = writeln!(text, "\n[{name}]");
    }
    for (key, value) in values {
        let _ = writeln!(text, "{key} = {value}");
    }
    for (key, value) in sections {
        let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        section(&name, value, text);
    }
}
