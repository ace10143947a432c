//! What an onlooker sees of the engine.

use super::Engine;
use super::leg::{Leg, LegId, Link};
use super::room::{Ear, Member, Room};
use crate::inspect::{
    CallView, Direction, MemberView, RoomStatus, RoomView, Sound, Status, WebhookView,
};
use crate::sid::CallSid;
use crate::webhook::WebhookId;

impl Engine {
    /// All legs that are still known, oldest first.
    pub fn calls(&self) -> Vec<CallView> {
        let legs = self.legs.iter();
        legs.map(|(id, leg)| self.view(*id, leg)).collect()
    }

    /// One leg.
    pub fn call(&self, sid: &CallSid) -> Option<CallView> {
        let id = self.by_sid.get(sid)?;
        self.legs.get(id).map(|leg| self.view(*id, leg))
    }

    /// The legs of a voice client, whether it called or was called, oldest first.
    pub fn client_calls(&self, identity: &str) -> Vec<CallView> {
        let address = format!("client:{identity}");
        let mut calls = self.calls();
        calls.retain(|call| match call.direction {
            Direction::Inbound => call.from == address,
            Direction::OutboundApi | Direction::OutboundDial => call.to == address,
        });
        calls
    }

    /// All conferences that are still known, oldest first.
    pub fn rooms(&self) -> Vec<RoomView> {
        self.rooms.values().map(room_view).collect()
    }

    /// The webhooks made so far and what came of them, oldest first.
    pub fn webhooks(&self) -> Vec<WebhookView> {
        self.deliveries.all().cloned().collect()
    }

    /// The same, from the one with this number on.
    pub fn webhooks_from(&self, first: u64) -> Vec<WebhookView> {
        self.deliveries.since(WebhookId(first)).cloned().collect()
    }

    /// Whether no leg is live and no webhook is out or waiting: nothing more will happen by itself.
    pub fn is_quiet(&self) -> bool {
        self.live == 0 && self.outbox.is_empty() && self.timers.next_due().is_none()
    }

    /// Whom a leg hears: its peer, or in a started room everybody who is neither held nor muted,
    /// unless it is held itself.
    pub(super) fn hears(&self, id: LegId, leg: &Leg) -> Vec<CallSid> {
        if let Some(peer) = leg.peer {
            return vec![self.leg(peer).sid.clone()];
        }
        let Some(room) = self.room_of(id).map(|room| self.room(room)) else {
            return Vec::new();
        };
        let held = room.member(id).is_none_or(|member| member.hold.set);
        if held || room.status != RoomStatus::InProgress {
            return Vec::new();
        }
        let heard = |member: &&Member| {
            let coached = member.coaches.as_ref();
            let for_me = coached.is_none_or(|coached| *coached == leg.sid);
            member.leg != id && !member.hold.set && !member.muted.set && for_me
        };
        let members = room.members.iter().filter(heard);
        members.map(|member| member.call.clone()).collect()
    }

    /// What sounds in the ear of a leg that is in a room, other than people.
    pub(super) fn listens_to(&self, id: LegId) -> Option<Sound> {
        match &self.room(self.room_of(id)?).member(id)?.ear {
            Ear::Music => Some(Sound::Music),
            Ear::Document { sounds, .. } => sounds.clone(),
            Ear::Room | Ear::Silence | Ear::Fetching => None,
        }
    }

    fn view(&self, id: LegId, leg: &Leg) -> CallView {
        let doing = match (leg.status, leg.link) {
            (status, _) if status.is_final() => "over",
            (Status::Queued, _) => "queued",
            (Status::Initiated, _) => "dialling",
            (Status::Ringing, _) if leg.direction != Direction::Inbound => "ringing",
            (_, Link::InDial) => "in-dial",
            _ => leg.activity.name(),
        };
        CallView {
            sid: leg.sid.clone(),
            parent: leg.parent_sid.clone(),
            direction: leg.direction,
            status: leg.status,
            from: leg.from.clone(),
            to: leg.to.clone(),
            doing,
            bridged_with: leg.peer.map(|peer| self.leg(peer).sid.clone()),
            conference: self.room_of(id).map(|room| self.room(room).sid.clone()),
            queue: leg.queueing.as_ref().map(|queueing| queueing.queue.clone()),
            answered_by: leg.answered_by,
            hears: self.hears(id, leg),
            listens_to: self.listens_to(id),
            alone_since: leg.alone_since,
            heard: leg.heard.clone(),
            pressed: leg.pressed.clone(),
            alerts: leg.alerts.clone(),
            parameters: leg.parameters.clone(),
            created_at: leg.created,
            answered_at: leg.answered,
            ended_at: leg.ended,
        }
    }
}

fn room_view(room: &Room) -> RoomView {
    RoomView {
        sid: room.sid.clone(),
        name: room.name.clone(),
        status: room.status,
        members: room.members.iter().map(member_view).collect(),
        reason_ended: room.end.as_ref().map(|end| end.reason),
        created_at: room.created,
    }
}

fn member_view(member: &Member) -> MemberView {
    MemberView {
        call: member.call.clone(),
        label: member.label.clone(),
        muted: member.muted.set,
        on_hold: member.hold.set,
        start_on_enter: member.start_on_enter,
        end_on_exit: member.end_on_exit,
        joined_at: member.joined,
    }
}
