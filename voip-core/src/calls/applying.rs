//! Applying signals to calls that were loaded, or are recalled: step, save, then
//! tell and carry out.

use std::sync::Arc;

use crate::{
    Call, CallId, Error, ErrorKind, Refusal, Result, Signal,
    calls::{Inner, LEASE},
    ports::{Held, Replaced},
};

/// Far more races than a call has writers.
const MOST_CONFLICTS: usize = 64;

/// Why a signal was not applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApplyError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] Error),
}

/// What came of applying a signal.
#[allow(clippy::large_enum_variant)] // Made once a try and matched at once.
enum Advance {
    /// The call is saved as it is now.
    Changed(Call),
    /// The signal says nothing new.
    Unchanged,
    /// The call is not as it was read.
    Conflict,
}

impl Inner {
    /// Applies `signal` to the call that was read as `held`, and returns the
    /// call as it then is.
    pub(super) async fn apply(
        self: &Arc<Self>,
        mut held: Held,
        signal: Signal,
    ) -> Result<Call, ApplyError> {
        for _ in 0..MOST_CONFLICTS {
            match self.advance(&held, signal.clone()).await? {
                Advance::Changed(call) => return Ok(call),
                Advance::Unchanged => return Ok(held.call),
                Advance::Conflict => held = self.reload(&held.call.id).await?,
            }
        }
        let error = Error::new(ErrorKind::Exhausted, "too many writers of one call at once");
        Err(ApplyError::Failed(error))
    }

    /// Applies `signal` to a call as it is remembered, which costs no look at the
    /// storage. `None` where nothing came of it and the call has to be read: only
    /// what was replaced has proved to be as it was remembered.
    pub(super) async fn apply_to_recalled(
        self: &Arc<Self>,
        recalled: &Held,
        signal: Signal,
    ) -> Result<Option<Call>> {
        match self.advance(recalled, signal).await {
            Ok(Advance::Changed(call)) => Ok(Some(call)),
            Ok(Advance::Unchanged | Advance::Conflict) | Err(ApplyError::Refused(_)) => Ok(None),
            Err(ApplyError::Failed(error)) => Err(error),
        }
    }

    /// Tries once to take the call that was read as `held` a step further.
    async fn advance(self: &Arc<Self>, held: &Held, signal: Signal) -> Result<Advance, ApplyError> {
        let now = self.ports.clock.now();
        let lease = now + LEASE;
        let step = held.call.step(signal, now)?;
        if step.changes_nothing(&held.call) {
            return Ok(Advance::Unchanged);
        }
        let saved = self
            .ports
            .calls
            .replace(&step.call, held.version, &step.effects, lease);
        match saved.await? {
            Replaced::Done(_) => {
                self.forget_log_pages(&step.call).await;
                self.tell(step.events).await;
                self.begin(&step.call, &step.effects, lease);
                Ok(Advance::Changed(step.call))
            }
            Replaced::Conflict => Ok(Advance::Conflict),
        }
    }

    /// [`apply`](Self::apply) for signals that are never refused.
    pub(super) async fn note(self: &Arc<Self>, held: Held, signal: Signal) -> Result<Call> {
        let before = held.call.clone();
        match self.apply(held, signal).await {
            Ok(call) => Ok(call),
            Err(ApplyError::Refused(_)) => Ok(before),
            Err(ApplyError::Failed(error)) => Err(error),
        }
    }

    pub(super) async fn reload(&self, id: &CallId) -> Result<Held> {
        self.ports
            .calls
            .call(id)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "the call was deleted meanwhile"))
    }
}
