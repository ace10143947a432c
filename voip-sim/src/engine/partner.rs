//! Who belongs to whom, and who has been left alone.

use std::time::Duration;

use time::OffsetDateTime;

use super::Engine;
use super::leg::LegId;
use crate::inspect::Orphan;

impl Engine {
    /// Two legs have to do with each other from now on: one dialled the other, or, when
    /// `connected`, they can talk.
    pub(super) fn acquaint(
        &mut self,
        now: OffsetDateTime,
        one: LegId,
        other: LegId,
        connected: bool,
    ) {
        for (leg, partner) in [(one, other), (other, one)] {
            self.no_longer_alone(now, leg);
            let leg = self.leg_mut(leg);
            *leg.partners.entry(partner).or_insert(false) |= connected;
        }
    }

    /// A leg has ended: whoever has nobody left by that is alone.
    pub(super) fn partner_gone(&mut self, now: OffsetDateTime, gone: LegId) {
        self.no_longer_alone(now, gone);
        let partners: Vec<LegId> = self.leg(gone).partners.keys().copied().collect();
        for id in partners {
            let Some(leg) = self.legs.get(&id) else {
                continue;
            };
            if leg.status.is_final() || leg.alone_since.is_some() {
                continue;
            }
            let live = |partner: &LegId| {
                let partner = self.legs.get(partner);
                partner.is_some_and(|partner| !partner.status.is_final())
            };
            if !leg.partners.keys().any(live) {
                self.leg_mut(id).alone_since = Some(now);
            }
        }
    }

    fn no_longer_alone(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg_mut(id);
        if let Some(since) = leg.alone_since.take() {
            leg.longest_alone = leg.longest_alone.max((now - since).unsigned_abs());
        }
    }

    /// The live partner of a leg: the one it is connected with, else one it was, else one that it
    /// dialled or was dialled by.
    pub(crate) fn partner_of(&self, id: LegId) -> Option<LegId> {
        let leg = self.leg(id);
        let live = |partner: &LegId| {
            let partner = self.legs.get(partner);
            partner.is_some_and(|partner| !partner.status.is_final())
        };
        let of = |connected: bool| {
            let mut partners = leg.partners.iter();
            partners.find(|(partner, was)| **was == connected && live(partner))
        };
        leg.peer
            .or_else(|| of(true).or_else(|| of(false)).map(|(partner, _)| *partner))
    }

    /// Live legs whose partners have all gone, oldest first: nobody hears them, and they cost
    /// money. A leg that never had a partner is none of them.
    pub fn orphans(&self, now: OffsetDateTime) -> Vec<Orphan> {
        let legs = self.legs.values();
        legs.filter_map(|leg| {
            let since = leg.alone_since?;
            Some(Orphan {
                call: leg.sid.clone(),
                since,
                alone_for: (now - since).max(time::Duration::ZERO).unsigned_abs(),
                was_connected: leg.partners.values().any(|connected| *connected),
            })
        })
        .collect()
    }

    /// The longest that any leg which had been connected with somebody was alone, over all legs
    /// that are still known, live or over.
    pub fn longest_alone(&self, now: OffsetDateTime) -> Duration {
        let legs = self.legs.values();
        legs.filter(|leg| leg.partners.values().any(|connected| *connected))
            .map(|leg| {
                let present = leg.alone_since.map(|since| now - since);
                let present = present.unwrap_or_default().max(time::Duration::ZERO);
                leg.longest_alone.max(present.unsigned_abs())
            })
            .max()
            .unwrap_or_default()
    }
}
