//! A small stand-in for the REST API, plugged in where requests leave.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc2822;
use voip_core::{CallStatus, Timestamp};
use voip_twilio::{
    AuthToken, CallbackUrls, Failure, HttpReply, HttpRequest, Method, Transport, TransportError,
    TwilioConfig,
};

pub(crate) const ACCOUNT: &str = "AC000000000000000000000000000000a1";
pub(crate) const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// Settings that fit the stand-in.
pub(crate) fn config() -> Arc<TwilioConfig> {
    let callbacks = CallbackUrls::new("https://voip.example.test".parse().unwrap()).unwrap();
    let token = AuthToken::new(TOKEN).unwrap();
    Arc::new(TwilioConfig::new(
        ACCOUNT.parse().unwrap(),
        token,
        callbacks,
    ))
}

/// Calls in memory. Its pages are short, so that lists have several.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    world: Mutex<World>,
}

#[derive(Debug, Default)]
struct World {
    calls: Vec<Call>,
    refuse_next: bool,
    lose_next: bool,
    /// Who is in which conference, and whether on hold.
    rooms: Vec<Room>,
}

#[derive(Debug)]
struct Room {
    sid: String,
    name: String,
    over: bool,
    members: Vec<(String, bool)>,
}

#[derive(Clone, Debug)]
struct Call {
    sid: String,
    parent: Option<String>,
    to: String,
    from: String,
    status: CallStatus,
    created: Timestamp,
}

const PAGE: usize = 1;

impl Provider {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_700_000_000)
    }

    pub(crate) fn refuse_next(&self) {
        self.world.lock().unwrap().refuse_next = true;
    }

    pub(crate) fn lose_next(&self) {
        self.world.lock().unwrap().lose_next = true;
    }

    pub(crate) fn set_status(&self, sid: &str, status: CallStatus) {
        let mut world = self.world.lock().unwrap();
        world
            .calls
            .iter_mut()
            .find(|call| call.sid == sid)
            .unwrap()
            .status = status;
    }

    pub(crate) fn placed(&self) -> usize {
        let world = self.world.lock().unwrap();
        world
            .calls
            .iter()
            .filter(|call| call.parent.is_none())
            .count()
    }

    /// The dial of a call makes another one.
    pub(crate) fn make_child(&self, parent: &str) -> String {
        let mut world = self.world.lock().unwrap();
        let sid = format!("CA{:032x}", 0xc000 + world.calls.len());
        let call = Call {
            sid: sid.clone(),
            parent: Some(parent.to_owned()),
            to: String::new(),
            from: String::new(),
            status: CallStatus::Ringing,
            created: self.now(),
        };
        world.calls.push(call);
        sid
    }

    /// A call enters a conference. There was one of the same name before,
    /// which is over.
    pub(crate) fn join(&self, name: &str, sid: &str) {
        let mut world = self.world.lock().unwrap();
        if !world.rooms.iter().any(|room| room.name == name) {
            for over in [false, true] {
                let place = world.rooms.len();
                world.rooms.push(Room {
                    sid: format!("CF{place:032x}"),
                    name: name.to_owned(),
                    over,
                    members: Vec::new(),
                });
            }
        }
        let mut rooms = world.rooms.iter_mut();
        let room = rooms.find(|room| room.name == name && !room.over).unwrap();
        room.members.push((sid.to_owned(), false));
    }
}

#[async_trait]
impl Transport for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError> {
        let (path, query) = request
            .path_and_query
            .split_once('?')
            .unwrap_or((&request.path_and_query, ""));
        let path = path
            .strip_prefix(&format!("/2010-04-01/Accounts/{ACCOUNT}/"))
            .unwrap();
        let fields = fields(request.form.as_deref().unwrap_or(query));
        let now = self.now();
        let mut world = self.world.lock().unwrap();
        if let Some(rest) = path.strip_prefix("Conferences") {
            return Ok(world.conferences(request.method, rest, &fields));
        }
        match (request.method, path.strip_prefix("Calls/")) {
            (Method::Post, None) => world.create(&fields, now),
            (Method::Get, None) => Ok(world.list(&fields)),
            (method, Some(sid)) => {
                let sid = sid.strip_suffix(".json").unwrap();
                let Some(call) = world.calls.iter_mut().find(|call| call.sid == sid) else {
                    return Ok(fault(404, 20404));
                };
                if method == Method::Post {
                    if call.status != CallStatus::InProgress {
                        return Ok(fault(400, 21220));
                    }
                    if fields.get("Status").map(String::as_str) == Some("completed") {
                        call.status = CallStatus::Completed;
                    } else {
                        assert!(
                            fields["Url"].starts_with("https://"),
                            "a redirect has an address"
                        );
                    }
                }
                Ok(reply(200, &call.resource()))
            }
        }
    }
}

impl World {
    fn create(
        &mut self,
        fields: &HashMap<String, String>,
        now: Timestamp,
    ) -> Result<HttpReply, TransportError> {
        if std::mem::take(&mut self.refuse_next) {
            return Ok(fault(400, 21211));
        }
        let place = self.calls.len();
        let call = Call {
            sid: format!("CA{place:032x}"),
            parent: None,
            to: fields["To"].clone(),
            from: fields["From"].clone(),
            status: CallStatus::Queued,
            created: now + Duration::from_secs(place as u64),
        };
        self.calls.push(call.clone());
        match std::mem::take(&mut self.lose_next) {
            true => Err(TransportError::new(Failure::TimedOut)),
            false => Ok(reply(201, &call.resource())),
        }
    }

    /// The conferences of a name, the participants of one, or one of those.
    fn conferences(
        &mut self,
        method: Method,
        rest: &str,
        fields: &HashMap<String, String>,
    ) -> HttpReply {
        if rest == ".json" {
            let named = self.rooms.iter().rev();
            let shown: Vec<_> = named
                .filter(|room| room.name == fields["FriendlyName"])
                .map(|room| {
                    let status = if room.over { "completed" } else { "init" };
                    json!({"sid": room.sid, "friendly_name": room.name, "status": status})
                })
                .collect();
            return reply(200, &json!({"conferences": shown, "next_page_uri": null}));
        }
        let (sid, rest) = rest[1..].split_once("/Participants").unwrap();
        let room = self
            .rooms
            .iter_mut()
            .find(|room| room.sid == sid && !room.over);
        let Some(room) = room else {
            return fault(404, 20404);
        };
        let shown = |(leg, hold): &(String, bool)| {
            json!({
                "call_sid": leg, "conference_sid": sid, "hold": hold, "muted": false,
                "status": "connected",
            })
        };
        if rest == ".json" {
            let all: Vec<_> = room.members.iter().map(shown).collect();
            return reply(200, &json!({"participants": all, "next_page_uri": null}));
        }
        let leg = rest[1..].strip_suffix(".json").unwrap();
        match room.members.iter_mut().find(|member| member.0 == leg) {
            None => fault(404, 20404),
            Some(member) => {
                if method == Method::Post {
                    member.1 = fields["Hold"] == "true";
                }
                reply(200, &shown(member))
            }
        }
    }

    fn list(&self, fields: &HashMap<String, String>) -> HttpReply {
        let page: usize = fields.get("Page").map_or(0, |page| page.parse().unwrap());
        let matching: Vec<_> = self
            .calls
            .iter()
            .rev()
            .filter(|call| match fields.get("ParentCallSid") {
                Some(parent) => call.parent.as_ref() == Some(parent),
                None => call.to == fields["To"] && call.from == fields["From"],
            })
            .collect();
        let shown = matching.iter().skip(page * PAGE).take(PAGE);
        let next = ((page + 1) * PAGE < matching.len()).then(|| {
            let filter = fields.iter().filter(|(name, _)| !name.starts_with("Page"));
            let parties = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(filter)
                .finish();
            format!(
                "/2010-04-01/Accounts/{ACCOUNT}/Calls.json?{parties}&Page={}",
                page + 1
            )
        });
        reply(
            200,
            &json!({
                "calls": shown.map(|call| call.resource()).collect::<Vec<_>>(),
                "page": page,
                "next_page_uri": next,
            }),
        )
    }
}

impl Call {
    fn resource(&self) -> Value {
        let over = self.status.is_final();
        let created = self.created.to_datetime().format(&Rfc2822).unwrap();
        json!({
            "sid": self.sid,
            "status": self.status,
            "direction": "outbound-api",
            "date_created": created,
            "start_time": null,
            "end_time": over.then_some(created.as_str()),
            "duration": over.then_some("15"),
            "to": self.to,
            "from": self.from,
        })
    }
}

fn fields(form: &str) -> HashMap<String, String> {
    form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect()
}

fn reply(status: u16, body: &Value) -> HttpReply {
    HttpReply {
        status,
        body: body.to_string().into(),
        ..HttpReply::default()
    }
}

fn fault(status: u16, code: u32) -> HttpReply {
    reply(
        status,
        &json!({"code": code, "message": "call +15550001111", "status": status}),
    )
}
