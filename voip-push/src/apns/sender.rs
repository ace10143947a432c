//! The push sender over APNs.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Client,
    header::{AUTHORIZATION, HeaderValue},
};
use url::Url;
use voip_core::{
    Device, Error, ErrorKind, Platform, Result,
    ports::{Clock, Delivery, Push, PushSender},
};

use super::{
    ApnsConfig, payload,
    provider_token::ProviderTokens,
    response::{self, Verdict},
};
use crate::{
    answer::Answer,
    http_client::{CONNECT_TIMEOUT, client_for, unanswered},
    ring_deadline::RingDeadline,
};

/// Sends rings over Apple's push service to devices of [`Platform::Apns`];
/// others are [`Delivery::Skipped`].
///
/// Missed calls are skipped, too: each VoIP push must make the app report a
/// call, or iOS ends the app and in the end withholds its pushes. What ends a
/// ring goes over the app's own connection.
///
/// One attempt a push, but for a provider token that APNs calls expired: then
/// one more, with a fresh one. A ring whose time is over is skipped.
///
/// May be dropped while sending; the push may have been sent.
pub struct ApnsSender {
    http: Client,
    base_url: Url,
    topic: HeaderValue,
    timeout: Duration,
    tokens: ProviderTokens,
    clock: Arc<dyn Clock>,
}

const SERVICE: &str = "APNs";
/// How long one request may take unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often an idle connection is asked whether it is still there. Routers
/// on the way forget connections that say nothing for some minutes, and a
/// ring has no time to find out.
const PING_EVERY: Duration = Duration::from_secs(60);

impl ApnsSender {
    /// A sender for one app in one environment, with a connection pool of its
    /// own. Nothing is asked of Apple before the first push.
    ///
    /// # Errors
    /// `Misconfigured`, naming every wrong field of `config`.
    pub fn new(config: ApnsConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        config.check()?;
        let base_url = config.base_url();
        // APNs speaks HTTP/2 only, and wants connections kept for hours.
        let http = client_for(&base_url, |builder| {
            builder
                .connect_timeout(CONNECT_TIMEOUT)
                .http2_prior_knowledge()
                .http2_keep_alive_interval(PING_EVERY)
                .http2_keep_alive_timeout(CONNECT_TIMEOUT)
                .http2_keep_alive_while_idle(true)
                .pool_idle_timeout(None)
        })?;
        let topic = HeaderValue::try_from(format!("{}.voip", config.bundle_id)).map_err(|_| {
            Error::new(
                ErrorKind::Misconfigured,
                "APNs: the bundle id cannot stand in a header",
            )
        })?;
        let tokens = ProviderTokens::new(&config, Arc::clone(&clock))?;
        Ok(Self {
            http,
            base_url,
            topic,
            timeout: TIMEOUT,
            tokens,
            clock,
        })
    }

    /// The same sender with another limit on how long one request may take,
    /// connecting included. Default 10 s; a ring waits no longer than until
    /// its deadline.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn attempt(&self, ring: &Ring<'_>, token: &HeaderValue) -> Result<Verdict> {
        let now = self.clock.now();
        if ring.deadline.passed(now) {
            return Ok(Verdict::Settled(Delivery::Skipped));
        }
        let request = self
            .http
            .post(ring.url.clone())
            .timeout(ring.deadline.cap(self.timeout, now))
            .header(AUTHORIZATION, token.clone())
            .header("apns-push-type", HeaderValue::from_static("voip"))
            .header("apns-topic", self.topic.clone())
            .header("apns-priority", HeaderValue::from_static("10"))
            // One attempt, not stored.
            .header("apns-expiration", HeaderValue::from_static("0"))
            .body(ring.body.clone());
        let failed = |error| unanswered(SERVICE, error);
        let response = request.send().await.map_err(failed)?;
        let answer = Answer::read(response, self.clock.now())
            .await
            .map_err(failed)?;
        Ok(response::read(&answer, ring.device))
    }

    async fn deliver(&self, ring: &Ring<'_>) -> Result<Delivery> {
        let token = self.tokens.token()?;
        match self.attempt(ring, &token).await? {
            Verdict::Settled(delivery) => return Ok(delivery),
            Verdict::Failed(error) => return Err(error),
            Verdict::ExpiredToken => {}
        }
        let Some(token) = self.tokens.instead_of(&token)? else {
            return Err(response::expired_twice());
        };
        match self.attempt(ring, &token).await? {
            Verdict::Settled(delivery) => Ok(delivery),
            Verdict::Failed(error) => Err(error),
            Verdict::ExpiredToken => Err(response::expired_twice()),
        }
    }

    fn url(&self, token: &str) -> Result<Url> {
        let mut url = self.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(ErrorKind::Misconfigured, "APNs' base URL has no path"))?
            .pop_if_empty()
            .extend(["3", "device", token]);
        Ok(url)
    }
}

/// A ring on its way to one device.
struct Ring<'a> {
    device: &'a Device,
    url: Url,
    body: Bytes,
    deadline: RingDeadline,
}

#[async_trait]
impl PushSender for ApnsSender {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let Push::IncomingCall {
            call,
            caller,
            until,
        } = push
        else {
            // An app that takes a VoIP push must report a call to CallKit, or
            // iOS ends it: there is no such push for a call that is over.
            return Ok(Delivery::Skipped);
        };
        if device.platform != Platform::Apns {
            return Ok(Delivery::Skipped);
        }
        let deadline = RingDeadline::of(push);
        let token = device.token.expose();
        if !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            // Apple's tokens are bytes in hex; this one can never reach anybody.
            return Ok(Delivery::Gone);
        }
        let body = Bytes::from(payload::write(*call, caller, *until));
        let ring = Ring {
            device,
            url: self.url(token)?,
            body,
            deadline,
        };
        let sent = self.deliver(&ring).await;
        sent.map_err(|error| deadline.judge(error, self.clock.now()))
    }
}

impl fmt::Debug for ApnsSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsSender")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
