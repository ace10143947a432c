//! The error every port speaks.

use std::fmt;

/// What kind of thing went wrong behind a port.
///
/// The set is open: match with a fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The other side understood the request and refused it.
    Refused,
    /// The thing the request was about does not exist (any more).
    NotFound,
    /// Our credentials were rejected.
    Unauthorized,
    /// Too many requests; try later.
    RateLimited,
    /// The other side could not be reached, or is out of order.
    Unavailable,
    /// No answer arrived in time.
    Timeout,
    /// The answer could not be understood.
    Malformed,
    /// The adapter cannot do this at all.
    Unsupported,
    /// A setting is wrong.
    Misconfigured,
    /// A bounded resource is used up.
    Exhausted,
    /// Anything else.
    Internal,
}

/// Whether doing the same thing again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Trying again is never useful.
    Never,
    /// It certainly did not happen; trying again is safe.
    Safe,
    /// It may already have happened. Look before trying again.
    Ambiguous,
}

/// An error from behind a port.
///
/// `Display` is one line without secrets; the chain is in
/// [`source`](std::error::Error::source).
///
/// ```
/// use voip_core::{Error, ErrorKind, Retry};
/// let error = Error::new(ErrorKind::Timeout, "no answer within 10 s").ambiguous();
/// assert_eq!(error.retry(), Retry::Ambiguous);
/// assert_eq!(error.to_string(), "no answer within 10 s");
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    retry: Retry,
    message: String,
    code: Option<u32>,
    retry_after: Option<std::time::Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

/// What a port returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that says `message`. Retry class: [`Retry::Safe`] for what is
    /// out of order for a while, [`Retry::Never`] for the rest.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retry = match kind {
            ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Exhausted => Retry::Safe,
            _ => Retry::Never,
        };
        Self {
            kind,
            retry,
            message: message.into(),
            code: None,
            retry_after: None,
            source: None,
        }
    }

    /// The same error, for something that may already have happened.
    #[must_use]
    pub fn ambiguous(self) -> Self {
        self.with_retry(Retry::Ambiguous)
    }

    /// The same error with another retry class.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same error with the other side's own error code.
    #[must_use]
    pub fn with_code(mut self, code: u32) -> Self {
        self.code = Some(code);
        self
    }

    /// The same error with the pause the other side asked for.
    #[must_use]
    pub fn with_retry_after(mut self, pause: std::time::Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether trying again makes sense.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// The other side's own error code, such as a provider's.
    pub fn code(&self) -> Option<u32> {
        self.code
    }

    /// How long the other side asked us to wait before trying again.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.code {
            Some(code) => write!(f, " (code {code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
