use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};
use voip_core::Origin;

/// Where a request comes from.
///
/// That is the other end of the connection, unless so many `proxies` of ours
/// stand in between. Each of them adds, on the right of `X-Forwarded-For`, who
/// came to it; what stands further left anybody may have made up.
///
/// `None` where the program around the router does not tell who connects: it
/// has to be served with `into_make_service_with_connect_info::<SocketAddr>`.
pub(crate) fn origin(
    headers: &HeaderMap,
    extensions: &Extensions,
    proxies: usize,
) -> Option<Origin> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip());
    let client = match proxies {
        0 => peer,
        _ => forwarded(headers, proxies).or(peer),
    };
    client.map(Origin::of)
}

/// Whom the outermost of our proxies heard of.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let lines = headers.get_all(FORWARDED_FOR);
    let entries: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    // With fewer entries than proxies, the outermost added the first of them.
    let at = entries.len().saturating_sub(proxies);
    entries.get(at).and_then(|entry| address(entry))
}

/// An address, with or without brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    IpAddr::from_str(bare)
        .or_else(|_| SocketAddr::from_str(text).map(|address| address.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn from(peer: &str, forwarded: &[&str], proxies: usize) -> String {
        let mut extensions = Extensions::new();
        let peer = SocketAddr::new(peer.parse().unwrap(), 4_000);
        extensions.insert(ConnectInfo(peer));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        origin(&headers, &extensions, proxies)
            .unwrap()
            .network()
            .to_owned()
    }

    #[test]
    fn without_proxies_the_header_counts_for_nothing() {
        assert_eq!(from("192.0.2.1", &[], 0), "192.0.2.1");
        assert_eq!(from("192.0.2.1", &["198.51.100.7"], 0), "192.0.2.1");
    }

    #[test]
    fn each_proxy_is_believed_about_its_own_client_only() {
        let spoofed = ["10.9.9.9, 198.51.100.7"];
        assert_eq!(from("192.0.2.1", &spoofed, 1), "198.51.100.7");
        let two = ["10.9.9.9, 198.51.100.7", "192.0.2.2"];
        assert_eq!(from("192.0.2.1", &two, 2), "198.51.100.7");
        assert_eq!(from("192.0.2.1", &two, 1), "192.0.2.2");
        assert_eq!(from("192.0.2.1", &["198.51.100.7"], 2), "198.51.100.7");
    }

    #[test]
    fn what_cannot_be_read_leaves_the_peer() {
        for line in ["", "unknown", "198.51.100.7, _hidden", "1.2.3"] {
            assert_eq!(from("192.0.2.1", &[line], 1), "192.0.2.1", "{line}");
        }
        assert_eq!(from("192.0.2.1", &[], 1), "192.0.2.1");
    }

    #[test]
    fn ports_and_brackets_make_no_difference_and_ipv6_counts_by_network() {
        for (line, expected) in [
            ("198.51.100.7:55", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2:9:9:9:9]:55", "2001:db8:1:2::/64"),
            ("[2001:db8:1:3::1]", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(from("192.0.2.1", &[line], 1), expected);
        }
    }

    #[test]
    fn nobody_told_us_is_nobody() {
        assert_eq!(origin(&HeaderMap::new(), &Extensions::new(), 0), None);
    }
}
