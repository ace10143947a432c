use std::time::Duration;

use crate::{
    Call, CallId, CallStatus, ClientDial, Direction, Effect, Event, EventKind, FarSide,
    InboundCall, PhoneNumber, Signal, State, Timestamp, UserId,
};

/// What follows from a signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The call afterwards.
    pub call: Call,
    /// What to do; saved together with the call.
    pub effects: Vec<Effect>,
    /// What to tell, once the call is saved.
    pub events: Vec<Event>,
}

/// A signal that contradicts the call, so that whoever sent it must hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another device was faster.
    #[error("the call was answered on another device")]
    AnsweredElsewhere,
    /// There is nothing left to answer.
    #[error("the call is over")]
    Over,
    /// An outbound call is answered by the far end, not by us.
    #[error("the call is not an incoming one")]
    NotIncoming,
    /// There is nobody to put on hold yet.
    #[error("nobody has answered the call yet")]
    NotAnswered,
    /// The provider connects this call in a way that knows no hold.
    #[error("only a call placed by a voice client can be put on hold")]
    NoHold,
    /// The opposite was asked for a moment ago.
    #[error("the call is just being put on hold or taken back")]
    HoldUnderWay,
}

/// How long the machine waits for news before it asks.
pub mod timing {
    use std::time::Duration;

    /// Before an answer: longer than any provider lets a call ring by default.
    pub const SETUP_CHECK: Duration = Duration::from_secs(90);
    /// During a conversation.
    pub const TALK_CHECK: Duration = Duration::from_secs(15 * 60);
    /// Between the end of the connection to a voice client and the end of the
    /// caller's leg, which the provider reports by itself.
    pub const WRAP_UP: Duration = Duration::from_secs(10);
    /// The same where the caller still hears that nobody is available.
    pub const LAST_WORDS: Duration = Duration::from_secs(90);
    /// Until a change of hold has to be confirmed. Longer than one request to
    /// the provider may take.
    pub const HOLD: Duration = Duration::from_secs(10);
    /// Between two looks at a call whose legs are on their way.
    pub const HOLD_CHECK: Duration = Duration::from_secs(2);
}

impl Call {
    /// A call from us to the phone network, and what it starts with.
    pub fn outbound(
        id: CallId,
        from: PhoneNumber,
        to: PhoneNumber,
        owner: Option<UserId>,
        peer: Option<UserId>,
        now: Timestamp,
    ) -> Step {
        let peer = peer.filter(|peer| owner.as_ref() != Some(peer));
        let call = Self {
            id,
            direction: Direction::Outbound,
            from: from.into(),
            to: to.into(),
            owner,
            peer,
            provider_id: None,
            far: None,
            created_at: now,
            state: State::Initiated {
                check_at: now + timing::SETUP_CHECK,
            },
            told: 0,
        };
        let mut step = Step::still(call);
        let to = step.call.to.expose().to_owned();
        step.tell_owner(EventKind::CallInitiated { to });
        step.tell(EventKind::reached(CallStatus::Initiated));
        step.effects.push(Effect::Dial);
        step
    }

    /// A call from the phone network to `owner`, and what it starts with; it
    /// rings for `ring_time`.
    pub fn inbound(
        id: CallId,
        InboundCall { leg, from, to }: InboundCall,
        owner: UserId,
        peer: Option<UserId>,
        now: Timestamp,
        ring_time: Duration,
    ) -> Step {
        let peer = peer.filter(|peer| *peer != owner);
        let call = Self {
            id,
            direction: Direction::Inbound,
            from,
            to,
            owner: Some(owner.clone()),
            peer,
            provider_id: Some(leg),
            far: None,
            created_at: now,
            state: State::Ringing {
                until: now + ring_time,
            },
            told: 0,
        };
        let mut step = Step::still(call);
        let (from, to) = (
            step.call.from.expose().to_owned(),
            step.call.to.expose().to_owned(),
        );
        step.tell_only(vec![owner], EventKind::IncomingCall { from, to });
        if let Some(peer) = step.call.peer.clone() {
            step.tell_only(vec![peer], EventKind::reached(CallStatus::Ringing));
        }
        step.effects.push(Effect::RingDevices);
        step
    }

    /// A call that the user's voice client places through the provider, and
    /// what it starts with: nothing to do, for the provider dials by our plan.
    pub fn from_client(id: CallId, dial: ClientDial, peer: Option<UserId>, now: Timestamp) -> Step {
        let ClientDial {
            leg,
            user,
            from,
            to,
        } = dial;
        let mut step = Self::outbound(id, from, to, Some(user), peer, now);
        for event in &mut step.events {
            event.leg = Some(leg.clone());
        }
        step.call.provider_id = Some(leg);
        step.call.far = Some(FarSide::unknown());
        step.effects.clear();
        step
    }

    /// What follows from `signal` at `now`.
    ///
    /// Total: every signal has an answer in every state. A late, repeated or
    /// reordered signal is ordinary and leaves the call as it is.
    ///
    /// # Errors
    /// A [`Refusal`] where somebody tries to answer what cannot be answered, or
    /// to hold what cannot be held.
    pub fn step(&self, signal: Signal, now: Timestamp) -> Result<Step, Refusal> {
        // Nothing happens to a call before it exists, whatever a provider's
        // clock says; providers also give whole seconds only.
        let at = signal.at().unwrap_or(now).max(self.created_at);
        let mut step = Step::still(self.clone());
        if self.far.is_some() {
            match &self.state {
                State::Initiated { .. } | State::Queued { .. } | State::Ringing { .. } => {
                    step.reaching(signal, at, now)?;
                }
                State::InProgress { .. } => step.conversing(signal, at, now)?,
                State::Ended(_) => step.parted(signal, at)?,
            }
            return Ok(step);
        }
        match (&self.state, self.direction) {
            (State::Initiated { .. } | State::Queued { .. }, _)
            | (State::Ringing { .. }, Direction::Outbound) => step.placing(signal, at, now)?,
            (State::Ringing { until }, Direction::Inbound) => {
                step.ringing(signal, *until, at, now)?;
            }
            (State::InProgress { .. }, _) => step.talking(signal, at, now)?,
            (State::Ended(_), _) => step.over(signal, at)?,
        }
        Ok(step)
    }
}

impl Step {
    /// Whether there is nothing to save.
    pub fn changes_nothing(&self, before: &Call) -> bool {
        self.effects.is_empty() && self.events.is_empty() && self.call == *before
    }

    fn still(call: Call) -> Self {
        Self {
            call,
            effects: Vec::new(),
            events: Vec::new(),
        }
    }
}
