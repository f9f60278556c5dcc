//! The signature of PayU's notifications: a digest over the raw body and the second key. It is no
//! HMAC, and the sender names the digest, so only those that the account allows are taken.

use md5::{Digest, Md5};
use ring::digest;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// A digest that notifications may be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// What points of sale have unless they ask for another.
    #[serde(rename = "MD5")]
    Md5,
    /// Broken, and not allowed by default.
    #[serde(rename = "SHA-1")]
    Sha1,
    /// SHA-2 with 256 bits.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// SHA-2 with 384 bits.
    #[serde(rename = "SHA-384")]
    Sha384,
    /// SHA-2 with 512 bits.
    #[serde(rename = "SHA-512")]
    Sha512,
}

/// Whether a header's signature was made over the body with the key.
pub fn is_genuine(header: &str, body: &[u8], key: &SecretString, allowed: &[Algorithm]) -> bool {
    let (mut signature, mut algorithm) = (None, None);
    for part in header.split(';') {
        match part.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("signature", value)) => signature = Some(value.to_ascii_lowercase()),
            Some(("algorithm", value)) => algorithm = named(value),
            _ => {}
        }
    }
    let (Some(signature), Some(algorithm)) = (signature, algorithm) else { return false };
    let key = key.expose_secret();
    if body.is_empty() || key.is_empty() || !allowed.contains(&algorithm) {
        return false;
    }
    bool::from(sign(algorithm, body, key).as_bytes().ct_eq(signature.as_bytes()))
}

fn named(text: &str) -> Option<Algorithm> {
    Some(match text {
        "MD5" => Algorithm::Md5,
        "SHA" | "SHA1" | "SHA-1" => Algorithm::Sha1,
        "SHA256" | "SHA-256" => Algorithm::Sha256,
        "SHA384" | "SHA-384" => Algorithm::Sha384,
        "SHA512" | "SHA-512" => Algorithm::Sha512,
        _ => return None,
    })
}

fn sign(algorithm: Algorithm, body: &[u8], key: &str) -> String {
    let with = |algorithm| {
        let mut context = digest::Context::new(algorithm);
        context.update(body);
        context.update(key.as_bytes());
        hex::encode(context.finish())
    };
    match algorithm {
        Algorithm::Md5 => {
            hex::encode(Md5::new().chain_update(body).chain_update(key.as_bytes()).finalize())
        }
        Algorithm::Sha1 => with(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::Sha256 => with(&digest::SHA256),
        Algorithm::Sha384 => with(&digest::SHA384),
        Algorithm::Sha512 => with(&digest::SHA512),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "b6ca15b0d1020e8094d9b5f8d163db54";
    const BODY: &str = r#"{"order":{"orderId":"KONTORPAYU0000000001","extOrderId":"ord-1-attempt-1","merchantPosId":"300746","currencyCode":"PLN","totalAmount":"129900","status":"COMPLETED"},"properties":[{"name":"PAYMENT_ID","value":"151471228"}]}"#;
    const HEADER: &str =
        "sender=checkout;signature=705ec45c0aa8b8ac8190288e1c8b58e1;algorithm=MD5;content=DOCUMENT";
    const ALL: [Algorithm; 5] =
        [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];

    fn genuine(header: &str, body: &str) -> bool {
        is_genuine(header, body.as_bytes(), &KEY.into(), &ALL)
    }

    #[test]
    fn pu_1_every_digest_is_met() {
        assert_eq!(BODY.len(), 222);
        assert!(genuine(HEADER, BODY));
        assert!(genuine(" algorithm = MD5 ; signature= 705EC45C0AA8B8AC8190288E1C8B58E1", BODY));
        for (name, signature) in [
            ("SHA", "cf9a0d70537421876cf232b46e9ef24f5936c49a"),
            ("SHA-1", "cf9a0d70537421876cf232b46e9ef24f5936c49a"),
            ("SHA-256", "3212288137b76062cd6d6ce33d1ccbd12615bd1585c3352460d9088b4c58f9b8"),
            (
                "SHA-384",
                "aab904dd738b122cc784dd89b1200fe925f689b582b5a2c1d8c1daff83f5c758d5e83d349ee2c3f0c2c1ab2d2a433f96",
            ),
            (
                "SHA-512",
                "cfe2a5d2eac36e2f6ce7c0d4791efaa5547735f477ffdff7d5f4fe8ce96341388a966976678819af70cac675c3a359eba0812e9dc86677c9b3343bbda4a0c579",
            ),
        ] {
            let header = format!("sender=checkout;signature={signature};algorithm={name}");
            assert!(genuine(&header, BODY), "{name}");
        }
    }

    #[test]
    fn pu_2_the_constants_of_the_official_sdk_are_met() {
        for (algorithm, expected) in [
            (Algorithm::Md5, "8375034eb737d520c829fad4026a38aa"),
            (Algorithm::Sha1, "52bb16149d1a5ccc8ac05f8e435c30d82efd5364"),
            (Algorithm::Sha256, "8b2fd55b48f150347df56ce18d787335f32ced1d67f214016476f7c0a8f09981"),
        ] {
            assert_eq!(sign(algorithm, b"OpenPayUData", "SignatureKey"), expected);
        }
    }

    #[test]
    fn pu_3_a_hosted_forms_fields_are_signed_with_the_key_behind_them() {
        let fields = [("test", "OpenPayUData")];
        let text: String = fields.iter().map(|(name, value)| format!("{name}={value}&")).collect();
        assert_eq!(
            sign(Algorithm::Sha256, text.as_bytes(), "SignatureKey"),
            "e4c8315c9ab2e097ef1221f3fbd1e761405d961760e538fb2e0055d3d90b5e35"
        );
    }

    #[test]
    fn pu_4_another_digest_body_or_key_is_refused() {
        assert!(!genuine(&HEADER.replace("MD5", "SHA-256"), BODY));
        assert!(!genuine(&HEADER.replace("algorithm=MD5;", ""), BODY));
        assert!(!genuine(&HEADER.replace("MD5", "CRC32"), BODY));
        assert!(!genuine(HEADER, &format!("{BODY} ")));
        assert!(!genuine(HEADER, ""));
        assert!(!genuine("", BODY));
        let body = BODY.as_bytes();
        assert!(!is_genuine(HEADER, body, &"13a980d4f851f3d9a1cfc792fb1f5e50".into(), &ALL));
        assert!(!is_genuine(HEADER, body, &KEY.into(), &[Algorithm::Sha256]), "not allowed");
        for at in 0..body.len() {
            let mut changed = body.to_vec();
            changed[at] ^= 1;
            assert!(!is_genuine(HEADER, &changed, &KEY.into(), &ALL), "byte {at}");
        }
    }
}
