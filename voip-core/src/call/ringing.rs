//! What follows while an inbound call rings.

use std::sync::Arc;

use crate::{Effect, FinalStatus, Refusal, Signal, Step, Timestamp};

impl Step {
    /// An inbound call that rings the user's devices.
    pub(super) fn ringing(
        &mut self,
        signal: Signal,
        until: Timestamp,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match signal {
            Signal::Placed(_)
            | Signal::NotPlaced { .. }
            | Signal::Connecting
            | Signal::BridgeEnded { .. } => {}
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
                self.effects.push(Effect::StopRinging);
            }
            Signal::HungUp => {
                self.effects.push(Effect::Dismiss);
                self.effects.push(Effect::StopRinging);
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
}
