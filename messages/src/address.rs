//! Addresses of the internet, and ranges of them, as people write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, net::IpAddr, str::FromStr};
use utoipa::ToSchema;

/// One address, or a network as `<address>/<prefix length>` (CIDR), IPv4 or IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = String, max_length = 49, example = "203.0.113.0/24")]
pub struct AddressRange(Network);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as 203.0.113.7, or a network such as 203.0.113.0/24")]
pub struct NoRange;

impl AddressRange {
    /// Whether an address is in the range. An IPv4 address inside IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.0.prefix) == Some(self.0.first)
    }
}

/// The address with all bits behind the prefix cleared; `None` if the prefix is too long for it.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(four) => {
            let behind = 32_u32.checked_sub(prefix.into())?;
            let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
            Some(IpAddr::V4((four.to_bits() & mask).into()))
        }
        IpAddr::V6(six) => {
            let behind = 128_u32.checked_sub(prefix.into())?;
            let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
            Some(IpAddr::V6((six.to_bits() & mask).into()))
        }
    }
}

impl FromStr for AddressRange {
    type Err = NoRange;

    /// Bits behind the prefix must be zero: a slip of the pen must not open a network.
    fn from_str(text: &str) -> Result<Self, NoRange> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoRange)?;
        let first = address.to_canonical();
        let whole = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => whole,
            Some(_) if first != address => return Err(NoRange),
            Some(digits) if !digits.bytes().all(|c| c.is_ascii_digit()) => return Err(NoRange),
            Some(digits) => digits.parse().map_err(|_| NoRange)?,
        };
        match masked(first, prefix) {
            Some(network) if network == first => Ok(Self(Network { first, prefix })),
            _ => Err(NoRange),
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.0.first.is_ipv4() { 32 } else { 128 };
        match self.0.prefix == whole {
            true => self.0.first.fmt(f),
            false => write!(f, "{}/{}", self.0.first, self.0.prefix),
        }
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap()
    }

    fn within(network: &str, address: &str) -> bool {
        range(network).contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_its_network_and_nothing_else() {
        assert!(within("203.0.113.0/24", "203.0.113.255"));
        assert!(!within("203.0.113.0/24", "203.0.114.0"));
        assert!(within("203.0.113.7", "203.0.113.7") && !within("203.0.113.7", "203.0.113.8"));
        assert!(within("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!within("2001:db8::/32", "2001:db9::1"));
        assert!(within("0.0.0.0/0", "198.51.100.1") && within("::/0", "2001:db8::1"));
        assert!(!within("0.0.0.0/0", "2001:db8::1") && !within("::/0", "198.51.100.1"));
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_the_ipv4_address() {
        assert!(within("203.0.113.0/24", "::ffff:203.0.113.7"));
        assert_eq!(range("::ffff:203.0.113.7"), range("203.0.113.7"));
    }

    #[test]
    fn a_range_reads_back_what_it_writes() {
        for text in ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "::1", "0.0.0.0/0"] {
            assert_eq!(range(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "",
            "shop",
            "203.0.113",
            "203.0.113.0/33",
            "203.0.113.7/24",
            "203.0.113.0/",
            "::/129",
            "203.0.113.0/+8",
            "203.0.113.0/024x",
            "::ffff:203.0.113.0/120",
            "1.2.3.4 ",
        ] {
            assert_eq!(bad.parse::<AddressRange>(), Err(NoRange), "{bad}");
        }
    }
}
