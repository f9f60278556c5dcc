//! What the bearer of a ticket shows: a token in a link, or six digits. Both follow from the
//! ticket's id and the node's secret, so they are made where the mail is written and again where
//! they are checked, and kept nowhere.

use super::Vault;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_messages::user::{TicketId, TicketPurpose, UserId};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a token begins with.
const PREFIX: &str = "vt";

/// The token of a ticket: `vt_<user>_<ticket>_<proof>`.
pub fn token(vault: &Vault, user: UserId, ticket: TicketId, purpose: TicketPurpose) -> String {
    let proof = Zeroizing::new(URL_SAFE_NO_PAD.encode(*proof(vault, user, ticket, purpose)));
    format!("{PREFIX}_{}_{}_{}", user.0.simple(), ticket.0.simple(), *proof)
}

/// The six digits of a ticket.
pub fn code(vault: &Vault, user: UserId, ticket: TicketId, purpose: TicketPurpose) -> String {
    let proof = proof(vault, user, ticket, purpose);
    let eight = proof.first_chunk::<8>().copied().unwrap_or_default();
    format!("{:06}", u64::from_be_bytes(eight) % 1_000_000)
}

/// Whose ticket a token is, if it is one for this purpose.
pub fn read(vault: &Vault, text: &str, purpose: TicketPurpose) -> Option<(UserId, TicketId)> {
    let mut parts = text.splitn(4, '_');
    if parts.next() != Some(PREFIX) {
        return None;
    }
    let (user, ticket) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let shown = Zeroizing::new(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?);
    let right = proof(vault, user, ticket, purpose).ct_eq(&**shown);
    bool::from(right).then_some((user, ticket))
}

/// Whether six digits are a ticket's.
pub fn is_code(
    vault: &Vault,
    user: UserId,
    ticket: TicketId,
    purpose: TicketPurpose,
    shown: &str,
) -> bool {
    let code = Zeroizing::new(code(vault, user, ticket, purpose));
    code.as_bytes().ct_eq(shown.as_bytes()).into()
}

fn proof(
    vault: &Vault,
    user: UserId,
    ticket: TicketId,
    purpose: TicketPurpose,
) -> Zeroizing<[u8; 32]> {
    let what = format!("ticket/{}", purpose.word());
    Zeroizing::new(vault.derive(&what, &format!("{user}/{ticket}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_is_its_own_ticket_s_for_its_own_purpose() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let (user, ticket) = (UserId(Uuid::from_u128(1)), TicketId(Uuid::from_u128(2)));
        let (reset, verify) = (TicketPurpose::ResetPassword, TicketPurpose::VerifyEmail);
        let text = token(&vault, user, ticket, reset);
        assert_eq!(read(&vault, &text, reset), Some((user, ticket)));
        assert_eq!(read(&vault, &text, verify), None);
        assert_eq!(read(&Vault::new(&[2; 32]).unwrap(), &text, reset), None);
        for bad in ["", "vt_", &text[..text.len() - 2], &text.replace("vt", "rt")] {
            assert_eq!(read(&vault, bad, reset), None, "{bad}");
        }
    }

    #[test]
    fn a_code_has_six_digits_and_is_its_own_ticket_s() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let user = UserId(Uuid::from_u128(1));
        let codes = (0..50).map(|n| {
            let ticket = TicketId(Uuid::from_u128(n));
            let code = code(&vault, user, ticket, TicketPurpose::LoginCode);
            assert!(is_code(&vault, user, ticket, TicketPurpose::LoginCode, &code));
            assert!(!is_code(&vault, user, ticket, TicketPurpose::LoginCode, ""));
            assert!(code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit()), "{code}");
            code
        });
        let distinct: std::collections::BTreeSet<_> = codes.collect();
        assert!(distinct.len() > 45);
    }
}
