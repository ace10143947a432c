//! What happens when.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::announce::AnnouncementId;
use super::deliver::Prepared;
use super::leg::{Epoch, LegId};
use crate::webhook::WebhookId;

/// Something that is due at some time. Each one checks, when it fires, whether it still means
/// anything: a leg's timers are taken back only when the leg ends.
pub(super) enum Timer {
    /// A queued call is dialled.
    Dial(LegId),
    /// A dialled leg rings, or turns out not to.
    Ring(LegId),
    /// The far end has rung long enough.
    FarEnd(LegId),
    /// The caller has waited long enough.
    RingTimeout(LegId),
    /// The far end hangs up by itself.
    FarHangUp(LegId),
    /// The far end presses keys.
    Press(LegId, String),
    /// The far end says something.
    Speak(LegId, String),
    /// It is known who answered.
    Verdict(LegId),
    /// What comes before a call's document is over.
    FirstDocument(LegId),
    /// A recording can be had.
    RecordingReady(super::RecordingId),
    /// The call's time limit, set at this time.
    CallLimit(LegId, OffsetDateTime),
    /// What the leg was doing is over, unless it does something else by now.
    Step(LegId, Epoch),
    /// A REST redirect takes effect, unless a later one replaced it.
    Redirect(LegId, u32),
    /// A webhook has taken too long.
    Ceiling(WebhookId),
    /// What a participant hears is over, unless it hears something else by now.
    Listening(LegId, u64),
    /// A part of an announcement has been heard.
    Announcement(AnnouncementId),
    /// The next callback of a leg or room may go out.
    Line(String),
    /// A callback that left the line goes out.
    Release(Box<Prepared>),
}

impl Timer {
    /// The leg it is about, if it needs one.
    pub(super) fn leg(&self) -> Option<LegId> {
        match self {
            Self::Dial(leg)
            | Self::Ring(leg)
            | Self::FarEnd(leg)
            | Self::RingTimeout(leg)
            | Self::FarHangUp(leg)
            | Self::Press(leg, _)
            | Self::Speak(leg, _)
            | Self::Verdict(leg)
            | Self::FirstDocument(leg)
            | Self::CallLimit(leg, _)
            | Self::Step(leg, _)
            | Self::Redirect(leg, _)
            | Self::Listening(leg, _) => Some(*leg),
            Self::Announcement(_)
            | Self::Ceiling(_)
            | Self::Line(_)
            | Self::Release(_)
            | Self::RecordingReady(_) => None,
        }
    }
}

/// Names a timer, so that it can be taken back.
pub(super) type TimerKey = (OffsetDateTime, u64);

/// All timers, in the order in which they fire: by time, and at the same time in the order in
/// which they were set.
#[derive(Default)]
pub(super) struct Timers {
    queue: BTreeMap<TimerKey, Timer>,
    by_leg: BTreeMap<(LegId, u64), OffsetDateTime>,
    set: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at: OffsetDateTime, timer: Timer) -> TimerKey {
        self.set += 1;
        if let Some(leg) = timer.leg() {
            self.by_leg.insert((leg, self.set), at);
        }
        self.queue.insert((at, self.set), timer);
        (at, self.set)
    }

    pub(super) fn take_back(&mut self, key: TimerKey) {
        if let Some(leg) = self.queue.remove(&key).and_then(|timer| timer.leg()) {
            self.by_leg.remove(&(leg, key.1));
        }
    }

    /// Takes back everything about a leg, so that an ended call leaves nothing due.
    pub(super) fn take_back_leg(&mut self, leg: LegId) {
        let of_leg = (leg, 0)..=(leg, u64::MAX);
        while let Some((&(_, set), &at)) = self.by_leg.range(of_leg.clone()).next() {
            self.take_back((at, set));
        }
    }

    pub(super) fn next_due(&self) -> Option<OffsetDateTime> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn pop_due(&mut self, now: OffsetDateTime) -> Option<(OffsetDateTime, Timer)> {
        let entry = self.queue.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let ((at, set), timer) = entry.remove_entry();
        if let Some(leg) = timer.leg() {
            self.by_leg.remove(&(leg, set));
        }
        Some((at, timer))
    }
}
