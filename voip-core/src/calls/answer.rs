//! Answering, declining and hanging up.

use std::sync::Arc;

use crate::{
    Answerer, CallId, Calls, Error, Plan, Refusal, Result, Signal, UserId,
    calls::{ApplyError, Inner, plans},
};

/// Why a call was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such call, or it is none of this user's.
    #[error("there is no such call")]
    Unknown,
    /// It cannot be answered any more.
    #[error(transparent)]
    Refused(Refusal),
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Why a call was not ended.
#[derive(Debug, thiserror::Error)]
pub enum HangUpError {
    /// There is no such call, or it is none of this user's.
    #[error("there is no such call")]
    Unknown,
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Calls {
    /// A device answers an incoming call. Exactly one wins, on any node; it
    /// may answer again. Returns what connects the caller to the user.
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub async fn answer(&self, id: &CallId, by: Answerer) -> Result<Plan, AnswerError> {
        let (inner, id) = (Arc::clone(&self.inner), *id);
        self.run(async move { inner.answer(id, by).await }).await?
    }

    /// A user ends, gives up or declines a call; `by` is `None` for whoever
    /// may end any call. One that is over is fine.
    ///
    /// # Errors
    /// See [`HangUpError`].
    pub async fn hang_up(&self, id: &CallId, by: Option<&UserId>) -> Result<(), HangUpError> {
        let (inner, id, by) = (Arc::clone(&self.inner), *id, by.cloned());
        self.run(async move { inner.hang_up(id, by).await }).await?
    }
}

impl Inner {
    async fn answer(self: Arc<Self>, id: CallId, by: Answerer) -> Result<Plan, AnswerError> {
        let held = self
            .ports
            .calls
            .call(&id)
            .await?
            .ok_or(AnswerError::Unknown)?;
        if held.call.owner.as_ref() != Some(&by.user) {
            // Nobody learns of a call that is none of theirs, however it
            // stands. Who calls is told of it, but cannot answer it.
            return Err(match held.call.concerns(&by.user) {
                true => AnswerError::Refused(Refusal::NotIncoming),
                false => AnswerError::Unknown,
            });
        }
        match self.apply(held, Signal::Answered(by)).await {
            Ok(call) => Ok(plans::connect(&call, &self.settings)),
            Err(ApplyError::Refused(refusal)) => Err(AnswerError::Refused(refusal)),
            Err(ApplyError::Failed(error)) => Err(AnswerError::Storage(error)),
        }
    }

    async fn hang_up(self: Arc<Self>, id: CallId, by: Option<UserId>) -> Result<(), HangUpError> {
        let held = self
            .ports
            .calls
            .call(&id)
            .await?
            .ok_or(HangUpError::Unknown)?;
        if by.is_some() && held.call.owner != by {
            return Err(HangUpError::Unknown);
        }
        self.note(held, Signal::HungUp).await?;
        Ok(())
    }
}
