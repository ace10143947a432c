//! A scripted application in front of an engine in virtual time.

use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;
use voip_sim::engine::{Engine, EngineConfig};
use voip_sim::inspect::CallView;
use voip_sim::rest::{ReplyDelivery, RestReply, RestRequest};
use voip_sim::sid::CallSid;
use voip_sim::webhook::{Webhook, WebhookAnswer, WebhookKind};

pub(crate) const ACCOUNT: &str = "AC000000000000000000000000000000a1";
pub(crate) const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
pub(crate) const OURS: &str = "+15005550006";
pub(crate) const CALLER: &str = "+14155550111";
pub(crate) const START: OffsetDateTime = datetime!(2026-01-05 12:00:00 UTC);

type App = Box<dyn FnMut(&Webhook) -> WebhookAnswer>;

/// An engine, the time it is, and the application it talks to.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: OffsetDateTime,
    app: App,
    /// Everything the application was sent, in order of arrival.
    pub(crate) sent: Vec<Webhook>,
}

/// The settings most tests use; webhooks go to `http://app.test`.
pub(crate) fn config() -> EngineConfig {
    let mut config = EngineConfig::new(ACCOUNT, TOKEN);
    config.number.voice_url = Some("http://app.test/voice".to_owned());
    config.number.status_url = Some("http://app.test/number-status".to_owned());
    config
}

impl World {
    /// An application that answers documents by path and accepts every status callback.
    pub(crate) fn new(documents: &'static [(&'static str, &'static str)]) -> Self {
        Self::with(config(), move |webhook| by_path(documents, webhook))
    }

    pub(crate) fn with(
        config: EngineConfig,
        app: impl FnMut(&Webhook) -> WebhookAnswer + 'static,
    ) -> Self {
        Self {
            engine: Engine::new(config),
            now: START,
            app: Box::new(app),
            sent: Vec::new(),
        }
    }

    /// Lets this much time pass; the application answers at once.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            while let Some(webhook) = self.engine.poll() {
                self.check_signature(&webhook);
                let answer = (self.app)(&webhook);
                let id = webhook.id;
                self.sent.push(webhook);
                self.engine.answered(self.now, id, answer);
                self.check_invariants();
            }
            match self.engine.next_due() {
                Some(due) if due <= end => {
                    self.now = self.now.max(due);
                    self.engine.advance(self.now);
                    self.check_invariants();
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Lets time pass until nothing more happens.
    pub(crate) fn run(&mut self) {
        for _ in 0..10_000 {
            self.run_for(Duration::ZERO);
            match self.engine.next_due() {
                Some(due) => self.run_for((due - self.now).unsigned_abs()),
                None => return,
            }
        }
        panic!("the world does not come to rest");
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, body: &str) -> RestReply {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
        let request = RestRequest {
            method,
            path_and_query: &format!("/2010-04-01/Accounts/{ACCOUNT}{path}"),
            authorization: Some(&format!("Basic {pair}")),
            body: body.as_bytes(),
        };
        self.engine.rest(self.now, &request)
    }

    pub(crate) fn json(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> (u16, Value) {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let reply = self.request(method, path, &body);
        assert_eq!(reply.delivery, ReplyDelivery::Now);
        let value = match reply.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&reply.body).expect("a JSON body"),
        };
        (reply.status, value)
    }

    /// Places a call over REST with the document at `/answer` and all four status events.
    pub(crate) fn dial(&mut self, to: &str) -> CallSid {
        let mut fields = vec![
            ("To", to),
            ("From", OURS),
            ("Url", "http://app.test/answer"),
            ("StatusCallback", "http://app.test/status"),
        ];
        for event in ["initiated", "ringing", "answered", "completed"] {
            fields.push(("StatusCallbackEvent", event));
        }
        let (status, call) = self.json("POST", "/Calls.json", &fields);
        assert_eq!(status, 201, "{call}");
        CallSid::parse(call["sid"].as_str().expect("a sid")).expect("a call sid")
    }

    pub(crate) fn update(&mut self, sid: &CallSid, fields: &[(&str, &str)]) -> (u16, Value) {
        self.json("POST", &format!("/Calls/{sid}.json"), fields)
    }

    pub(crate) fn ring_in(&mut self) -> CallSid {
        self.engine
            .place_call(self.now, CALLER, OURS)
            .expect("both numbers are well-formed")
    }

    pub(crate) fn call(&self, sid: &CallSid) -> CallView {
        self.engine.call(sid).expect("a known call")
    }

    /// The legs that a leg dialled, oldest first.
    pub(crate) fn children(&self, parent: &CallSid) -> Vec<CallView> {
        let mut calls = self.engine.calls();
        calls.retain(|call| call.parent.as_ref() == Some(parent));
        calls
    }

    pub(crate) fn child(&self, parent: &CallSid) -> CallView {
        self.children(parent).pop().expect("a child")
    }

    /// The `CallStatus` of a leg's status callbacks, in order of arrival.
    pub(crate) fn told<'a>(&'a self, sid: &CallSid) -> Vec<&'a str> {
        self.statuses(sid)
            .iter()
            .map(|webhook| webhook.field("CallStatus").expect("always there"))
            .collect()
    }

    pub(crate) fn statuses<'a>(&'a self, sid: &CallSid) -> Vec<&'a Webhook> {
        let mut sent: Vec<_> = self.sent.iter().collect();
        sent.retain(|webhook| webhook.kind == WebhookKind::Status && webhook.call_sid == *sid);
        sent
    }

    /// The documents asked for at this path, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<&Webhook> {
        self.sent
            .iter()
            .filter(|webhook| !is_callback(webhook) && path_of(webhook) == path)
            .collect()
    }

    fn check_signature(&self, webhook: &Webhook) {
        let expected = match webhook.body() {
            Some(_) => voip_twilio::signature::sign(TOKEN, &webhook.url, &webhook.form),
            None => voip_twilio::signature::sign(TOKEN, &webhook.url, &[]),
        };
        assert_eq!(
            webhook.header("X-Twilio-Signature"),
            Some(expected.as_str())
        );
    }

    /// What must hold at any moment: the engine's own rules, and, as others see it, that bridges
    /// are pairs of answered legs.
    fn check_invariants(&self) {
        assert_eq!(self.engine.broken_invariants(), [""; 0]);
        for call in self.engine.calls() {
            if let Some(peer) = &call.bridged_with {
                let peer = self.call(peer);
                assert_eq!(peer.bridged_with.as_ref(), Some(&call.sid));
                assert_eq!(call.status.as_str(), "in-progress");
            }
        }
    }
}

pub(crate) fn path_of(webhook: &Webhook) -> String {
    url::Url::parse(&webhook.url)
        .expect("an absolute URL")
        .path()
        .to_owned()
}

/// Whether a webhook only tells something.
pub(crate) fn is_callback(webhook: &Webhook) -> bool {
    match webhook.kind {
        WebhookKind::Status | WebhookKind::Conference | WebhookKind::Event => true,
        WebhookKind::Document | WebhookKind::DocumentIgnored => false,
    }
}

pub(crate) fn by_path(documents: &[(&str, &str)], webhook: &Webhook) -> WebhookAnswer {
    if is_callback(webhook) {
        return WebhookAnswer::empty(204);
    }
    let path = path_of(webhook);
    documents
        .iter()
        .find(|(known, _)| *known == path)
        .map_or(WebhookAnswer::empty(404), |(_, body)| {
            WebhookAnswer::twiml(format!("<Response>{body}</Response>"))
        })
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
