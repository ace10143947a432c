//! The legs of a provider in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use voip_core::{
    CallStatus, Error, ProviderCallId, Timestamp,
    ports::{Dial, LegReport},
};

use super::NextDial;

/// Everything that the provider knows.
#[derive(Debug, Default)]
pub(super) struct World {
    /// In the order in which they were made.
    pub(super) legs: Vec<Leg>,
    pub(super) next_dials: VecDeque<NextDial>,
    pub(super) failures: VecDeque<Error>,
    pub(super) participants: BTreeMap<(ProviderCallId, ProviderCallId), bool>,
    /// The conferences that have a name.
    pub(super) rooms: BTreeMap<String, ProviderCallId>,
    /// The parents of legs that a dial of theirs made.
    pub(super) parents: BTreeMap<ProviderCallId, ProviderCallId>,
}

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) id: ProviderCallId,
    /// What it was made by; `None` for a leg that came in.
    pub(super) dial: Option<Dial>,
    pub(super) status: CallStatus,
    pub(super) created_at: Timestamp,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) changed_at: Timestamp,
}

impl World {
    pub(super) fn leg(&mut self, id: &ProviderCallId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == *id)
    }

    pub(super) fn place(&mut self, dial: &Dial, now: Timestamp) -> ProviderCallId {
        let id = format!("CA{:032x}", self.legs.len() + 1);
        let id: ProviderCallId = id.parse().expect("letters and digits only");
        self.legs.push(Leg::new(
            id.clone(),
            Some(dial.clone()),
            CallStatus::Queued,
            now,
        ));
        id
    }
}

impl Leg {
    pub(super) fn new(
        id: ProviderCallId,
        dial: Option<Dial>,
        status: CallStatus,
        now: Timestamp,
    ) -> Self {
        let mut leg = Self {
            id,
            dial,
            status: CallStatus::Initiated,
            created_at: now,
            answered_at: None,
            changed_at: now,
        };
        leg.reach(status, now);
        leg
    }

    pub(super) fn reach(&mut self, status: CallStatus, now: Timestamp) {
        if self.status.is_final() {
            return;
        }
        if status == CallStatus::InProgress {
            self.answered_at.get_or_insert(now);
        }
        (self.status, self.changed_at) = (status, now);
    }

    pub(super) fn report(&self) -> LegReport {
        let connected = self
            .answered_at
            .map_or(Duration::ZERO, |at| self.changed_at.since(at));
        LegReport {
            leg: self.id.clone(),
            status: self.status,
            at: Some(self.changed_at),
            duration: self
                .status
                .is_final()
                .then(|| Duration::from_secs(connected.as_secs())),
            reason: None,
        }
    }
}
