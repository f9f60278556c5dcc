//! Signatures of Standard Webhooks, version `v1`: HMAC-SHA256 over id, time and body.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use kontor_actors::webhook::secret;
use kontor_messages::webhook::SigningSecret;
use sha2::Sha256;

/// The value of `webhook-signature`: one signature a secret, with spaces between. `None` if one of
/// the secrets is none, or there is no secret.
pub fn signatures(
    secrets: &[SigningSecret],
    id: &str,
    seconds: i64,
    body: &[u8],
) -> Option<String> {
    let signed = secrets.iter().map(|secret| signature(secret, id, seconds, body));
    let all: Option<Vec<String>> = signed.collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join(" "))
}

fn signature(secret: &SigningSecret, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let key = secret::key(secret)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDE=";
    const OLD: &str = "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDA=";
    const BODY: &str = r#"{"type":"order.paid","timestamp":"2026-01-15T10:00:00Z","data":{"order_id":"o-1001","amount":"125000.00","currency":"KZT"}}"#;

    fn signed(secrets: &[&str], id: &str, seconds: i64, body: &str) -> String {
        let secrets: Vec<_> = secrets.iter().map(|s| SigningSecret((*s).to_owned())).collect();
        signatures(&secrets, id, seconds, body.as_bytes()).unwrap()
    }

    #[test]
    fn the_published_vector_is_met() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(
            signed(&[secret], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        assert_eq!(
            signed(&[NEW, OLD], "msg_k0001", 1_768_471_200, BODY),
            "v1,2RSdh/W8IansPncx1F+ihhWa70hDXSdw1MLXz/kUPZs= \
             v1,PSD3iwVkxqJXVfuijWACaxNLIcdVsmv8pQyVA9qOqpA="
        );
    }

    #[test]
    fn a_body_is_signed_by_its_bytes() {
        let body =
            r#"{"type":"order.paid","timestamp":"2026-01-15T10:00:00Z","data":{"name":"Әсел №5"}}"#;
        assert_eq!(
            signed(&[NEW], "msg_k0002", 1_768_471_200, body),
            "v1,jOo7FHklqEBDE2+/zUKAooZn0+7qJTvXMP+rzRrdnxQ="
        );
    }

    #[test]
    fn without_a_sound_secret_nothing_is_signed() {
        assert_eq!(signatures(&[], "a", 0, b""), None);
        assert_eq!(signatures(&[SigningSecret("whsec_".to_owned())], "a", 0, b""), None);
    }
}
