//! Requests over the network.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};
use reqwest::{Client, Response, redirect::Policy};
use url::Url;
use voip_core::{Error, ErrorKind, Result};

use crate::{
    AccountSid, AuthToken, Failure, HttpReply, HttpRequest, Method, Transport, TransportError,
    TwilioConfig,
};

/// The longest answer that is read: a thousand times the largest resource.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Sends requests over the network, on connections that are kept alive.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: Client,
    base: String,
    account: AccountSid,
    auth_token: AuthToken,
}

impl ReqwestTransport {
    /// A transport to the API that `config` names, with its credentials and
    /// time limits.
    ///
    /// # Errors
    /// `Misconfigured` when TLS cannot be set up, for instance because the
    /// machine has no root certificates.
    pub fn new(config: &TwilioConfig) -> Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("voip-twilio/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            // The environment is read in one place only, and not here.
            .no_proxy()
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Misconfigured, "the HTTP client cannot be set up")
                    .with_source(error.without_url())
            })?;
        Ok(Self {
            client,
            base: base(&config.api_base_url),
            account: config.account.clone(),
            auth_token: config.auth_token.clone(),
        })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError> {
        let address = format!("{}{}", self.base, request.path_and_query);
        let builder = match request.method {
            Method::Get => self.client.get(address),
            Method::Post => self.client.post(address),
        };
        let builder = builder
            .basic_auth(self.account.as_str(), Some(self.auth_token.expose()))
            .header(ACCEPT, "application/json");
        let builder = match request.form {
            Some(form) => builder
                .header(
                    CONTENT_TYPE,
                    "application/x-www-form-urlencoded; charset=utf-8",
                )
                .body(form),
            None => builder,
        };
        let response = builder.send().await.map_err(fault)?;
        let header = |name: HeaderName| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (retry_after, date) = (header(RETRY_AFTER), header(DATE));
        let status = response.status().as_u16();
        Ok(HttpReply {
            status,
            retry_after,
            date,
            body: body(response).await?,
        })
    }
}

async fn body(mut response: Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(fault)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(TransportError::new(Failure::Broken)
                .with_source("the answer is longer than any answer can be"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The base address without its trailing slash, so that a path can follow.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn fault(error: reqwest::Error) -> TransportError {
    // An error while connecting may well be a time-out; what counts is that
    // nothing was sent. The same holds for a request that could not be built.
    let failure = if error.is_connect() || error.is_builder() {
        Failure::NotSent
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    };
    // The address holds phone numbers.
    TransportError::new(failure).with_source(error.without_url())
}
