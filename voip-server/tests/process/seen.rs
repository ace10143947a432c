use std::collections::{HashMap, HashSet};

use voip_sim::{
    inspect::{CallView, Direction, Status},
    sid::CallSid,
};

use super::{Provider, USER};

/// All that the provider knows at one moment, to look many calls up in.
pub(crate) struct Seen {
    legs: HashMap<CallSid, CallView>,
    /// The legs that the server has had placed, by number.
    dialled: HashMap<String, Vec<CallSid>>,
    /// The legs that a caller was to be connected with, by caller.
    children: HashMap<CallSid, Vec<CallSid>>,
    /// The callers that were connected when their conversation ended.
    bridged: HashSet<CallSid>,
}

impl Seen {
    /// What this provider knows now.
    pub(crate) fn of(provider: &Provider) -> Self {
        let mut seen = Self {
            legs: HashMap::new(),
            dialled: HashMap::new(),
            children: HashMap::new(),
            bridged: HashSet::new(),
        };
        for leg in provider.sim.calls() {
            let sid = leg.sid.clone();
            if leg.direction == Direction::OutboundApi {
                let legs = seen.dialled.entry(leg.to.clone()).or_default();
                legs.push(sid.clone());
            }
            if let Some(parent) = leg.parent.clone() {
                seen.children.entry(parent).or_default().push(sid.clone());
            }
            seen.legs.insert(sid, leg);
        }
        for webhook in provider.sim.webhooks() {
            if webhook.field("DialBridged") == Some("true") {
                seen.bridged.insert(webhook.call_sid);
            }
        }
        seen
    }

    /// One leg.
    pub(crate) fn leg(&self, sid: &CallSid) -> &CallView {
        self.legs
            .get(sid)
            .expect("the simulator remembers its legs")
    }

    /// The legs that the server has had placed to this number.
    pub(crate) fn dialled(&self, number: &str) -> Vec<&CallView> {
        let sids = self.dialled.get(number).into_iter().flatten();
        sids.map(|sid| self.leg(sid)).collect()
    }

    /// The legs that a caller was to be connected with.
    pub(crate) fn dialled_by(&self, caller: &CallSid) -> Vec<&CallView> {
        let sids = self.children.get(caller).into_iter().flatten();
        sids.map(|sid| self.leg(sid)).collect()
    }

    /// Whether a caller and the user's voice client really heard each other:
    /// the client picked up, and the provider had connected the two when their
    /// conversation ended.
    pub(crate) fn talked(&self, caller: &CallSid) -> bool {
        let picked_up = |leg: &CallView| {
            leg.to == format!("client:{USER}")
                && leg.answered_at.is_some()
                && leg.status == Status::Completed
        };
        self.bridged.contains(caller) && self.dialled_by(caller).into_iter().any(picked_up)
    }
}
