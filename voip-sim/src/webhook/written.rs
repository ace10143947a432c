//! The address of a webhook as the application wrote it. What is signed and what is asked for is
//! that text, byte for byte: `'`, dot segments, doubled slashes and capitals stay.

use url::Url;

/// The parts of an address that are sent and signed: no credentials and no fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    scheme: String,
    host: String,
    /// With its colon; empty where none was written.
    port: String,
    /// Path and query; a missing path is a slash, because no request can do without.
    target: String,
}

impl Written {
    /// The parts of this text, which a URL was read from. Where the two do not mean the same
    /// server (as with a backslash, or an address without slashes), those of the URL.
    pub(super) fn of(configured: &str, url: &Url) -> Option<Self> {
        let text = configured.trim_matches(|c: char| c <= ' ');
        let as_written = Self::split(text).filter(|written| {
            let same = |other: Url| {
                other.host() == url.host()
                    && other.port_or_known_default() == url.port_or_known_default()
                    && other.scheme() == url.scheme()
            };
            !text.contains(|c: char| c.is_ascii_control())
                && Url::parse(&written.url()).is_ok_and(same)
        });
        as_written.or_else(|| Self::split(url.as_str()))
    }

    fn split(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let place = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (host, format!(":{port}"))
            }
            Some(_) | None => (place, String::new()),
        };
        Some(Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port,
            target: match target.starts_with('/') {
                true => target.to_owned(),
                false => format!("/{target}"),
            },
        })
    }

    /// Adds encoded fields to the query.
    pub(super) fn add_to_query(&mut self, fields: &str) {
        let separator = match self.target.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        self.target.push_str(separator);
        self.target.push_str(fields);
    }

    /// Where the request goes.
    pub(super) fn url(&self) -> String {
        let Self {
            scheme,
            host,
            port,
            target,
        } = self;
        format!("{scheme}://{host}{port}{target}")
    }

    /// What is signed: over `https` the provider leaves the port out, whatever it is.
    pub(super) fn signed(&self) -> String {
        match self.scheme.eq_ignore_ascii_case("https") {
            true => format!("{}://{}{}", self.scheme, self.host, self.target),
            false => self.url(),
        }
    }
}

/// Resolves an address against that of the current document; an empty one means that document.
/// What is written in either of them stays as it is. `None` when there is nothing to resolve it
/// against, or when it makes no sense.
pub(crate) fn resolve(base: Option<&str>, address: &str) -> Option<String> {
    if let Ok(absolute) = Url::parse(address) {
        return matches!(absolute.scheme(), "http" | "https").then(|| address.to_owned());
    }
    let base = base?;
    if address.is_empty() {
        return Some(base.to_owned());
    }
    let url = Url::parse(base).ok()?;
    let joined = url.join(address).ok()?;
    if joined.host() != url.host() || address.starts_with("//") {
        return Some(joined.into());
    }
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..].find(['/', '?', '#']);
    let server = &base[..end.map_or(base.len(), |end| authority + end)];
    let (path, rest) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
    let path = match path.starts_with('/') && !path.contains("/.") {
        true => path,
        // Relative to the path of the document, dots and all (RFC 3986, section 5.2).
        false => joined.path(),
    };
    Some(format!("{server}{path}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Written {
        Written::of(text, &Url::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn the_text_stays_as_it_is() {
        for text in [
            "http://App.Test:80/a/../b//c/?n=O'Brien&m=%2b+%20#x",
            "http://u:p@[::1]:3000/voice?x=1",
            "https://a.test/x?",
            "HTTPS://a.test/%7Eann/",
        ] {
            let bare = text.replace("u:p@", "").replace("#x", "");
            assert_eq!(written(text).url(), bare);
        }
        assert_eq!(written("https://a.test?x=1").url(), "https://a.test/?x=1");
        assert_eq!(written("http://a.test:80").url(), "http://a.test:80/");
    }

    #[test]
    fn a_text_that_could_mean_another_server_is_not_taken_literally() {
        for text in [
            "http://127.0.0.1\\@example.test/",
            "http:127.0.0.1/x",
            "http://127.0.0.1/a\tb",
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(written(text).url(), url.as_str(), "{text}");
        }
    }

    #[test]
    fn addresses_resolve_against_the_current_document() {
        let base = Some("https://A.test/calls/one?x=1");
        for (address, resolved) in [
            ("two", "https://A.test/calls/two"),
            ("../two?a=O'B", "https://A.test/two?a=O'B"),
            ("/b?y=O'Brien#rc=2", "https://A.test/b?y=O'Brien#rc=2"),
            ("?y=2", "https://A.test/calls/one?y=2"),
            ("//b.test/x", "https://b.test/x"),
            ("", "https://A.test/calls/one?x=1"),
            ("http://b.test:80", "http://b.test:80"),
        ] {
            assert_eq!(resolve(base, address).as_deref(), Some(resolved));
        }
        assert_eq!(resolve(None, "/b"), None);
        assert_eq!(resolve(base, "ftp://b.test/"), None);
    }
}
