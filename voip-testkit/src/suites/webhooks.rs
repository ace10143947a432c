//! The suite of [`Webhooks`].
//!
//! An adapter says in a [`WebhooksFixture`] what its provider sends, and gets a
//! test for each promise from [`webhooks_suite!`](crate::webhooks_suite).

use std::{sync::Arc, time::Duration};

use voip_core::{
    Action, CallId, CallStatus, Callback, Plan, ProviderCallId,
    ports::{Notice, WebhookError, WebhookRequest, Webhooks},
};

/// What the suite needs around an adapter: what its provider would send.
pub trait WebhooksFixture {
    /// The adapter that is tried.
    fn webhooks(&self) -> &dyn Webhooks;

    /// A name the provider would give a leg.
    fn leg(&self) -> ProviderCallId;

    /// A request with which the provider reports that the leg of `call` has
    /// reached `status`, signed.
    fn report(&self, leg: &ProviderCallId, status: CallStatus, call: CallId) -> SentRequest;

    /// A request with which the provider asks what to do with the connected
    /// leg of `call`, signed.
    fn question(&self, leg: &ProviderCallId, call: CallId) -> SentRequest;
}

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The raw request target.
    pub path_and_query: String,
    /// The signature header.
    pub signature: Option<String>,
    /// The media type.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl SentRequest {
    /// The same request as it comes in.
    pub fn received(&self) -> WebhookRequest<'_> {
        WebhookRequest {
            method: &self.method,
            path_and_query: &self.path_and_query,
            signature: self.signature.as_deref(),
            content_type: self.content_type.as_deref(),
            body: &self.body,
        }
    }
}

/// Gives a test for every promise of [`Webhooks`](voip_core::ports::Webhooks).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`WebhooksFixture`](crate::suites::webhooks::WebhooksFixture). The crate
/// that uses the macro needs `tokio` with its features `macros` and `rt`.
#[macro_export]
macro_rules! webhooks_suite {
    ($fresh:path) => {
        $crate::webhooks_suite! {
            $fresh;
            an_altered_request_is_refused
            an_unsigned_request_is_refused
            a_signed_request_is_read
            every_plan_can_be_written
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::suites::webhooks::$case(&$fresh().await);
            }
        )+
    };
}

/// Any letter or digit changed in target, body or signature, or anything
/// added to or cut off the body, and the request is `Unsigned`.
pub fn an_altered_request_is_refused(fixture: &impl WebhooksFixture) {
    let sent = fixture.report(&fixture.leg(), CallStatus::Ringing, CallId::fresh());
    let refused = |altered: &SentRequest, what: &str| {
        let read = fixture.webhooks().read(&altered.received());
        assert!(
            matches!(read, Err(WebhookError::Unsigned(_))),
            "a request with {what} changed is refused: {read:?}",
        );
    };
    for target in alterations(sent.path_and_query.as_bytes()) {
        let path_and_query = String::from_utf8(target).expect("ASCII stays ASCII");
        refused(
            &SentRequest {
                path_and_query,
                ..sent.clone()
            },
            "its target",
        );
    }
    for body in alterations(&sent.body) {
        refused(
            &SentRequest {
                body,
                ..sent.clone()
            },
            "its body",
        );
    }
    let signature = sent
        .signature
        .clone()
        .expect("a signed request has a signature");
    for signature in alterations(signature.as_bytes()) {
        let signature = Some(String::from_utf8(signature).expect("ASCII stays ASCII"));
        refused(
            &SentRequest {
                signature,
                ..sent.clone()
            },
            "its signature",
        );
    }
    if !sent.body.is_empty() {
        let half = sent.body[..sent.body.len() / 2].to_vec();
        refused(
            &SentRequest {
                body: half,
                ..sent.clone()
            },
            "half its body",
        );
        let more = [&sent.body[..], b"&More=1"].concat();
        refused(
            &SentRequest {
                body: more,
                ..sent.clone()
            },
            "more in its body",
        );
    }
}

/// A request without a signature is `Unsigned`, and so is one with another
/// request's.
pub fn an_unsigned_request_is_refused(fixture: &impl WebhooksFixture) {
    let (leg, call) = (fixture.leg(), CallId::fresh());
    let sent = fixture.report(&leg, CallStatus::Ringing, call);
    let other = fixture.report(&leg, CallStatus::Completed, call);
    for signature in [
        None,
        Some(String::new()),
        Some("x".repeat(28)),
        other.signature,
    ] {
        let unsigned = SentRequest {
            signature,
            ..sent.clone()
        };
        let read = fixture.webhooks().read(&unsigned.received());
        assert!(
            matches!(read, Err(WebhookError::Unsigned(_))),
            "unsigned is refused: {read:?}"
        );
    }
}

/// What the provider signed is read, with the call it is about.
pub fn a_signed_request_is_read(fixture: &impl WebhooksFixture) {
    let (leg, id) = (fixture.leg(), CallId::fresh());
    for wanted in [
        CallStatus::Ringing,
        CallStatus::InProgress,
        CallStatus::Completed,
    ] {
        let sent = fixture.report(&leg, wanted, id);
        match fixture.webhooks().read(&sent.received()) {
            Ok(Notice::Progress { report, call, .. }) => {
                assert_eq!((&report.leg, report.status, call), (&leg, wanted, Some(id)));
            }
            other => panic!("a report is read as progress, not as {other:?}"),
        }
    }
    let sent = fixture.question(&leg, id);
    match fixture.webhooks().read(&sent.received()) {
        Ok(Notice::Voice(request)) => {
            assert_eq!((request.leg, request.call), (leg, Some(id)));
            assert_eq!(request.status, CallStatus::InProgress);
        }
        other => panic!("a question is read as one, not as {other:?}"),
    }
}

/// There is an answer for every plan, whatever is spoken in it, and each plan
/// has its own.
pub fn every_plan_can_be_written(fixture: &impl WebhooksFixture) {
    let call = CallId::fresh();
    let connect = Action::ConnectClient {
        identity: "ann".parse().expect("an identity"),
        caller_id: Some("+15550001111".parse().expect("a number")),
        ring_time: Duration::from_secs(20),
        call,
        then: Callback::BridgeEnded { call, turn: 1 },
    };
    let number = Action::ConnectNumber {
        to: "+15550002222".parse().expect("a number"),
        caller_id: "+15550001111".parse().expect("a number"),
        ring_time: Duration::from_secs(30),
        news: Callback::FarStatus("é / ?".parse().expect("a user")),
        then: Callback::DialEnded,
    };
    let room = Action::JoinRoom {
        name: fixture.leg(),
        news: Callback::RoomNews,
    };
    let odd = "<&\"'> \u{0}\u{8}\u{b}\u{1f}\u{fffe}\u{ffff} \r\n\t 東京 🚀";
    let plans = [
        Plan::default(),
        Plan::hang_up(),
        Plan::new([Action::Reject]),
        Plan::new([Action::Say(Arc::from(odd))]),
        Plan::new([Action::Say(Arc::from("x".repeat(100_000)))]),
        Plan::new([Action::Pause(Duration::from_secs(3))]),
        Plan::new([Action::Ask(Callback::Ask(call))]),
        Plan::new([connect.clone(), Action::HangUp]),
        Plan::new([connect]),
        Plan::new([number]),
        Plan::new([room]),
    ];
    let mut bodies = Vec::new();
    for plan in &plans {
        let reply = fixture.webhooks().write(plan);
        assert!(
            !reply.content_type.is_empty(),
            "an answer has a media type: {plan:?}"
        );
        assert!(!reply.body.is_empty(), "there is an answer: {plan:?}");
        assert!(
            !bodies.contains(&reply.body),
            "each plan has its own answer: {plan:?}"
        );
        bodies.push(reply.body);
    }
    // What only must not fail.
    for text in ["", "\u{0}"] {
        fixture
            .webhooks()
            .write(&Plan::new([Action::Say(Arc::from(text))]));
    }
    fixture
        .webhooks()
        .write(&Plan::new([Action::Pause(Duration::ZERO)]));
    fixture
        .webhooks()
        .write(&Plan::new([Action::Pause(Duration::MAX)]));
}

/// `text` with each of its letters and digits replaced by the next one, one at
/// a time.
fn alterations(text: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let places = (0..text.len()).filter(|&at| text[at].is_ascii_alphanumeric());
    places.map(|at| {
        let mut altered = text.to_vec();
        altered[at] = match text[at] {
            b'9' => b'0',
            b'z' => b'a',
            b'Z' => b'A',
            other => other + 1,
        };
        altered
    })
}
