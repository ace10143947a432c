//! The HTTP client that both services are reached with.

use std::{net::IpAddr, time::Duration};

use reqwest::{Client, ClientBuilder, redirect::Policy};
use url::{Host, Url};
use voip_core::{Error, ErrorKind, Result};

/// A client for `base`, made by `shape`.
///
/// # Errors
/// `Misconfigured` where the URL is none for HTTP, or TLS cannot be set up.
pub(crate) fn client_for(
    base: &Url,
    shape: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client> {
    if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
        return Err(Error::new(
            ErrorKind::Misconfigured,
            "the base URL of a push service begins with https:// or http://",
        ));
    }
    // A redirect would carry our credentials to somewhere nobody configured.
    let builder = Client::builder()
        .redirect(Policy::none())
        .user_agent("voip-push");
    let builder = if is_this_machine(base) {
        builder.no_proxy()
    } else {
        builder
    };
    shape(builder).build().map_err(|error| {
        Error::new(
            ErrorKind::Misconfigured,
            "no TLS for the push service's HTTP client",
        )
        .with_source(error)
    })
}

/// Why a request got no answer. The URL is left out: APNs puts the device's
/// token there.
pub(crate) fn unanswered(service: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let said = if error.is_builder() {
        Error::new(
            ErrorKind::Misconfigured,
            format!("{service}: the request cannot be written"),
        )
    } else if error.is_connect() {
        Error::new(
            ErrorKind::Unavailable,
            format!("{service} cannot be reached"),
        )
    } else if error.is_timeout() {
        Error::new(
            ErrorKind::Timeout,
            format!("{service} did not answer in time"),
        )
        .ambiguous()
    } else {
        let message = format!("{service} broke the connection off before it answered");
        Error::new(ErrorKind::Unavailable, message).ambiguous()
    };
    said.with_source(error)
}

/// How long a connection may take to come about. Short, so that what never
/// went out can be told from what went out and was not answered.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A proxy has no business between us and this very machine.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
