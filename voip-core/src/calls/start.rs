//! Starting a call to the phone network.

use std::{sync::Arc, time::Duration};

use crate::{
    Call, CallId, CallStatus, Calls, Effect, Error, PhoneNumber, ProviderCallId, Result, Signal,
    SpendRefusal, State, Trouble, UserId,
    calls::{
        Inner, LEASE,
        entering::Word,
        guard::{NotAdmitted, started_by},
    },
    ports::{IdempotencyKey, Inserted, NewCall},
};

/// A call to start.
#[derive(Clone, Debug)]
pub struct StartCall {
    /// Whom to call.
    pub to: PhoneNumber,
    /// The number shown to them; the configured one where not given.
    pub from: Option<PhoneNumber>,
    /// Who starts it, where that is known. Otherwise the user with the number
    /// `from` does, if there is one.
    pub owner: Option<UserId>,
    /// Our name for it, where the client chose one; starting the same one
    /// again answers as the first time did.
    pub id: Option<CallId>,
    /// The client's word for this very request; likewise.
    pub key: Option<IdempotencyKey>,
}

/// A call that the provider has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Our name for it.
    pub call: CallId,
    /// The provider's leg.
    pub leg: ProviderCallId,
}

/// Why a call was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No number to call from: neither the request nor the settings name one.
    #[error("no number to call from: give one, or configure a default")]
    NoFrom,
    /// The key or id was used before, for a call to or from somebody else.
    #[error("this key or call id was already used for another request")]
    Reused,
    /// It might cost too much. Nothing was put on record.
    #[error(transparent)]
    Guarded(#[from] SpendRefusal),
    /// The call is on record as not placed.
    #[error("{reason}")]
    NotPlaced {
        /// The record.
        call: CallId,
        /// Why.
        reason: Arc<str>,
        /// What kind of trouble it was.
        trouble: Trouble,
    },
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// How long whoever repeats a request waits for the first one's outcome: less
/// than clients and proxies wait for an answer.
const REPEAT_PATIENCE: Duration = Duration::from_secs(25);

impl From<NotAdmitted> for StartError {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::Refused(why) => Self::Guarded(why),
            NotAdmitted::Storage(error) => Self::Storage(error),
        }
    }
}

impl Calls {
    /// Starts a call: on record first, then placed, then answered.
    ///
    /// What [`SpendGuard`](crate::SpendGuard) does not allow is refused before
    /// anything is on record; a repeat of what was allowed is not counted, and
    /// not refused.
    ///
    /// Asking twice with the same id or key places one call, whoever asks
    /// where; the second asker waits for the first one's outcome.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, request: StartCall) -> Result<Started, StartError> {
        let inner = Arc::clone(&self.inner);
        self.run(async move { inner.start(request).await }).await?
    }
}

impl Inner {
    async fn start(self: Arc<Self>, request: StartCall) -> Result<Started, StartError> {
        let from = request.from.or_else(|| self.settings.default_from.clone());
        let from = from.ok_or(StartError::NoFrom)?;
        let named = request.owner.is_some();
        let users = &self.ports.users;
        let owner = async {
            match request.owner {
                Some(owner) => Ok(Some(owner)),
                None => Ok(users.user_by_number(&from).await?.map(|user| user.id)),
            }
        };
        let peer = users.user_by_number(&request.to);
        // At once: a storage elsewhere looks both up in one go.
        let (owner, peer) = tokio::try_join!(owner, peer)?;
        let peer = peer.map(|user| user.id);

        let id = request.id.unwrap_or_else(CallId::fresh);
        let now = self.ports.clock.now();
        let lease = now + LEASE;
        let step = Call::outbound(
            id,
            from.clone(),
            request.to.clone(),
            owner.clone(),
            peer,
            now,
        );
        let new = NewCall {
            call: step.call.clone(),
            effects: step.effects,
            effects_due: lease,
            key: request.key,
        };
        let word = match (request.id, &new.key) {
            (Some(id), _) => Some(Word::Id(id)),
            (None, Some(key)) => Some(Word::Key(key.clone())),
            (None, None) => None,
        };
        match self.insert_guarded(new, word).await? {
            Inserted::New => {
                self.forget_log_pages(&step.call).await;
                self.tell(step.events).await;
                self.place(step.call, lease).await
            }
            Inserted::Known(held) => {
                let first = held.call;
                let same = first.dialled_number() == Some(&request.to)
                    && first.from.phone() == Some(&from)
                    && (!named || first.owner == owner);
                if !same {
                    return Err(StartError::Reused);
                }
                self.outcome(first).await
            }
        }
    }

    /// Puts an outbound call on record, if it may be placed or is there already.
    /// Whoever may ask twice gives the word by which the second time is known.
    pub(super) async fn insert_guarded(
        self: &Arc<Self>,
        new: NewCall,
        word: Option<Word>,
    ) -> Result<Inserted, NotAdmitted> {
        let store = &self.ports.calls;
        if self.settings.guard.is_off() {
            return Ok(store.insert(new).await?);
        }
        // Nearly every leg is new, and the insert finds out: it is looked for only
        // where that decides. Its repeat may count as one more try.
        let by_leg = matches!(word, Some(Word::Leg(_)));
        let looks_first = word.is_some() && !by_leg;
        let _turn = match word {
            Some(word) => Some(self.entrance.turn(word).await),
            None => None,
        };
        if looks_first && let Some(held) = store.known(&new).await? {
            return Ok(Inserted::Known(held));
        }
        let _entering = match self.admit(&new.call).await {
            Ok(entering) => entering,
            Err(NotAdmitted::Refused(why)) => {
                // A repeat of what was allowed is not refused.
                if by_leg && let Some(held) = store.known(&new).await? {
                    return Ok(Inserted::Known(held));
                }
                tracing::info!(%why, "an outbound call was refused");
                return Err(why.into());
            }
            Err(error) => return Err(error),
        };
        let call = new.call.clone();
        let inserted = store.insert(new).await?;
        if inserted == Inserted::New && self.settings.several_nodes {
            self.look_again(call).await?;
        }
        Ok(inserted)
    }

    /// Whether a call that was just put on record is within the limit of its
    /// user after all: another node may have let one in at the same moment.
    /// Then it is given up before it is placed; of those that meet, all may be.
    async fn look_again(self: &Arc<Self>, call: Call) -> Result<(), NotAdmitted> {
        let (Some(owner), Some(most)) = (&call.owner, self.settings.guard.live_calls) else {
            return Ok(());
        };
        let live = self.ports.calls.live_calls(owner).await?;
        if started_by(owner, &live).count() <= most {
            return Ok(());
        }
        let refusal = SpendRefusal::TooMany;
        tracing::info!(call = %call.id, why = %refusal, "an outbound call was taken back");
        let held = self.reload(&call.id).await?;
        let signal = Signal::NotPlaced {
            trouble: Trouble::Refused,
            reason: Arc::from(refusal.to_string()),
        };
        let call = self.note(held, signal).await?;
        self.settle(&call, Effect::Dial).await;
        Err(refusal.into())
    }

    /// Waits until it is known what became of somebody else's dial.
    async fn outcome(&self, mut call: Call) -> Result<Started, StartError> {
        let clock = &self.ports.clock;
        let patience = clock.now() + REPEAT_PATIENCE;
        let mut pause = Duration::from_millis(5);
        loop {
            if let Some(outcome) = outcome(&call) {
                return outcome;
            }
            let now = clock.now();
            if now >= patience {
                let reason = Arc::from("the first request is still waiting for the provider");
                let trouble = Trouble::TimedOut;
                return Err(StartError::NotPlaced {
                    call: call.id,
                    reason,
                    trouble,
                });
            }
            clock.sleep_until(now + pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
            call = self.reload(&call.id).await?.call;
        }
    }
}

/// What became of the dial of `call`, once that is known.
fn outcome(call: &Call) -> Option<Result<Started, StartError>> {
    if let Some(leg) = &call.provider_id {
        return Some(Ok(Started {
            call: call.id,
            leg: leg.clone(),
        }));
    }
    match &call.state {
        State::Ended(ended) => {
            let reason = match &ended.reason {
                Some(reason) => Arc::clone(reason),
                None => Arc::from(CallStatus::from(ended.status).as_str()),
            };
            let trouble = ended.trouble.unwrap_or(Trouble::Refused);
            Some(Err(StartError::NotPlaced {
                call: call.id,
                reason,
                trouble,
            }))
        }
        State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. }
        | State::InProgress { .. } => None,
    }
}
