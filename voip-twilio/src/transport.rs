//! The one place where requests to the API leave.

use std::{error::Error as StdError, fmt};

use async_trait::async_trait;
use bytes::Bytes;

/// Sends requests to the API: over the network in production, to a simulator
/// in tests. Attempts once.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and reads the whole answer. Adds credentials; follows
    /// no redirects, because the method and the body would be lost.
    ///
    /// A dropped future may or may not have sent the request.
    ///
    /// # Errors
    /// When no whole answer came; the error says whether the request may have
    /// been carried out. An HTTP error status is an answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError>;
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or updates.
    Post,
}

/// A request to the API. `Debug` shows neither query nor body: they hold phone
/// numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Its method.
    pub method: Method,
    /// Path and query, such as `/2010-04-01/Accounts/AC…/Calls.json`.
    pub path_and_query: String,
    /// The body, `application/x-www-form-urlencoded`, of a [`Method::Post`].
    pub form: Option<String>,
}

/// An answer of the API.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header: seconds, or a date.
    pub retry_after: Option<String>,
    /// The `Date` header, against which a date in `retry_after` is read.
    pub date: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// No whole answer came. `Display` and the source show no address.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct TransportError {
    /// What went wrong.
    pub failure: Failure,
    /// The fault below.
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// How far a request came that got no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection: the request was certainly not sent.
    #[error("the provider cannot be reached")]
    NotSent,
    /// No answer in time. It may have been carried out.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// The connection broke. It may have been carried out.
    #[error("the connection to the provider broke")]
    Broken,
}

impl TransportError {
    /// A fault of this kind.
    pub fn new(failure: Failure) -> Self {
        Self {
            failure,
            source: None,
        }
    }

    /// The same fault with what caused it, which must not show the address
    /// that was called.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path_and_query.split('?').next();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &path.unwrap_or_default())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpReply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
