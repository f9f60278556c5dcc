//! The certificates that PayPal's notifications are signed with. Where one is, the notification
//! says, so the address is input of an attacker: nothing is fetched but from where the settings
//! allow, and nothing is trusted but what a root vouches for, under a name of PayPal's.

use super::Settings;
use crate::gateways::http::Http;
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

/// PayPal has few at a time.
const KEPT_MAX: usize = 16;
/// A certificate is looked at again after so long.
const KEPT: Duration = Duration::from_secs(12 * 3600);
/// Certificates are below it.
const PATH: &str = "v1/notifications/certs/";

/// The keys that were fetched and are trusted.
#[derive(Default)]
pub struct Certificates {
    kept: Mutex<HashMap<Url, (Key, Instant)>>,
}

/// A PKCS#1 public key.
type Key = Arc<Vec<u8>>;

impl Certificates {
    /// The key of the certificate at an allowed address; none if it cannot be had or trusted.
    pub async fn key(&self, http: &Http, settings: &Settings, url: &Url) -> Option<Key> {
        let mut kept = self.kept.lock().await;
        if let Some((key, since)) = kept.get(url)
            && since.elapsed() < KEPT
        {
            return Some(Arc::clone(key));
        }
        let reply = http.get(url.clone()).send().await.ok()?;
        let (names, root) = (settings.certificate_names.clone(), settings.certificate_root.clone());
        // Reading the machine's roots takes files.
        let trusting =
            tokio::task::spawn_blocking(move || trusted(&reply.body, &names, root.as_deref()));
        let key = Arc::new(trusting.await.ok()??);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(url.clone(), (Arc::clone(&key), Instant::now()));
        Some(key)
    }
}

/// The address, if it is below one that is allowed: same scheme, host and port, nobody's name
/// before the host, nothing after the path.
pub fn allowed(text: &str, origins: &[Url]) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none();
    let plain = url.query().is_none() && url.fragment().is_none();
    let below = |origin: &Url| {
        let base = format!("{}/{PATH}", origin.path().trim_end_matches('/'));
        let name = url.path().strip_prefix(&base);
        let named = name.is_some_and(|name| !name.is_empty() && !name.contains(['/', '%']));
        url.origin() == origin.origin() && named
    };
    (bare && plain && origins.iter().any(below)).then_some(url)
}

/// The key of the first certificate of a PEM file, if the rest leads from it to a root.
fn trusted(pem: &[u8], names: &[String], root: Option<&str>) -> Option<Vec<u8>> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem).take(8).collect::<Result<_, _>>().ok()?;
    let (first, rest) = chain.split_first()?;
    let mut roots = RootCertStore::empty();
    match root {
        Some(pem) => {
            let ours = CertificateDer::pem_slice_iter(pem.as_bytes()).flatten();
            roots.add_parsable_certificates(ours);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let fits = |name: &String| {
        ServerName::try_from(name.as_str()).is_ok_and(|name| {
            verifier.verify_server_cert(first, rest, &name, &[], UnixTime::now()).is_ok()
        })
    };
    if !names.iter().any(fits) {
        return None;
    }
    let info = ParsedCertificate::try_from(first).ok()?.subject_public_key_info();
    rsa_key(&info).map(<[u8]>::to_vec)
}

/// The PKCS#1 key inside a SubjectPublicKeyInfo (RFC 5280): a sequence of the algorithm and of a
/// bit string that holds the key.
pub fn rsa_key(info: &[u8]) -> Option<&[u8]> {
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let (info, _) = element(info, 0x30)?;
    let (algorithm, rest) = element(info, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    algorithm.starts_with(RSA).then_some(())?;
    bits.strip_prefix(&[0])
}

/// The content of a DER element of the kind, and what comes after it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_at_checked(2)?;
    if head[0] != kind {
        return None;
    }
    let (length, rest) = match head[1] {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => {
            let (length, rest) = rest.split_at_checked(2)?;
            (usize::from(u16::from_be_bytes([length[0], length[1]])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pp_3_certificates_are_fetched_from_paypal_and_nowhere_else() {
        let origins = super::super::settings::certificate_origins();
        for good in [
            "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270",
            "https://api-m.sandbox.paypal.com/v1/notifications/certs/X",
            "https://API.paypal.com:443/v1/notifications/certs/X",
        ] {
            assert!(allowed(good, &origins).is_some(), "{good}");
        }
        for bad in [
            "https://api.paypal.com.example.net/v1/notifications/certs/X",
            "http://api.paypal.com/v1/notifications/certs/X",
            "https://api.paypal.com@example.net/v1/notifications/certs/X",
            "https://someone@api.paypal.com/v1/notifications/certs/X",
            "https://api.paypal.com:8443/v1/notifications/certs/X",
            "https://api.paypal.com/v1/notifications/certs/",
            "https://api.paypal.com/v1/notifications/certs/../../oauth2/token",
            "https://api.paypal.com/v1/notifications/certs/%2e%2e%2fX",
            "https://api.paypal.com/v1/notifications/certs/X?to=http://example.net",
            "https://api.paypal.com/X",
            "file:///v1/notifications/certs/X",
            "",
        ] {
            assert!(allowed(bad, &origins).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_rsa_key_is_none() {
        for broken in [&[][..], &[0x30], &[0x30, 0x82, 0xff, 0xff, 0x30], &[0x30, 2, 0x30, 0]] {
            assert_eq!(rsa_key(broken), None);
        }
    }
}
