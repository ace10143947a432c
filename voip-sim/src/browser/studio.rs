//! All WebRTC connections and the mixer: packets and calls go in, packets and keys come out.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::crypto::CryptoProvider;

use super::description::{self, BadDescription};
use super::session::Session;
use crate::sid::CallSid;
use crate::sound::coding::Coding;
use crate::sound::mixer::{Mixed, Mixer, Wiring};

/// Names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionId(u64);

/// The connections.
pub(super) struct Studio {
    crypto: Arc<CryptoProvider>,
    /// Where all of them are reached.
    local: SocketAddr,
    telephone_events: bool,
    sessions: HashMap<SessionId, Seat>,
    opened: u64,
    /// Whose packets come from where.
    routes: HashMap<SocketAddr, SessionId>,
    mixer: Mixer,
    packets: Vec<(SocketAddr, Vec<u8>)>,
    keys: Vec<(CallSid, String)>,
}

struct Seat {
    session: Session,
    /// The leg whose far end it is, once it is answered or calls.
    call: Option<CallSid>,
}

impl Studio {
    pub(super) fn new(local: SocketAddr, telephone_events: bool) -> Self {
        Self {
            crypto: Arc::new(str0m::crypto::from_feature_flags()),
            local,
            telephone_events,
            sessions: HashMap::new(),
            opened: 0,
            routes: HashMap::new(),
            mixer: Mixer::default(),
            packets: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Whether anybody is connected.
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// A connection for an offer, with the sound that the offer would rather have: its name and
    /// the answer.
    pub(super) fn take(
        &mut self,
        now: Instant,
        offer: &str,
    ) -> Result<(SessionId, String), BadDescription> {
        let coding = description::preferred(offer).ok_or_else(BadDescription::silent)?;
        let mut session = self.session(now, &[coding])?;
        let answer = session.answer(offer)?;
        Ok((self.seat(session), answer))
    }

    /// A connection to be offered, with sound of any kind: its name and the offer.
    pub(super) fn offer(&mut self, now: Instant) -> Result<(SessionId, String), BadDescription> {
        let mut session = self.session(now, &Coding::ALL)?;
        let offer = session.offer().ok_or_else(BadDescription::nothing)?;
        Ok((self.seat(session), offer))
    }

    /// Takes the answer to an offer.
    pub(super) fn accept(&mut self, id: SessionId, answer: &str) -> Result<(), BadDescription> {
        let seat = self
            .sessions
            .get_mut(&id)
            .ok_or_else(BadDescription::nothing)?;
        seat.session.accept(answer)?;
        self.drain(id);
        Ok(())
    }

    /// Makes the path of a connection anew.
    pub(super) fn restart(&mut self, id: SessionId, offer: &str) -> Result<String, BadDescription> {
        let seat = self
            .sessions
            .get_mut(&id)
            .ok_or_else(BadDescription::nothing)?;
        let answer = seat.session.answer(offer)?;
        self.drain(id);
        Ok(answer)
    }

    /// Whether the browser's end of this connection wrote that description.
    pub(super) fn wrote(&self, id: SessionId, description: &str) -> bool {
        let seat = self.sessions.get(&id);
        seat.is_some_and(|seat| seat.session.wrote(description))
    }

    /// From now on the connection is the far end of this leg.
    pub(super) fn connect(&mut self, id: SessionId, call: &CallSid) {
        if let Some(seat) = self.sessions.get_mut(&id) {
            seat.call = Some(call.clone());
        }
    }

    /// Ends a connection.
    pub(super) fn close(&mut self, id: SessionId) {
        if let Some(seat) = self.sessions.get_mut(&id) {
            seat.session.close();
        }
        self.drain(id);
        self.sessions.remove(&id);
        self.routes.retain(|_, route| *route != id);
    }

    /// Takes a packet.
    pub(super) fn receive(&mut self, now: Instant, from: SocketAddr, packet: &[u8]) {
        // A connectivity check says for whom it is; its sender may be somebody else by now
        // (RFC 7983, section 7).
        let checks = packet.first().is_some_and(|byte| *byte < 4);
        let known = self.routes.get(&from).copied().filter(|_| !checks);
        let id = known.or_else(|| {
            let mut sessions = self.sessions.iter();
            let found = sessions.find(|(_, seat)| seat.session.accepts(now, from, packet));
            found.map(|(id, _)| *id)
        });
        let Some(seat) = id.and_then(|id| self.sessions.get_mut(&id)) else {
            return;
        };
        seat.session.receive(now, from, packet);
        if let Some(id) = id {
            self.routes.insert(from, id);
            self.drain(id);
        }
    }

    /// Lets 20 milliseconds pass.
    pub(super) fn tick(&mut self, now: Instant, wiring: &Wiring) -> Mixed {
        let seats = self.sessions.values_mut();
        let microphones = seats.filter_map(|seat| {
            let call = seat.call.clone()?;
            Some((call, seat.session.microphone()))
        });
        let mixed = self.mixer.mix(wiring, microphones.collect());
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(seat) = self.sessions.get_mut(&id) {
                seat.session.pass(now);
                let ear = seat.call.as_ref().and_then(|call| mixed.ears.get(call));
                if let Some(frame) = ear {
                    seat.session.play(now, frame);
                }
            }
            self.drain(id);
        }
        mixed
    }

    /// A far end presses keys: whoever hears it hears their tones.
    pub(super) fn press(&mut self, call: &CallSid, keys: &str) {
        self.mixer.pressed(call, keys);
    }

    /// What a leg heard of late, and how many frames it has heard altogether.
    pub(super) fn heard(&self, call: &CallSid) -> Option<(Vec<i16>, u64)> {
        self.mixer.heard(call)
    }

    /// Packets to be sent now.
    pub(super) fn packets(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.packets)
    }

    /// Keys that were pressed.
    pub(super) fn keys(&mut self) -> Vec<(CallSid, String)> {
        std::mem::take(&mut self.keys)
    }

    fn session(&self, now: Instant, codings: &[Coding]) -> Result<Session, BadDescription> {
        let crypto = Arc::clone(&self.crypto);
        let session = Session::new(now, self.local, crypto, codings, self.telephone_events);
        session.map_err(BadDescription::of)
    }

    fn seat(&mut self, session: Session) -> SessionId {
        self.opened += 1;
        let id = SessionId(self.opened);
        let call = None;
        self.sessions.insert(id, Seat { session, call });
        self.drain(id);
        id
    }

    fn drain(&mut self, id: SessionId) {
        if let Some(seat) = self.sessions.get_mut(&id) {
            let keys = seat.session.drain(&mut self.packets);
            if let Some(call) = seat.call.clone().filter(|_| !keys.is_empty()) {
                self.keys.push((call, keys));
            }
        }
    }
}
