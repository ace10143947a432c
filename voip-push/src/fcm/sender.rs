//! The push sender over FCM.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Client,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use url::Url;
use voip_core::{
    Device, Error, ErrorKind, Platform, Result,
    ports::{Clock, Delivery, Push, PushSender},
};

use super::{
    message,
    response::{self, Verdict},
};
use crate::{
    ServiceAccount,
    answer::Answer,
    google_token::GoogleTokens,
    http_client::{CONNECT_TIMEOUT, client_for, unanswered},
    minting::Credential,
    ring_deadline::RingDeadline,
};

/// How to reach FCM.
#[derive(Clone, Debug)]
pub struct FcmConfig {
    /// Who sends.
    pub account: ServiceAccount,
    /// Where FCM is; `https://fcm.googleapis.com` where nothing is given.
    pub base_url: Option<Url>,
    /// How long one request may take, connecting included. Google asks for at
    /// least 10 s. A ring waits no longer than until its deadline.
    pub timeout: Duration,
}

impl FcmConfig {
    const BASE_URL: &str = "https://fcm.googleapis.com";

    fn base_url(&self) -> Url {
        match &self.base_url {
            Some(url) => url.clone(),
            None => Url::parse(Self::BASE_URL).expect("the constant is a URL"),
        }
    }
}

/// Sends pushes over Firebase Cloud Messaging, HTTP v1, to devices of
/// [`Platform::Fcm`]; others are [`Delivery::Skipped`].
///
/// One attempt a push, but for an access token that FCM does not accept: then
/// one more, with a fresh one. A ring whose time is over is skipped, and where
/// FCM asks for a pause that ends after it, the error says
/// [`Retry::Never`](voip_core::Retry::Never).
///
/// May be dropped while sending; the push may have been sent.
pub struct FcmSender {
    http: Client,
    endpoint: Url,
    timeout: Duration,
    tokens: GoogleTokens,
    clock: Arc<dyn Clock>,
    project_id: String,
}

const SERVICE: &str = "FCM";

impl FcmSender {
    /// A sender for the account's project. Nothing is asked of Google before
    /// the first push.
    ///
    /// # Errors
    /// `Misconfigured` where the base URL is not one of HTTP, or TLS cannot be
    /// set up.
    pub fn new(config: FcmConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let base_url = config.base_url();
        let FcmConfig {
            account, timeout, ..
        } = config;
        let shape = |builder: reqwest::ClientBuilder| builder.connect_timeout(CONNECT_TIMEOUT);
        let http = client_for(&base_url, shape)?;
        let token_http = client_for(account.token_uri(), shape)?;
        let project_id = account.project_id().to_owned();
        Ok(Self {
            http,
            endpoint: endpoint(base_url, &project_id)?,
            timeout,
            tokens: GoogleTokens::new(account, token_http, timeout, Arc::clone(&clock)),
            clock,
            project_id,
        })
    }

    /// One request; nothing where its time has come while we were getting ready.
    async fn attempt(
        &self,
        token: &Credential,
        body: &Bytes,
        deadline: RingDeadline,
    ) -> Result<Verdict> {
        let now = self.clock.now();
        if deadline.passed(now) {
            return Ok(Verdict::Settled(Delivery::Skipped));
        }
        let request = self
            .http
            .post(self.endpoint.clone())
            .timeout(deadline.cap(self.timeout, now))
            .header(AUTHORIZATION, token.header.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body.clone());
        let failed = |error| unanswered(SERVICE, error);
        let response = request.send().await.map_err(failed)?;
        let answer = Answer::read(response, self.clock.now())
            .await
            .map_err(failed)?;
        Ok(response::read(&answer))
    }

    async fn deliver(&self, body: Bytes, deadline: RingDeadline) -> Result<Delivery> {
        let token = self.tokens.token().await?;
        match self.attempt(&token, &body, deadline).await? {
            Verdict::Settled(delivery) => return Ok(delivery),
            Verdict::Failed(error) => return Err(error),
            Verdict::StaleToken => self.tokens.forget(&token),
        }
        let token = self.tokens.token().await?;
        match self.attempt(&token, &body, deadline).await? {
            Verdict::Settled(delivery) => Ok(delivery),
            Verdict::Failed(error) => Err(error),
            Verdict::StaleToken => Err(response::refused_twice()),
        }
    }
}

#[async_trait]
impl PushSender for FcmSender {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let deadline = RingDeadline::of(push);
        let now = self.clock.now();
        if device.platform != Platform::Fcm || deadline.passed(now) {
            return Ok(Delivery::Skipped);
        }
        let body = Bytes::from(message::write(device, push, now));
        let sent = self.deliver(body, deadline).await;
        sent.map_err(|error| deadline.judge(error, self.clock.now()))
    }
}

impl fmt::Debug for FcmSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FcmSender")
            .field("project_id", &self.project_id)
            .finish_non_exhaustive()
    }
}

fn endpoint(mut base_url: Url, project_id: &str) -> Result<Url> {
    base_url.set_query(None);
    base_url.set_fragment(None);
    base_url
        .path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::Misconfigured, "FCM's base URL has no path"))?
        .pop_if_empty()
        .extend(["v1", "projects", project_id, "messages:send"]);
    Ok(base_url)
}
