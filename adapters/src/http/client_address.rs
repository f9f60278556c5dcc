//! From where a request comes: the peer, or whom the peer forwards for if it is a proxy of ours.
//!
//! `X-Forwarded-For` can be written by anybody. Only what proxies that are trusted wrote at its
//! right end is believed: the right-most address that is not one of them.

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};
use kontor_messages::AddressRange;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The header by which proxies say for whom they ask.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Proxies behind one another at most; what is further left is not looked at.
const HOPS_MAX: usize = 16;

/// The client's address; none for calls inside the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientAddress(pub(super) Option<IpAddr>);

impl ClientAddress {
    /// The address of whoever sent a request.
    pub(super) fn of(
        extensions: &Extensions,
        headers: &HeaderMap,
        trusted: &[AddressRange],
    ) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        Self(peer.map(|ConnectInfo(peer)| client(peer.ip(), headers, trusted)))
    }

    /// The address as text, for people.
    pub(super) fn text(self) -> Option<String> {
        self.0.map(|address| address.to_string())
    }
}

/// What counts as one client: an address, or with IPv6 the network that one household has.
pub(super) fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
    }
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[AddressRange]) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        if !is_ours(client) {
            break;
        }
        // Behind what cannot be read nothing is believed.
        let Some(address) = address(hop.trim()) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address, with or without a port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn seen(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: Vec<_> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_of_ours_is_the_client_whatever_it_says() {
        assert_eq!(seen("198.51.100.1", &["203.0.113.7"], &[]), "198.51.100.1");
        assert_eq!(seen("198.51.100.1", &["203.0.113.7"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn a_proxy_of_ours_is_believed_for_its_own_word_only() {
        let ours = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &["203.0.113.7"], &ours), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 203.0.113.7"], &ours), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "203.0.113.7, 10.0.0.2"], &ours), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &ours), "10.0.0.3");
        assert_eq!(seen("10.0.0.1", &[], &ours), "10.0.0.1");
    }

    #[test]
    fn behind_what_cannot_be_read_nothing_is_believed() {
        let ours = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &["203.0.113.7, unknown"], &ours), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7, , 10.0.0.2"], &ours), "10.0.0.2");
    }

    #[test]
    fn ports_and_brackets_are_taken_off() {
        let ours = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &["203.0.113.7:4711"], &ours), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:443"], &ours), "2001:db8::1");
        assert_eq!(seen("::ffff:10.0.0.1", &["[2001:db8::1]"], &ours), "2001:db8::1");
    }
}
