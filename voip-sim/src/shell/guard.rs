//! Keeping pages of other sites away from the control interface and the REST interface: a browser
//! sends requests to loopback addresses for whichever page asks it to.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::control;

/// Who may drive the simulator.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// Whether only names of this machine count as the simulator's own.
    loopback: bool,
}

impl Guard {
    pub(super) fn of(addr: Option<SocketAddr>) -> Self {
        Self {
            loopback: addr.is_some_and(|addr| addr.ip().is_loopback()),
        }
    }

    pub(super) async fn let_in(self, request: Request, next: Next) -> Response {
        match self.knows(request.headers()) {
            true => next.run(request).await,
            false => control::foreign().into_response(),
        }
    }

    /// A name that was made to point here is not the simulator's own (DNS rebinding), and a
    /// request that another site caused says so in `Origin`.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(host) = text(header::HOST) else {
            return true;
        };
        let ours = !self.loopback || is_this_machine(host);
        let origin = text(header::ORIGIN);
        ours && origin.is_none_or(|origin| {
            origin.split_once("://").map(|(_, authority)| authority) == Some(host)
        })
    }
}

/// Whether a page with this origin was loaded from this machine.
#[cfg(feature = "media")]
pub(super) fn is_of_this_machine(origin: &axum::http::HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, host)| is_this_machine(host))
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let plain = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || plain.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        Guard { loopback: true }.knows(&headers)
    }

    #[cfg(feature = "media")]
    #[test]
    fn pages_of_this_machine_are_told_from_others() {
        let ours = |origin: &'static str| is_of_this_machine(&origin.parse().unwrap());
        assert!(ours("http://localhost:3000") && ours("https://127.0.0.1:1"));
        assert!(!ours("https://example.test") && !ours("null"));
    }

    #[test]
    fn only_this_machine_and_its_own_page_may_drive_it() {
        assert!(knows("127.0.0.1:8090", None));
        assert!(knows("[::1]:8090", None));
        assert!(knows("localhost:8090", Some("http://localhost:8090")));
        assert!(!knows("localhost:8090", Some("https://example.test")));
        assert!(!knows("localhost:8090", Some("null")));
        assert!(!knows("rebound.example.test:8090", None));
    }
}
