//! A request the simulator makes of the application, signed and ready to be sent.

#[cfg(test)]
mod vectors;
mod written;

pub(crate) use written::resolve;

use written::Written;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use crate::secret::AuthToken;
use crate::sid::CallSid;
use crate::twiml::Method;

/// The longest the vendor waits for any one webhook of a call, attempts and redirects included.
pub const CEILING: Duration = Duration::from_secs(15);

/// The longest the vendor waits for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest sound that an application may answer with, in bytes; of documents it is
/// [`MAX_DOCUMENT_BYTES`](crate::twiml::MAX_DOCUMENT_BYTES).
pub const MAX_AUDIO_BYTES: usize = 16 * 1024 * 1024;

/// Names one delivery; rises in the order in which deliveries were generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WebhookId(pub(crate) u64);

impl WebhookId {
    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// What a webhook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookKind {
    /// Asks what to do next; the answer is executed.
    Document,
    /// Asks, but the answer no longer matters (the action of an abandoned dial).
    DocumentIgnored,
    /// Tells what happened to a leg; the body of the answer is ignored.
    Status,
    /// Tells what happened in a conference; the body of the answer is ignored.
    Conference,
    /// Tells something else about a leg: its recording, or who answered it.
    Event,
}

/// One HTTP request to be made now.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Names this delivery in the answer.
    pub id: WebhookId,
    /// 1 for the first attempt, 2 for the retry after a failed connection.
    pub attempt: u32,
    /// The leg it is about; of a conference, one of its legs.
    pub call_sid: CallSid,
    /// What it is for.
    pub kind: WebhookKind,
    /// How it is sent.
    pub method: Method,
    /// Where it goes: no fragment, no credentials, all else as the application wrote it; with
    /// `GET` the fields are already in the query.
    pub url: String,
    /// The fields. With `POST` they are the body, with `GET` they are in the URL.
    pub form: Vec<(String, String)>,
    /// The headers, signature included.
    pub headers: Vec<(&'static str, String)>,
    /// The time left for a connection.
    pub connect_timeout: Duration,
    /// The time left for everything.
    pub timeout: Duration,
}

impl Webhook {
    /// The body to send; `None` with `GET`.
    pub fn body(&self) -> Option<String> {
        match self.method {
            Method::Get => None,
            Method::Post => Some(encode(&self.form)),
        }
    }

    /// The value of a field, if it is there.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Shows no numbers and no signature: a webhook may end up in a log.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("call_sid", &self.call_sid)
            .field("kind", &self.kind)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What came of a delivery.
#[derive(Clone, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// The application answered.
    Replied {
        /// HTTP status.
        status: u16,
        /// The media type as received, parameters included.
        content_type: Option<String>,
        /// The `Location` header.
        location: Option<String>,
        /// The `Set-Cookie` headers.
        cookies: Vec<String>,
        /// The body. Of an overlong document the first 64 kB and one byte are enough, and of
        /// audio, which nobody listens to, nothing needs to be there.
        body: Vec<u8>,
    },
    /// There was no answer.
    Failed(FailureKind),
}

impl WebhookAnswer {
    /// A markup answer with status 200, as an application gives it.
    pub fn twiml(markup: impl Into<String>) -> Self {
        Self::Replied {
            status: 200,
            content_type: Some("text/xml".to_owned()),
            location: None,
            cookies: Vec::new(),
            body: markup.into().into_bytes(),
        }
    }

    /// An empty answer with this status.
    pub fn empty(status: u16) -> Self {
        Self::Replied {
            status,
            content_type: None,
            location: None,
            cookies: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// Shows no body: a document may name whom to dial.
impl fmt::Debug for WebhookAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replied { status, body, .. } => f
                .debug_struct("Replied")
                .field("status", status)
                .field("bytes", &body.len())
                .finish_non_exhaustive(),
            Self::Failed(kind) => f.debug_tuple("Failed").field(kind).finish(),
        }
    }
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No connection, or no TLS: tried once more.
    Connect,
    /// Connected, but no answer in time.
    Timeout,
    /// The connection broke.
    Broken,
    /// The simulator was told not to send there.
    Forbidden,
    /// There was more sound than [`MAX_AUDIO_BYTES`].
    TooLarge,
}

/// The media type of an answer, in small letters and without parameters.
pub(crate) fn media_type(content_type: Option<&str>) -> String {
    let kind = content_type.and_then(|value| value.split(';').next());
    kind.map(|kind| kind.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Whether an answer of this media type is played and not read.
pub(crate) fn is_audio(content_type: Option<&str>) -> bool {
    media_type(content_type).starts_with("audio/")
}

impl FailureKind {
    /// The vendor's debugger code.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Connect => 11205,
            Self::Timeout => 11203,
            Self::Broken => 11200,
            Self::Forbidden => 11100,
            Self::TooLarge => 11750,
        }
    }
}

/// Where a webhook really goes, and how it is signed.
pub(crate) struct Destination {
    /// The request URL, query fields included.
    pub(crate) url: String,
    /// The signature.
    pub(crate) signature: String,
    /// Credentials from the URL, as a header value.
    pub(crate) authorization: Option<String>,
}

/// Works out request URL and signature; `None` when the address is not usable over HTTP.
pub(crate) fn destination(
    configured: &str,
    method: Method,
    form: &[(String, String)],
    token: &AuthToken,
) -> Option<Destination> {
    let url = Url::parse(configured).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return None;
    }
    let mut written = Written::of(configured, &url)?;
    let parameters = match method {
        Method::Get => &[],
        Method::Post => form,
    };
    if method == Method::Get && !form.is_empty() {
        written.add_to_query(&encode(form));
    }
    let signed = written.signed();
    Some(Destination {
        signature: voip_twilio::signature::sign(token.expose(), &signed, parameters),
        authorization: credentials(&url),
        url: written.url(),
    })
}

fn credentials(url: &Url) -> Option<String> {
    use base64::Engine as _;
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    // Percent-decoding by way of the form decoder; a plus sign stays one.
    let decode = |text: &str| {
        form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
            .next()
            .map_or_else(String::new, |(key, _)| key.into_owned())
    };
    let pair = format!(
        "{}:{}",
        decode(url.username()),
        decode(url.password().unwrap_or_default())
    );
    Some(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    ))
}

fn encode(form: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(configured: &str) -> String {
        let url = Url::parse(configured).unwrap();
        Written::of(configured, &url).unwrap().signed()
    }

    #[test]
    fn the_port_is_signed_over_http_and_left_out_over_https() {
        assert_eq!(signed("https://a.test:8443/x?y=1"), "https://a.test/x?y=1");
        assert_eq!(signed("https://a.test:443/x"), "https://a.test/x");
        assert_eq!(signed("http://a.test:3000/x"), "http://a.test:3000/x");
        assert_eq!(signed("http://a.test:80/x"), "http://a.test:80/x");
        assert_eq!(signed("http://a.test/x"), "http://a.test/x");
        assert_eq!(
            signed("http://[::1]:3000/voice?x=1"),
            "http://[::1]:3000/voice?x=1"
        );
    }

    #[test]
    fn with_get_the_fields_are_in_the_url_and_nothing_else_is_signed() {
        let form = [("To".to_owned(), "+1500".to_owned())];
        let token = AuthToken::from("t");
        let there = destination("https://a.test/v?a=b#rc=2", Method::Get, &form, &token).unwrap();
        assert_eq!(there.url, "https://a.test/v?a=b&To=%2B1500");
        assert_eq!(
            there.signature,
            voip_twilio::signature::sign("t", "https://a.test/v?a=b&To=%2B1500", &[])
        );
    }

    #[test]
    fn credentials_become_a_header_and_leave_the_url() {
        let token = AuthToken::from("t");
        let there = destination("https://u:p%40w@a.test/v", Method::Post, &[], &token).unwrap();
        assert_eq!(there.url, "https://a.test/v");
        assert_eq!(there.authorization.as_deref(), Some("Basic dTpwQHc="));
    }

    #[test]
    fn only_http_addresses_are_usable() {
        let token = AuthToken::from("t");
        for url in [
            "",
            "/relative",
            "ftp://a.test/",
            "undefined/path",
            "mailto:x@y",
        ] {
            assert!(
                destination(url, Method::Post, &[], &token).is_none(),
                "{url}"
            );
        }
    }
}
