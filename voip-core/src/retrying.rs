//! Trying again what certainly did not happen.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Callback, Error, ProviderCallId, Result, Retry, Timestamp, VoiceIdentity,
    ports::{
        ClientToken, Clock, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomReport,
        Telephony,
    },
};

/// A [`Telephony`] that tries again, after a pause, what failed with
/// [`Retry::Safe`]. What is ambiguous is left to the caller, who has to look
/// first.
#[derive(Clone, Debug)]
pub struct RetryingTelephony {
    inner: Arc<dyn Telephony>,
    clock: Arc<dyn Clock>,
}

/// The pauses between the tries. A pause that the other side asks for counts
/// where it is longer, up to [`LONGEST`].
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Nobody waits longer than this for a call to be placed.
const LONGEST: Duration = Duration::from_secs(3);

impl RetryingTelephony {
    /// Tries `inner` up to three times.
    pub fn new(inner: Arc<dyn Telephony>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock }
    }

    async fn again<T, F>(&self, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        for pause in PAUSES {
            match attempt().await {
                Err(error) if error.retry() == Retry::Safe => {
                    let Some(pause) = patience(&error, pause) else {
                        return Err(error);
                    };
                    tracing::debug!(%error, pause_ms = pause.as_millis(), "trying again");
                    self.clock.sleep_until(self.clock.now() + pause).await;
                }
                done => return done,
            }
        }
        attempt().await
    }
}

/// How long to wait after `error`; `None` where that would be too long.
fn patience(error: &Error, pause: Duration) -> Option<Duration> {
    let asked = error.retry_after().unwrap_or(pause);
    (asked <= LONGEST).then(|| asked.max(pause))
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Telephony for RetryingTelephony {
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId> {
        self.again(|| self.inner.dial(dial)).await
    }

    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected> {
        self.again(|| self.inner.redirect(leg, to.clone())).await
    }

    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()> {
        self.again(|| self.inner.hang_up(leg)).await
    }

    async fn set_hold(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
        hold: bool,
    ) -> Result<()> {
        self.again(|| self.inner.set_hold(conference, leg, hold))
            .await
    }

    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>> {
        self.again(|| self.inner.look_up(leg)).await
    }

    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>> {
        self.again(|| self.inner.find_dialled(dial, since)).await
    }

    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>> {
        self.again(|| self.inner.children(parent)).await
    }

    async fn room(&self, name: &str) -> Result<Option<RoomReport>> {
        self.again(|| self.inner.room(name)).await
    }

    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken> {
        self.inner.mint_client_token(identity, ttl, now)
    }
}
