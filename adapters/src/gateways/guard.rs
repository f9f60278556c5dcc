//! Where we call, and where never: what a tenant names must not lead us into our own network.
//!
//! An address is checked when it is set; the addresses behind its name are checked each time that a
//! connection is made, by the resolver itself, since a name may lead elsewhere tomorrow. Redirects
//! are not followed and proxies not asked, so there is no third way.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use url::{Host, Url};

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// It is no URL that we call.
    #[error("expected an https URL with a host and without user or password")]
    Url,
    /// It leads into a network that is not public.
    #[error("the address is not public")]
    Address,
    /// Nobody goes by that name.
    #[error("the name is not known")]
    Unknown,
}

/// Checks a URL with the addresses that its name leads to; the name itself may be an address.
/// `allow_private` is for tests and for shops on the same machine: any address, and http.
pub fn check(url: &Url, resolved: &[IpAddr], allow_private: bool) -> Result<(), Unsafe> {
    let scheme = url.scheme() == "https" || (allow_private && url.scheme() == "http");
    if !scheme || !url.username().is_empty() || url.password().is_some() {
        return Err(Unsafe::Url);
    }
    let literal = match url.host() {
        None => return Err(Unsafe::Url),
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
    };
    let all_public = resolved.iter().chain(&literal).all(|address| is_public(*address));
    if all_public || allow_private { Ok(()) } else { Err(Unsafe::Address) }
}

/// Checks a URL as somebody sets it, with where its name leads to now.
pub async fn check_name(url: &str, allow_private: bool) -> Result<Url, Unsafe> {
    let url = Url::parse(url).map_err(|_| Unsafe::Url)?;
    check(&url, &[], allow_private)?;
    if let Some(Host::Domain(name)) = url.host() {
        addresses(name, 0, allow_private).await?;
    }
    Ok(url)
}

/// Where a host is, which may be a name or an address in any form. One forbidden address is enough
/// to refuse all: a name that is half private is a trick.
pub async fn addresses(
    host: &str,
    port: u16,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, Unsafe> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Unsafe::Unknown)?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() {
        return Err(Unsafe::Unknown);
    }
    let all_public = found.iter().all(|address| is_public(address.ip()));
    if all_public || allow_private { Ok(found) } else { Err(Unsafe::Address) }
}

/// What of ours stands behind an error of a client with [`GuardedResolver`], if anything does.
pub(super) fn refused(error: &reqwest::Error) -> Option<Unsafe> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(refused) = inner.downcast_ref::<Unsafe>() {
            return Some(refused.clone());
        }
        source = inner.source();
    }
    None
}

/// Whether an address belongs to the public internet (IANA's special-purpose registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = || {
        let [high, low] = [g, h].map(u16::to_be_bytes);
        Ipv4Addr::new(high[0], high[1], low[0], low[1])
    };
    match (a, b) {
        // An IPv4 address in IPv6 clothes: mapped, or behind NAT64.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => is_public_v4(embedded()),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => is_public_v4(embedded()),
        // Protocol assignments with Teredo, documentation, 6to4.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // The rest of what is given out to the public; no local, link-local or multicast one.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

/// Finds addresses, and keeps the forbidden ones to itself.
pub(super) struct GuardedResolver {
    pub allow_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = addresses(name.as_str(), 0, allow_private).await?;
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str) -> Result<(), Unsafe> {
        check(&Url::parse(url).unwrap(), &[], false)
    }

    #[test]
    fn only_https_without_credentials_is_posted_to() {
        assert_eq!(verdict("https://shop.example.com/hooks"), Ok(()));
        for bad in ["http://shop.example.com/", "ftp://shop.example.com/", "https://a:b@x.cz/"] {
            assert_eq!(verdict(bad), Err(Unsafe::Url), "{bad}");
        }
    }

    #[test]
    fn an_address_in_our_own_network_is_refused_however_it_is_written() {
        for bad in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0/",
            "https://10.1.2.3/",
            "https://100.64.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://172.31.255.255/",
            "https://192.168.0.1/",
            "https://198.19.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:db8::1]/",
            "https://[fc00::1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
        ] {
            assert_eq!(verdict(bad), Err(Unsafe::Address), "{bad}");
        }
        for good in ["https://1.1.1.1/", "https://[2606:4700::1111]/", "https://172.32.0.1/"] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn one_private_address_behind_a_name_is_enough_to_refuse_it() {
        let url = Url::parse("https://shop.example.com/").unwrap();
        let public = IpAddr::from([1, 1, 1, 1]);
        let private = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(check(&url, &[public], false), Ok(()));
        assert_eq!(check(&url, &[public, private], false), Err(Unsafe::Address));
        assert_eq!(check(&url, &[private], true), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_it_is_set_and_when_it_is_called() {
        assert_eq!(check_name("https://localhost/", false).await, Err(Unsafe::Address));
        assert!(check_name("http://localhost:8080/", true).await.is_ok());
        let resolver = GuardedResolver { allow_private: false };
        assert!(resolver.resolve("localhost".parse().unwrap()).await.is_err());
        let resolver = GuardedResolver { allow_private: true };
        assert!(resolver.resolve("localhost".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn a_host_is_looked_up_in_any_form_and_refused_for_one_private_address() {
        for bad in [
            "localhost",
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
        ] {
            assert_eq!(addresses(bad, 25, false).await, Err(Unsafe::Address), "{bad}");
        }
        let found = addresses("2130706433", 25, true).await.unwrap();
        assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 25))]);
        let public = addresses("1.1.1.1", 25, false).await.unwrap();
        assert_eq!(public, [SocketAddr::from(([1, 1, 1, 1], 25))]);
        assert_eq!(addresses("", 25, true).await, Err(Unsafe::Unknown));
    }
}
