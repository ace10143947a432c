//! Making one webhook's HTTP request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;
use url::{Host, Url};

use crate::twiml::MAX_DOCUMENT_BYTES;
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
    client: Client<HttpsConnector<HttpConnector<Addresses>>, Full<Bytes>>,
    turns: Arc<Semaphore>,
    remote: bool,
}

impl Postman {
    /// `remote` allows addresses that are not loopback.
    pub(crate) fn new(remote: bool) -> io::Result<Self> {
        let mut tcp = HttpConnector::new_with_resolver(Addresses { remote });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(aws_lc_rs::default_provider())
            .map_err(io::Error::other)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // The provider closes its connections; a kept one would also hide that the application
        // was restarted. It follows no redirects: the engine decides, and signs each anew.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(https);
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
        let answer = match request(&webhook, &url) {
            Some(request) => tokio::time::timeout(webhook.timeout, self.exchange(request)).await,
            None => return WebhookAnswer::Failed(FailureKind::Forbidden),
        };
        let failure = match answer {
            Ok(Ok(answer)) => return answer,
            Ok(Err(failure)) => failure,
            Err(_) => FailureKind::Timeout,
        };
        // The error itself may show the address, and with GET the fields are in it.
        tracing::debug!(webhook = webhook.id.get(), ?failure, "webhook failed");
        WebhookAnswer::Failed(failure)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<WebhookAnswer, FailureKind> {
        let sent = self.client.request(request).await;
        let response = sent.map_err(|error| match error.is_connect() {
            true => FailureKind::Connect,
            false => FailureKind::Broken,
        })?;
        let (head, mut incoming) = response.into_parts();
        let header = |name| {
            let value = head.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (content_type, location) = (header("content-type"), header("location"));
        let cookies = head.headers.get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok().map(str::to_owned));
        let cookies = cookies.take(MAX_COOKIES).collect();
        let audio = is_audio(content_type.as_deref());
        let (mut body, mut heard) = (Vec::new(), 0);
        while body.len() <= MAX_DOCUMENT_BYTES
            && let Some(frame) = incoming.frame().await
        {
            let frame = frame.map_err(|_| FailureKind::Broken)?;
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            // A sound is fetched to its end, as the provider does, and not kept.
            match audio {
                true => heard += chunk.len(),
                false => body.extend_from_slice(&chunk),
            }
            if heard > MAX_AUDIO_BYTES {
                return Err(FailureKind::TooLarge);
            }
        }
        body.truncate(MAX_DOCUMENT_BYTES + 1);
        Ok(WebhookAnswer::Replied {
            status: head.status.as_u16(),
            content_type,
            location,
            cookies,
            body,
        })
    }
}

/// The request itself; `None` for an address that no request can have.
fn request(webhook: &Webhook, url: &Url) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(webhook.method.as_str())
        .uri(target(&webhook.url, url)?);
    for (name, value) in &webhook.headers {
        request = request.header(*name, value);
    }
    let body = webhook.body().map(Full::from);
    request.body(body.unwrap_or_default()).ok()
}

/// Path and query go out as they are written, if they can: characters that may not be in a request
/// at all are encoded. It never is another server than that of the URL, which was looked at.
fn target(text: &str, url: &Url) -> Option<Uri> {
    let as_written = text.parse::<Uri>().ok().filter(|uri| {
        let host = |host: &str| {
            url.host_str()
                .is_some_and(|it| it.eq_ignore_ascii_case(host))
        };
        let usual = if url.scheme() == "https" { 443 } else { 80 };
        uri.host().is_some_and(host)
            && Some(uri.port_u16().unwrap_or(usual)) == url.port_or_known_default()
    });
    as_written.or_else(|| url.as_str().parse().ok())
}

/// Finds the addresses of a name; a name may point anywhere, `localhost` too.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    /// Whether addresses count that are not this machine's own.
    remote: bool,
}

impl Service<Name> for Addresses {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let remote = self.remote;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept = found.filter(|addr| remote || addr.ip().is_loopback());
            let kept: Vec<SocketAddr> = kept.collect();
            if kept.is_empty() {
                let message = "the name does not point to this machine";
                return Err(io::Error::other(message));
            }
            Ok(kept.into_iter())
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
        let mut addresses = Addresses { remote: false };
        let found = addresses.call("localhost".parse().unwrap()).await;
        let found: Vec<SocketAddr> = found.unwrap().collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|addr| addr.ip().is_loopback()));
    }

    #[test]
    fn what_may_be_in_a_request_goes_out_as_written_and_to_the_server_that_was_looked_at() {
        for (text, out) in [
            (
                "http://a.test/a/../b//c?n=O'Brien",
                "http://a.test/a/../b//c?n=O'Brien",
            ),
            ("http://a.test/a b", "http://a.test/a%20b"),
            ("http://127.1/x", "http://127.0.0.1/x"),
            ("http://127.0.0.1\\@b.test/", "http://127.0.0.1/@b.test/"),
        ] {
            let target = target(text, &Url::parse(text).unwrap()).unwrap();
            assert_eq!(target.to_string(), out);
        }
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
