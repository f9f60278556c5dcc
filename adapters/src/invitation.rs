//! Invitations as text: `inv_<tenant>_<invitation>_<secret>`.
//!
//! The secret is kept nowhere: it is derived from the tenant and the invitation whenever it is
//! written into a mail or compared. Whoever has it was sent it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_messages::TenantId;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What the secrets of invitations are derived for.
const PURPOSE: &str = "invitation";

/// The port to whoever holds the secret that others are derived from.
pub trait Derive: Send + Sync {
    /// A secret that follows from purpose and id, and from nothing that others know.
    fn derive(&self, purpose: &str, id: &str) -> [u8; 32];
}

/// How invitations are written into mails.
#[derive(Clone)]
pub struct Links {
    /// Where their secrets come from.
    pub secrets: Arc<dyn Derive>,
    /// Where people accept, if there is a page for it; the invitation's text is put behind it.
    pub page: Option<String>,
}

/// The parts of an invitation's text.
#[derive(PartialEq, Eq)]
pub struct Presented<'a> {
    /// Whose it says it is.
    pub tenant: TenantId,
    /// Its id.
    pub invitation: &'a str,
    secret: &'a str,
}

/// An invitation's text, for whom it is sent to only.
pub fn text(secrets: &dyn Derive, tenant: &TenantId, invitation: &str) -> String {
    format!("inv_{tenant}_{invitation}_{}", secret(secrets, tenant, invitation))
}

/// Takes an invitation's text apart; `None` if it is none.
pub fn parse(text: &str) -> Option<Presented<'_>> {
    let mut parts = text.trim().splitn(4, '_');
    if parts.next() != Some("inv") {
        return None;
    }
    let tenant = TenantId::parse(parts.next()?).ok()?;
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    let invitation = parts.next().filter(|id| id.len() <= 60 && id.bytes().all(plain))?;
    Some(Presented { tenant, invitation, secret: parts.next()? })
}

impl Presented<'_> {
    /// Whether its secret is the right one, in the same time wherever they differ.
    pub fn is_genuine(&self, secrets: &dyn Derive) -> bool {
        let right = secret(secrets, &self.tenant, self.invitation);
        right.as_bytes().ct_eq(self.secret.as_bytes()).into()
    }
}

impl Links {
    /// What the text of an invitation's mail speaks of besides: `token`, and `link` if there is a
    /// page. The token stands behind `#`, so that no server on the way writes it down.
    pub fn fill(&self, tenant: &TenantId, data: &mut serde_json::Value) {
        let Some(members) = data.as_object_mut() else { return };
        let Some(invitation) = members.get("invitation").and_then(|id| id.as_str()) else { return };
        let token = text(&*self.secrets, tenant, invitation);
        if let Some(page) = &self.page {
            members.insert("link".to_owned(), format!("{page}#{token}").into());
        }
        members.insert("token".to_owned(), token.into());
    }
}

fn secret(secrets: &dyn Derive, tenant: &TenantId, invitation: &str) -> String {
    // A tenant's name holds no '/', so that two pairs never make the same id.
    URL_SAFE_NO_PAD.encode(secrets.derive(PURPOSE, &format!("{tenant}/{invitation}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    struct Fixed;

    impl Derive for Fixed {
        fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
            Sha256::digest(format!("{purpose} {id}")).into()
        }
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[test]
    fn a_text_is_genuine_for_its_own_tenant_and_invitation_only() {
        let whole = text(&Fixed, &tenant("harbour-books"), "0192-a");
        let read = parse(&whole).unwrap();
        assert_eq!((&read.tenant, read.invitation), (&tenant("harbour-books"), "0192-a"));
        assert!(read.is_genuine(&Fixed));
        for forged in [
            whole.replace("harbour", "other"),
            whole.replace("0192-a", "0192-b"),
            format!("{whole}A"),
            whole[..whole.len() - 1].to_owned(),
        ] {
            assert!(!parse(&forged).unwrap().is_genuine(&Fixed), "{forged}");
        }
    }

    #[test]
    fn what_is_no_invitation_is_not_taken_for_one() {
        for bad in ["", "inv", "inv_a_b", "inv_A_b_c", "inv_a_b/c_d", "kt_a_b_c"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_mail_holds_the_text_and_a_link_if_there_is_a_page() {
        let mut data = serde_json::json!({ "invitation": "0192-a" });
        let secrets: Arc<dyn Derive> = Arc::new(Fixed);
        let token = text(&Fixed, &tenant("a"), "0192-a");
        Links { secrets: Arc::clone(&secrets), page: None }.fill(&tenant("a"), &mut data);
        assert_eq!((data["token"].as_str(), data.get("link")), (Some(&*token), None));
        let page = Some("https://kontor.example/join".to_owned());
        Links { secrets, page }.fill(&tenant("a"), &mut data);
        assert_eq!(data["link"], format!("https://kontor.example/join#{token}"));
    }
}
