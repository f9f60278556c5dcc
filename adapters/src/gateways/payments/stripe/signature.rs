//! The signature of Stripe's notifications: HMAC-SHA256 over the time, a dot and the raw body.

use hmac::{Hmac, KeyInit, Mac};
use kontor_messages::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Whether any of the signatures of the scheme `v1` was made with any of the secrets, not longer
/// than `tolerance_s` ago or ahead. Every other scheme is ignored.
pub fn is_genuine(
    header: &str,
    body: &[u8],
    secrets: &[SecretString],
    tolerance_s: u32,
    now: Timestamp,
) -> bool {
    let Some((time, signatures)) = parse(header) else { return false };
    let Ok(seconds) = time.parse::<i64>() else { return false };
    let off = now.seconds().abs_diff(seconds);
    if body.is_empty() || off > u64::from(tolerance_s) {
        return false;
    }
    let mut genuine = false;
    for secret in secrets.iter().filter(|secret| !secret.expose_secret().trim().is_empty()) {
        let Some(expected) = sign(secret, time, body) else { continue };
        for signature in &signatures {
            genuine |= bool::from(expected.as_bytes().ct_eq(signature.as_bytes()));
        }
    }
    genuine
}

fn sign(secret: &SecretString, time: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().trim().as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// The time as text, since it is signed as text, and the signatures of the scheme `v1`.
fn parse(header: &str) -> Option<(&str, Vec<&str>)> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) => signatures.push(value),
            _ => {}
        }
    }
    (!signatures.is_empty()).then_some((time?, signatures))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"id":"evt_kontor_0001","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_test_kontor_0001","object":"checkout.session","payment_status":"paid","amount_total":129900,"currency":"czk"}}}"#;
    const STR_1: &str =
        "t=1767225600,v1=fe49753e02618ae1926f1e86cec371910d7e21a3b42137367d3cf0015cdd3693";

    fn check(header: &str, body: &str, secret: &str, clock: i64) -> bool {
        let now = Timestamp::from_millis(clock * 1000);
        is_genuine(header, body.as_bytes(), &[secret.into()], 300, now)
    }

    fn genuine(header: &str, body: &str) -> bool {
        check(header, body, "whsec_kontor_vector_0001", 1_767_225_600)
    }

    #[test]
    fn str_1_a_genuine_notification_is_taken() {
        assert_eq!(BODY.len(), 215);
        assert!(genuine(STR_1, BODY));
    }

    #[test]
    fn str_2_while_secrets_rotate_one_right_signature_is_enough() {
        let header = "t=1767225600,v1=dc2f2a6282c7633955265be4385067aadbd41dae9783884ce5f84ca00340299e,v1=fe49753e02618ae1926f1e86cec371910d7e21a3b42137367d3cf0015cdd3693";
        assert!(genuine(header, BODY));
        assert!(check(header, BODY, "whsec_kontor_vector_0002", 1_767_225_600));
        let both = ["whsec_kontor_vector_0002".into(), "whsec_kontor_vector_0001".into()];
        let now = Timestamp::from_millis(1_767_225_600_000);
        assert!(is_genuine(STR_1, BODY.as_bytes(), &both, 300, now));
    }

    #[test]
    fn str_3_one_more_byte_is_another_body() {
        let longer = format!("{BODY}\n");
        assert!(!genuine(STR_1, &longer));
        let header =
            "t=1767225600,v1=1225701ad66fc3b02b395ba22842fc838567d226e0fba920217dc93bb5ba1cde";
        assert!(genuine(header, &longer));
    }

    #[test]
    fn str_4_the_body_is_taken_as_bytes() {
        let body = r#"{"id":"evt_kontor_0002","note":"Žluťoučký kůň — Қазақстан"}"#;
        assert_eq!(body.len(), 76);
        let header =
            "t=1767225600,v1=fe1f8424c1ffd2ca33d61b76528519c2ca372dd69024c1f559cfb7c3b9649a91";
        assert!(genuine(header, body));
    }

    #[test]
    fn str_5_another_scheme_time_clock_or_key_is_refused() {
        assert!(!genuine(&STR_1.replace("v1=", "v0="), BODY));
        assert!(!genuine(&STR_1.replace("t=1767225600", "t=1767225601"), BODY));
        assert!(!check(STR_1, BODY, "whsec_kontor_vector_0001", 1_767_225_901));
        assert!(!check(STR_1, BODY, "whsec_kontor_vector_0001", 1_767_225_299));
        assert!(!check(STR_1, BODY, "kontor_vector_0001", 1_767_225_600));
        assert!(!check(STR_1, BODY, " ", 1_767_225_600));
        for broken in ["", "t=1767225600", "v1=00", "t=now,v1=00"] {
            assert!(!genuine(broken, BODY));
        }
    }

    #[test]
    fn one_changed_byte_anywhere_is_refused() {
        for at in 0..BODY.len() {
            let mut body = BODY.as_bytes().to_vec();
            body[at] ^= 1;
            let secret = ["whsec_kontor_vector_0001".into()];
            let now = Timestamp::from_millis(1_767_225_600_000);
            assert!(!is_genuine(STR_1, &body, &secret, 300, now), "byte {at}");
        }
    }
}
