//! Who hears whom at the moment, as the mixer needs it.

use super::Engine;
use super::leg::{Activity, Leg, LegId};
use super::recording::{Recording, Source};
use super::room::Member;
use crate::inspect::{Direction, RecordingStatus, Sound, Status};
use crate::sid::CallSid;
use crate::sound::generator::Cue;
use crate::sound::mixer::{Tape, Track, Wire, Wiring};
use crate::twiml::Channels;

/// Where a leg stands, as its own client has to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    /// Whether it is being connected with somebody.
    pub(crate) dials: bool,
}

/// A leg that rings at a voice client.
pub(crate) struct RingingClient {
    pub(crate) sid: CallSid,
    pub(crate) identity: String,
    pub(crate) from: String,
    pub(crate) parameters: Vec<(String, String)>,
    /// How the network vouches for the number of whoever calls.
    pub(crate) stir_status: Option<String>,
}

impl Engine {
    /// Where this leg stands.
    pub(crate) fn standing(&self, sid: &CallSid) -> Option<Standing> {
        let leg = self.by_sid.get(sid).and_then(|id| self.legs.get(id))?;
        Some(Standing {
            status: leg.status,
            dials: matches!(leg.activity, Activity::Dialling(_) | Activity::Dequeuing(_)),
        })
    }

    /// The legs that ring at voice clients.
    pub(crate) fn ringing_clients(&self) -> Vec<RingingClient> {
        let ringing = self
            .legs
            .values()
            .filter(|leg| leg.status == Status::Ringing && leg.direction != Direction::Inbound);
        let client = |leg: &Leg| {
            Some(RingingClient {
                sid: leg.sid.clone(),
                identity: leg.to.strip_prefix("client:")?.to_owned(),
                from: leg.from.clone(),
                parameters: leg.parameters.clone(),
                stir_status: self.stir_status_of(leg),
            })
        };
        ringing.filter_map(client).collect()
    }

    fn stir_status_of(&self, leg: &Leg) -> Option<String> {
        let caller = self.legs.get(&leg.parent?)?;
        let inbound = caller.direction == Direction::Inbound;
        caller.script.stir_status.clone().filter(|_| inbound)
    }

    /// All live legs that the application has to do with by now, and all recordings that run.
    pub(crate) fn wiring(&self) -> Wiring {
        let live = self.legs.iter();
        let live =
            live.filter(|(_, leg)| matches!(leg.status, Status::Ringing | Status::InProgress));
        let running = self.recordings.values();
        let running = running.filter(|one| one.status == RecordingStatus::InProgress);
        Wiring {
            wires: live.map(|(id, leg)| self.wire(*id, leg)).collect(),
            tapes: running.map(|one| self.tape(one)).collect(),
        }
    }

    fn wire(&self, id: LegId, leg: &Leg) -> Wire {
        Wire {
            sid: leg.sid.clone(),
            speaks: leg.status == Status::InProgress,
            voice: leg.script.voice.clone(),
            hears: self.hears(id, leg),
            cue: self.cue(id, leg),
            minds_silence: matches!(
                &leg.activity,
                Activity::Recording { record, .. } if record.timeout.is_some()
            ),
        }
    }

    /// What a leg hears that nobody says.
    fn cue(&self, id: LegId, leg: &Leg) -> Option<Cue> {
        let last = || leg.heard.last().map(|heard| Cue::Sound(heard.what.clone()));
        match (leg.status, leg.direction) {
            (Status::InProgress, _) => {}
            (Status::Ringing, Direction::Inbound) => return Some(Cue::Ringing),
            _ => return None,
        }
        match &leg.activity {
            Activity::Lasting("say" | "play" | "error-sentence" | "send-digits") => last(),
            Activity::Lasting("queue") if leg.peer.is_none() => {
                last().filter(|cue| *cue == Cue::Sound(Sound::Music))
            }
            Activity::Gathering(gathering) if gathering.sounds() => last(),
            Activity::Conferring(_) => {
                let announced = self.announced(id).or_else(|| self.listens_to(id));
                announced.map(Cue::Sound)
            }
            Activity::Dialling(_) | Activity::Dequeuing(_) if leg.peer.is_none() => {
                Some(Cue::Ringing)
            }
            Activity::Lasting(_)
            | Activity::Gathering(_)
            | Activity::Dialling(_)
            | Activity::Dequeuing(_)
            | Activity::Recording { .. }
            | Activity::Entering(_)
            | Activity::Fetching
            | Activity::Idle => None,
        }
    }

    fn tape(&self, recording: &Recording) -> Tape {
        let call = &recording.call;
        let channels = match (&recording.conference, recording.source, recording.channels) {
            (Some(room), _, _) => vec![self.said_in(room)],
            (None, Source::RecordVerb, _) => vec![vec![Track::Voice(call.clone())]],
            (None, _, Channels::Mono) => {
                vec![vec![Track::Voice(call.clone()), Track::Ear(call.clone())]]
            }
            (None, _, Channels::Dual) => {
                vec![
                    vec![Track::Voice(call.clone())],
                    vec![Track::Ear(call.clone())],
                ]
            }
        };
        Tape {
            sid: recording.sid.clone(),
            channels,
        }
    }

    /// Everybody who is heard in a conference.
    fn said_in(&self, room: &str) -> Vec<Track> {
        let Some(room) = self.rooms_by_sid.get(room).map(|id| self.room(*id)) else {
            return Vec::new();
        };
        let heard = |member: &&Member| !member.hold.set && !member.muted.set;
        let members = room.members.iter().filter(heard);
        members
            .map(|member| Track::Voice(member.call.clone()))
            .collect()
    }
}
