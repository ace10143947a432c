//! What each kind of webhook is read as.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use voip_core::ports::{Notice, WebhookError, WebhookRequest, Webhooks};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioWebhooks, signature};

const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const LEG: (&str, &str) = ("CallSid", "CA000000000000000000000000000000b1");
const CALL_ID: &str = "018c1f6e-7c3a-7000-8000-000000000001";

fn read(target: &str, fields: &[(&str, &str)]) -> Result<Notice, WebhookError> {
    let config = TwilioConfig::new(
        "AC000000000000000000000000000000a1".parse().unwrap(),
        AuthToken::new(TOKEN).unwrap(),
        CallbackUrls::new("https://a.test".parse().unwrap()).unwrap(),
    );
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let signature = signature::sign(TOKEN, &format!("https://a.test{target}"), &fields);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    TwilioWebhooks::new(&config).read(&WebhookRequest {
        method: "POST",
        path_and_query: target,
        signature: Some(&signature),
        content_type: Some("application/x-www-form-urlencoded; charset=UTF-8"),
        body: body.as_bytes(),
    })
}

fn with<'a>(first: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [first, more].concat()
}

/// A status callback.
fn status<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let always = [
        LEG,
        ("From", "+15550001111"),
        ("To", "+15550002222"),
        ("Direction", "outbound-api"),
        ("Timestamp", "Tue, 05 Mar 2024 18:30:03 +0000"),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", "3"),
    ];
    with(&always, more)
}

/// A request for a document.
fn document<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let always = [
        LEG,
        ("From", "+15550001111"),
        ("To", "+15550002222"),
        ("Direction", "inbound"),
        ("CallStatus", "in-progress"),
        ("ApiVersion", "2010-04-01"),
    ];
    with(&always, more)
}

#[test]
fn a_status_callback_is_progress() {
    let target = format!("/twilio-status?callId={CALL_ID}");
    insta::assert_debug_snapshot!(
        "ringing",
        read(&target, &status(&[("CallStatus", "ringing")]))
    );
    let completed = [
        ("CallStatus", "completed"),
        ("CallDuration", "37"),
        ("Duration", "1"),
        ("SipResponseCode", "200"),
        ("ParentCallSid", "CA000000000000000000000000000000b9"),
        ("Direction", "outbound-dial"),
    ];
    insta::assert_debug_snapshot!("completed", read(&target, &status(&completed)));
}

#[test]
fn why_a_call_failed_is_said_in_our_words() {
    let reason = |fields: &[(&str, &str)]| match read("/twilio-status", &status(fields)) {
        Ok(Notice::Progress { report, .. }) => report.reason.map(|reason| reason.to_string()),
        other => panic!("{other:?}"),
    };
    let said = |fields: &[(&str, &str)]| reason(fields).unwrap_or_default();
    assert_eq!(
        said(&[("CallStatus", "failed"), ("SipResponseCode", "404")]),
        "the number cannot be reached"
    );
    assert_eq!(
        said(&[
            ("CallStatus", "failed"),
            ("ErrorCode", "13227"),
            ("SipResponseCode", "403")
        ]),
        "calls to this country are not allowed for this account",
    );
    assert_eq!(
        said(&[("CallStatus", "failed")]),
        "the call could not be connected"
    );
    assert_eq!(
        said(&[("CallStatus", "busy"), ("SipResponseCode", "603")]),
        "the call was declined"
    );
    assert_eq!(
        reason(&[("CallStatus", "busy"), ("SipResponseCode", "486")]),
        None
    );
    assert_eq!(
        reason(&[("CallStatus", "no-answer"), ("SipResponseCode", "487")]),
        None
    );
    assert_eq!(
        reason(&[("CallStatus", "completed"), ("SipResponseCode", "404")]),
        None
    );
}

#[test]
fn a_numbers_own_status_callback_is_progress() {
    let fields = [
        LEG,
        ("CallStatus", "completed"),
        ("Direction", "inbound"),
        ("From", "+15550001111"),
        ("To", "+15550002222"),
        ("CallDuration", "12"),
    ];
    let notice = read("/twilio-status", &fields).unwrap();
    assert!(
        matches!(notice, Notice::Progress { call: None, .. }),
        "{notice:?}"
    );
}

#[test]
fn a_request_for_a_document_is_a_question() {
    let inbound = [
        ("CallStatus", "ringing"),
        ("FromCity", "São Paulo"),
        ("CallerName", ""),
    ];
    let mut fields = document(&inbound);
    fields.retain(|field| *field != ("CallStatus", "in-progress"));
    insta::assert_debug_snapshot!("inbound", VoiceShown::of(read("/twilio-inbound", &fields)));
    let client = [
        LEG,
        ("From", "client:ann_40example"),
        ("To", ""),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApplicationSid", "AP000000000000000000000000000000c1"),
        ("phoneNumber", "+15558675310"),
    ];
    insta::assert_debug_snapshot!(
        "from_a_client",
        VoiceShown::of(read("/api/agent-join", &client))
    );
}

#[test]
fn what_a_verb_gathered_comes_with_the_question() {
    for (digits, more) in [
        ("12#", ("SpeechResult", "")),
        ("hangup", ("RecordingUrl", "https://api.test/RE1")),
    ] {
        let fields = document(&[("Digits", digits), more]);
        match read("/twilio/voice?callId=nonsense", &fields).unwrap() {
            Notice::Voice(request) => {
                assert_eq!(request.digits.as_deref(), Some(digits));
                assert_eq!(request.fields.get(more.0), Some(more.1));
                assert_eq!(request.call, None, "a bad call id is none");
            }
            other => panic!("{other:?}"),
        }
    }
    let queue = document(&[("QueueResult", "bridged"), ("QueueTime", "7")]);
    assert!(matches!(read("/q", &queue), Ok(Notice::Voice(_))));
}

#[test]
fn the_action_of_a_dial_says_how_it_ended() {
    let target = format!("/twilio/bridge-ended?callId={CALL_ID}");
    let ended = [
        ("DialCallStatus", "completed"),
        ("DialCallSid", "CA000000000000000000000000000000b2"),
        ("DialCallDuration", "37"),
        ("DialBridged", "true"),
    ];
    insta::assert_debug_snapshot!("dial_ended", read(&target, &document(&ended)));
    for (word, bridged) in [("no-answer", "false"), ("answered", ""), ("busy", "maybe")] {
        let fields = document(&[("DialCallStatus", word), ("DialBridged", bridged)]);
        insta::assert_debug_snapshot!(format!("dial_{word}"), read(&target, &fields));
    }
}

#[test]
fn conference_recording_and_machine_callbacks_are_read() {
    let room = [
        ("ConferenceSid", "CF000000000000000000000000000000d1"),
        ("FriendlyName", "room & 1"),
        ("SequenceNumber", "2"),
        ("Timestamp", "Tue, 05 Mar 2024 18:31:00 +0000"),
    ];
    let hold = with(
        &room,
        &[
            ("StatusCallbackEvent", "participant-hold"),
            LEG,
            ("Hold", "true"),
        ],
    );
    insta::assert_debug_snapshot!("participant_hold", read("/c", &hold));
    let end = with(
        &room,
        &[
            ("StatusCallbackEvent", "conference-end"),
            ("ReasonConferenceEnded", "last-participant-left"),
        ],
    );
    insta::assert_debug_snapshot!("conference_end", read("/c", &end));
    let recording = [
        LEG,
        ("RecordingSid", "RE000000000000000000000000000000d1"),
        ("RecordingStatus", "completed"),
        ("RecordingUrl", "https://api.test/RE1"),
        ("RecordingDuration", "9"),
    ];
    insta::assert_debug_snapshot!("recording", read("/r", &recording));
    let machine = [
        LEG,
        ("AnsweredBy", "machine_start"),
        ("MachineDetectionDuration", "2100"),
    ];
    insta::assert_debug_snapshot!("machine", read("/m", &machine));
}

#[test]
fn a_voice_client_cannot_pass_its_fields_off_as_news() {
    let forged = [
        LEG,
        ("From", "client:mallory"),
        ("To", ""),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApplicationSid", "AP000000000000000000000000000000c1"),
        ("ConferenceSid", "CF000000000000000000000000000000d1"),
        ("StatusCallbackEvent", "conference-end"),
        ("RecordingSid", "RE1"),
        ("RecordingStatus", "absent"),
        ("MachineDetectionDuration", "1"),
    ];
    assert!(matches!(
        read("/api/agent-join", &forged),
        Ok(Notice::Voice(_))
    ));
}

#[test]
fn what_cannot_be_read_is_named_without_its_value() {
    let malformed = |fields: &[(&str, &str)]| match read("/twilio-status", fields) {
        Err(WebhookError::Malformed(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(malformed(&[]), "CallStatus is missing or said twice");
    assert_eq!(
        malformed(&[LEG, ("CallStatus", "+15550001111")]),
        "CallStatus cannot be read"
    );
    assert_eq!(
        malformed(&[("CallStatus", "ringing")]),
        "CallSid is missing or said twice"
    );
    let twice = [LEG, ("CallSid", "CA2"), ("CallStatus", "ringing")];
    assert_eq!(malformed(&twice), "CallSid is missing or said twice");
    let path = [("CallSid", "../evil"), ("CallStatus", "ringing")];
    assert_eq!(malformed(&path), "CallSid cannot be read");
}

/// A question with everything its own `Debug` hides.
#[derive(Debug)]
#[allow(dead_code)] // The fields are there to be shown.
struct VoiceShown {
    request: voip_core::ports::VoiceRequest,
    from: String,
    to: String,
    fields: Vec<String>,
}

impl VoiceShown {
    fn of(notice: Result<Notice, WebhookError>) -> Self {
        let Ok(Notice::Voice(request)) = notice else {
            panic!("{notice:?}")
        };
        Self {
            from: request.from.expose().to_owned(),
            to: request.to.expose().to_owned(),
            fields: request
                .fields
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            request,
        }
    }
}
