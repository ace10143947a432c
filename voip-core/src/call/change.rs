//! The changes that a call can undergo, whatever brings them about.

use std::time::Duration;

use crate::{
    Answerer, BridgeOutcome, CallStatus, Direction, Effect, EndReason, Ended, Event, EventKind,
    FinalStatus, ProviderCallId, State, Step, Timestamp, Trouble, UserId, ports::LegReport, timing,
};

impl Step {
    /// Takes the provider's word on a leg of ours, if it is news.
    pub(super) fn advance(&mut self, report: LegReport, at: Timestamp) {
        if !self.is_ours(&report.leg) {
            return;
        }
        self.link(report.leg.clone());
        self.reach(report, at);
    }

    /// Takes the provider's word on how far the call has come, if it is news.
    pub(super) fn reach(&mut self, report: LegReport, at: Timestamp) {
        if report.status.rank() <= self.call.status().rank() {
            return;
        }
        // Moving the deadline at every word would cost storage more than the
        // word itself; asking too early costs one question.
        let check_at = self.deadline_or(at + timing::SETUP_CHECK);
        match report.status {
            CallStatus::Initiated => {}
            CallStatus::Queued => {
                self.call.state = State::Queued { check_at };
                self.tell(EventKind::reached(CallStatus::Queued));
            }
            CallStatus::Ringing => {
                self.call.state = State::Ringing { until: check_at };
                self.tell(EventKind::reached(CallStatus::Ringing));
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
                        (Direction::Inbound, State::InProgress { .. }) => self.connected_until(at),
                        _ => report.duration,
                    };
                    self.end(status, at, duration, report.reason);
                }
            }
        }
    }

    pub(super) fn answer(&mut self, by: Option<Answerer>, at: Timestamp) {
        self.call.state = State::InProgress {
            answered_at: at,
            by,
            connects: 0,
            bridge: None,
            check_at: match self.call.direction {
                Direction::Inbound => at + timing::TALK_CHECK,
                Direction::Outbound => self.deadline_or(at + timing::TALK_CHECK),
            },
        };
        self.tell(EventKind::reached(CallStatus::InProgress));
    }

    /// How long the two parties of an answered call were connected, where they
    /// were: who answers a caller may not be reached by the provider after all.
    pub(super) fn connected_until(&self, moment: Timestamp) -> Option<Duration> {
        let State::InProgress {
            answered_at,
            bridge,
            ..
        } = &self.call.state
        else {
            return None;
        };
        let missed = bridge.is_some_and(|bridge| bridge.outcome == BridgeOutcome::Unanswered);
        Some(match missed {
            true => Duration::ZERO,
            false => moment.since(*answered_at),
        })
    }

    fn deadline_or(&self, default: Timestamp) -> Timestamp {
        self.call.state.deadline().unwrap_or(default)
    }

    pub(super) fn miss(&mut self, status: FinalStatus, at: Timestamp, reason: Option<EndReason>) {
        self.effects.push(Effect::ReportMissed);
        self.end(status, at, None, reason);
    }

    pub(super) fn end(
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
        self.call.state = State::Ended(Ended {
            status,
            at,
            answered_at,
            duration,
            reason,
            trouble: None,
        });
        self.tell(EventKind::Status {
            status: status.into(),
            duration: duration.map(|duration| duration.as_secs()),
        });
    }

    pub(super) fn blame(&mut self, trouble: Trouble) {
        if let State::Ended(ended) = &mut self.call.state {
            ended.trouble = Some(trouble);
        }
    }

    pub(super) fn ask_provider(&mut self, now: Timestamp, pause: Duration) {
        if self
            .call
            .state
            .deadline()
            .is_none_or(|deadline| now < deadline)
        {
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

    /// Looks at a deadline that has come again at `later`.
    pub(super) fn put_off(&mut self, now: Timestamp, later: Timestamp) {
        if let State::InProgress { check_at, .. } = &mut self.call.state
            && now >= *check_at
        {
            *check_at = later;
        }
    }

    pub(super) fn link(&mut self, leg: ProviderCallId) {
        self.call.provider_id.get_or_insert(leg);
    }

    /// A leg turns up for a call that was given up without one: nobody wants
    /// it any more.
    pub(super) fn link_late(&mut self, leg: ProviderCallId, leg_is_over: bool) {
        if self.call.provider_id.is_none() {
            self.call.provider_id = Some(leg);
            if !leg_is_over {
                self.effects.push(Effect::HangUp);
            }
        }
    }

    pub(super) fn is_ours(&self, leg: &ProviderCallId) -> bool {
        self.call
            .provider_id
            .as_ref()
            .is_none_or(|ours| ours == leg)
    }

    pub(super) fn tell(&mut self, kind: EventKind) {
        self.tell_only(self.call.audience(), kind);
    }

    /// Tells the user whose call it is, and not whom they call.
    pub(super) fn tell_owner(&mut self, kind: EventKind) {
        self.tell_only(self.call.owner.iter().cloned().collect(), kind);
    }

    pub(super) fn tell_only(&mut self, audience: Vec<UserId>, kind: EventKind) {
        // Whoever knows the leg may hear of a call that is no user's.
        if audience.is_empty() && self.call.provider_id.is_none() {
            return;
        }
        self.events.push(Event {
            call: self.call.id,
            leg: self.call.provider_id.clone(),
            seq: self.call.told,
            audience,
            kind,
        });
        self.call.told += 1;
    }
}
