//! Where a request comes from: the peer's address, or what a proxy that is trusted says it is.

use http::{HeaderMap, HeaderName};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// The header in which proxies tell whom they speak for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Addresses of the header that are looked at.
const HOPS_MAX: usize = 20;

/// Addresses that begin alike, such as `10.0.0.0/8`; or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let wrong = "expected addresses or networks such as 10.0.0.0/8";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| wrong)?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        if all < bits { Err(wrong) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, len: u8| {
            let rest = u32::from(len - self.bits);
            one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
        };
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The client's address: of those that the request went through, the last one that is no proxy
/// of ours. What a stranger writes into the header counts for nothing.
pub(super) fn client(peer: Option<SocketAddr>, headers: &HeaderMap, ours: &[Network]) -> IpAddr {
    // Calls inside the process have no peer.
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let Some(peer) = peer.map(|peer| peer.ip().to_canonical()) else { return unknown };
    let trusted = |address: IpAddr| ours.iter().any(|network| network.holds(address));
    if !trusted(peer) {
        return peer;
    }
    let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|told| told.to_str().ok());
    let hops: Vec<&str> = told.flat_map(|told| told.split(',')).collect();
    let mut client = peer;
    for hop in hops.iter().rev().take(HOPS_MAX) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { return client };
        client = address.to_canonical();
        if !trusted(client) {
            return client;
        }
    }
    client
}

/// What counts as one client: an address, or with IPv6 the network that one household has.
pub(super) fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            format!("{}/64", std::net::Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, told: &[&str], ours: &[&str]) -> String {
        let peer = Some(SocketAddr::new(peer.parse().unwrap(), 1));
        let mut headers = HeaderMap::new();
        told.iter().for_each(|told| {
            headers.append(FORWARDED_FOR, told.parse().unwrap());
        });
        let ours: Vec<_> = ours.iter().map(|text| text.parse().unwrap()).collect();
        client(peer, &headers, &ours).to_string()
    }

    #[test]
    fn the_header_counts_only_from_a_proxy_of_ours() {
        assert_eq!(from("203.0.113.9", &["192.0.2.1"], &[]), "203.0.113.9");
        assert_eq!(from("10.1.2.3", &["192.0.2.1"], &["10.0.0.0/8"]), "192.0.2.1");
        assert_eq!(from("::ffff:10.1.2.3", &["192.0.2.1"], &["10.0.0.0/8"]), "192.0.2.1");
        assert_eq!(from("10.1.2.3", &[], &["10.0.0.0/8"]), "10.1.2.3");
    }

    #[test]
    fn what_a_stranger_wrote_before_our_proxies_counts_for_nothing() {
        let ours = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(from("10.1.2.3", &["8.8.8.8, 192.0.2.1"], &ours), "192.0.2.1");
        assert_eq!(from("10.1.2.3", &["8.8.8.8", "192.0.2.1, 10.9.9.9"], &ours), "192.0.2.1");
        assert_eq!(from("10.1.2.3", &["192.0.2.1, 2001:db8::7"], &ours), "192.0.2.1");
        assert_eq!(from("10.1.2.3", &["nonsense"], &ours), "10.1.2.3");
    }

    #[test]
    fn a_network_is_read_and_nonsense_is_not() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "192.0.2.1", "2001:db8::/32"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "proxy", "10.0.0.0/x"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().holds("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn a_household_is_an_address_or_a_network_of_ipv6() {
        assert_eq!(household("192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(household("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
