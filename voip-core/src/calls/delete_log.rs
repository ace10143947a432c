//! Taking calls out of a user's log, and putting them back.

use std::sync::Arc;

use crate::{
    Call, CallId, Calls, Error, ProviderCallId, Result, UserId, calls::Inner, ports::LogChange,
};

/// Why a call was not taken out of the log, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum DeleteLogError {
    /// There is no such call, or it is none of this user's.
    #[error("there is no such call")]
    Unknown,
    /// It has not ended, and a call nobody sees is one nobody ends.
    #[error("the call is not over yet")]
    Live,
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// What is to become of a log.
#[derive(Clone, Copy)]
enum Change {
    Delete,
    Restore,
}

impl Calls {
    /// Takes a call that is over out of every log. `name` is the provider's for
    /// its leg, or our own id. Doing so again is fine.
    ///
    /// # Errors
    /// See [`DeleteLogError`].
    pub async fn delete_log(&self, name: &str, by: &UserId) -> Result<(), DeleteLogError> {
        self.change_log(name, by, Change::Delete).await
    }

    /// Puts a call back into the logs it was taken out of. One that is there is
    /// fine.
    ///
    /// # Errors
    /// See [`DeleteLogError`]; never `Live`.
    pub async fn restore_log(&self, name: &str, by: &UserId) -> Result<(), DeleteLogError> {
        self.change_log(name, by, Change::Restore).await
    }

    /// The call of this name, the provider's for its leg or our own id, where
    /// `by` owns it.
    ///
    /// # Errors
    /// Those of [`CallStore::call`](crate::ports::CallStore::call).
    pub async fn own(&self, name: &str, by: &UserId) -> Result<Option<Call>> {
        let call = self.inner.named(name).await?;
        Ok(call.filter(|call| call.owner.as_ref() == Some(by)))
    }

    async fn change_log(
        &self,
        name: &str,
        by: &UserId,
        change: Change,
    ) -> Result<(), DeleteLogError> {
        let (inner, name, by) = (Arc::clone(&self.inner), Box::<str>::from(name), by.clone());
        let changed = async move { inner.change_log(&name, &by, change).await };
        self.run(changed).await?
    }
}

impl Inner {
    async fn change_log(
        self: Arc<Self>,
        name: &str,
        by: &UserId,
        change: Change,
    ) -> Result<(), DeleteLogError> {
        let call = self.named(name).await?;
        let call = call
            .filter(|call| call.owner.as_ref() == Some(by))
            .ok_or(DeleteLogError::Unknown)?;
        let calls = &self.ports.calls;
        let changed = match change {
            // What is over stays over.
            Change::Delete if !call.is_over() => return Err(DeleteLogError::Live),
            Change::Delete => calls.delete_log(by, &call.id, self.ports.clock.now()).await,
            Change::Restore => calls.restore_log(by, &call.id).await,
        };
        match changed? {
            // Where it was made already, whoever made it may still be about to
            // void the copies.
            LogChange::Made | LogChange::Already => {
                self.forget_log_pages(&call).await;
                Ok(())
            }
            LogChange::NoSuchCall => Err(DeleteLogError::Unknown),
        }
    }

    /// The call of this name: the provider's for its leg, or ours.
    async fn named(&self, name: &str) -> Result<Option<Call>> {
        let calls = &self.ports.calls;
        if let Ok(id) = name.parse::<CallId>()
            && let Some(held) = calls.call(&id).await?
        {
            return Ok(Some(held.call));
        }
        let Ok(leg) = name.parse::<ProviderCallId>() else {
            return Ok(None);
        };
        let held = calls.call_by_provider_id(&leg).await?;
        Ok(held.map(|held| held.call))
    }
}
