//! Browsers that come back to a call, and others that take it over.

use super::super::access::Access;
use super::super::exchange::LineId;
use super::super::frame::ServerFrame;
use super::{GRACE, Line, Moment, Stage, Switchboard};
use crate::sid::CallSid;

impl Switchboard {
    /// A browser shows the token of a call: it lost its socket and comes back, or it has the
    /// token from another browser of its user and takes the call over. Who comes back has the
    /// connection that its sound is on.
    pub(super) fn resume(
        &mut self,
        now: Moment,
        id: LineId,
        access: &Access,
        callsid: &str,
        token: &str,
        sdp: &str,
    ) {
        let Some(sid) = self.find(access, callsid) else {
            return self.resume_what_is_over(id, callsid);
        };
        let Some(call) = self
            .calls
            .get_mut(&sid)
            .filter(|call| call.reconnect == token)
        else {
            return self.no_call(id, callsid.to_owned());
        };
        match call.session() {
            Some(session) if self.studio.wrote(session, sdp) => {}
            Some(_) | None => return self.take_over(now, id, &sid, sdp),
        }
        call.line = Some(id);
        call.lost = None;
        let frame = match call.stage {
            Stage::Placed { .. } | Stage::Offered { .. } => return,
            Stage::Ringing { .. } => ringing(&sid, call.reconnect.clone(), None),
            Stage::Open { .. } => answer(&sid, call.reconnect.clone(), None),
        };
        self.tell(id, &frame);
    }

    /// A call that ended while its browser was away has just ended; others were never there.
    fn resume_what_is_over(&self, id: LineId, callsid: &str) {
        let sid = CallSid::parse(callsid);
        let known = sid.is_some_and(|sid| {
            self.shared
                .look(|engine, _| engine.standing(&sid))
                .is_some()
        });
        match known {
            true => {
                let callsid = callsid.to_owned();
                self.tell(
                    id,
                    &ServerFrame::Hangup {
                        callsid,
                        error: None,
                    },
                );
            }
            false => self.no_call(id, callsid.to_owned()),
        }
    }

    /// Another browser of the same identity takes a call over, with a connection of its own. The
    /// one that had it loses it, and its token with it.
    fn take_over(&mut self, now: Moment, id: LineId, sid: &CallSid, sdp: &str) {
        let (session, description) = match self.studio.take(now.instant, sdp) {
            Ok(taken) => taken,
            Err(error) => {
                tracing::debug!(%error, "the offer of a browser cannot be used");
                return self.no_call(id, sid.to_string());
            }
        };
        let grace = self.lines.get(&id).map_or(GRACE, Line::grace);
        let Some(call) = self.calls.get_mut(sid) else {
            return self.studio.close(session);
        };
        call.reconnect = uuid::Uuid::new_v4().to_string();
        let reconnect = call.reconnect.clone();
        let (before, frame) = match &mut call.stage {
            // It rings no more, there or anywhere.
            Stage::Offered { .. } => {
                self.connected(id, sid, session);
                self.tell(id, &answer(sid, reconnect, Some(description)));
                return;
            }
            // Nobody has its token yet.
            Stage::Placed { .. } => return self.studio.close(session),
            Stage::Ringing { session: before } => {
                let frame = ringing(sid, reconnect, Some(description));
                (std::mem::replace(before, session), frame)
            }
            Stage::Open { session: before } => {
                let frame = answer(sid, reconnect, Some(description));
                (std::mem::replace(before, session), frame)
            }
        };
        let line = call.line.replace(id);
        call.lost = None;
        call.grace = grace;
        self.studio.close(before);
        self.studio.connect(session, sid);
        // By its name the call would end on the same socket, where it has just begun.
        if let Some(line) = line.filter(|line| *line != id) {
            let callsid = sid.to_string();
            let error = None;
            self.tell(line, &ServerFrame::Hangup { callsid, error });
        }
        self.tell(id, &frame);
    }
}

fn ringing(sid: &CallSid, reconnect: String, sdp: Option<String>) -> ServerFrame {
    let callsid = sid.to_string();
    ServerFrame::Ringing {
        callsid,
        sdp,
        reconnect,
    }
}

fn answer(sid: &CallSid, reconnect: String, sdp: Option<String>) -> ServerFrame {
    let callsid = sid.to_string();
    ServerFrame::Answer {
        callsid,
        sdp,
        reconnect,
    }
}
