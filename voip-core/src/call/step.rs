use std::{sync::Arc, time::Duration};

use crate::{
    Answerer, BridgeEnd, Call, CallId, CallStatus, Direction, Effect, EndReason, Ended, Event,
    EventKind, FinalStatus, InboundCall, PhoneNumber, ProviderCallId, Signal, State, Timestamp, UserId,
    ports::LegReport,
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
            created_at: now,
            state: State::Initiated { check_at: now + timing::SETUP_CHECK },
            told: 0,
        };
        let mut step = Step::still(call);
        let to = step.call.to.expose().to_owned();
        step.tell(EventKind::CallInitiated { to });
        step.tell(EventKind::Status(CallStatus::Initiated));
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
            created_at: now,
            state: State::Ringing { until: now + ring_time },
            told: 0,
        };
        let mut step = Step::still(call);
        let (from, to) =
            (step.call.from.expose().to_owned(), step.call.to.expose().to_owned());
        step.tell_only(vec![owner], EventKind::IncomingCall { from, to });
        if let Some(peer) = step.call.peer.clone() {
            step.tell_only(vec![peer], EventKind::Status(CallStatus::Ringing));
        }
        step.effects.push(Effect::RingDevices);
        step
    }

    /// What follows from `signal` at `now`.
    ///
    /// Total: every signal has an answer in every state. A late, repeated or
    /// reordered signal is ordinary and leaves the call as it is.
    ///
    /// # Errors
    /// A [`Refusal`] where somebody tries to answer what cannot be answered.
    pub fn step(&self, signal: Signal, now: Timestamp) -> Result<Step, Refusal> {
        // Nothing happens to a call before it exists, whatever a provider's
        // clock says; providers also give whole seconds only.
        let at = signal.at().unwrap_or(now).max(self.created_at);
        let mut step = Step::still(self.clone());
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
        Self { call, effects: Vec::new(), events: Vec::new() }
    }

    /// An outbound call that nobody has answered.
    fn placing(&mut self, signal: Signal, at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        match signal {
            Signal::Placed(leg) => self.link(leg),
            Signal::NotPlaced { reason } => {
                // A leg that has reported does exist.
                if self.call.provider_id.is_none() {
                    let text = reason.to_string();
                    self.tell(EventKind::CallFailed { reason: text });
                    self.end(FinalStatus::Failed, now, None, Some(reason));
                }
            }
            Signal::Reported(report) => self.advance(report, at),
            Signal::Answered(_) => return Err(Refusal::NotIncoming),
            Signal::HungUp => {
                // Without a leg there is nothing to end yet; should one turn
                // up, it is ended then.
                if self.call.provider_id.is_some() {
                    self.effects.push(Effect::HangUp);
                }
                self.end(FinalStatus::Canceled, now, None, None);
            }
            Signal::BridgeEnded { .. } => {}
            Signal::LegGone => {
                let reason = Some(Arc::from("the provider knows nothing of this call"));
                self.end(FinalStatus::Failed, now, None, reason);
            }
            Signal::DeadlineCame => self.ask_provider(now, timing::SETUP_CHECK),
        }
        Ok(())
    }

    /// An inbound call that rings the user's devices.
    fn ringing(
        &mut self,
        signal: Signal,
        until: Timestamp,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match signal {
            Signal::Placed(_) | Signal::NotPlaced { .. } | Signal::BridgeEnded { .. } => {}
            Signal::Reported(report) => {
                // The caller's leg is in progress from the first word it hears,
                // which is no answer; its end means that the caller is gone.
                if self.is_ours(&report.leg)
                    && let Some(status) = FinalStatus::of(report.status)
                {
                    let status = match status {
                        FinalStatus::Completed | FinalStatus::Busy | FinalStatus::Canceled => {
                            FinalStatus::Canceled
                        }
                        FinalStatus::NoAnswer => FinalStatus::NoAnswer,
                        FinalStatus::Failed => FinalStatus::Failed,
                    };
                    self.miss(status, at, report.reason);
                }
            }
            Signal::Answered(by) => {
                self.answer(Some(by), now);
                self.effects.push(Effect::Connect);
            }
            Signal::HungUp => {
                self.effects.push(Effect::Dismiss);
                self.end(FinalStatus::Busy, now, None, Some(Arc::from("declined")));
            }
            Signal::LegGone => self.miss(FinalStatus::Canceled, now, None),
            Signal::DeadlineCame => {
                if now >= until {
                    self.effects.push(Effect::Dismiss);
                    self.miss(FinalStatus::NoAnswer, now, None);
                }
            }
        }
        Ok(())
    }

    /// A call that somebody answered.
    fn talking(&mut self, signal: Signal, at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        let State::InProgress { answered_at, by, bridge, check_at } = self.call.state.clone()
        else {
            return Ok(());
        };
        match signal {
            Signal::Placed(leg) => self.link(leg),
            Signal::NotPlaced { .. } => {}
            Signal::Reported(report) => self.advance(report, at),
            Signal::Answered(device) => match by {
                None => return Err(Refusal::NotIncoming),
                Some(by) if by == device => {}
                Some(_) => return Err(Refusal::AnsweredElsewhere),
            },
            Signal::HungUp => {
                self.effects.push(Effect::HangUp);
                self.end(FinalStatus::Completed, now, Some(now.since(answered_at)), None);
            }
            Signal::BridgeEnded { outcome } => {
                if bridge.is_none() && self.call.direction == Direction::Inbound {
                    self.call.state = State::InProgress {
                        answered_at,
                        by,
                        bridge: Some(BridgeEnd { outcome, at: now }),
                        check_at: now + timing::WRAP_UP,
                    };
                }
            }
            Signal::LegGone => {
                let at = bridge.map_or(now, |bridge| bridge.at);
                self.end(FinalStatus::Completed, at, Some(at.since(answered_at)), None);
            }
            Signal::DeadlineCame => match bridge {
                // Its leg should have ended by our plan, and nobody told us.
                Some(bridge) if now >= check_at => {
                    self.effects.push(Effect::HangUp);
                    let duration = Some(bridge.at.since(answered_at));
                    self.end(FinalStatus::Completed, bridge.at, duration, None);
                }
                Some(_) | None => self.ask_provider(now, timing::TALK_CHECK),
            },
        }
        Ok(())
    }

    /// A call that is over.
    fn over(&mut self, signal: Signal, at: Timestamp) -> Result<(), Refusal> {
        match signal {
            Signal::Placed(leg) => self.link_late(leg, false),
            Signal::Reported(report) => {
                let known = self.call.provider_id.is_some();
                if !known {
                    self.link_late(report.leg, report.status.is_final());
                } else if self.is_ours(&report.leg)
                    && report.status == CallStatus::InProgress
                    && self.call.direction == Direction::Outbound
                    && let State::Ended(ended) = &mut self.call.state
                    && ended.status == FinalStatus::Completed
                    && ended.answered_at.is_none()
                {
                    // Its end overtook its answer.
                    ended.answered_at = Some(at.min(ended.at));
                }
            }
            Signal::Answered(_) => return Err(Refusal::Over),
            Signal::NotPlaced { .. }
            | Signal::HungUp
            | Signal::BridgeEnded { .. }
            | Signal::LegGone
            | Signal::DeadlineCame => {}
        }
        Ok(())
    }

    /// Takes the provider's word on a leg of ours, if it is news.
    fn advance(&mut self, report: LegReport, at: Timestamp) {
        if !self.is_ours(&report.leg) {
            return;
        }
        self.link(report.leg);
        if report.status.rank() <= self.call.status().rank() {
            return;
        }
        let check_at = at + timing::SETUP_CHECK;
        match report.status {
            CallStatus::Initiated => {}
            CallStatus::Queued => {
                self.call.state = State::Queued { check_at };
                self.tell(EventKind::Status(CallStatus::Queued));
            }
            CallStatus::Ringing => {
                self.call.state = State::Ringing { until: check_at };
                self.tell(EventKind::Status(CallStatus::Ringing));
            }
            CallStatus::InProgress => self.answer(None, at),
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::NoAnswer
            | CallStatus::Failed
            | CallStatus::Canceled => {
                if let Some(status) = FinalStatus::of(report.status) {
                    let duration = match (self.call.direction, &self.call.state) {
                        // The provider counts a caller's waiting too; ours is
                        // the time that two people could talk.
                        (Direction::Inbound, State::InProgress { answered_at, .. }) => {
                            Some(at.since(*answered_at))
                        }
                        _ => report.duration,
                    };
                    self.end(status, at, duration, report.reason);
                }
            }
        }
    }

    fn answer(&mut self, by: Option<Answerer>, at: Timestamp) {
        self.call.state = State::InProgress {
            answered_at: at,
            by,
            bridge: None,
            check_at: at + timing::TALK_CHECK,
        };
        self.tell(EventKind::Status(CallStatus::InProgress));
    }

    fn miss(&mut self, status: FinalStatus, at: Timestamp, reason: Option<EndReason>) {
        self.effects.push(Effect::ReportMissed);
        self.end(status, at, None, reason);
    }

    fn end(
        &mut self,
        status: FinalStatus,
        at: Timestamp,
        duration: Option<Duration>,
        reason: Option<EndReason>,
    ) {
        let answered_at = match self.call.state {
            State::InProgress { answered_at, .. } => Some(answered_at),
            State::Initiated { .. }
            | State::Queued { .. }
            | State::Ringing { .. }
            | State::Ended(_) => None,
        };
        let duration = duration.map(|duration| Duration::from_secs(duration.as_secs()));
        // A duration belongs to a call that was connected.
        let duration = duration.filter(|_| status == FinalStatus::Completed);
        self.call.state = State::Ended(Ended { status, at, answered_at, duration, reason });
        self.tell(EventKind::Status(status.into()));
    }

    fn ask_provider(&mut self, now: Timestamp, pause: Duration) {
        if self.call.state.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.call.state {
            State::Initiated { check_at }
            | State::Queued { check_at }
            | State::Ringing { until: check_at }
            | State::InProgress { check_at, .. } => {
                *check_at = now + pause;
                self.effects.push(Effect::LookUp);
            }
            State::Ended(_) => {}
        }
    }

    fn link(&mut self, leg: ProviderCallId) {
        self.call.provider_id.get_or_insert(leg);
    }

    /// A leg turns up for a call that was given up without one: nobody wants
    /// it any more.
    fn link_late(&mut self, leg: ProviderCallId, leg_is_over: bool) {
        if self.call.provider_id.is_none() {
            self.call.provider_id = Some(leg);
            if !leg_is_over {
                self.effects.push(Effect::HangUp);
            }
        }
    }

    fn is_ours(&self, leg: &ProviderCallId) -> bool {
        self.call.provider_id.as_ref().is_none_or(|ours| ours == leg)
    }

    fn tell(&mut self, kind: EventKind) {
        self.tell_only(self.call.audience(), kind);
    }

    fn tell_only(&mut self, audience: Vec<UserId>, kind: EventKind) {
        if audience.is_empty() {
            return;
        }
        self.events.push(Event { call: self.call.id, seq: self.call.told, audience, kind });
        self.call.told += 1;
    }
}
