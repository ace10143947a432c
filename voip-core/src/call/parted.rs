//! What follows when a call that a voice client placed is over: nobody may be
//! left behind.

use crate::{
    CallStatus, Effect, FinalStatus, ProviderCallId, Refusal, RoomChange, Signal, State, Step,
    Timestamp, ports::LegReport,
};

impl Step {
    /// A call of a voice client that is over.
    pub(super) fn parted(&mut self, signal: Signal, at: Timestamp) -> Result<(), Refusal> {
        match signal {
            Signal::FarReported(report) => self.far_after_all(&report, at),
            Signal::RoomNews(news) => {
                if let RoomChange::Joined(leg) = news.what {
                    self.send_away(&leg);
                }
            }
            Signal::RoomSeen(Some(report)) => {
                for member in report.members {
                    self.send_away(&member.leg);
                }
            }
            Signal::Answered(_) | Signal::HoldAsked | Signal::ResumeAsked => {
                return Err(Refusal::Over);
            }
            Signal::Placed(_)
            | Signal::NotPlaced { .. }
            | Signal::Reported(_)
            | Signal::HungUp
            | Signal::Connecting
            | Signal::BridgeEnded { .. }
            | Signal::LegGone
            | Signal::DialEnded(_)
            | Signal::HoldSet(_)
            | Signal::HoldRefused
            | Signal::RoomSeen(None)
            | Signal::DeadlineCame => {}
        }
        Ok(())
    }

    /// A leg of a call that is over comes into its conference.
    fn send_away(&mut self, leg: &ProviderCallId) {
        if self.call.provider_id.as_ref() == Some(leg) {
            self.effects.push(Effect::HangUp);
        } else if self.far().is_some_and(|far| far.leg.as_ref() == Some(leg)) {
            self.effects.push(Effect::HangUpFar);
        }
    }

    fn far_after_all(&mut self, report: &LegReport, at: Timestamp) {
        let Some(far) = &mut self.call.far else {
            return;
        };
        let known = far.leg.is_some();
        if !known {
            far.leg = Some(report.leg.clone());
            if !report.status.is_final() {
                self.effects.push(Effect::HangUpFar);
            }
        } else if far.leg.as_ref() == Some(&report.leg) {
            self.fill_in(report, at);
        }
    }

    /// Puts down what the far leg's own words say of a call whose end overtook
    /// them: nobody else knows when it was.
    fn fill_in(&mut self, report: &LegReport, at: Timestamp) {
        let State::Ended(ended) = &mut self.call.state else {
            return;
        };
        if FinalStatus::of(report.status) == Some(ended.status) {
            if report.at.is_some() {
                ended.at = ended.answered_at.map_or(at, |answered| at.max(answered));
            }
            ended.reason = ended.reason.take().or_else(|| report.reason.clone());
        } else if report.status == CallStatus::InProgress
            && ended.status == FinalStatus::Completed
            && ended.answered_at.is_none()
        {
            ended.answered_at = Some(at.min(ended.at));
        }
    }
}
