//! One credential, minted by one caller at a time.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{Shared, WeakShared},
};
use reqwest::header::HeaderValue;
use voip_core::{Error, ErrorKind, Retry, Timestamp};

/// A credential as it stands in the `authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The header's value, marked as sensitive.
    pub(crate) header: HeaderValue,
    /// When to mint the next one.
    pub(crate) renew_at: Timestamp,
    /// When it stops being accepted.
    pub(crate) expires_at: Timestamp,
}

/// Why there is no credential. Like [`Error`], but given to everyone who was
/// waiting for the same mint.
#[derive(Clone, Debug)]
pub(crate) struct MintFailure {
    pub(crate) kind: ErrorKind,
    pub(crate) retry: Retry,
    pub(crate) message: Arc<str>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) source: Option<Arc<reqwest::Error>>,
}

/// What makes a credential.
pub(crate) type Mint =
    Pin<Box<dyn Future<Output = Result<Credential, MintFailure>> + Send + 'static>>;

/// Keeps one credential, and sees to it that one caller at a time mints.
///
/// Everyone who needs a new one while it is being made waits for the same
/// future, and whoever waits drives it. When the last one loses interest, it
/// is dropped, and the next caller begins anew; so no half-done request lies
/// about for hours, and no task is spawned.
pub(crate) struct Desk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    held: Option<Credential>,
    minting: Option<WeakShared<Mint>>,
    /// The last failure, and until when nobody asks again.
    refused: Option<(Timestamp, MintFailure)>,
}

/// What a caller finds at the desk.
enum Found {
    Credential(Credential),
    Failure(MintFailure),
    /// A mint to wait for, and what will do where it fails.
    Mint(Shared<Mint>, Option<Credential>),
}

impl Desk {
    /// How long a refusal is remembered where it names no pause: a broken key
    /// is not mended within seconds, and each ring would ask again.
    const PAUSE: Duration = Duration::from_secs(30);

    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
        }
    }

    /// The credential; `mint` makes one where it is missing or due.
    ///
    /// While a renewal is under way, or fails, the old one does as long as it
    /// is accepted.
    pub(crate) async fn credential(
        &self,
        now: Timestamp,
        mint: impl FnOnce() -> Mint,
    ) -> Result<Credential, MintFailure> {
        match self.look(now, mint) {
            Found::Credential(held) => Ok(held),
            Found::Failure(failure) => Err(failure),
            Found::Mint(minting, fallback) => match (minting.await, fallback) {
                (Err(failure), Some(held)) => {
                    tracing::warn!(reason = %failure.message, "a push credential was not renewed; the old one is used while it lasts");
                    Ok(held)
                }
                (result, _) => result,
            },
        }
    }

    /// Forgets `used`, which the service did not accept; not a newer one.
    pub(crate) fn forget(&self, used: &Credential) {
        self.state().held.take_if(|held| held == used);
    }

    fn look(&self, now: Timestamp, mint: impl FnOnce() -> Mint) -> Found {
        let mut state = self.state();
        let held = state.held.clone().filter(|held| now < held.expires_at);
        if let Some(held) = held.as_ref().filter(|held| now < held.renew_at) {
            return Found::Credential(held.clone());
        }
        let minting = state.minting.as_ref().and_then(WeakShared::upgrade);
        let refused = state.refused.as_ref().filter(|(until, _)| now < *until);
        match (held, minting, refused) {
            (Some(held), Some(_), _) | (Some(held), None, Some(_)) => Found::Credential(held),
            (None, Some(minting), _) => Found::Mint(minting, None),
            (None, None, Some((_, failure))) => Found::Failure(failure.clone()),
            (held, None, None) => {
                let minting = Self::settling(&self.state, now, held.is_some(), mint()).shared();
                state.minting = minting.downgrade();
                Found::Mint(minting, held)
            }
        }
    }

    /// `mint`, writing down how it ended.
    fn settling(state: &Arc<Mutex<State>>, now: Timestamp, spare: bool, mint: Mint) -> Mint {
        let state = Arc::clone(state);
        Box::pin(async move {
            let result = mint.await;
            let mut state = locked(&state);
            state.minting = None;
            state.refused = None;
            match &result {
                Ok(credential) => state.held = Some(credential.clone()),
                Err(failure) => {
                    // A service in trouble may be asked again at once, unless
                    // it named a pause or the old credential does meanwhile.
                    let lasting = spare || failure.retry == Retry::Never;
                    let pause = failure.retry_after.or(lasting.then_some(Self::PAUSE));
                    state.refused = pause.map(|pause| (now + pause, failure.clone()));
                }
            }
            result
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl From<MintFailure> for Error {
    fn from(failure: MintFailure) -> Self {
        let mut error = Self::new(failure.kind, &*failure.message).with_retry(failure.retry);
        if let Some(pause) = failure.retry_after {
            error = error.with_retry_after(pause);
        }
        match failure.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// The state is whole between any two statements, so a panic elsewhere does
/// not spoil it.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
