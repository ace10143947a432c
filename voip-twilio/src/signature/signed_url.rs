//! The forms of a URL that may have been signed.

/// A URL in the pieces that vary between the forms that may have been signed.
/// Nothing is decoded or normalised: a signature covers bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedUrl<'a> {
    /// `https` or `http`.
    pub(crate) scheme: &'a str,
    /// The host, an IPv6 address in brackets.
    pub(crate) host: &'a str,
    /// The port, where the URL has one.
    pub(crate) port: Option<&'a str>,
    /// The path our public address begins with.
    pub(crate) prefix: &'a str,
    /// The rest: path and query.
    pub(crate) target: &'a str,
    /// Something to put after the path, for finding out what went wrong.
    pub(crate) slash: Slash,
}

/// Which form of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// As the provider's page says it is signed for calls: not over `https`,
    /// as configured over `http`.
    AsVoiceSigns,
    /// The other way: named over `https`; over `http` left out, or named where
    /// the URL does not name it.
    TheOther,
}

/// What became of single quotes in path and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// They are as they came.
    Untouched,
    /// `'` was `%27`.
    Escaped,
    /// `%27` was `'`.
    Plain,
}

/// What is done to the slash at the end of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slash {
    /// Nothing.
    Untouched,
    /// Added where there is none, left out where there is one.
    Toggled,
}

impl<'a> SignedUrl<'a> {
    /// Takes a URL apart; whatever is none has no host and matches nothing.
    pub(crate) fn read(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority);
        Self {
            scheme,
            host,
            port,
            prefix: "",
            target,
            slash: Slash::Untouched,
        }
    }

    /// Whether trying other forms of quotes makes sense.
    pub(crate) fn has_quotes(&self) -> bool {
        [self.prefix, self.target]
            .iter()
            .any(|text| text.contains('\'') || text.contains("%27"))
    }

    /// Hands over the bytes of one form, piece by piece.
    pub(crate) fn each_piece(&self, port: Port, quotes: Quotes, mut take: impl FnMut(&str)) {
        take(self.scheme);
        take("://");
        take(self.host);
        if let Some(port) = self.port_in(port) {
            take(":");
            take(port);
        }
        match self.slash {
            Slash::Untouched => {
                quoted(self.prefix, quotes, &mut take);
                quoted(self.target, quotes, &mut take);
            }
            Slash::Toggled => {
                let (path, query) = self
                    .target
                    .split_at(self.target.find('?').unwrap_or(self.target.len()));
                quoted(self.prefix, quotes, &mut take);
                match path.strip_suffix('/') {
                    Some(shorter) => quoted(shorter, quotes, &mut take),
                    None => {
                        quoted(path, quotes, &mut take);
                        take("/");
                    }
                }
                quoted(query, quotes, &mut take);
            }
        }
    }

    fn port_in(&self, form: Port) -> Option<&'a str> {
        match (self.scheme, form) {
            ("https", Port::AsVoiceSigns) => None,
            ("https", Port::TheOther) => Some(self.port.unwrap_or("443")),
            (_, Port::AsVoiceSigns) => self.port,
            (_, Port::TheOther) => match self.port {
                Some(_) => None,
                None => Some("80"),
            },
        }
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

fn quoted(text: &str, quotes: Quotes, take: &mut impl FnMut(&str)) {
    let (from, to) = match quotes {
        Quotes::Untouched => return take(text),
        Quotes::Escaped => ("'", "%27"),
        Quotes::Plain => ("%27", "'"),
    };
    let mut pieces = text.split(from);
    if let Some(first) = pieces.next() {
        take(first);
    }
    for piece in pieces {
        take(to);
        take(piece);
    }
}
