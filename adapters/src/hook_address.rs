//! Where a provider sends its notifications: `/webhooks/<tenant>/<provider>/<account>/<token>`.
//!
//! The token makes the address one that nobody guesses. It is kept nowhere: it is derived from the
//! account's name and the node's secret whenever it is shown or compared.

use crate::invitation::Derive;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_messages::TenantId;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use url::Url;

/// What the tokens are derived for.
const PURPOSE: &str = "provider webhook";
/// Bytes of a token: 192 bits, which nobody tries out.
const TOKEN_LEN: usize = 24;

/// The addresses of a node's accounts.
#[derive(Clone)]
pub struct HookAddresses {
    secrets: Arc<dyn Derive>,
    /// Where the node is reached from outside, if it knows.
    public: Option<Url>,
}

impl HookAddresses {
    /// Addresses whose tokens come from `secrets`, on a node that is reached at `public`.
    pub fn new(secrets: Arc<dyn Derive>, public: Option<Url>) -> Self {
        Self { secrets, public }
    }

    /// The path of an account's address.
    pub fn path(&self, tenant: &TenantId, provider: &str, account: &str) -> String {
        let token = token(&*self.secrets, tenant, provider, account);
        format!("/webhooks/{tenant}/{provider}/{account}/{token}")
    }

    /// The whole address, if the node knows where it is reached.
    pub fn url(&self, tenant: &TenantId, provider: &str, account: &str) -> Option<String> {
        let base = self.public.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{base}{}", self.path(tenant, provider, account)))
    }
}

/// Whether a token is the account's, in the same time wherever they differ.
pub fn is_genuine(
    secrets: &dyn Derive,
    (tenant, provider, account): (&TenantId, &str, &str),
    shown: &str,
) -> bool {
    token(secrets, tenant, provider, account).as_bytes().ct_eq(shown.as_bytes()).into()
}

fn token(secrets: &dyn Derive, tenant: &TenantId, provider: &str, account: &str) -> String {
    // Names of tenants and providers hold no '/', so that two accounts never make the same id.
    let derived = secrets.derive(PURPOSE, &format!("{tenant}/{provider}/{account}"));
    URL_SAFE_NO_PAD.encode(&derived[..TOKEN_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Vault;

    fn addresses(secret: u8, public: Option<&str>) -> HookAddresses {
        let public = public.map(|url| Url::parse(url).unwrap());
        HookAddresses::new(Arc::new(Vault::new(&[secret; 32]).unwrap()), public)
    }

    fn shown(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_token_is_one_account_s_and_one_node_s() {
        let harbour = TenantId::parse("harbour-books").unwrap();
        let other = TenantId::parse("other-books").unwrap();
        let known = addresses(1, None);
        let path = known.path(&harbour, "stripe", "main");
        assert!(path.starts_with("/webhooks/harbour-books/stripe/main/"), "{path}");
        let token = shown(&path);
        assert_eq!(token.len(), 32);
        let genuine = |name| is_genuine(&*known.secrets, name, token);
        assert!(genuine((&harbour, "stripe", "main")));
        assert!(!genuine((&harbour, "stripe", "second")));
        assert!(!genuine((&harbour, "paypal", "main")));
        assert!(!genuine((&other, "stripe", "main")));
        let main = (&harbour, "stripe", "main");
        assert!(!is_genuine(&*addresses(2, None).secrets, main, token));
        for wrong in ["", &token[1..], &format!("{token}A")] {
            assert!(!is_genuine(&*known.secrets, main, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_whole_address_is_known_where_the_node_knows_its_own() {
        let harbour = TenantId::parse("harbour-books").unwrap();
        assert_eq!(addresses(1, None).url(&harbour, "stripe", "main"), None);
        let known = addresses(1, Some("https://pay.example.com/"));
        let whole = known.url(&harbour, "stripe", "main").unwrap();
        let path = known.path(&harbour, "stripe", "main");
        assert_eq!(whole, format!("https://pay.example.com{path}"));
    }
}
