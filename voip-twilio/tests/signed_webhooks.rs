//! Reading the provider's requests, and finding out why one is refused.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use proptest::prelude::*;
use voip_core::{
    CallId,
    ports::{Unsigned, WebhookError, WebhookRequest, Webhooks},
};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioWebhooks, signature};

const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

fn config(public_url: &str) -> TwilioConfig {
    TwilioConfig::new(
        "AC000000000000000000000000000000a1".parse().unwrap(),
        AuthToken::new(TOKEN).unwrap(),
        CallbackUrls::new(public_url.parse().unwrap()).unwrap(),
    )
}

fn fields() -> Vec<(String, String)> {
    let fields = [
        ("CallSid", "CA000000000000000000000000000000b1"),
        ("CallStatus", "ringing"),
        ("From", "+15550001111"),
        ("To", "+15550002222"),
        ("Direction", "inbound"),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn encoded(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// What becomes of a form post to `target`, signed for `url`, by a server that
/// takes itself to be at `public_url`.
fn post(public_url: &str, target: &str, url: &str) -> Result<(), WebhookError> {
    let signature = signature::sign(TOKEN, url, &fields());
    let body = encoded(&fields());
    let request = WebhookRequest {
        method: "POST",
        path_and_query: target,
        signature: Some(&signature),
        content_type: Some(FORM),
        body: body.as_bytes(),
    };
    TwilioWebhooks::new(&config(public_url))
        .read(&request)
        .map(drop)
}

fn unsigned(why: Unsigned) -> Result<(), WebhookError> {
    Err(WebhookError::Unsigned(why))
}

#[test]
fn the_public_url_and_the_raw_target_are_what_counts() {
    let cases = [
        ("https://a.test", "/v?x=%20'", "https://a.test/v?x=%20'"),
        ("https://a.test/", "/v", "https://a.test/v"),
        ("https://a.test:8443", "/v", "https://a.test/v"),
        ("https://a.test:8443", "/v", "https://a.test:8443/v"),
        ("https://a.test", "/v", "https://a.test:443/v"),
        ("http://a.test:3000", "/v", "http://a.test:3000/v"),
        ("http://a.test:3000", "/v", "http://a.test/v"),
        ("http://[::1]:3000", "/v", "http://[::1]:3000/v"),
        ("https://a.test", "/v//../w/?", "https://a.test/v//../w/?"),
        // A proxy may hand on our path or take it off.
        ("https://a.test/app", "/v", "https://a.test/app/v"),
        ("https://a.test/app", "/app/v", "https://a.test/app/v"),
        ("https://a.test/app/", "/apple", "https://a.test/app/apple"),
    ];
    for (public_url, target, url) in cases {
        assert_eq!(
            post(public_url, target, url),
            Ok(()),
            "{public_url} {target} {url}"
        );
    }
}

#[test]
fn the_diagnosis_names_what_to_mend() {
    let at = "https://a.test";
    assert_eq!(
        post(at, "/v", "http://a.test/v"),
        unsigned(Unsigned::OtherScheme)
    );
    assert_eq!(
        post("http://a.test", "/v", "https://a.test/v"),
        unsigned(Unsigned::OtherScheme)
    );
    assert_eq!(
        post(at, "/v", "https://a.test/v/"),
        unsigned(Unsigned::OtherSlash)
    );
    assert_eq!(
        post(at, "/v/?x=1", "https://a.test/v?x=1"),
        unsigned(Unsigned::OtherSlash)
    );
    assert_eq!(
        post(at, "/v", "https://b.test/v"),
        unsigned(Unsigned::Mismatch)
    );

    let webhooks = TwilioWebhooks::new(&config(at));
    let url_only = signature::sign(TOKEN, "https://a.test/v", &[]);
    let body = encoded(&fields());
    let request = WebhookRequest {
        method: "POST",
        path_and_query: "/v",
        signature: Some(&url_only),
        content_type: Some(FORM),
        body: body.as_bytes(),
    };
    let why = |request: &WebhookRequest<'_>| webhooks.read(request).map(drop);
    assert_eq!(why(&request), unsigned(Unsigned::FieldsChanged));
    let json = WebhookRequest {
        content_type: Some("application/json"),
        ..request
    };
    assert_eq!(why(&json), unsigned(Unsigned::FieldsChanged));
    let missing = WebhookRequest {
        signature: None,
        ..request
    };
    assert_eq!(why(&missing), unsigned(Unsigned::Missing));
    for header in [
        "",
        "x",
        &"=".repeat(28),
        "00112233445566778899aabbccddeeff00112233",
    ] {
        let garbage = WebhookRequest {
            signature: Some(header),
            ..request
        };
        assert_eq!(why(&garbage), unsigned(Unsigned::NotASignature), "{header}");
    }
}

#[test]
fn a_wrong_digest_spoils_a_form_too() {
    let target = format!("/v?bodySHA256={}", "0".repeat(64));
    let url = format!("https://a.test{target}");
    assert_eq!(
        post("https://a.test", &target, &url),
        unsigned(Unsigned::BodyChanged)
    );
}

#[test]
fn a_get_has_its_fields_in_the_query() {
    let target = format!(
        "/v?callId=018c1f6e-7c3a-7000-8000-000000000001&{}",
        encoded(&fields())
    );
    let signature = signature::sign(TOKEN, &format!("https://a.test{target}"), &[]);
    let request = WebhookRequest {
        method: "GET",
        path_and_query: &target,
        signature: Some(&signature),
        content_type: None,
        body: b"",
    };
    let notice = TwilioWebhooks::new(&config("https://a.test"))
        .read(&request)
        .unwrap();
    let voip_core::ports::Notice::Voice(voice) = notice else {
        panic!("{notice:?}")
    };
    let call: CallId = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
    assert_eq!(voice.call, Some(call));
    assert_eq!(voice.from.expose(), "+15550001111");
}

#[test]
fn while_a_token_is_replaced_both_are_accepted() {
    let mut config = config("https://a.test");
    config.auth_token = AuthToken::new("the-new-one").unwrap();
    let url = "https://a.test/v";
    let signature = signature::sign(TOKEN, url, &fields());
    let body = encoded(&fields());
    let request = WebhookRequest {
        method: "POST",
        path_and_query: "/v",
        signature: Some(&signature),
        content_type: Some(FORM),
        body: body.as_bytes(),
    };
    let mismatch = Err(WebhookError::Unsigned(Unsigned::Mismatch));
    assert_eq!(TwilioWebhooks::new(&config).read(&request), mismatch);
    config
        .other_auth_tokens
        .push(AuthToken::new(TOKEN).unwrap());
    TwilioWebhooks::new(&config).read(&request).unwrap();
}

proptest! {
    #[test]
    fn no_request_makes_it_panic(
        method in "GET|POST|PUT",
        target in "/\\PC{0,40}|\\PC{0,40}",
        header in proptest::option::of("[A-Za-z0-9+/=]{28}|\\PC{0,30}"),
        content_type in proptest::option::of("\\PC{0,40}|application/x-www-form-urlencoded"),
        body: Vec<u8>,
    ) {
        let request = WebhookRequest {
            method: &method,
            path_and_query: &target,
            signature: header.as_deref(),
            content_type: content_type.as_deref(),
            body: &body,
        };
        let read = TwilioWebhooks::new(&config("https://a.test/x")).read(&request);
        prop_assert!(matches!(read, Err(WebhookError::Unsigned(_))));
    }

    #[test]
    fn any_signed_fields_are_read_or_named_as_missing(
        mut fields in prop::collection::vec(("\\PC{0,12}", "\\PC{0,24}"), 0..12),
        names in prop::collection::vec(prop::sample::select(NAMES.to_vec()), 0..8),
        values in prop::collection::vec(prop::sample::select(VALUES.to_vec()), 8),
    ) {
        fields.extend(names.into_iter().zip(values).map(|(name, value)| (name.into(), value.into())));
        let signature = signature::sign(TOKEN, "https://a.test/v", &fields);
        let body = encoded(&fields);
        let request = WebhookRequest {
            method: "POST",
            path_and_query: "/v",
            signature: Some(&signature),
            content_type: Some(FORM),
            body: body.as_bytes(),
        };
        let read = TwilioWebhooks::new(&config("https://a.test")).read(&request);
        prop_assert!(!matches!(read, Err(WebhookError::Unsigned(_))), "{:?}", read);
    }

    #[test]
    fn what_is_signed_is_verified(
        token in "[!-~]{1,40}",
        path in "/[!-~]{0,30}",
        fields in prop::collection::vec(("\\PC{0,12}", "\\PC{0,24}"), 0..12),
    ) {
        prop_assume!(!path.contains('#'));
        let url = format!("https://a.test{path}");
        let signature = signature::sign(&token, &url, &fields);
        prop_assert!(signature::verify(&token, &signature, &url, &fields));
        let mut backwards = fields;
        backwards.reverse();
        prop_assert!(signature::verify(&token, &signature, &url, &backwards));
    }

    #[test]
    fn any_one_changed_letter_is_refused(
        fields in prop::collection::btree_map("[A-Za-z]{1,8}", "[A-Za-z0-9]{1,12}", 1..8),
        place: prop::sample::Index,
    ) {
        let fields: Vec<_> = fields.into_iter().collect();
        let url = "https://a.test/path/to?query=yes";
        let signature = signature::sign(TOKEN, url, &fields);
        let mut changed = fields.clone();
        let (_, value) = &mut changed[place.index(fields.len())];
        *value = next_letter(value, place);
        prop_assert!(!signature::verify(TOKEN, &signature, url, &changed));
        // The part behind the host: no other form of that is tried.
        let (host, target) = url.split_at("https://a.test".len());
        let other = format!("{host}{}", next_letter(target, place));
        prop_assert!(!signature::verify(TOKEN, &signature, &other, &fields));
        let other = next_letter(&signature, place);
        prop_assert!(!signature::verify(TOKEN, &other, url, &fields));
        prop_assert!(!signature::verify(&next_letter(TOKEN, place), &signature, url, &fields));
    }
}

const NAMES: [&str; 16] = [
    "CallSid",
    "CallStatus",
    "From",
    "To",
    "DialCallStatus",
    "DialCallSid",
    "DialBridged",
    "ConferenceSid",
    "StatusCallbackEvent",
    "RecordingSid",
    "RecordingStatus",
    "MachineDetectionDuration",
    "AnsweredBy",
    "CallbackSource",
    "SequenceNumber",
    "Timestamp",
];

const VALUES: [&str; 12] = [
    "",
    "CA1",
    "ringing",
    "completed",
    "answered",
    "+15550001111",
    "client:x",
    "true",
    "7",
    "-1",
    "call-progress-events",
    "Tue, 05 Mar 2024 18:30:00 +0000",
];

/// `text` with one letter or digit replaced by the next one.
fn next_letter(text: &str, place: prop::sample::Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let letters: Vec<_> = (0..bytes.len())
        .filter(|&at| bytes[at].is_ascii_alphanumeric())
        .collect();
    let at = letters[place.index(letters.len())];
    bytes[at] = match bytes[at] {
        b'9' => b'0',
        b'z' => b'a',
        b'Z' => b'A',
        other => other + 1,
    };
    String::from_utf8(bytes).unwrap()
}
