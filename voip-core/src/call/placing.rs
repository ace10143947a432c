//! What follows while an outbound call has not been answered.

use std::sync::Arc;

use crate::{Effect, EventKind, FinalStatus, Refusal, Signal, Step, Timestamp, timing};

impl Step {
    /// An outbound call that nobody has answered.
    pub(super) fn placing(
        &mut self,
        signal: Signal,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match signal {
            Signal::Placed(leg) => self.link(leg),
            Signal::NotPlaced { trouble, reason } => {
                // A leg that has reported does exist.
                if self.call.provider_id.is_none() {
                    let text = reason.to_string();
                    self.tell_owner(EventKind::CallFailed { reason: text });
                    self.end(FinalStatus::Failed, now, None, Some(reason));
                    self.blame(trouble);
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
            Signal::HoldAsked | Signal::ResumeAsked => return Err(Refusal::NoHold),
            Signal::Connecting
            | Signal::BridgeEnded { .. }
            | Signal::FarReported(_)
            | Signal::DialEnded(_)
            | Signal::HoldSet(_)
            | Signal::HoldRefused
            | Signal::RoomNews(_)
            | Signal::RoomSeen(_) => {}
            Signal::LegGone => {
                let reason = Some(Arc::from("the provider knows nothing of this call"));
                self.end(FinalStatus::Failed, now, None, reason);
            }
            Signal::DeadlineCame => self.ask_provider(now, timing::SETUP_CHECK),
        }
        Ok(())
    }
}
