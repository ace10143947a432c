//! Putting the far end on hold and taking it back: a change is asked for,
//! under way, and then confirmed by the provider or reported as failed.
//!
//! A dial knows no hold, so the first one moves both legs into a conference:
//! the far leg is redirected there, which ends the dial, and the user's leg
//! follows by what the dial's end answers. Between the two the legs are apart.
//! Later holds only change the conference.

use crate::{
    Effect, EventKind, FinalStatus, Link, ProviderCallId, Refusal, Room, RoomChange, RoomNews,
    Stage, State, Step, Timestamp,
    ports::{RoomMember, RoomReport},
    timing,
};

impl Step {
    pub(super) fn hold(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let Some(far) = &mut self.call.far else {
            return Err(Refusal::NoHold);
        };
        if far.leg.is_none() {
            return Err(Refusal::NotAnswered);
        }
        if far.alone_since.is_some() {
            return Err(Refusal::Over);
        }
        let effect = match &mut far.link {
            Link::Dial => {
                far.link = Link::Moving {
                    since: now,
                    near_in: false,
                };
                Effect::MoveFar
            }
            Link::Moving { .. } => return Ok(()),
            // A second move would tear the far leg out of where the first may
            // yet bring it.
            Link::Lost { .. } => return Err(Refusal::HoldUnderWay),
            Link::Room(room) => match room.stage {
                Stage::Talking => {
                    room.stage = Stage::Holding { since: now };
                    Effect::HoldFar
                }
                Stage::Holding { .. } | Stage::Held => return Ok(()),
                Stage::Resuming { .. } => return Err(Refusal::HoldUnderWay),
            },
        };
        self.effects.push(effect);
        self.check_soon(now);
        self.tell_hold(false);
        Ok(())
    }

    pub(super) fn resume(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let Some(far) = &mut self.call.far else {
            return Err(Refusal::NoHold);
        };
        match &mut far.link {
            Link::Dial | Link::Lost { .. } => Ok(()),
            Link::Moving { .. } => Err(Refusal::HoldUnderWay),
            Link::Room(room) => match room.stage {
                Stage::Talking | Stage::Resuming { .. } => Ok(()),
                Stage::Holding { .. } => Err(Refusal::HoldUnderWay),
                Stage::Held => {
                    room.stage = Stage::Resuming { since: now };
                    self.effects.push(Effect::ResumeFar);
                    self.check_soon(now);
                    self.tell_hold(false);
                    Ok(())
                }
            },
        }
    }

    /// The provider has done what it was asked to.
    pub(super) fn hold_set(&mut self, held: bool, now: Timestamp) {
        let Some(Link::Room(room)) = self.link_mut() else {
            return;
        };
        room.stage = match (room.stage, held) {
            (Stage::Holding { .. }, true) => Stage::Held,
            (Stage::Resuming { .. }, false) => Stage::Talking,
            (Stage::Talking | Stage::Held, _)
            | (Stage::Holding { .. }, false)
            | (Stage::Resuming { .. }, true) => return,
        };
        self.tell_hold(false);
        self.settle(now);
    }

    /// The provider certainly does not do what it was asked to.
    pub(super) fn hold_refused(&mut self, now: Timestamp) {
        let Some(link) = self.link_mut() else { return };
        match link {
            Link::Moving { near_in: false, .. } => *link = Link::Dial,
            Link::Moving { near_in, .. } => {
                *link = Link::Lost {
                    since: now,
                    near_in: *near_in,
                };
            }
            Link::Room(room) => match room.stage {
                Stage::Holding { .. } => room.stage = Stage::Talking,
                Stage::Resuming { .. } => room.stage = Stage::Held,
                Stage::Talking | Stage::Held => return,
            },
            Link::Dial | Link::Lost { .. } => return,
        }
        self.tell_hold(true);
        self.settle(now);
    }

    /// A change of hold was not confirmed in time.
    pub(super) fn hold_timed_out(&mut self, now: Timestamp) {
        let Some(link) = self.link_mut() else { return };
        match link {
            Link::Moving { near_in, .. } => {
                *link = Link::Lost {
                    since: now,
                    near_in: *near_in,
                };
            }
            Link::Room(room) => match room.stage {
                Stage::Holding { .. } => {
                    room.stage = Stage::Talking;
                    // It may still come true, and nobody wants it now.
                    self.effects.push(Effect::ResumeFar);
                }
                Stage::Resuming { .. } => room.stage = Stage::Held,
                Stage::Talking | Stage::Held => return,
            },
            Link::Dial | Link::Lost { .. } => return,
        }
        self.tell_hold(true);
        self.check_soon(now);
        self.effects.push(Effect::LookUp);
    }

    pub(super) fn room_news(&mut self, news: RoomNews, now: Timestamp) {
        match news.what {
            RoomChange::Joined(leg) => {
                if self.is_known_far(&leg) {
                    self.far_joined(news.conference, false, now);
                } else if self.call.provider_id.as_ref() == Some(&leg) {
                    self.near_joined(now);
                }
            }
            RoomChange::Held(leg, held) => {
                let since = self.far().and_then(|far| far.changing_since());
                // Providers give whole seconds, and repeat old news.
                let fresh = match (news.at, since) {
                    (Some(at), Some(since)) => at.as_secs() >= since.as_secs(),
                    (None, _) | (_, None) => true,
                };
                if fresh && self.is_known_far(&leg) {
                    self.far_joined(news.conference, held, now);
                    self.hold_set(held, now);
                    self.ask_again(held);
                }
            }
            // Whoever is left is looked after.
            RoomChange::Left(_) | RoomChange::Closed => {
                if !self.is_dialled() {
                    self.check_soon(now);
                }
            }
        }
    }

    pub(super) fn room_seen(&mut self, report: Option<RoomReport>, now: Timestamp) {
        let member = |leg: Option<&ProviderCallId>| {
            let report = report.as_ref()?;
            report.member(leg?).cloned()
        };
        let near = member(self.call.provider_id.as_ref());
        let far = member(self.far().and_then(|far| far.leg.as_ref()));
        let far_in = far.is_some();
        if let (Some(report), Some(RoomMember { on_hold, .. })) = (&report, far) {
            self.far_joined(report.conference.0.clone(), on_hold, now);
            self.hold_set(on_hold, now);
            self.ask_again(on_hold);
        }
        if near.is_some() {
            self.near_joined(now);
        }
        if !far_in {
            self.give_up_the_move(now);
        }
    }

    /// The far leg still lives and is not in the conference.
    fn give_up_the_move(&mut self, now: Timestamp) {
        let Some(Link::Lost { since, near_in }) = self.link_mut() else {
            return;
        };
        if now < *since + timing::HOLD {
            return;
        }
        if *near_in {
            // It left the dial and never arrived: there is nobody to talk to.
            self.effects.extend([Effect::HangUp, Effect::HangUpFar]);
            let duration = self.talked_until(now);
            self.end(FinalStatus::Completed, now, duration, None);
        } else if let Some(link) = self.link_mut() {
            // It never left the dial.
            *link = Link::Dial;
            self.settle(now);
        }
    }

    /// The far leg is in the conference.
    fn far_joined(&mut self, conference: ProviderCallId, held: bool, now: Timestamp) {
        let Some(link) = self.link_mut() else { return };
        let (near_in, stage) = match link {
            Link::Room(room) => {
                // One of the same name that came after another.
                room.conference = conference;
                return;
            }
            Link::Moving { since, near_in } => (*near_in, Stage::Holding { since: *since }),
            // An earlier try has come true after all.
            Link::Lost { near_in, .. } => {
                (*near_in, if held { Stage::Held } else { Stage::Talking })
            }
            Link::Dial => (false, if held { Stage::Held } else { Stage::Talking }),
        };
        *link = Link::Room(Room {
            conference,
            near_in,
            stage,
        });
        if matches!(stage, Stage::Holding { .. }) && !held {
            self.effects.push(Effect::HoldFar);
        }
        if matches!(stage, Stage::Held) {
            self.tell_hold(false);
        }
        self.check_soon(now);
    }

    /// The user's leg is in the conference.
    fn near_joined(&mut self, now: Timestamp) {
        match self.link_mut() {
            Some(Link::Moving { near_in, .. } | Link::Lost { near_in, .. }) => {
                *near_in = true;
                self.check_soon(now);
            }
            Some(Link::Room(room)) if !room.near_in => {
                room.near_in = true;
                self.settle(now);
            }
            Some(Link::Room(_) | Link::Dial) | None => {}
        }
    }

    /// Where the provider has it otherwise than the call, it is asked once more:
    /// an earlier request may have come true late.
    fn ask_again(&mut self, on_hold: bool) {
        let Some(Link::Room(room)) = self.far().map(|far| &far.link) else {
            return;
        };
        let effect = match (room.stage, on_hold) {
            (Stage::Holding { .. } | Stage::Held, false) => Effect::HoldFar,
            (Stage::Resuming { .. } | Stage::Talking, true) => Effect::ResumeFar,
            (Stage::Holding { .. } | Stage::Held, true)
            | (Stage::Resuming { .. } | Stage::Talking, false) => return,
        };
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    /// Back to the slow rhythm of looking, once nothing is under way.
    fn settle(&mut self, now: Timestamp) {
        let Some(far) = self.far() else { return };
        if far.changing_since().is_some() || far.is_apart() {
            self.check_soon(now);
        } else if let State::InProgress { check_at, .. } = &mut self.call.state {
            *check_at = now + timing::TALK_CHECK;
        }
    }

    /// The call is looked at before long.
    pub(super) fn check_soon(&mut self, now: Timestamp) {
        match &mut self.call.state {
            State::Initiated { check_at }
            | State::Queued { check_at }
            | State::Ringing { until: check_at }
            | State::InProgress { check_at, .. } => {
                *check_at = now + timing::HOLD_CHECK;
            }
            State::Ended(_) => {}
        }
    }

    fn tell_hold(&mut self, failed: bool) {
        if let Some(hold) = self.call.hold() {
            self.tell(EventKind::Hold { hold, failed });
        }
    }

    fn link_mut(&mut self) -> Option<&mut Link> {
        self.call.far.as_mut().map(|far| &mut far.link)
    }

    fn is_known_far(&self, leg: &ProviderCallId) -> bool {
        self.far().is_some_and(|far| far.leg.as_ref() == Some(leg))
    }
}
