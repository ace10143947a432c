use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Where a request comes from, as far as limits are concerned: an IPv4
/// address, or the /64 network of an IPv6 address, for a household has one of
/// those to itself and may change addresses within it at will.
///
/// Many providers give out a /48 to whoever asks, with 65 536 such networks in
/// it: that is the [`site`](Self::site), which has wider limits of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    network: Box<str>,
    site: Option<Box<str>>,
}

impl Origin {
    /// That of a client with this address. An IPv4 address in the clothes of
    /// IPv6 counts as what it is.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self {
                network: address.to_string().into(),
                site: None,
            },
            IpAddr::V6(address) => Self {
                network: prefix(address, 64),
                site: Some(prefix(address, 48)),
            },
        }
    }

    /// The address, or the network it is in: `192.0.2.1`, `2001:db8:1:2::/64`.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The wider network that may be in one hand too: `2001:db8:1::/48`;
    /// nothing for IPv4.
    pub fn site(&self) -> Option<&str> {
        self.site.as_deref()
    }
}

/// Says nothing: an address is somebody's.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(…)")
    }
}

/// The first `bits` of an address.
fn prefix(address: Ipv6Addr, bits: u32) -> Box<str> {
    let rest = 128 - bits;
    let network = Ipv6Addr::from(u128::from(address) >> rest << rest);
    format!("{network}/{bits}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_counts_by_network_and_by_site() {
        for (address, network, site) in [
            ("198.51.100.7", "198.51.100.7", None),
            ("::ffff:198.51.100.7", "198.51.100.7", None),
            (
                "2001:db8:1:2:3:4:5:6",
                "2001:db8:1:2::/64",
                Some("2001:db8:1::/48"),
            ),
            (
                "2001:db8:1:ffff::1",
                "2001:db8:1:ffff::/64",
                Some("2001:db8:1::/48"),
            ),
        ] {
            let origin = Origin::of(address.parse().unwrap());
            assert_eq!((origin.network(), origin.site()), (network, site));
            assert!(!format!("{origin:?}").contains("198"));
        }
    }
}
