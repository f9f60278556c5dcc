//! The secrets that requests to endpoints are signed with (Standard Webhooks, `v1`).

use crate::chance::{NoChance, secret_bytes};
use base64::{Engine, engine::general_purpose::STANDARD};
use kontor_messages::webhook::SigningSecret;

const PREFIX: &str = "whsec_";

/// Makes a new secret.
pub fn issue() -> Result<SigningSecret, NoChance> {
    let bytes: [u8; 32] = secret_bytes()?;
    Ok(SigningSecret(format!("{PREFIX}{}", STANDARD.encode(bytes))))
}

/// The key behind a secret; `None` if the text is no secret.
pub fn key(secret: &SigningSecret) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(secret.0.strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_well_formed_and_not_the_last_one() {
        let (one, other) = (issue().unwrap(), issue().unwrap());
        assert_eq!(key(&one).unwrap().len(), 32);
        assert_ne!(one, other);
        assert!(!format!("{one:?}").contains(&one.0));
    }

    #[test]
    fn what_is_short_or_not_base64_is_no_secret() {
        for bad in ["", "whsec_", "whsec_YWJj", "whsec_????", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"] {
            assert_eq!(key(&SigningSecret(bad.to_owned())), None, "{bad}");
        }
    }
}
