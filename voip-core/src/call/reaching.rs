//! What follows while the far end of a call that a voice client placed has not
//! answered.

use std::sync::Arc;

use crate::{
    Effect, FinalStatus, ProviderCallId, Refusal, Signal, Step, Timestamp, ports::LegReport, timing,
};

impl Step {
    /// A call of a voice client that nobody has answered.
    pub(super) fn reaching(
        &mut self,
        signal: Signal,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match signal {
            Signal::FarReported(report) => self.advance_far(report, at),
            // The client's leg is in progress from the first ring on, which is
            // no answer.
            Signal::Reported(report) => {
                if self.is_ours(&report.leg) && report.status.is_final() {
                    self.left_alone(FinalStatus::Canceled, now);
                }
            }
            Signal::LegGone => self.left_alone(FinalStatus::Canceled, now),
            Signal::DialEnded(end) => {
                if let Some(child) = end.child {
                    self.link_far(child);
                }
                let status = FinalStatus::of(end.status).unwrap_or(FinalStatus::Failed);
                self.end(status, now, end.duration, None);
            }
            Signal::HungUp => {
                // Its end ends the dial, and so the far leg.
                self.effects.push(Effect::HangUp);
                if self.is_alone() {
                    self.effects.push(Effect::HangUpFar);
                }
                self.end(FinalStatus::Canceled, now, None, None);
            }
            Signal::Answered(_) => return Err(Refusal::NotIncoming),
            Signal::HoldAsked | Signal::ResumeAsked => return Err(Refusal::NotAnswered),
            Signal::Placed(_)
            | Signal::NotPlaced { .. }
            | Signal::Connecting
            | Signal::BridgeEnded { .. }
            | Signal::HoldSet(_)
            | Signal::HoldRefused
            | Signal::RoomNews(_)
            | Signal::RoomSeen(_) => {}
            Signal::DeadlineCame => {
                self.ask_provider(
                    now,
                    match self.is_alone() {
                        true => timing::HOLD_CHECK,
                        false => timing::SETUP_CHECK,
                    },
                );
            }
        }
        Ok(())
    }

    /// Takes the provider's word on the far leg, if it is news.
    pub(super) fn advance_far(&mut self, report: LegReport, at: Timestamp) {
        if self.is_far(&report.leg) {
            self.link_far(report.leg.clone());
            self.reach(report, at);
        }
    }

    /// The user's leg is over. As long as the dial connects the two the
    /// provider ends the far one as well and says how that went; should nobody
    /// hear of it, it is ended from here.
    pub(super) fn left_alone(&mut self, status: FinalStatus, now: Timestamp) {
        let Some(far) = &mut self.call.far else {
            return;
        };
        match far.alone_since {
            // Even of a far leg that nobody has heard of: its news may be late.
            None => {
                far.alone_since = Some(now);
                self.check_soon(now);
            }
            Some(since) if now >= since + timing::HOLD_CHECK => {
                if far.leg.is_some() {
                    self.effects.push(Effect::HangUpFar);
                }
                let duration = self.talked_until(since);
                self.end(
                    status,
                    since,
                    duration,
                    Some(Arc::from("the caller hung up")),
                );
            }
            Some(_) => {}
        }
    }

    fn link_far(&mut self, leg: ProviderCallId) {
        if let Some(far) = &mut self.call.far {
            far.leg.get_or_insert(leg);
        }
    }

    /// Whether `leg` is the far leg, or may be.
    pub(super) fn is_far(&self, leg: &ProviderCallId) -> bool {
        self.far()
            .is_some_and(|far| far.leg.as_ref().is_none_or(|ours| ours == leg))
    }
}
