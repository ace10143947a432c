//! What follows when a call is over: hardly anything.

use crate::{CallStatus, Direction, FinalStatus, Refusal, Signal, State, Step, Timestamp};

impl Step {
    /// A call that is over.
    pub(super) fn over(&mut self, signal: Signal, at: Timestamp) -> Result<(), Refusal> {
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
            Signal::Answered(_) | Signal::HoldAsked | Signal::ResumeAsked => {
                return Err(Refusal::Over);
            }
            Signal::NotPlaced { .. }
            | Signal::HungUp
            | Signal::Connecting
            | Signal::BridgeEnded { .. }
            | Signal::LegGone
            | Signal::FarReported(_)
            | Signal::DialEnded(_)
            | Signal::HoldSet(_)
            | Signal::HoldRefused
            | Signal::RoomNews(_)
            | Signal::RoomSeen(_)
            | Signal::DeadlineCame => {}
        }
        Ok(())
    }
}
