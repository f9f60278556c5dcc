//! Reading what names its kind inside itself, such as `{"type": "product", ...}`.
//!
//! The kind might stand anywhere, so what serde derives keeps all members in a tree until it has found
//! it. Ours stands first, for we wrote it: what is large and often read is read straight from the text.

use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
    value::{MapAccessDeserializer, StringDeserializer},
};
use std::{fmt, marker::PhantomData};

/// What names its kind in a member.
pub(crate) trait Tagged<'de>: Sized {
    /// The member.
    const TAG: &'static str;

    /// What is of a kind that is read straight from its other members; gives them back otherwise.
    fn straight<A: MapAccess<'de>>(kind: &str, members: A) -> Result<Result<Self, A::Error>, A>;

    /// The same from all members, as serde derives it.
    fn derived<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// Reads it.
    fn read<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Reading(PhantomData))
    }
}

/// Reads an enum with `#[serde(tag = ..., remote = "Self")]`: the kinds that are named straight, all
/// others as serde derives it.
macro_rules! tagged {
    ($state:ident, $tag:literal, $($kind:literal => $variant:ident),+) => {
        impl<'de> $crate::tagged::Tagged<'de> for $state {
            const TAG: &'static str = $tag;

            fn straight<A: serde::de::MapAccess<'de>>(
                kind: &str,
                members: A,
            ) -> Result<Result<Self, A::Error>, A> {
                match kind {
                    $($kind => {
                        let members = serde::de::value::MapAccessDeserializer::new(members);
                        Ok(serde::Deserialize::deserialize(members).map(Self::$variant))
                    })+
                    _ => Err(members),
                }
            }

            fn derived<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $state::deserialize(from)
            }
        }

        impl<'de> serde::Deserialize<'de> for $state {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::tagged::Tagged::read(from)
            }
        }

        impl serde::Serialize for $state {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $state::serialize(self, to)
            }
        }
    };
}
pub(crate) use tagged;

struct Reading<T>(PhantomData<T>);

impl<'de, T: Tagged<'de>> Visitor<'de> for Reading<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the member {:?}", T::TAG)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let Some(name) = members.next_key::<String>()? else {
            return Err(A::Error::missing_field(T::TAG));
        };
        if name != T::TAG {
            let whole = Whole { name: Some(name), kind: None, members };
            return T::derived(MapAccessDeserializer::new(whole));
        }
        let kind: String = members.next_value()?;
        match T::straight(&kind, members) {
            Ok(read) => read,
            Err(members) => {
                let whole = Whole { name: Some(name), kind: Some(kind), members };
                T::derived(MapAccessDeserializer::new(whole))
            }
        }
    }
}

/// Members whose first name was read already, and maybe its value.
struct Whole<A> {
    name: Option<String>,
    kind: Option<String>,
    members: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Whole<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.name.take() {
            Some(name) => {
                let name: StringDeserializer<A::Error> = name.into_deserializer();
                seed.deserialize(name).map(Some)
            }
            None => self.members.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.kind.take() {
            Some(kind) => {
                let kind: StringDeserializer<A::Error> = kind.into_deserializer();
                seed.deserialize(kind)
            }
            None => self.members.next_value_seed(seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case", remote = "Self")]
    enum Thing {
        Blank,
        Box(Sides),
        Bag(Sides),
        Heap { stones: u32 },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sides {
        length_mm: u32,
    }

    tagged!(Thing, "type", "box" => Box);

    fn read(text: &str) -> Result<Thing, String> {
        serde_json::from_str(text).map_err(|fault| fault.to_string())
    }

    #[test]
    fn every_kind_is_read_wherever_it_is_named() {
        let sides = || Sides { length_mm: 7 };
        for thing in
            [Thing::Blank, Thing::Box(sides()), Thing::Bag(sides()), Thing::Heap { stones: 3 }]
        {
            let text = serde_json::to_string(&thing).unwrap();
            assert_eq!(read(&text), Ok(thing), "{text}");
        }
        assert_eq!(read(r#"{"length_mm": 7, "type": "box"}"#), Ok(Thing::Box(sides())));
        assert_eq!(read(r#"{"stones": 3, "type": "heap"}"#), Ok(Thing::Heap { stones: 3 }));
        let tree = serde_json::json!({ "length_mm": 7, "type": "box" });
        assert_eq!(serde_json::from_value::<Thing>(tree).unwrap(), Thing::Box(sides()));
    }

    #[test]
    fn what_is_no_such_thing_is_refused() {
        for text in ["{}", "[]", "7", r#"{"type": "boat"}"#, r#"{"type": 7}"#, r#"{"type": "box"}"#]
        {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("{}").unwrap_err().contains("missing field `type`"));
    }
}
