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

/// A value's JSON, sealed; without a key what it was is gone.
pub fn seal(key: Option<&Key>, json: &str) -> String {
    let text = json.starts_with('"').then(|| serde_json::from_str::<String>(json).ok()).flatten();
    let (form, plain) = match text {
        Some(text) => (TEXT, text.into_bytes()),
        None => (JSON, json.as_bytes().to_vec()),
    };
    match key.and_then(|key| encrypt(key, plain)) {
        Some(sealed) => format!("\"{form}{}\"", URL_SAFE_NO_PAD.encode(sealed)),
        None => erased(form),
    }
}

/// The JSON of what was sealed; none if the value is not sealed.
pub fn open(key: Option<&Key>, json: &str) -> Option<String> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    let form = [TEXT, JSON].into_iter().find(|form| text.starts_with(form))?;
    let opened = key.and_then(|key| decrypt(key, &text[form.len()..]));
    let opened = opened.and_then(|plain| String::from_utf8(plain).ok());
    let opened = opened.and_then(|plain| match form {
        TEXT => serde_json::to_string(&plain).ok(),
        _ => Some(plain),
    });
    Some(opened.unwrap_or_else(|| erased(form)))
}

fn erased(form: &str) -> String {
    if form == TEXT { format!("\"{ERASED}\"") } else { "{}".to_owned() }
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
    use serde_json::{Value, json};

    const KEY: Key = [7; 32];

    fn sealed(value: &Value) -> String {
        seal(Some(&KEY), &value.to_string())
    }

    fn opened(key: Option<&Key>, json: &str) -> Value {
        serde_json::from_str(&open(key, json).unwrap()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_and_with_no_other() {
        let plain = [
            json!("Jana \"Kupcová\"\n"),
            json!(""),
            json!({ "a": [1, null] }),
            json!("~1.x"),
            json!(7),
        ];
        for plain in plain {
            let value = sealed(&plain);
            assert!(may_be_sealed(&value), "{value}");
            assert!(!value.contains("Jana"));
            assert_eq!(opened(Some(&KEY), &value), plain);
            let other = opened(Some(&[8; 32]), &value);
            assert_eq!(other, if plain.is_string() { json!(ERASED) } else { json!({}) });
        }
    }

    #[test]
    fn the_same_value_is_the_same_text_and_another_is_another() {
        assert_eq!(sealed(&json!("Jana")), sealed(&json!("Jana")));
        assert_ne!(sealed(&json!("Jana")), sealed(&json!("Jan")));
    }

    #[test]
    fn without_a_key_what_it_was_is_gone() {
        assert_eq!(seal(None, "\"Jana\""), format!("\"{ERASED}\""));
        assert_eq!(opened(None, &sealed(&json!("Jana"))), ERASED);
        assert_eq!(open(None, &format!("\"{ERASED}\"")), None);
    }

    #[test]
    fn a_text_that_was_changed_does_not_open() {
        let text = sealed(&json!("Jana"));
        let broken = format!("{}A\"", &text[..text.len() - 2]);
        for broken in [&broken, "\"~1.\"", "\"~1.%\""] {
            assert_eq!(opened(Some(&KEY), broken), ERASED, "{broken}");
        }
    }
}
