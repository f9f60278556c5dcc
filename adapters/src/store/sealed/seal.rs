//! Sealing of one value: ChaCha20-Poly1305 under the entity's own key.
//!
//! The nonce follows from what is sealed (HMAC-SHA256 under the key, as in SIV), so that the same
//! value gives the same text: a state that did not change is written as it was, and no nonce is
//! ever used for two values.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_actors::store::ERASED;
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde_json::Value;

/// What a key is.
pub type Key = [u8; 32];

/// What a sealed text begins with.
const TEXT: &str = "~1.";
/// What any other sealed value begins with.
const JSON: &str = "~2.";

/// Whether a text may hold something sealed.
pub fn may_be_sealed(json: &str) -> bool {
    json.contains("\"~1.") || json.contains("\"~2.")
}

/// Seals a value where it stands; without a key what it was is gone.
pub fn seal(key: Option<&Key>, value: &mut Value) {
    let (form, plain) = match &*value {
        Value::String(text) => (TEXT, text.clone().into_bytes()),
        other => (JSON, other.to_string().into_bytes()),
    };
    let sealed = key.and_then(|key| encrypt(key, plain));
    *value = match sealed {
        Some(sealed) => format!("{form}{}", URL_SAFE_NO_PAD.encode(sealed)).into(),
        None => erased(form),
    };
}

/// Opens a value where it stands.
pub fn open(key: Option<&Key>, value: &mut Value) {
    let Value::String(text) = &*value else { return };
    let Some(form) = [TEXT, JSON].into_iter().find(|form| text.starts_with(form)) else { return };
    let opened = key.and_then(|key| decrypt(key, &text[form.len()..]));
    let opened = opened.and_then(|plain| match form {
        TEXT => String::from_utf8(plain).ok().map(Value::String),
        _ => serde_json::from_slice(&plain).ok(),
    });
    *value = opened.unwrap_or_else(|| erased(form));
}

fn erased(form: &str) -> Value {
    if form == TEXT { ERASED.into() } else { Value::Object(serde_json::Map::new()) }
}

fn encrypt(key: &Key, plain: Vec<u8>) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &plain);
    nonce.copy_from_slice(&tag.as_ref()[..NONCE_LEN]);
    let mut body = plain;
    let sealing = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    let unique = Nonce::assume_unique_for_key(nonce);
    sealing.seal_in_place_append_tag(unique, Aad::empty(), &mut body).ok()?;
    Some([&nonce[..], &body].concat())
}

fn decrypt(key: &Key, text: &str) -> Option<Vec<u8>> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nonce, body) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let opening = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    opening.open_in_place(nonce, Aad::empty(), body).ok().map(|plain| plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: Key = [7; 32];

    fn sealed(value: Value) -> Value {
        let mut value = value;
        seal(Some(&KEY), &mut value);
        value
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_and_with_no_other() {
        for plain in [json!("Jana Kupcová"), json!(""), json!({ "a": [1, null] }), json!("~1.x")] {
            let mut value = sealed(plain.clone());
            assert!(may_be_sealed(&value.to_string()), "{value}");
            assert!(!value.to_string().contains("Jana"));
            let mut other = value.clone();
            open(Some(&KEY), &mut value);
            assert_eq!(value, plain);
            open(Some(&[8; 32]), &mut other);
            assert_eq!(other, if plain.is_string() { json!(ERASED) } else { json!({}) });
        }
    }

    #[test]
    fn the_same_value_is_the_same_text_and_another_is_another() {
        assert_eq!(sealed(json!("Jana")), sealed(json!("Jana")));
        assert_ne!(sealed(json!("Jana")), sealed(json!("Jan")));
    }

    #[test]
    fn without_a_key_what_it_was_is_gone() {
        let mut value = json!("Jana");
        seal(None, &mut value);
        assert_eq!(value, ERASED);
        let mut value = sealed(json!("Jana"));
        open(None, &mut value);
        assert_eq!(value, ERASED);
        open(None, &mut value);
        assert_eq!(value, ERASED);
    }

    #[test]
    fn a_text_that_was_changed_does_not_open() {
        let Value::String(text) = sealed(json!("Jana")) else { panic!() };
        for broken in [format!("{}A", &text[..text.len() - 1]), "~1.".into(), "~1.%".into()] {
            let mut value = Value::String(broken);
            open(Some(&KEY), &mut value);
            assert_eq!(value, ERASED);
        }
    }
}
