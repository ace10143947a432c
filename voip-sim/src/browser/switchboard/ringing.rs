//! Calls that ring in browsers.

use super::super::exchange::LineId;
use super::super::frame::ServerFrame;
use super::{Call, GRACE, Moment, Stage, Switchboard};
use crate::engine::{API_VERSION, RingingClient};
use crate::sid::CallSid;

impl Switchboard {
    /// Offers the calls that ring to every socket of those they are for.
    pub(super) fn offer_ringing_calls(&mut self, now: Moment) {
        if self.lines.is_empty() {
            return;
        }
        for ringing in self.shared.look(|engine, _| engine.ringing_clients()) {
            let for_it = |line: &super::Line| line.registered().as_ref() == Some(&ringing.identity);
            let mut lines: Vec<LineId> = Vec::new();
            lines.extend(
                self.lines
                    .iter()
                    .filter(|(_, line)| for_it(line))
                    .map(|(id, _)| *id),
            );
            for id in lines {
                self.offer(now, id, &ringing);
            }
        }
    }

    fn offer(&mut self, now: Moment, id: LineId, ringing: &RingingClient) {
        let sid = &ringing.sid;
        let call = self.calls.entry(sid.clone()).or_insert_with(|| Call {
            identity: ringing.identity.clone(),
            temporary: None,
            stage: Stage::Offered {
                to: Vec::new(),
                declined: Vec::new(),
            },
            reconnect: uuid::Uuid::new_v4().to_string(),
            line: None,
            lost: None,
            grace: GRACE,
        });
        let Stage::Offered { to, declined } = &mut call.stage else {
            return;
        };
        if declined.contains(&id) || to.iter().any(|(line, _)| *line == id) {
            return;
        }
        let (session, sdp) = match self.studio.offer(now.instant) {
            Ok(offered) => offered,
            Err(error) => return tracing::warn!(%error, "a call could not be offered"),
        };
        to.push((id, session));
        let (callsid, reconnect) = (sid.to_string(), call.reconnect.clone());
        let parameters = self.parameters(ringing);
        self.tell(
            id,
            &ServerFrame::Invite {
                callsid,
                sdp,
                parameters,
                reconnect,
            },
        );
    }

    fn parameters(&self, ringing: &RingingClient) -> Vec<(String, String)> {
        let account = self
            .shared
            .look(|engine, _| engine.config.account_sid.clone());
        let custom = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&ringing.parameters)
            .finish();
        let mut parameters = vec![
            ("CallSid", ringing.sid.to_string()),
            ("From", ringing.from.clone()),
            ("To", format!("client:{}", ringing.identity)),
            ("AccountSid", account),
            ("ApiVersion", API_VERSION.to_owned()),
        ];
        if let Some(stir) = &ringing.stir_status {
            parameters.push(("StirStatus", stir.clone()));
        }
        if !custom.is_empty() {
            parameters.push(("Params", custom));
        }
        parameters
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// A browser takes a call that rings; all others stop ringing.
    pub(super) fn pick_up(&mut self, id: LineId, sid: &CallSid, sdp: &str) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Stage::Offered { to, .. } = &mut call.stage else {
            return self.no_call(id, sid.to_string());
        };
        let lines = &self.lines;
        // Its socket may have been lost since, and be another one now.
        let place = to.iter().position(|(line, _)| *line == id);
        let place = place.or_else(|| to.iter().position(|(line, _)| !lines.contains_key(line)));
        let Some(place) = place else {
            return self.no_call(id, sid.to_string());
        };
        let (_, session) = to.remove(place);
        if let Err(error) = self.studio.accept(session, sdp) {
            tracing::debug!(%error, "the answer of a browser cannot be used");
            to.push((id, session));
            return self.decline(id, sid);
        }
        self.connected(id, sid, session);
    }

    /// A browser has taken a call that rang, and this is its connection.
    pub(super) fn connected(&mut self, id: LineId, sid: &CallSid, session: super::SessionId) {
        let grace = self.lines.get(&id).map_or(GRACE, super::Line::grace);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let others = std::mem::replace(&mut call.stage, Stage::Open { session });
        call.line = Some(id);
        call.grace = grace;
        if let Stage::Offered { to, .. } = others {
            for (line, session) in to {
                self.studio.close(session);
                if line != id {
                    self.tell(
                        line,
                        &ServerFrame::Cancel {
                            callsid: sid.to_string(),
                        },
                    );
                }
            }
        }
        self.studio.connect(session, sid);
        // Who is too late is told that it is over with the engine's next change.
        let _ = self.shared.turn(|engine, now| engine.pick_up(now, sid));
    }

    /// A browser declines a call; when no other rings, its user does.
    pub(super) fn decline(&mut self, id: LineId, sid: &CallSid) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Stage::Offered { to, declined } = &mut call.stage else {
            return;
        };
        declined.push(id);
        let mut over = Vec::new();
        to.retain(|(line, session)| {
            // Sockets that are gone ring nowhere.
            let rings = *line != id && self.lines.contains_key(line);
            if !rings {
                over.push(*session);
            }
            rings
        });
        let nobody_left = to.is_empty();
        for session in over {
            self.studio.close(session);
        }
        if nobody_left {
            self.calls.remove(sid);
            let _ = self.shared.turn(|engine, now| engine.reject(now, sid));
        }
    }
}
