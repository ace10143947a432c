//! Requests over the network.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::crypto::aws_lc_rs;
use tokio::time::timeout;
use tower::Service;
use url::Url;
use voip_core::{Error, ErrorKind, Result};

use crate::{Failure, HttpReply, HttpRequest, Method, Transport, TransportError, TwilioConfig};

/// The longest answer that is read: a thousand times the largest resource.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many connections are kept for later, and for how long.
const MOST_IDLE: usize = 256;
const IDLE_TIME: Duration = Duration::from_secs(90);

/// How long the network may be silent, or take nothing, before the system looks
/// whether anybody is there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Sends requests over the network, on connections that are kept alive. Uses no
/// proxy: the environment is read in one place only, and not here.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client<Connector, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
    request_timeout: Duration,
}

impl HttpTransport {
    /// A transport to the API that `config` names, with its credentials and
    /// time limits.
    ///
    /// # Errors
    /// `Misconfigured` when TLS cannot be set up, for instance because the
    /// machine has no root certificates.
    pub fn new(config: &TwilioConfig) -> Result<Self> {
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(MOST_IDLE)
            .build(Connector::new(config.connect_timeout)?);
        Ok(Self {
            client,
            base: base(&config.api_base_url),
            authorization: authorization(config)?,
            request_timeout: config.request_timeout,
        })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<HttpReply, TransportError> {
        let response = self.client.request(request).await.map_err(fault)?;
        let (head, body) = response.into_parts();
        let header = |name: HeaderName| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        let body = Limited::new(body, MOST_BYTES)
            .collect()
            .await
            .map_err(|error| TransportError::new(Failure::Broken).with_source(error))?;
        Ok(HttpReply {
            status: head.status.as_u16(),
            retry_after: header(RETRY_AFTER),
            date: header(DATE),
            body: body.to_bytes(),
        })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError> {
        let address = [self.base.as_str(), request.path_and_query.as_str()].concat();
        let builder = match request.method {
            Method::Get => Request::get(address),
            Method::Post => Request::post(address),
        };
        let builder = builder
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, JSON)
            .header(AUTHORIZATION, self.authorization.clone());
        let request = match request.form {
            Some(form) => builder.header(CONTENT_TYPE, FORM).body(Full::from(form)),
            None => builder.body(Full::default()),
        };
        // An address that cannot be called is no secret, but nothing was sent.
        let request =
            request.map_err(|error| TransportError::new(Failure::NotSent).with_source(error))?;
        match timeout(self.request_timeout, self.exchange(request)).await {
            Ok(reply) => reply,
            Err(elapsed) => Err(TransportError::new(Failure::TimedOut).with_source(elapsed)),
        }
    }
}

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("voip-twilio/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue =
    HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// Our credentials, as HTTP wants them (RFC 7617).
fn authorization(config: &TwilioConfig) -> Result<HeaderValue> {
    let (account, token) = (config.account.as_str(), config.auth_token.expose());
    let value = ["Basic ", &STANDARD.encode([account, ":", token].concat())].concat();
    let mut value = HeaderValue::try_from(value).map_err(unusable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The base address without its trailing slash, so that a path can follow.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn fault(error: legacy::Error) -> TransportError {
    // An error while connecting may well be a time-out; what counts is that
    // nothing was sent.
    let failure = if error.is_connect() {
        Failure::NotSent
    } else {
        Failure::Broken
    };
    TransportError::new(failure).with_source(error)
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Misconfigured, "the HTTP client cannot be set up").with_source(error)
}

/// Connects within its time, over TLS where the address says so.
#[derive(Clone, Debug)]
struct Connector {
    https: HttpsConnector<HttpConnector>,
    limit: Duration,
}

impl Connector {
    fn new(limit: Duration) -> Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limit));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(3));
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(aws_lc_rs::default_provider())
            .map_err(unusable)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self { https, limit })
    }
}

type Connected = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = Connected;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Connected, Fault>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connected = timeout(self.limit, self.https.call(address));
        Box::pin(async move { connected.await? })
    }
}
