//! What follows once the far end of a call that a voice client placed has
//! answered.

use std::time::Duration;

use crate::{
    DialEnd, Effect, FarSide, FinalStatus, Link, Refusal, Signal, State, Step, Timestamp, timing,
};

impl Step {
    /// A call of a voice client that was answered.
    pub(super) fn conversing(
        &mut self,
        signal: Signal,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match signal {
            Signal::FarReported(report) => {
                self.advance_far(report, at);
                // In a dial its action follows, which ends the user's leg.
                if self.call.is_over() && !self.is_dialled() {
                    self.effects.push(Effect::HangUp);
                }
            }
            Signal::Reported(report) => {
                if self.is_ours(&report.leg) && report.status.is_final() {
                    self.near_gone(now);
                }
            }
            Signal::LegGone => self.near_gone(now),
            Signal::DialEnded(end) => self.dial_ended(&end, now),
            Signal::HungUp => {
                self.effects.push(Effect::HangUp);
                if !self.is_dialled() || self.is_alone() {
                    self.effects.push(Effect::HangUpFar);
                }
                let duration = self.talked_until(now);
                self.end(FinalStatus::Completed, now, duration, None);
            }
            Signal::Answered(_) => return Err(Refusal::NotIncoming),
            Signal::HoldAsked => self.hold(now)?,
            Signal::ResumeAsked => self.resume(now)?,
            Signal::HoldSet(held) => self.hold_set(held, now),
            Signal::HoldRefused => self.hold_refused(now),
            Signal::RoomNews(news) => self.room_news(news, now),
            Signal::RoomSeen(report) => self.room_seen(report, now),
            Signal::Placed(_)
            | Signal::NotPlaced { .. }
            | Signal::Connecting
            | Signal::BridgeEnded { .. } => {}
            Signal::DeadlineCame => self.talk_deadline(now),
        }
        Ok(())
    }

    /// The dial that made the far leg is over: the far end hung up, or it was
    /// moved into a conference and the user's leg is about to follow.
    fn dial_ended(&mut self, end: &DialEnd, now: Timestamp) {
        let moved = match self.far().map(|far| &far.link) {
            Some(Link::Dial) | None => false,
            // Only of a leg that was not moved the provider says how long it
            // was connected.
            Some(Link::Moving { .. } | Link::Lost { .. }) => end.duration.is_none(),
            Some(Link::Room(_)) => true,
        };
        match (moved, end.leg_over) {
            (true, true) => self.near_gone(now),
            (true, false) => {}
            (false, _) => {
                if !self.is_dialled() {
                    self.effects.push(Effect::HangUpFar);
                }
                let duration = end.duration.or_else(|| self.talked_until(now));
                self.end(FinalStatus::Completed, now, duration, None);
            }
        }
    }

    /// The user's leg is over.
    fn near_gone(&mut self, now: Timestamp) {
        if self.is_dialled() {
            self.left_alone(FinalStatus::Completed, now);
        } else {
            self.effects.push(Effect::HangUpFar);
            let duration = self.talked_until(now);
            self.end(FinalStatus::Completed, now, duration, None);
        }
    }

    fn talk_deadline(&mut self, now: Timestamp) {
        let State::InProgress {
            answered_at,
            check_at,
            ..
        } = self.call.state
        else {
            return;
        };
        let Some(far) = self.far() else { return };
        if now < check_at {
            return;
        }
        let late = far
            .changing_since()
            .is_some_and(|since| now >= since + timing::HOLD);
        let settled = far.changing_since().is_none() && !far.is_apart();
        if late {
            self.hold_timed_out(now);
        } else if settled && now < answered_at + timing::TALK_CHECK {
            // Still the deadline of the setup or of a hold that went well.
            self.put_off(now, answered_at + timing::TALK_CHECK);
        } else {
            self.ask_provider(
                now,
                match settled {
                    true => timing::TALK_CHECK,
                    false => timing::HOLD_CHECK,
                },
            );
        }
    }

    pub(super) fn far(&self) -> Option<&FarSide> {
        self.call.far.as_ref()
    }

    /// Whether the user's leg is over and the far one was not yet.
    pub(super) fn is_alone(&self) -> bool {
        self.far().is_some_and(|far| far.alone_since.is_some())
    }

    pub(super) fn is_dialled(&self) -> bool {
        self.far().is_none_or(FarSide::is_dialled)
    }

    /// How long the two could talk, where they could.
    pub(super) fn talked_until(&self, moment: Timestamp) -> Option<Duration> {
        match self.call.state {
            State::InProgress { answered_at, .. } => Some(moment.since(answered_at)),
            State::Initiated { .. }
            | State::Queued { .. }
            | State::Ringing { .. }
            | State::Ended(_) => None,
        }
    }
}
