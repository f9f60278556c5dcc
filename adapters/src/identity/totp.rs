//! Codes of an authenticator: RFC 6238 with HMAC-SHA1, six digits, thirty seconds; and the
//! recovery codes that stand in for it.

use kontor_actors::chance::{NoChance, secret_bytes};
use kontor_messages::Timestamp;
use ring::hmac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The length of a step, in seconds.
pub const STEP_S: i64 = 30;
/// Recovery codes that are made at once.
const RECOVERY: usize = 10;
/// Letters and digits that nobody takes for another: 32 of them, so 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret, 160 bits as the RFC recommends.
pub fn secret() -> Result<Zeroizing<[u8; 20]>, NoChance> {
    secret_bytes().map(Zeroizing::new)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let offset = usize::from(mac[19] & 0x0f);
    let four = [mac[offset] & 0x7f, mac[offset + 1], mac[offset + 2], mac[offset + 3]];
    format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
}

/// The step whose code was shown: this one, the one before, or the next, for clocks differ.
pub fn step(secret: &[u8], shown: &str, now: Timestamp) -> Option<i64> {
    let present = now.seconds().div_euclid(STEP_S);
    let mut found = None;
    // All three are looked at, so that the time tells nothing.
    for step in [present - 1, present, present + 1] {
        let code = Zeroizing::new(code(secret, step));
        if bool::from(code.as_bytes().ct_eq(shown.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// What an authenticator reads, mostly as a picture.
pub fn uri(secret: &[u8], account: &str) -> String {
    let account: String = url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
    let account = account.replace('+', "%20");
    format!("otpauth://totp/Kontor:{account}?secret={}&issuer=Kontor", base32(secret))
}

/// A secret as people type it.
pub fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// New recovery codes with their hashes: fifty bits each, tried only with a password and a few
/// times.
pub fn recovery() -> Result<(Vec<String>, Vec<String>), NoChance> {
    let mut codes = Vec::with_capacity(RECOVERY);
    for _ in 0..RECOVERY {
        let chance: Zeroizing<[u8; 10]> = Zeroizing::new(secret_bytes()?);
        let letters = chance.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        let text: Zeroizing<String> = Zeroizing::new(letters.collect());
        codes.push(format!("{}-{}", &text[..5], &text[5..]));
    }
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    Ok((codes, hashes))
}

/// The hash of a recovery code, however it is typed.
pub fn recovery_hash(code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric);
    let plain = Zeroizing::new(plain.map(|c| c.to_ascii_lowercase()).collect::<String>());
    hex::encode(Sha256::digest(plain.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: the last six of its eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(RFC, expected, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_one_step_before_and_after_its_own() {
        let now = 1_111_111_111;
        for (late, counts) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            assert_eq!(step(RFC, "050471", at(now + late)).is_some(), counts, "{late}");
        }
        assert_eq!(step(RFC, "", at(now)), None);
    }

    #[test]
    fn a_secret_is_read_by_authenticators() {
        assert_eq!(base32(RFC), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(base32(b"f"), "MY");
        let uri = uri(RFC, "jana nová@example.com");
        assert!(uri.starts_with("otpauth://totp/Kontor:jana%20nov%C3%A1%40example.com?secret=GEZ"));
    }

    #[test]
    fn a_recovery_code_counts_however_it_is_typed() {
        let (codes, hashes) = recovery().unwrap();
        assert_eq!((codes.len(), hashes.len()), (RECOVERY, RECOVERY));
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash(&typed), hashes[0]);
        assert_ne!(hashes[0], hashes[1]);
    }
}
