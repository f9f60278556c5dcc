//! Where the personal members of a JSON text stand. The text is read once and no tree is made of it:
//! each order that is written comes by here several times.

use super::members::is_personal;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Range};

/// The places of all personal values in a text, in order; none if it is no JSON. What is null is
/// nothing personal.
pub fn personal(domain: &str, json: &str) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(json);
    let walk = Walk { domain, parent: "", whole: json, found: &mut found };
    walk.deserialize(&mut reader).and_then(|()| reader.end()).ok()?;
    found.sort_unstable_by_key(|place| place.start);
    Some(found)
}

/// The text with other values at these places.
pub fn replaced(
    json: &str,
    places: &[Range<usize>],
    mut with: impl FnMut(&str) -> Option<String>,
) -> String {
    let mut text = String::with_capacity(json.len() * 3 / 2);
    let mut done = 0;
    for place in places {
        text.push_str(&json[done..place.start]);
        let value = &json[place.clone()];
        match with(value) {
            Some(other) => text.push_str(&other),
            None => text.push_str(value),
        }
        done = place.end;
    }
    text.push_str(&json[done..]);
    text
}

struct Walk<'w> {
    domain: &'w str,
    parent: &'w str,
    whole: &'w str,
    found: &'w mut Vec<Range<usize>>,
}

/// A member's name, which is borrowed unless it is written with an escape.
#[derive(Deserialize)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

impl Walk<'_> {
    /// A raw value is a part of the whole text.
    fn find(&mut self, value: &RawValue) {
        let start = value.get().as_ptr().addr() - self.whole.as_ptr().addr();
        if value.get() != "null" {
            self.found.push(start..start + value.get().len());
        }
    }

    fn within<'w>(&'w mut self, parent: &'w str) -> Walk<'w> {
        Walk { domain: self.domain, parent, whole: self.whole, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        // Settings are secrets where they are an account's, and its provider may be named later.
        let (mut account, mut settings) = (false, None::<&'de RawValue>);
        while let Some(Name(name)) = members.next_key()? {
            account |= name == "provider";
            if self.domain == "tenant" && name == "settings" {
                settings = Some(members.next_value()?);
            } else if is_personal(self.domain, self.parent, &name) {
                self.find(members.next_value()?);
            } else {
                members.next_value_seed(self.within(&name))?;
            }
        }
        match settings {
            Some(settings) if account => self.find(settings),
            Some(settings) => {
                let mut reader = serde_json::Deserializer::from_str(settings.get());
                self.within("settings").deserialize(&mut reader).map_err(A::Error::custom)?;
            }
            None => {}
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let parent = self.parent;
        while items.next_element_seed(self.within(parent))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_replaced_where_they_stand_and_nothing_else_is_touched() {
        let json =
            r#" {"lines":[{"text":"a\"b"},7], "note" : {"x":[1]} ,"n\u006fte":null,"z":-1.5e3} "#;
        let places = personal("order", json).unwrap();
        assert_eq!(places.len(), 2);
        let same = replaced(json, &places, |_| None);
        assert_eq!(same, json);
        let other = replaced(json, &places, |value| Some(format!("<{value}>")));
        let expected = r#" {"lines":[{"text":<"a\"b">},7], "note" : <{"x":[1]}> ,"n\u006fte":null,"z":-1.5e3} "#;
        assert_eq!(other, expected);
        assert_eq!(personal("order", "{\"note\":1"), None);
        assert_eq!(personal("order", "{} x"), None);
    }

    #[test]
    fn an_accounts_settings_are_found_wherever_its_provider_is_named() {
        for json in
            [r#"{"settings":{"a":1},"provider":"x"}"#, r#"{"provider":"x","settings":{"a":1}}"#]
        {
            let places = personal("tenant", json).unwrap();
            let values: Vec<_> = places.into_iter().map(|place| &json[place]).collect();
            assert_eq!(values, [r#"{"a":1}"#]);
        }
        let json = r#"{"settings":{"email":"a","hall":{"email":"b"}},"email":"c"}"#;
        let places = personal("tenant", json).unwrap();
        let values: Vec<_> = places.into_iter().map(|place| &json[place]).collect();
        assert_eq!(values, [r#""b""#, r#""c""#]);
    }
}
