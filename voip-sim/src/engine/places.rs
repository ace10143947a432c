//! Where things stand in the order of their making, also after they were forgotten: a page of a
//! list begins after the last item of the page before, and that item may be gone by then.

use super::{Engine, LegId, RecordingId, RoomId};

impl LegId {
    /// Its place among all legs; later ones have higher places.
    pub(crate) fn place(self) -> u64 {
        self.0
    }
}

impl RoomId {
    /// Its place among all conferences; later ones have higher places.
    pub(crate) fn place(self) -> u64 {
        self.0
    }
}

impl RecordingId {
    /// Its place among all recordings; later ones have higher places.
    pub(crate) fn place(self) -> u64 {
        self.0
    }
}

impl Engine {
    /// The place of the call, conference or recording with this SID among its kind, whether or
    /// not it is still known.
    pub(crate) fn place_of(&self, sid: &str) -> Option<u64> {
        let leg = self.by_sid.get(sid).map(|id| id.place());
        let room = || self.rooms_by_sid.get(sid).map(|id| id.place());
        let recording = || self.recordings_by_sid.get(sid).map(|id| id.place());
        leg.or_else(room)
            .or_else(recording)
            .or_else(|| self.graves.get(sid).copied())
    }

    /// Remembers the place of something that is forgotten.
    pub(super) fn bury(&mut self, sid: String, place: u64) {
        self.graves.insert(sid, place, self.config.keep);
    }
}
