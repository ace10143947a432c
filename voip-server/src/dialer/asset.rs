use std::{
    io::{self, Write as _},
    sync::OnceLock,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header, response};
use sha2::{Digest as _, Sha256};

/// A file of the page, inside the program.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
    written: OnceLock<Written>,
}

/// What is worked out once, when a file is first asked for.
#[derive(Debug)]
struct Written {
    tag: HeaderValue,
    zipped: Option<Bytes>,
}

/// How long a copy may be used without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Not at all: its address stays when it changes.
    Ask,
    /// For good: its address names what is in it.
    ForGood,
}

impl Asset {
    pub(super) const fn new(name: &'static str, bytes: &'static [u8]) -> Self {
        let written = OnceLock::new();
        Self {
            name,
            bytes,
            written,
        }
    }

    fn kind(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, end)| end) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("webmanifest") => "application/manifest+json",
            Some(_) | None => "application/octet-stream",
        }
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| Written {
            tag: tag(self.bytes),
            zipped: zipped(self.bytes).ok(),
        })
    }

    /// The answer to whoever asks for it; 304 where the copy they have is the
    /// same.
    pub(super) fn answer(&self, asked: &HeaderMap, keep: Keep) -> Response {
        let written = self.written();
        let mut response = headers(self.kind(), &written.tag, keep);
        if is_known(asked, &written.tag) {
            return finished(response.status(StatusCode::NOT_MODIFIED), Body::empty());
        }
        match &written.zipped {
            Some(zipped) if takes_gzip(asked) => {
                response = response.header(header::CONTENT_ENCODING, "gzip");
                finished(response, Body::from(zipped.clone()))
            }
            Some(_) | None => finished(response, Body::from(Bytes::from_static(self.bytes))),
        }
    }
}

/// The answer with a file that is the operator's.
pub(super) fn own_script(bytes: &Bytes, asked: &HeaderMap) -> Response {
    let tag = tag(bytes);
    let response = headers("text/javascript; charset=utf-8", &tag, Keep::Ask);
    if is_known(asked, &tag) {
        return finished(response.status(StatusCode::NOT_MODIFIED), Body::empty());
    }
    finished(response, Body::from(bytes.clone()))
}

fn headers(kind: &'static str, tag: &HeaderValue, keep: Keep) -> response::Builder {
    let keep = match keep {
        Keep::Ask => "no-cache",
        Keep::ForGood => "public, max-age=31536000, immutable",
    };
    Response::builder()
        .header(header::CONTENT_TYPE, kind)
        .header(header::CACHE_CONTROL, keep)
        .header(header::ETAG, tag)
        .header(header::VARY, "accept-encoding")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

fn finished(response: response::Builder, body: Body) -> Response {
    response.body(body).expect("our headers are well formed")
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let text = format!("\"{}\"", fingerprint([bytes]));
    HeaderValue::from_str(&text).expect("quoted hex")
}

/// A short name for these contents.
pub(super) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn zipped(bytes: &[u8]) -> io::Result<Bytes> {
    let mut zipper = GzEncoder::new(Vec::new(), Compression::best());
    zipper.write_all(bytes)?;
    zipper.finish().map(Bytes::from)
}

fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = asked.get(header::IF_NONE_MATCH);
    let known = known.and_then(|known| known.to_str().ok());
    let mut known = known.into_iter().flat_map(|known| known.split(','));
    known.any(|one| one.trim().trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let codings = asked.get_all(header::ACCEPT_ENCODING).iter();
    codings
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|coding| {
            let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = rest.trim().trim_start_matches("q=");
            name.trim().eq_ignore_ascii_case("gzip")
                && !matches!(refused, "0" | "0.0" | "0.00" | "0.000")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILE: Asset = Asset::new("a.js", b"export {};");

    fn asking(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn whoever_has_the_same_copy_is_sent_nothing() {
        let first = FILE.answer(&HeaderMap::new(), Keep::Ask);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        for known in [tag.to_owned(), format!("\"x\", W/{tag}")] {
            let asked = asking(header::IF_NONE_MATCH, &known);
            let again = FILE.answer(&asked, Keep::Ask);
            assert_eq!(again.status(), 304, "{known}");
        }
        let asked = asking(header::IF_NONE_MATCH, "\"x\"");
        assert_eq!(FILE.answer(&asked, Keep::Ask).status(), 200);
    }

    #[test]
    fn only_who_takes_gzip_gets_it() {
        let zipped = |value: &str| {
            let asked = asking(header::ACCEPT_ENCODING, value);
            let answer = FILE.answer(&asked, Keep::ForGood);
            answer.headers().contains_key(header::CONTENT_ENCODING)
        };
        assert!(zipped("gzip, deflate, br"));
        assert!(zipped("br, GZIP;q=0.5"));
        assert!(!zipped("br"));
        assert!(!zipped("gzip;q=0"));
    }
}
