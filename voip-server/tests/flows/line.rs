//! The provider's API without a network.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use voip_core::ports::Clock;
use voip_sim::rest::{ReplyDelivery, RestRequest};
use voip_testkit::{ManualClock, Provider};
use voip_twilio::{Failure, HttpReply, HttpRequest, Method, Transport, TransportError};

use crate::house::{ACCOUNT, TOKEN};

/// The provider's API, a function call away.
#[derive(Debug)]
pub(crate) struct InProcess {
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<ManualClock>,
    /// Whether the process that asks lives; one that does not hears nothing.
    pub(crate) alive: Arc<AtomicBool>,
}

impl InProcess {
    async fn unless_dead(&self) {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

/// How long the real transport waits for an answer.
const PATIENCE: Duration = Duration::from_secs(8);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError> {
        self.unless_dead().await;
        let credentials = format!("{ACCOUNT}:{TOKEN}");
        let credentials = base64::engine::general_purpose::STANDARD.encode(credentials);
        let reply = self.provider.rest(&RestRequest {
            method: match request.method {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            path_and_query: &request.path_and_query,
            authorization: Some(&format!("Basic {credentials}")),
            body: request.form.unwrap_or_default().as_bytes(),
        });
        let wait = |span| self.clock.sleep_until(self.clock.now() + span);
        match reply.delivery {
            ReplyDelivery::Now => {}
            ReplyDelivery::After(span) if span < PATIENCE => wait(span).await,
            ReplyDelivery::Reset => return Err(TransportError::new(Failure::Broken)),
            ReplyDelivery::After(_) | ReplyDelivery::Never => {
                wait(PATIENCE).await;
                return Err(TransportError::new(Failure::TimedOut));
            }
        }
        self.unless_dead().await;
        let header = |name: &str| {
            let found = reply
                .headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        Ok(HttpReply {
            status: reply.status,
            retry_after: header("retry-after"),
            date: header("date"),
            body: Bytes::from(reply.body),
        })
    }
}
