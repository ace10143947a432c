//! Sockets and calls: what browsers say is done, and what the engine says of their calls is told.

mod line;
mod outcome;
mod placed;
mod returning;
mod ringing;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

pub(super) use line::Line;

use super::access::Access;
use super::exchange::LineId;
use super::frame::{ClientFrame, Message, ServerFrame};
use super::studio::{SessionId, Studio};
use crate::inspect::Status;
use crate::shell::Shared;
use crate::sid::CallSid;
use crate::sound::dtmf;

/// A call outlives the loss of its signalling by this long, or longer if the browser asks for it.
const GRACE: Duration = Duration::from_secs(15);

/// The longest that a browser may ask for.
const LONGEST_GRACE: Duration = Duration::from_secs(30);

/// Messages of browsers that are kept for reading.
const MESSAGES: usize = 1_000;

/// There is no such call, or not for this browser.
const NO_CALL: u32 = 31209;

/// A description could not be used.
const BAD_DESCRIPTION: u32 = 31400;

/// The sockets of all browsers and their calls.
pub(super) struct Switchboard {
    shared: Shared,
    studio: Studio,
    lines: BTreeMap<LineId, Line>,
    calls: BTreeMap<CallSid, Call>,
    messages: VecDeque<(CallSid, Message)>,
    beat: Option<Instant>,
}

/// A call of a browser.
struct Call {
    identity: String,
    /// What the browser called it before it had a name.
    temporary: Option<String>,
    stage: Stage,
    /// Proves that whoever comes back to it had it before.
    reconnect: String,
    /// The socket that it is on; none while the signalling is lost.
    line: Option<LineId>,
    /// When that was lost, and how long it may be.
    lost: Option<Instant>,
    grace: Duration,
}

/// How far it has come.
enum Stage {
    /// Placed by a browser, which has not been answered in any way.
    Placed { session: SessionId, answer: String },
    /// Placed by a browser, which hears the ringing.
    Ringing { session: SessionId },
    /// Offered to browsers, each with a connection of its own.
    Offered {
        to: Vec<(LineId, SessionId)>,
        /// The sockets where it was declined.
        declined: Vec<LineId>,
    },
    /// Answered.
    Open { session: SessionId },
}

/// What a turn is about: the two times of one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) wall: OffsetDateTime,
}

impl Switchboard {
    pub(super) fn new(shared: Shared, studio: Studio) -> Self {
        Self {
            shared,
            studio,
            lines: BTreeMap::new(),
            calls: BTreeMap::new(),
            messages: VecDeque::new(),
            beat: None,
        }
    }

    pub(super) fn studio(&mut self) -> &mut Studio {
        &mut self.studio
    }

    /// Whether there is nobody to tell anything.
    pub(super) fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.calls.is_empty()
    }

    /// A socket was opened.
    pub(super) fn opened(&mut self, id: LineId, line: Line) {
        self.lines.insert(id, line);
    }

    /// A socket is gone.
    pub(super) fn closed(&mut self, now: Moment, id: LineId) {
        let Some(line) = self.lines.remove(&id) else {
            return;
        };
        if let Some(identity) = line.registered() {
            self.unregistered(identity);
        }
        for call in self.calls.values_mut() {
            if call.line == Some(id) {
                call.line = None;
                call.lost = Some(now.instant);
            }
        }
    }

    /// A browser says something.
    pub(super) fn received(&mut self, now: Moment, id: LineId, frame: ClientFrame) {
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        line.heard(now.instant);
        match frame {
            ClientFrame::Heartbeat | ClientFrame::Unknown => {}
            ClientFrame::Listen {
                token,
                reconnect_timeout,
            } => self.listens(now, id, &token, Duration::from_secs(reconnect_timeout)),
            frame => match line.access().cloned() {
                // Frames that a browser kept while it was away may come before its token.
                None => line.hold(frame),
                Some(access) => self.understood(now, id, &access, frame),
            },
        }
    }

    /// The engine has changed: calls that rang are told, and so are those that are answered or
    /// over.
    pub(super) fn changed(&mut self, now: Moment) {
        self.stay_registered();
        self.offer_ringing_calls(now);
        let sids: Vec<CallSid> = self.calls.keys().cloned().collect();
        for sid in sids {
            let standing = self.shared.look(|engine, _| engine.standing(&sid));
            match standing {
                Some(standing) if !standing.status.is_final() => self.moved(&sid, standing),
                ended => self.ended(&sid, ended.map(|standing| standing.status)),
            }
        }
    }

    /// A second or so has passed: heartbeats go out, and what was gone for too long is let go.
    pub(super) fn sweep(&mut self, now: Moment) {
        if self
            .beat
            .is_none_or(|last| now.instant - last >= line::BEAT)
        {
            self.beat = Some(now.instant);
            for line in self.lines.values() {
                line.send(&ServerFrame::Heartbeat);
            }
        }
        let mut expired = Vec::new();
        let mut silent = Vec::new();
        for (id, line) in &mut self.lines {
            if line.is_dead(now.instant) {
                silent.push(*id);
            } else if line.expires(now.wall) {
                expired.extend(line.registered());
                line.expire();
            }
        }
        for identity in expired {
            self.unregistered(identity);
        }
        for id in silent {
            self.closed(now, id);
        }
        let lost = |call: &Call| call.lost.is_some_and(|at| now.instant - at >= call.grace);
        let given_up: Vec<CallSid> = self
            .calls
            .iter()
            .filter(|(_, call)| lost(call))
            .map(|(sid, _)| sid.clone())
            .collect();
        for sid in given_up {
            self.hang_up(&sid);
        }
    }

    /// Keys that came with the sound.
    pub(super) fn keys(&mut self) {
        for (sid, keys) in self.studio.keys() {
            self.press(&sid, &keys);
        }
    }

    /// Somebody speaks where a silence would end a recording.
    pub(super) fn voiced(&self, sids: &[CallSid]) {
        for sid in sids {
            self.shared.turn(|engine, now| {
                engine.advance(now);
                engine.voice_heard(now, sid);
            });
        }
    }

    /// Says something to the browser of a call, beside the conversation.
    pub(super) fn say(&self, sid: &CallSid, message: Message) -> bool {
        let line = self.calls.get(sid).and_then(|call| call.line);
        let callsid = sid.to_string();
        line.is_some_and(|line| self.tell(line, &ServerFrame::Message { callsid, message }))
    }

    /// What the browser of a call said beside the conversation.
    pub(super) fn messages(&self, sid: &CallSid) -> Vec<Message> {
        let of = self.messages.iter().filter(|(of, _)| of == sid);
        of.map(|(_, message)| message.clone()).collect()
    }

    /// The token of a browser.
    fn listens(&mut self, now: Moment, id: LineId, token: &str, grace: Duration) {
        let checked = self
            .shared
            .look(|engine, wall| Access::check(&engine.config, token, wall));
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        let access = match checked {
            Ok(access) => access,
            Err(denial) => {
                line.send(&ServerFrame::Error {
                    code: denial.code(),
                    message: denial.to_string(),
                    about: None,
                });
                line.send(&ServerFrame::Close);
                return self.closed(now, id);
            }
        };
        line.send(&ServerFrame::Connected {
            edge: line.edge.clone(),
            identity: access.identity.clone(),
            ttl: access.expires - now.wall.unix_timestamp(),
        });
        line.let_in(access.clone(), grace.clamp(GRACE, LONGEST_GRACE));
        let back = line.registered();
        let held = line.held();
        if let Some(identity) = back {
            self.registered(identity);
        }
        for frame in held {
            self.understood(now, id, &access, frame);
        }
    }

    /// What a browser says that was let in.
    fn understood(&mut self, now: Moment, id: LineId, access: &Access, frame: ClientFrame) {
        match frame {
            ClientFrame::Heartbeat | ClientFrame::Unknown | ClientFrame::Listen { .. } => {}
            ClientFrame::Register { audio } => self.registers(now, id, access, audio),
            ClientFrame::Invite {
                callsid,
                sdp,
                parameters,
                reconnect,
            } => match reconnect {
                None => self.place(now, id, access, callsid, &sdp, parameters),
                Some(token) => self.resume(now, id, access, &callsid, &token, &sdp),
            },
            ClientFrame::Answer { callsid, sdp } => {
                if let Some(sid) = self.find(access, &callsid) {
                    self.pick_up(id, &sid, &sdp);
                } else {
                    self.no_call(id, callsid);
                }
            }
            ClientFrame::Reject { callsid } => {
                if let Some(sid) = self.find(access, &callsid) {
                    self.decline(id, &sid);
                }
            }
            ClientFrame::Hangup { callsid } => {
                if let Some(sid) = self.find(access, &callsid) {
                    self.hang_up(&sid);
                }
            }
            ClientFrame::Dtmf { callsid, digits } => {
                if let Some(sid) = self.find(access, &callsid) {
                    self.press(&sid, &dtmf::keys(&digits));
                }
            }
            ClientFrame::Reinvite { callsid, sdp } => {
                if let Some(sid) = self.find(access, &callsid) {
                    self.restart(id, &sid, &sdp);
                } else {
                    self.no_call(id, callsid);
                }
            }
            ClientFrame::Message { callsid, message } => {
                self.message(id, access, callsid, message);
            }
        }
    }

    fn registers(&mut self, now: Moment, id: LineId, access: &Access, audio: bool) {
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        if line.expires(now.wall) || line.is_expired() {
            line.expire();
            return;
        }
        if audio && !access.incoming {
            line.send(&ServerFrame::Error {
                code: 31201,
                message: "the access token does not allow incoming calls".to_owned(),
                about: None,
            });
            line.send(&ServerFrame::Close);
            return self.closed(now, id);
        }
        let new = line.registered().is_none();
        line.register(audio);
        match audio {
            true => {
                line.send(&ServerFrame::Ready);
                // It comes every half minute.
                if new {
                    self.registered(access.identity.clone());
                    self.changed(now);
                }
            }
            false => {
                line.send(&ServerFrame::Offline);
                self.unregistered(access.identity.clone());
            }
        }
    }

    /// A reset forgets voice clients, and those with a socket are still there.
    fn stay_registered(&self) {
        for identity in self.lines.values().filter_map(Line::registered) {
            if !self.shared.look(|engine, _| engine.knows_client(&identity)) {
                self.registered(identity);
            }
        }
    }

    fn registered(&self, identity: String) {
        self.shared
            .turn(|engine, _| engine.register_client(identity));
    }

    /// One socket less for this identity; when it was the last, calls to it end at once.
    fn unregistered(&self, identity: String) {
        let mut lines = self.lines.values();
        if !lines.any(|line| line.registered().as_ref() == Some(&identity)) {
            self.shared
                .turn(|engine, _| engine.unregister_client(identity));
        }
    }

    fn restart(&mut self, id: LineId, sid: &CallSid, sdp: &str) {
        let Some(call) = self.calls.get(sid) else {
            return;
        };
        let Some(session) = call.session() else {
            return;
        };
        let reconnect = call.reconnect.clone();
        match self.studio.restart(session, sdp) {
            Ok(answer) => {
                let (callsid, sdp) = (sid.to_string(), Some(answer));
                self.tell(
                    id,
                    &ServerFrame::Answer {
                        callsid,
                        sdp,
                        reconnect,
                    },
                );
            }
            Err(error) => {
                tracing::debug!(%error, "a media path could not be made anew");
            }
        }
    }

    fn press(&mut self, sid: &CallSid, keys: &str) {
        let pressed = self.shared.turn(|engine, now| engine.press(now, sid, keys));
        if pressed.is_ok() {
            self.studio.press(sid, keys);
        }
    }

    fn message(&mut self, id: LineId, access: &Access, callsid: String, message: Message) {
        let of = message.id.clone();
        let Some(sid) = self.find(access, &callsid) else {
            let about = Some((callsid, of));
            let message = "there is no such call".to_owned();
            self.tell(
                id,
                &ServerFrame::Error {
                    code: NO_CALL,
                    message,
                    about,
                },
            );
            return;
        };
        if self.messages.len() == MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back((sid, message));
        self.tell(id, &ServerFrame::Ack { callsid, id: of });
    }

    /// The browser's end of a call is over.
    fn hang_up(&mut self, sid: &CallSid) {
        if let Some(call) = self.calls.remove(sid) {
            for session in call.sessions() {
                self.studio.close(session);
            }
        }
        // It may have ended by itself in this moment.
        let _ = self.shared.turn(|engine, now| engine.hang_up(now, sid));
    }

    /// The engine's end of a call is over.
    fn ended(&mut self, sid: &CallSid, status: Option<Status>) {
        let Some(call) = self.calls.remove(sid) else {
            return;
        };
        for session in call.sessions() {
            self.studio.close(session);
        }
        let callsid = sid.to_string();
        match &call.stage {
            Stage::Offered { to, .. } => {
                for (line, _) in to {
                    self.tell(
                        *line,
                        &ServerFrame::Cancel {
                            callsid: callsid.clone(),
                        },
                    );
                }
            }
            Stage::Open { .. } => {
                if let Some(line) = call.line {
                    self.tell(
                        line,
                        &ServerFrame::Hangup {
                            callsid,
                            error: None,
                        },
                    );
                }
            }
            Stage::Placed { .. } | Stage::Ringing { .. } => {
                let callsid = match (&call.stage, call.temporary) {
                    (Stage::Placed { .. }, Some(temporary)) => temporary,
                    _ => callsid,
                };
                let error = status.and_then(outcome::error);
                if let Some(line) = call.line {
                    self.tell(line, &ServerFrame::Hangup { callsid, error });
                }
            }
        }
    }

    /// The call of this browser that has this name.
    fn find(&self, access: &Access, callsid: &str) -> Option<CallSid> {
        let named = |(sid, call): &(&CallSid, &Call)| {
            call.identity == access.identity
                && (sid.as_str() == callsid || call.temporary.as_deref() == Some(callsid))
        };
        self.calls.iter().find(named).map(|(sid, _)| sid.clone())
    }

    fn no_call(&self, id: LineId, callsid: String) {
        let error = Some((NO_CALL, "there is no such call".to_owned()));
        self.tell(id, &ServerFrame::Hangup { callsid, error });
    }

    fn tell(&self, id: LineId, frame: &ServerFrame) -> bool {
        self.lines.get(&id).is_some_and(|line| line.send(frame))
    }
}

impl Call {
    /// The connection that its sound is on.
    fn session(&self) -> Option<SessionId> {
        match &self.stage {
            Stage::Placed { session, .. }
            | Stage::Ringing { session }
            | Stage::Open { session } => Some(*session),
            Stage::Offered { .. } => None,
        }
    }

    /// All its connections.
    fn sessions(&self) -> Vec<SessionId> {
        match &self.stage {
            Stage::Offered { to, .. } => to.iter().map(|(_, session)| *session).collect(),
            _ => self.session().into_iter().collect(),
        }
    }
}
