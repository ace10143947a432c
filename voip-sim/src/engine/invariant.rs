//! What must hold at any moment, whatever people and applications do.

use super::Engine;
use super::leg::{Leg, LegId, Link};
use crate::inspect::{RoomStatus, Status};

impl Engine {
    /// Every rule that does not hold, in words; none, unless the engine has a bug. Tests ask after
    /// each step.
    ///
    /// - A leg is in one bridge or one room at most, and only while it is answered.
    /// - A bridge has two ends, and a child is in its parent's bridge or in none.
    /// - A leg's states follow each other as they may, and a final one is the last.
    /// - A live room has somebody in it, and a room that is over has nobody.
    pub fn broken_invariants(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, leg) in &self.legs {
            let mut rule = |holds: bool, rule: &str| {
                if !holds {
                    broken.push(format!("{}: {rule}", leg.sid));
                }
            };
            rule(history_is_possible(leg), "its states may follow each other");
            let room = self.room_of(*id);
            rule(
                leg.peer.is_none() || room.is_none(),
                "a leg is in one bridge or room at most",
            );
            if leg.peer.is_some() || room.is_some() {
                rule(
                    leg.status == Status::InProgress,
                    "only answered legs are connected",
                );
            }
            if let Some(peer) = leg.peer {
                rule(self.is_bridge(*id, peer), "a bridge has two ends");
            }
            if leg.link == Link::InDial && leg.peer.is_some() {
                rule(leg.peer == leg.parent, "a child is in its parent's bridge");
            }
            rule(
                room.is_none_or(|room| self.room(room).member(*id).is_some()),
                "a leg that confers is in the list of its room",
            );
        }
        for (id, room) in &self.rooms {
            let over = room.status == RoomStatus::Completed;
            if over != (room.members.is_empty() && room.expected.is_empty()) {
                broken.push(format!(
                    "{}: a room lives while somebody is in it",
                    room.sid
                ));
            }
            let members = room.members.iter();
            if !members
                .map(|m| m.leg)
                .all(|leg| self.room_of(leg) == Some(*id))
            {
                broken.push(format!("{}: whoever is listed is there", room.sid));
            }
        }
        broken
    }

    fn is_bridge(&self, one: LegId, other: LegId) -> bool {
        let other = self.legs.get(&other);
        other.is_some_and(|other| other.peer == Some(one))
    }
}

fn history_is_possible(leg: &Leg) -> bool {
    let states = leg.history.iter().map(|(_, status)| *status);
    let next = leg.history.iter().skip(1).map(|(_, status)| *status);
    states.zip(next).all(|(from, to)| may_follow(from, to))
}

/// Which state may follow which.
fn may_follow(from: Status, to: Status) -> bool {
    match from {
        Status::Queued => matches!(to, Status::Initiated | Status::Canceled | Status::Failed),
        Status::Initiated => !matches!(to, Status::Queued | Status::Completed),
        Status::Ringing => !matches!(
            to,
            Status::Queued | Status::Initiated | Status::Ringing | Status::Completed
        ),
        Status::InProgress => matches!(to, Status::Completed | Status::Failed),
        Status::Completed | Status::Busy | Status::NoAnswer | Status::Failed | Status::Canceled => {
            false
        }
    }
}
