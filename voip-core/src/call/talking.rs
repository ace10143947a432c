//! What follows once somebody has answered.

use crate::{
    BridgeEnd, BridgeOutcome, Direction, Effect, FinalStatus, Refusal, Signal, State, Step,
    Timestamp, timing,
};

impl Step {
    /// A call that somebody answered.
    pub(super) fn talking(
        &mut self,
        signal: Signal,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let State::InProgress {
            answered_at,
            by,
            connects,
            bridge,
            check_at,
        } = self.call.state.clone()
        else {
            return Ok(());
        };
        match signal {
            Signal::Placed(leg) => self.link(leg),
            Signal::NotPlaced { .. }
            | Signal::FarReported(_)
            | Signal::DialEnded(_)
            | Signal::HoldSet(_)
            | Signal::HoldRefused
            | Signal::RoomNews(_)
            | Signal::RoomSeen(_) => {}
            Signal::HoldAsked | Signal::ResumeAsked => return Err(Refusal::NoHold),
            Signal::Reported(report) => self.advance(report, at),
            Signal::Answered(device) => match by {
                None => return Err(Refusal::NotIncoming),
                Some(by) if by == device => {}
                Some(_) => return Err(Refusal::AnsweredElsewhere),
            },
            Signal::HungUp => {
                self.effects.push(Effect::HangUp);
                self.end(FinalStatus::Completed, now, self.connected_until(now), None);
            }
            Signal::Connecting => {
                // Asked for once more where a second redirect has torn down the
                // first connection, whose end may be told before.
                let again = bridge.is_some_and(|end| end.outcome == BridgeOutcome::Unanswered);
                if (bridge.is_none() || again) && self.call.direction == Direction::Inbound {
                    self.call.state = State::InProgress {
                        answered_at,
                        by,
                        connects: connects.saturating_add(1),
                        bridge: None,
                        check_at: if again {
                            now + timing::TALK_CHECK
                        } else {
                            check_at
                        },
                    };
                }
            }
            Signal::BridgeEnded { outcome, turn } => {
                let newest = turn == connects && bridge.is_none();
                if newest && self.call.direction == Direction::Inbound {
                    let wrap_up = match outcome {
                        BridgeOutcome::Connected => timing::WRAP_UP,
                        BridgeOutcome::Unanswered => timing::LAST_WORDS,
                    };
                    self.call.state = State::InProgress {
                        answered_at,
                        by,
                        connects,
                        bridge: Some(BridgeEnd { outcome, at: now }),
                        check_at: now + wrap_up,
                    };
                }
            }
            Signal::LegGone => {
                let at = bridge.map_or(now, |bridge| bridge.at);
                self.end(FinalStatus::Completed, at, self.connected_until(at), None);
            }
            Signal::DeadlineCame => match bridge {
                // Its leg should have ended by our plan, and nobody told us.
                Some(bridge) if now >= check_at => {
                    self.effects.push(Effect::HangUp);
                    let duration = self.connected_until(bridge.at);
                    self.end(FinalStatus::Completed, bridge.at, duration, None);
                }
                // Still the deadline of the setup: nothing is overdue yet.
                None if now < answered_at + timing::TALK_CHECK => {
                    self.put_off(now, answered_at + timing::TALK_CHECK);
                }
                Some(_) | None => self.ask_provider(now, timing::TALK_CHECK),
            },
        }
        Ok(())
    }
}
