//! What an account keeps of its settings when it is changed by somebody who cannot see them.

use super::{
    command::Asking,
    document::Accounts,
    problem::Problem,
    providers,
    read::{self, Loaded},
};
use kontor_actors::tenant::TenantState;
use kontor_messages::tenant::AccountSettings;
use serde_json::Value;

/// How an answer shows what it does not tell.
const MASK: &str = "***";

/// The settings with what stays as it is: a member that says `***`, as answers show it. Where
/// secrets are sent to has to stay too, or a secret could be sent to a place of whoever asks.
pub(super) async fn kept(
    asking: &mut Asking,
    (provider, name): (&str, &str),
    settings: AccountSettings,
) -> Result<AccountSettings, Problem> {
    if !is_masked(&settings.0) {
        return Ok(settings);
    }
    let id = format!("{provider}/{name}");
    let there = read::load::<Accounts>(&asking.api, asking.access.id(), &id).await;
    let Ok(Loaded { state: TenantState::Account(before), version, .. }) = there else {
        // There is nothing to keep: the tenant says so.
        return Ok(settings);
    };
    let filled = filled(&settings.0, &before.settings.0);
    for field in providers::fields(provider).iter().filter(|field| field.leads) {
        let member = |settings: &Value| settings.get(field.name).cloned().unwrap_or_default();
        if member(&filled) != member(&before.settings.0) {
            let pointer = format!("/settings/{}", field.name);
            let expected = "what it was, or all secrets anew: none of them is sent elsewhere";
            return Err(Problem::invalid(pointer, expected));
        }
    }
    // What is kept is that of this version, and of no other.
    asking.terms.if_version.get_or_insert(version);
    Ok(AccountSettings(filled))
}

fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value with what was there before in the places that are masked.
fn filled(value: &Value, before: &Value) -> Value {
    match (value, before) {
        (Value::String(text), Value::String(_) | Value::Number(_)) if text == MASK => {
            before.clone()
        }
        (Value::Array(items), Value::Array(were)) => {
            let none = Value::Null;
            let paired = items.iter().enumerate();
            paired.map(|(at, item)| filled(item, were.get(at).unwrap_or(&none))).collect()
        }
        (Value::Object(members), Value::Object(were)) => members
            .iter()
            .map(|(name, value)| {
                let before = were.get(name).unwrap_or(&Value::Null);
                (name.clone(), filled(value, before))
            })
            .collect(),
        (value, _) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mask_stands_for_what_was_in_its_own_place_and_in_no_other() {
        let before = json!({ "key": "s3cret", "days": 7, "keys": ["a", "b"], "flat": "x" });
        let said = json!({ "key": "***", "days": "***", "keys": ["***", "new"], "open": "***" });
        let filled = filled(&said, &before);
        let expected = json!({ "key": "s3cret", "days": 7, "keys": ["a", "new"], "open": "***" });
        assert_eq!(filled, expected);
        assert!(is_masked(&filled), "what was not there is not made up");
    }
}
