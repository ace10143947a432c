//! Calls that browsers place.

use super::super::access::Access;
use super::super::exchange::LineId;
use super::super::frame::ServerFrame;
use super::{BAD_DESCRIPTION, Call, Moment, Stage, Switchboard};
use crate::engine::{DriveError, Standing};
use crate::inspect::Status;
use crate::sid::CallSid;

/// The token does not allow it.
const NOT_ALLOWED: u32 = 31201;

/// There is nothing to call through.
const NO_APPLICATION: u32 = 31404;

impl Switchboard {
    /// A browser places a call through the TwiML App.
    pub(super) fn place(
        &mut self,
        now: Moment,
        id: LineId,
        access: &Access,
        temporary: String,
        sdp: &str,
        mut parameters: Vec<(String, String)>,
    ) {
        let refused = |switchboard: &Self, code, message: &str| {
            let (callsid, error) = (temporary.clone(), Some((code, message.to_owned())));
            switchboard.tell(id, &ServerFrame::Hangup { callsid, error });
        };
        let Some(line) = self.lines.get(&id) else {
            return;
        };
        let grace = line.grace();
        if line.is_expired() || line.expires(now.wall) {
            return refused(self, 20104, "the access token has expired");
        }
        let Some((application, granted)) = &access.outgoing else {
            return refused(
                self,
                NOT_ALLOWED,
                "the access token does not allow outgoing calls",
            );
        };
        let known = self.shared.look(|engine, _| {
            let known = engine.config.application.as_ref();
            known.is_some_and(|known| known.sid == *application)
        });
        if !known {
            let message = "the access token names a TwiML App that is not set up";
            return refused(self, NO_APPLICATION, message);
        }
        for (name, value) in granted {
            if !parameters.iter().any(|(taken, _)| taken == name) {
                parameters.push((name.clone(), value.clone()));
            }
        }
        let (session, answer) = match self.studio.take(now.instant, sdp) {
            Ok(taken) => taken,
            Err(error) => return refused(self, BAD_DESCRIPTION, &error.to_string()),
        };
        let placed = self
            .shared
            .turn(|engine, wall| engine.place_client_call(wall, &access.identity, &parameters));
        match placed {
            Ok(sid) => {
                self.studio.connect(session, &sid);
                let call = Call {
                    identity: access.identity.clone(),
                    temporary: Some(temporary),
                    stage: Stage::Placed { session, answer },
                    reconnect: uuid::Uuid::new_v4().to_string(),
                    line: Some(id),
                    lost: None,
                    grace,
                };
                self.calls.insert(sid, call);
                self.changed(now);
            }
            Err(error) => {
                self.studio.close(session);
                let code = match error {
                    DriveError::NoApplication => NO_APPLICATION,
                    _ => BAD_DESCRIPTION,
                };
                refused(self, code, &error.to_string());
            }
        }
    }

    /// A call has come further.
    pub(super) fn moved(&mut self, sid: &CallSid, standing: Standing) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let (line, callsid) = (call.line, sid.to_string());
        let reconnect = call.reconnect.clone();
        let mut frames = Vec::new();
        match (&mut call.stage, standing.status) {
            (Stage::Placed { session, answer }, Status::InProgress) => {
                let sdp = Some(std::mem::take(answer));
                call.stage = Stage::Open { session: *session };
                frames.push(ServerFrame::Ringing {
                    callsid: callsid.clone(),
                    sdp: None,
                    reconnect: reconnect.clone(),
                });
                frames.push(ServerFrame::Answer {
                    callsid,
                    sdp,
                    reconnect,
                });
            }
            // The dial bridges when it is answered: until then its ringing is heard.
            (Stage::Placed { session, answer }, Status::Ringing) if standing.dials => {
                let sdp = Some(std::mem::take(answer));
                call.stage = Stage::Ringing { session: *session };
                frames.push(ServerFrame::Ringing {
                    callsid,
                    sdp,
                    reconnect,
                });
            }
            (Stage::Ringing { session }, Status::InProgress) => {
                call.stage = Stage::Open { session: *session };
                frames.push(ServerFrame::Answer {
                    callsid,
                    sdp: None,
                    reconnect,
                });
            }
            // Somebody else answered it, by hand.
            (Stage::Offered { .. }, Status::InProgress) => {
                return self.ended(sid, None);
            }
            (
                Stage::Placed { .. }
                | Stage::Ringing { .. }
                | Stage::Offered { .. }
                | Stage::Open { .. },
                _,
            ) => {}
        }
        for frame in frames {
            if let Some(line) = line {
                self.tell(line, &frame);
            }
        }
    }
}
