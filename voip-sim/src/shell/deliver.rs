//! Making one webhook's HTTP request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::{Host, Url};

use crate::twiml::{MAX_DOCUMENT_BYTES, Method};
use crate::webhook::{
    CONNECT_TIMEOUT, FailureKind, MAX_AUDIO_BYTES, Webhook, WebhookAnswer, is_audio,
};

/// Webhooks that are out at the same time. Further ones wait in the engine, and their time has not
/// begun.
const AT_ONCE: usize = 256;

/// Cookies beyond these in one answer are not read.
const MAX_COOKIES: usize = 20;

/// Delivers webhooks.
#[derive(Clone)]
pub(crate) struct Postman {
    client: reqwest::Client,
    turns: Arc<Semaphore>,
    remote: bool,
}

impl Postman {
    /// `remote` allows addresses that are not loopback.
    pub(crate) fn new(remote: bool) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            // The engine decides about redirects, and signs each request anew.
            .redirect(reqwest::redirect::Policy::none())
            // The provider closes its connections; a kept one would also hide that the
            // application was restarted.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT);
        let client = match remote {
            true => client,
            // A name may point anywhere, `localhost` too.
            false => client.dns_resolver(Arc::new(OnlyLoopback)),
        };
        let client = client.build().map_err(io::Error::other)?;
        Ok(Self {
            client,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            remote,
        })
    }

    /// A turn to send one more webhook, if as many are not out already; it is given back by
    /// dropping it.
    pub(crate) fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).try_acquire_owned().ok()
    }

    /// Makes the request and reads the answer.
    pub(crate) async fn deliver(&self, webhook: Webhook) -> WebhookAnswer {
        let Ok(url) = Url::parse(&webhook.url) else {
            return WebhookAnswer::Failed(FailureKind::Forbidden);
        };
        if !self.remote && !is_loopback(&url) {
            tracing::warn!(
                webhook = webhook.id.get(),
                "webhook not sent: only loopback addresses are allowed"
            );
            return WebhookAnswer::Failed(FailureKind::Forbidden);
        }
        match self.request(url, &webhook).await {
            Ok(answer) => answer,
            Err(error) => {
                let kind = if error.is_connect() {
                    FailureKind::Connect
                } else if error.is_timeout() {
                    FailureKind::Timeout
                } else {
                    FailureKind::Broken
                };
                // The error itself may show the address, and with GET the fields are in it.
                tracing::debug!(webhook = webhook.id.get(), ?kind, "webhook failed");
                WebhookAnswer::Failed(kind)
            }
        }
    }

    async fn request(&self, url: Url, webhook: &Webhook) -> Result<WebhookAnswer, reqwest::Error> {
        let method = match webhook.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut request = self.client.request(method, url).timeout(webhook.timeout);
        for (name, value) in &webhook.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = webhook.body() {
            request = request.body(body);
        }
        let mut response = request.send().await?;
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (content_type, location) = (header("content-type"), header("location"));
        let cookies = response.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok().map(str::to_owned));
        let cookies = cookies.take(MAX_COOKIES).collect();
        let mut body = Vec::new();
        if is_audio(content_type.as_deref()) {
            // Fetched to its end, as the provider does, and not kept.
            let mut heard = 0;
            while let Some(chunk) = response.chunk().await? {
                heard += chunk.len();
                if heard > MAX_AUDIO_BYTES {
                    return Ok(WebhookAnswer::Failed(FailureKind::TooLarge));
                }
            }
        } else {
            while body.len() <= MAX_DOCUMENT_BYTES {
                match response.chunk().await? {
                    Some(chunk) => body.extend_from_slice(&chunk),
                    None => break,
                }
            }
            body.truncate(MAX_DOCUMENT_BYTES + 1);
        }
        Ok(WebhookAnswer::Replied {
            status: response.status().as_u16(),
            content_type,
            location,
            cookies,
            body,
        })
    }
}

/// Resolves names, and keeps only those addresses that are this machine's own.
struct OnlyLoopback;

impl Resolve for OnlyLoopback {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|addr| addr.ip().is_loopback()).collect();
            if kept.is_empty() {
                let message = "the name does not point to this machine";
                return Err(io::Error::other(message).into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_name_only_addresses_of_this_machine_are_kept() {
        let found = OnlyLoopback.resolve("localhost".parse().unwrap()).await;
        let found: Vec<SocketAddr> = found.unwrap().collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|addr| addr.ip().is_loopback()));
    }

    #[test]
    fn only_this_machine_counts_as_loopback() {
        for (url, loopback) in [
            ("http://127.0.0.1:1/", true),
            ("http://[::1]:1/", true),
            ("http://localhost/", true),
            ("http://localhost.example.test/", false),
            ("http://10.0.0.1/", false),
            ("http://example.test/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
        }
    }
}
