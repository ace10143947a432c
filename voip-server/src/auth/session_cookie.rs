use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use url::{Origin, Url};

/// The cookie that keeps a user of our page logged in.
///
/// It holds the same token that the login's answer has, out of reach of the
/// page's scripts, and counts for requests of our own pages only: with
/// `SameSite=Strict` the browser keeps it from other sites, and of what comes
/// nevertheless the origin is checked.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    /// Where the server is to the world.
    origin: Option<Origin>,
    secure: bool,
}

impl SessionCookie {
    /// The cookie of a server that the world reaches at `public_url`: with
    /// `https`, browsers send it over no other connection.
    pub fn new(public_url: &Url) -> Self {
        Self {
            origin: Some(public_url.origin()),
            secure: public_url.scheme() == "https",
        }
    }

    /// A browser takes a name that begins with `__Host-` from this very host
    /// only, not from one of its neighbours.
    fn name(&self) -> &'static str {
        if self.secure {
            "__Host-voip_session"
        } else {
            "voip_session"
        }
    }

    /// What has a browser keep `token` for `ttl`.
    ///
    /// `None` for a token that cannot stand in a header, which none of ours is.
    pub fn keeping(&self, token: &str, ttl: Duration) -> Option<HeaderValue> {
        self.written(token, ttl)
    }

    /// What has a browser forget the token.
    pub fn forgetting(&self) -> Option<HeaderValue> {
        self.written("", Duration::ZERO)
    }

    fn written(&self, token: &str, ttl: Duration) -> Option<HeaderValue> {
        let (name, age) = (self.name(), ttl.as_secs());
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The token in a request's cookie, where the request comes from a page of
    /// ours.
    pub fn token<'a>(&self, request: &'a Parts) -> Option<&'a str> {
        let token = self.named(&request.headers)?;
        self.is_ours(request).then_some(token)
    }

    fn named<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name() && !value.is_empty()).then_some(value))
    }

    /// Whether a page of ours sends this. Browsers say so in `Sec-Fetch-Site`,
    /// to servers they trust the connection to; else in `Origin`, with whatever
    /// changes something and for a WebSocket.
    fn is_ours(&self, request: &Parts) -> bool {
        let text = |name: &str| request.headers.get(name)?.to_str().ok();
        if let Some(site) = text("sec-fetch-site") {
            return matches!(site, "same-origin" | "none");
        }
        match text("origin") {
            Some(origin) => self.is_origin(origin, host(request)),
            None => {
                let upgrades = request.headers.contains_key(header::UPGRADE);
                matches!(request.method, Method::GET | Method::HEAD) && !upgrades
            }
        }
    }

    fn is_origin(&self, text: &str, host: Option<&str>) -> bool {
        let Ok(page) = Url::parse(text) else {
            return false;
        };
        let authority = text.split_once("://").map(|(_, authority)| authority);
        self.origin.as_ref() == Some(&page.origin()) || (host.is_some() && authority == host)
    }
}

/// The host and port the client asked.
fn host(request: &Parts) -> Option<&str> {
    let header = request.headers.get(header::HOST);
    header
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri.authority().map(http::uri::Authority::as_str))
}

/// A server that knows no address of its own: the host that is asked counts.
impl Default for SessionCookie {
    fn default() -> Self {
        Self {
            origin: None,
            secure: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Uri};

    use super::*;

    fn local() -> SessionCookie {
        SessionCookie::new(&Url::parse("http://127.0.0.1:8080").unwrap())
    }

    fn shown(cookie: &SessionCookie, method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder()
            .method(method)
            .uri(Uri::from_static("/x"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        cookie.token(&parts).is_some()
    }

    #[test]
    fn scripts_and_other_sites_cannot_have_it() {
        let value = local().keeping("t0ken", Duration::from_secs(60)).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "voip_session=t0ken; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        let real = SessionCookie::new(&Url::parse("https://voip.example.com/phone").unwrap());
        let value = real.keeping("t0ken", Duration::from_secs(60)).unwrap();
        let value = value.to_str().unwrap();
        assert!(
            value.starts_with("__Host-voip_session=t0ken; Path=/;"),
            "{value}"
        );
        assert!(value.ends_with("; Secure"), "{value}");
        let gone = local().forgetting().unwrap();
        assert!(
            gone.to_str()
                .unwrap()
                .starts_with("voip_session=; Path=/; Max-Age=0;")
        );
    }

    #[test]
    fn only_our_own_pages_are_believed() {
        let cookie = ("cookie", "a=b; voip_session=t0ken");
        let host = ("host", "localhost:8080");
        let ours = ("origin", "http://localhost:8080");
        let public = ("origin", "http://127.0.0.1:8080");
        for (method, headers, expected) in [
            (Method::GET, vec![cookie], true),
            (Method::GET, vec![], false),
            (Method::GET, vec![("cookie", "voip_session=")], false),
            (Method::GET, vec![("cookie", "other=t0ken")], false),
            (Method::POST, vec![cookie, host], false),
            (Method::POST, vec![cookie, host, ours], true),
            (Method::POST, vec![cookie, host, public], true),
            (
                Method::POST,
                vec![cookie, host, ("origin", "http://localhost:3000")],
                false,
            ),
            (
                Method::GET,
                vec![cookie, host, ("origin", "https://evil.example")],
                false,
            ),
            (Method::POST, vec![cookie, host, ("origin", "null")], false),
            (
                Method::GET,
                vec![cookie, host, ("upgrade", "websocket")],
                false,
            ),
            (
                Method::GET,
                vec![cookie, host, ours, ("upgrade", "websocket")],
                true,
            ),
            (
                Method::POST,
                vec![cookie, ("sec-fetch-site", "same-origin")],
                true,
            ),
            (
                Method::POST,
                vec![cookie, ours, host, ("sec-fetch-site", "same-site")],
                false,
            ),
            (
                Method::GET,
                vec![cookie, ("sec-fetch-site", "cross-site")],
                false,
            ),
        ] {
            assert_eq!(shown(&local(), method, &headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn over_https_a_cookie_without_the_prefix_counts_for_nothing() {
        let real = SessionCookie::new(&Url::parse("https://voip.example.com").unwrap());
        let get = |cookie| shown(&real, Method::GET, &[("cookie", cookie)]);
        assert!(get("__Host-voip_session=t"));
        assert!(!get("voip_session=t"));
    }
}
