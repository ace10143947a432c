//! Putting a call on hold and taking it back, as a user asks for it.

use std::{sync::Arc, time::Duration};

use crate::{
    Call, CallId, Calls, Error, Hold, ProviderCallId, Refusal, Result, Signal, UserId,
    calls::{ApplyError, Inner},
    timing,
};

/// Why a call was not put on hold, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// There is no such call, or it is none of this user's.
    #[error("there is no such call")]
    Unknown,
    /// The call is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The provider did not do it, or did not confirm it in time.
    #[error("the provider did not confirm it")]
    Unconfirmed,
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// The pauses between looks at the call: from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(16));

/// Longer than a change of hold may take before it is reported as failed.
const PATIENCE: Duration = Duration::from_secs(timing::HOLD.as_secs() + 4);

/// How long the provider may take to say whether a call was answered after all.
const LOOK: Duration = Duration::from_secs(3);

impl Calls {
    /// Puts the far end of the call with the leg `leg` on hold, and returns
    /// once the provider has confirmed it. Asking again is fine.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub async fn hold(&self, leg: &ProviderCallId, by: &UserId) -> Result<(), HoldError> {
        let id = self.ask(leg, by, Signal::HoldAsked).await?;
        self.inner.confirmed(&id, Hold::Held).await
    }

    /// Takes the far end back from hold, and returns once the provider has
    /// confirmed it. Asking again is fine.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub async fn resume(&self, leg: &ProviderCallId, by: &UserId) -> Result<(), HoldError> {
        let id = self.ask(leg, by, Signal::ResumeAsked).await?;
        self.inner.confirmed(&id, Hold::Talking).await
    }

    async fn ask(
        &self,
        leg: &ProviderCallId,
        by: &UserId,
        signal: Signal,
    ) -> Result<CallId, HoldError> {
        let (inner, leg, by) = (Arc::clone(&self.inner), leg.clone(), by.clone());
        let asked = async move { inner.ask_for_hold(&leg, &by, signal).await };
        self.run(asked).await?
    }
}

impl Inner {
    async fn ask_for_hold(
        self: Arc<Self>,
        leg: &ProviderCallId,
        by: &UserId,
        signal: Signal,
    ) -> Result<CallId, HoldError> {
        let held = self.ports.calls.call_by_provider_id(leg).await?;
        let held = held
            .filter(|held| held.call.owner.as_ref() == Some(by))
            .ok_or(HoldError::Unknown)?;
        let id = held.call.id;
        let applied = match self.apply(held, signal.clone()).await {
            // The one word that said so may have been lost.
            Err(ApplyError::Refused(Refusal::NotAnswered)) => {
                self.look_in_time(&id).await?;
                self.apply(self.reload(&id).await?, signal).await
            }
            applied => applied,
        };
        match applied {
            Ok(call) => Ok(call.id),
            Err(ApplyError::Refused(refusal)) => Err(HoldError::Refused(refusal)),
            Err(ApplyError::Failed(error)) => Err(HoldError::Storage(error)),
        }
    }

    /// Asks the provider about both legs of a call, as long as somebody who
    /// waits for that may be kept waiting.
    async fn look_in_time(self: &Arc<Self>, id: &CallId) -> Result<()> {
        let call = self.reload(id).await?.call;
        let until = self.ports.clock.now() + LOOK;
        tokio::select! {
            looked = self.look_at_both(&call) => {
                if let Err(error) = looked {
                    tracing::warn!(call = %id, %error, "a call to be held could not be looked at");
                }
            }
            () = self.ports.clock.sleep_until(until) => {}
        }
        Ok(())
    }

    /// Waits until it is known what became of a change of hold.
    async fn confirmed(&self, id: &CallId, wanted: Hold) -> Result<(), HoldError> {
        let clock = &self.ports.clock;
        let patience = clock.now() + PATIENCE;
        let (mut pause, longest) = PAUSES;
        loop {
            let call = self.reload(id).await?.call;
            if let Some(outcome) = outcome(&call, wanted) {
                return outcome;
            }
            let now = clock.now();
            if now >= patience {
                return Err(HoldError::Unconfirmed);
            }
            clock.sleep_until(now + pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

/// What became of the wish for `wanted`, once that is known.
fn outcome(call: &Call, wanted: Hold) -> Option<Result<(), HoldError>> {
    match call.hold() {
        None => Some(Err(HoldError::Refused(Refusal::Over))),
        Some(now) if now == wanted => Some(Ok(())),
        Some(Hold::Holding | Hold::Resuming) => None,
        Some(Hold::Talking | Hold::Held) => Some(Err(HoldError::Unconfirmed)),
    }
}
