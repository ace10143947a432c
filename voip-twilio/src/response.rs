//! The answers of the API, and what they mean. Pure.

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;
use voip_core::{
    CallStatus, Error, ErrorKind, ProviderCallId, Result, Retry, Timestamp,
    ports::{DialledLeg, LegReport, Redirected},
};

use crate::{
    conference::parsed,
    date,
    errors::{CALL_NOT_IN_PROGRESS, NOT_FOUND, meaning},
    transport::{Failure, HttpReply, TransportError},
};

/// What sending a request a second time would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Something else than the first time, such as a second call.
    Harmful,
    /// Nothing more.
    Harmless,
}

impl Repeat {
    /// The retry class of a fault that may have come after the deed.
    fn after_sending(self) -> Retry {
        match self {
            Self::Harmful => Retry::Ambiguous,
            Self::Harmless => Retry::Safe,
        }
    }
}

/// The call that was placed.
pub(crate) fn placed(reply: &HttpReply) -> Result<ProviderCallId> {
    #[derive(Deserialize)]
    struct Placed {
        #[serde(deserialize_with = "parsed")]
        sid: ProviderCallId,
    }
    accepted(reply, Repeat::Harmful)?;
    json::<Placed>(reply, Repeat::Harmful).map(|placed| placed.sid)
}

/// What became of a redirect; `None` where the leg is not connected, be it
/// over or not yet answered: the provider has one code for both.
pub(crate) fn redirected(reply: &HttpReply) -> Result<Option<Redirected>> {
    match accepted(reply, Repeat::Harmful) {
        Ok(()) => Ok(Some(Redirected::Done)),
        Err(error) if error.code() == Some(NOT_FOUND) => Ok(Some(Redirected::Gone)),
        Err(error) if error.code() == Some(CALL_NOT_IN_PROGRESS) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The fault of redirecting a leg before it is answered.
pub(crate) fn not_yet_connected() -> Error {
    Error::new(ErrorKind::Refused, "the leg is not connected yet")
        .with_retry(Retry::Safe)
        .with_code(CALL_NOT_IN_PROGRESS)
}

/// What became of a hang-up: it succeeds also where there is nothing to end.
pub(crate) fn hung_up(reply: &HttpReply) -> Result<()> {
    match accepted(reply, Repeat::Harmless) {
        Err(error) if is_over(&error) => Ok(()),
        other => other,
    }
}

/// Whether a harmless change was made.
pub(crate) fn done(reply: &HttpReply) -> Result<()> {
    accepted(reply, Repeat::Harmless)
}

/// The thing that was read; `None` where there is none.
pub(crate) fn found<T: DeserializeOwned>(reply: &HttpReply) -> Result<Option<T>> {
    match accepted(reply, Repeat::Harmless) {
        Ok(()) => json(reply, Repeat::Harmless).map(Some),
        Err(error) if error.code() == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    /// What is on it.
    #[serde(alias = "calls", alias = "conferences", alias = "participants")]
    pub(crate) items: Vec<T>,
    next_page_uri: Option<String>,
}

/// Reads a page.
pub(crate) fn page<T: DeserializeOwned>(reply: &HttpReply) -> Result<Page<T>> {
    accepted(reply, Repeat::Harmless)?;
    json(reply, Repeat::Harmless)
}

impl<T> Page<T> {
    /// The address of the next page on the host `api`. Taken as it is:
    /// counting pages would repeat and skip items while calls come in.
    ///
    /// # Errors
    /// `Malformed` for an address elsewhere, where our credentials have no
    /// business.
    pub(crate) fn next(&mut self, api: &Url) -> Result<Option<String>> {
        let Some(uri) = self.next_page_uri.take() else {
            return Ok(None);
        };
        if uri.starts_with('/') && !uri.starts_with("//") {
            return Ok(Some(uri));
        }
        match Url::parse(&uri) {
            Ok(url) if url.origin() == api.origin() => Ok(Some(
                url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            )),
            _ => Err(malformed(
                "it names a next page on another host",
                Repeat::Harmless,
            )),
        }
    }
}

/// A call as the API shows it.
#[derive(Deserialize)]
pub(crate) struct CallResource {
    #[serde(deserialize_with = "parsed")]
    sid: ProviderCallId,
    #[serde(deserialize_with = "parsed")]
    status: CallStatus,
    direction: Option<String>,
    date_created: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    /// A string of seconds; a number should the provider ever mend that.
    duration: Option<Value>,
}

impl CallResource {
    /// Whether it was placed by a request to the API.
    pub(crate) fn placed_by_us(&self) -> bool {
        self.direction.as_deref() == Some("outbound-api")
    }

    /// When it was created.
    pub(crate) fn created_at(&self) -> Option<Timestamp> {
        self.date_created.as_deref().and_then(date::rfc2822)
    }

    /// What it says of the leg. The moment of the answer is not among it.
    pub(crate) fn into_report(self) -> LegReport {
        let at = match self.status {
            status if status.is_final() => self.end_time,
            CallStatus::Ringing => self.start_time,
            _ => None,
        };
        let duration = match self.duration {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        LegReport {
            leg: self.sid,
            status: self.status,
            at: at.as_deref().and_then(date::rfc2822),
            duration: duration
                .filter(|_| self.status.is_final())
                .map(Duration::from_secs),
            reason: None,
        }
    }

    /// The same as a leg found in a list.
    pub(crate) fn into_dialled(self) -> DialledLeg {
        let created_at = self.created_at();
        DialledLeg {
            report: self.into_report(),
            created_at,
        }
    }
}

/// What a request without an answer means.
pub(crate) fn unanswered(error: TransportError, repeat: Repeat) -> Error {
    let (kind, retry) = match error.failure {
        Failure::NotSent => (ErrorKind::Unavailable, Retry::Safe),
        Failure::TimedOut => (ErrorKind::Timeout, repeat.after_sending()),
        Failure::Broken => (ErrorKind::Unavailable, repeat.after_sending()),
    };
    Error::new(kind, error.failure.to_string())
        .with_retry(retry)
        .with_source(error)
}

fn is_over(error: &Error) -> bool {
    matches!(error.code(), Some(CALL_NOT_IN_PROGRESS | NOT_FOUND))
}

/// Whether the status says that the request was carried out.
fn accepted(reply: &HttpReply, repeat: Repeat) -> Result<()> {
    match reply.status {
        200..=299 => Ok(()),
        status => Err(refusal(status, reply, repeat)),
    }
}

fn refusal(status: u16, reply: &HttpReply, repeat: Repeat) -> Error {
    let code = code(reply);
    let known = code.and_then(meaning);
    let said = |fallback: &str| match known {
        Some(known) => known.text.to_owned(),
        None => format!("{fallback} (HTTP {status})"),
    };
    let error = match status {
        429 => Error::new(ErrorKind::RateLimited, said("too many requests at once")),
        500..=599 => Error::new(ErrorKind::Unavailable, said("the provider is out of order"))
            .with_retry(repeat.after_sending()),
        408 => Error::new(ErrorKind::Timeout, said("the provider gave up waiting"))
            .with_retry(repeat.after_sending()),
        400..=499 => {
            let kind = match (known, status) {
                (Some(known), _) => known.kind,
                (None, 401 | 403) => ErrorKind::Unauthorized,
                (None, 404) => ErrorKind::NotFound,
                (None, _) => ErrorKind::Refused,
            };
            Error::new(kind, said("the provider refused the request"))
        }
        // Following it would drop the form, and show our credentials around.
        300..=399 => Error::new(
            ErrorKind::Misconfigured,
            said("the API redirects elsewhere; check its address"),
        ),
        _ => malformed("its status is none", repeat),
    };
    let pause = reply.retry_after.as_deref();
    let pause = pause.and_then(|value| date::retry_after(value, reply.date.as_deref()));
    let error = match pause {
        Some(pause) => error.with_retry_after(pause),
        None => error,
    };
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// The provider's code of an error, in its older form of error bodies or in
/// that of RFC 9457.
fn code(reply: &HttpReply) -> Option<u32> {
    #[derive(Deserialize)]
    struct Body {
        code: Option<Value>,
    }
    // A gateway in front of the API answers in other formats.
    match serde_json::from_slice::<Body>(&reply.body).ok()?.code? {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => u32::from_str(&text).ok(),
        _ => None,
    }
}

fn json<T: DeserializeOwned>(reply: &HttpReply, repeat: Repeat) -> Result<T> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        // The error itself may quote the answer, numbers included.
        malformed(
            &format!("line {}, column {}", error.line(), error.column()),
            repeat,
        )
    })
}

fn malformed(why: &str, repeat: Repeat) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("the provider's answer cannot be read: {why}"),
    )
    .with_retry(repeat.after_sending())
}
