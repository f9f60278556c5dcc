//! What accounts of a provider are set with, described for forms.
//!
//! Each provider's file says it beside its settings; a test holds the two together.

use serde::Serialize;
use utoipa::ToSchema;

/// A setting of a provider's accounts. The catalog has fields too, so its schema has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountField)]
pub struct Field {
    /// The member of `settings`.
    pub name: &'static str,
    /// What it is, as a sentence.
    pub about: &'static str,
    /// What stands in it.
    pub kind: FieldKind,
    /// Whether an account needs it.
    pub required: bool,
    /// Whether it is a secret, which is given and never shown.
    pub secret: bool,
    /// Whether secrets are sent to where it leads: another one takes the secrets anew.
    pub leads: bool,
    /// The words that it may be, if only these.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub choices: &'static [&'static str],
}

/// What stands in a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountFieldKind)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// Some lines of text.
    Lines,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// One of the choices.
    Choice,
    /// Texts, in a list.
    List,
    /// Texts by names.
    Names,
}

impl Field {
    /// A line of text.
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            kind: FieldKind::Text,
            required: false,
            secret: false,
            leads: false,
            choices: &[],
        }
    }

    /// A secret that an account needs.
    pub const fn secret(name: &'static str, about: &'static str) -> Self {
        Self { secret: true, required: true, ..Self::text(name, about) }
    }

    /// A whole number.
    pub const fn number(name: &'static str, about: &'static str) -> Self {
        Self::text(name, about).of(FieldKind::Number)
    }

    /// `true` or `false`.
    pub const fn switch(name: &'static str, about: &'static str) -> Self {
        Self::text(name, about).of(FieldKind::Switch)
    }

    /// One of these words.
    pub const fn choice(
        name: &'static str,
        about: &'static str,
        choices: &'static [&'static str],
    ) -> Self {
        Self { choices, ..Self::text(name, about).of(FieldKind::Choice) }
    }

    /// The same, of another kind.
    pub const fn of(self, kind: FieldKind) -> Self {
        Self { kind, ..self }
    }

    /// The same, which an account needs.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, which an account can do without.
    pub const fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same, where secrets are sent to.
    pub const fn leads(self) -> Self {
        Self { leads: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::{
        notifications::{sms_providers, smtp},
        payments::providers,
        tests::http,
    };
    use kontor_messages::tenant::AccountSettings;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    /// The members that are known where one is not; that text comes from the settings' type.
    fn known(refused: &str) -> BTreeSet<&str> {
        let expected = refused.split_once("expected").map_or("", |(_, expected)| expected);
        expected.split('`').skip(1).step_by(2).collect()
    }

    fn described(fields: &'static [Field]) -> BTreeSet<&'static str> {
        fields.iter().map(|field| field.name).collect()
    }

    fn sample(field: &Field) -> Value {
        match field.kind {
            FieldKind::Number => json!(1),
            FieldKind::Switch => json!(true),
            FieldKind::List => json!([]),
            FieldKind::Names => json!({}),
            FieldKind::Choice => json!(field.choices[0]),
            FieldKind::Text | FieldKind::Lines if field.name.ends_with("_url") => {
                json!("https://shop.example/")
            }
            FieldKind::Text | FieldKind::Lines => json!("x"),
        }
    }

    #[test]
    fn each_setting_of_each_provider_is_described_and_nothing_else() {
        for provider in providers() {
            let refused = (provider.build)(&json!({ "mistyped": 1 }), &http()).err().unwrap();
            assert_eq!(known(&refused), described(provider.fields), "{}", provider.name);
        }
        let mistyped = AccountSettings(json!({ "mistyped": 1 }));
        for provider in sms_providers() {
            let refused = (provider.build)(&mistyped, &http()).err().unwrap().to_string();
            assert_eq!(known(&refused), described(provider.fields), "{}", provider.name);
        }
        let refused = smtp::Settings::parse(&mistyped).err().unwrap().to_string();
        assert_eq!(known(&refused), described(smtp::FIELDS));
    }

    #[test]
    fn what_an_account_needs_is_described_as_needed() {
        for provider in providers() {
            let mut settings = json!({});
            let mut needed = BTreeSet::new();
            while let Err(refused) = (provider.build)(&settings, &http()).map(drop) {
                let Some((_, missing)) = refused.split_once("missing field `") else { break };
                let missing = missing.split('`').next().unwrap();
                let field = provider.fields.iter().find(|field| field.name == missing).unwrap();
                settings[field.name] = sample(field);
                needed.insert(field.name);
            }
            // The node fills this one in, if it knows where it is reached.
            needed.retain(|name| provider.notify != Some(name));
            let said = provider.fields.iter().filter(|field| field.required);
            let said: BTreeSet<_> = said.map(|field| field.name).collect();
            assert_eq!(needed, said, "{}", provider.name);
        }
    }

    #[test]
    fn each_address_that_is_called_is_described_as_leading_somewhere() {
        for provider in providers() {
            for member in provider.calls {
                let field = provider.fields.iter().find(|field| field.name == *member).unwrap();
                assert!(field.leads && !field.secret, "{} {member}", provider.name);
            }
        }
    }
}
