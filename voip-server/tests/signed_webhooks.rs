//! The provider's requests: only what it signed is read.

mod surface;

use reqwest::{Method, RequestBuilder};
use surface::{
    Running, SIM_TOKEN,
    leg::{ALICE, INBOUND, SID, progress},
};
use voip_twilio::signature;

const CALL: &str = "018c1f6e-7c3a-7000-8000-0000000000ff";

const PATHS: [&str; 4] = [
    "/twilio-status",
    "/twilio-inbound",
    "/twilio/voice",
    "/twilio/bridge-ended",
];

const OTHER_TOKEN: &str = "00000000000000000000000000000000";

async fn error(running: &Running, request: RequestBuilder) -> (u16, String) {
    running.send(request).await.error()
}

fn refused() -> (u16, String) {
    (403, "invalid_signature".to_owned())
}

#[tokio::test]
async fn what_the_provider_did_not_sign_is_refused() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let before = running.database().dump();
    let form = "CallSid=CA1&CallStatus=ringing";
    let post = |path: &str| {
        let form_type = "application/x-www-form-urlencoded";
        running
            .http
            .post(running.url(path))
            .header("content-type", form_type)
            .body(form)
    };
    let garbage = [
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        &"A".repeat(5_000),
        "ü",
        "%00",
    ];
    for path in PATHS {
        assert_eq!(
            error(&running, post(path)).await,
            refused(),
            "{path}: no signature"
        );
        for signature in garbage {
            let request = post(path).header(signature::HEADER, signature);
            assert_eq!(
                error(&running, request).await,
                refused(),
                "{path}: {signature}"
            );
        }
        let bearer = post(path).bearer_auth(SIM_TOKEN);
        assert_eq!(
            error(&running, bearer).await,
            refused(),
            "{path}: the token is no password"
        );
        let other_key = running.webhook_with(OTHER_TOKEN, path, &INBOUND);
        assert_eq!(
            error(&running, other_key).await,
            refused(),
            "{path}: another key"
        );
    }
    assert_eq!(running.database().dump(), before);
}

/// A signed request, with one thing about it changed on its way.
fn altered(running: &Running, path: &str) -> Vec<(&'static str, RequestBuilder)> {
    let base = running
        .server
        .addresses()
        .public_url
        .as_str()
        .trim_end_matches('/')
        .to_owned();
    let target = format!("{path}?callId={CALL}");
    let fields: Vec<(String, String)> = INBOUND
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let good = signature::sign(SIM_TOKEN, &format!("{base}{target}"), &fields);
    let signed = |method: Method, target: &str| {
        running
            .http
            .request(method, running.url(target))
            .header(signature::HEADER, &good)
    };
    let post =
        |target: &str, fields: &[(String, String)]| signed(Method::POST, target).form(fields);
    let mut changed = fields.clone();
    changed[3].1 = "+15550007777".to_owned();
    let more = [fields.clone(), vec![("Extra".to_owned(), "1".to_owned())]].concat();
    let elsewhere = if path == "/twilio-status" {
        "/twilio-inbound"
    } else {
        "/twilio-status"
    };
    let body = "CallSid=CA00000000000000000000000000000001&CallStatus=ringing&Direction=inbound&From=%2B15550009999&To=%2B15550001111";
    let as_json = signed(Method::POST, &target)
        .header("content-type", "application/json")
        .body(body);
    vec![
        ("a field", post(&target, &changed)),
        ("one field less", post(&target, &fields[1..])),
        ("one field more", post(&target, &more)),
        ("no fields", signed(Method::POST, &target)),
        ("no query", post(path, &fields)),
        ("another call", post(&target.replace("ff", "fe"), &fields)),
        ("more query", post(&format!("{target}&x=1"), &fields)),
        (
            "another path",
            post(&format!("{elsewhere}?callId={CALL}"), &fields),
        ),
        ("another type", as_json),
    ]
}

#[tokio::test]
async fn what_was_altered_on_its_way_is_refused() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let before = running.database().dump();
    for path in PATHS {
        for (what, request) in altered(&running, path) {
            assert_eq!(error(&running, request).await, refused(), "{path}: {what}");
        }
    }
    assert_eq!(running.database().dump(), before);
}

#[tokio::test]
async fn what_is_signed_but_cannot_be_read_is_told_so() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let before = running.database().dump();
    let long = "9".repeat(5_000);
    let unreadable: [&[(&str, &str)]; 11] = [
        &[],
        &[("x", "y")],
        &[("CallSid", SID)],
        &[("CallStatus", "ringing")],
        &[("CallSid", ""), ("CallStatus", "ringing")],
        &[("CallSid", "../Accounts"), ("CallStatus", "ringing")],
        &[("CallSid", &long), ("CallStatus", "ringing")],
        &[("CallSid", SID), ("CallStatus", "dancing")],
        &[("CallSid", SID), ("CallStatus", "\u{0}")],
        &[
            ("CallSid", SID),
            ("CallSid", "CA2"),
            ("CallStatus", "ringing"),
        ],
        &[
            ("CallSid", SID),
            ("CallStatus", "in-progress"),
            ("DialCallStatus", "dancing"),
        ],
    ];
    for path in PATHS {
        for fields in unreadable {
            let answer = error(&running, running.webhook(path, fields)).await;
            assert_eq!(
                answer,
                (400, "invalid_webhook".to_owned()),
                "{path}: {fields:?}"
            );
        }
    }
    // A webhook that belongs to another address says that the provider is set
    // up wrongly.
    for path in ["/twilio-inbound", "/twilio/voice", "/twilio/bridge-ended"] {
        let answer = error(&running, running.webhook(path, &progress(SID, "completed"))).await;
        assert_eq!(answer, (400, "misplaced_webhook".to_owned()), "{path}");
    }
    let voice = error(&running, running.webhook("/twilio/bridge-ended", &INBOUND)).await;
    assert_eq!(voice, (400, "misplaced_webhook".to_owned()));
    for query in ["", "?callId=", "?callId=x", &format!("?callId={CALL}")] {
        let asked = error(
            &running,
            running.webhook(&format!("/twilio/voice{query}"), &INBOUND),
        )
        .await;
        assert_eq!(asked, (404, "unknown_call".to_owned()), "{query}");
        let ended = [&INBOUND[..], &[("DialCallStatus", "completed")]].concat();
        let target = format!("/twilio/bridge-ended{query}");
        assert_eq!(
            error(&running, running.webhook(&target, &ended)).await.0,
            404,
            "{query}"
        );
    }
    assert_eq!(running.database().dump(), before);
}

#[tokio::test]
async fn a_webhook_by_get_is_another_method_even_when_signed() {
    let running = Running::start().await;
    for path in PATHS {
        let target = format!("{path}?CallSid={SID}&CallStatus=ringing");
        let base = running
            .server
            .addresses()
            .public_url
            .as_str()
            .trim_end_matches('/');
        let signature = signature::sign(SIM_TOKEN, &format!("{base}{target}"), &[]);
        let request = running
            .http
            .get(running.url(&target))
            .header(signature::HEADER, signature);
        assert_eq!(
            error(&running, request).await,
            (405, "method_not_allowed".to_owned())
        );
    }
}

#[tokio::test]
async fn the_signature_covers_the_public_address_wherever_the_server_listens() {
    for public in [
        "https://voip.example.com",
        "https://voip.example.com/",
        "https://voip.example.com:8443",
        "http://voip.example.com:1234/app",
        "https://voip.example.com/a/b/",
    ] {
        let running = Running::with([("PUBLIC_URL", public)]).await;
        let target = format!("/twilio-status?callId={CALL}&x=%2B1%20y");
        let answer = running
            .send(running.webhook(&target, &progress(SID, "ringing")))
            .await;
        assert_eq!(answer.status, 200, "{public}: {answer:?}");
        // The address it listens on is nobody's business, nor are headers of a proxy.
        let local = running.url(&target);
        let fields: Vec<(String, String)> = progress(SID, "ringing")
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let signature = signature::sign(SIM_TOKEN, &local, &fields);
        let request = running
            .http
            .post(&local)
            .header(signature::HEADER, signature)
            .header("x-forwarded-host", local.trim_start_matches("http://"))
            .header("x-forwarded-proto", "http")
            .form(&fields);
        assert_eq!(error(&running, request).await, refused(), "{public}");
    }
}

#[tokio::test]
async fn while_tokens_are_rotated_both_are_good() {
    let settings = [
        ("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000a1"),
        ("TWILIO_AUTH_TOKEN", SIM_TOKEN),
        (
            "TWILIO_AUTH_TOKEN_SECONDARY",
            "11112222333344445555666677778888",
        ),
        // Nobody is there, and nobody is asked.
        ("TWILIO_API_BASE_URL", "http://127.0.0.1:9"),
        ("PUBLIC_URL", "https://voip.example.com"),
        ("JWT_SECRET", surface::SECRET),
    ];
    let running = Running::with(settings).await;
    for (token, status) in [
        (SIM_TOKEN, 200),
        ("11112222333344445555666677778888", 200),
        (OTHER_TOKEN, 403),
    ] {
        let request = running.webhook_with(token, "/twilio-status", &progress(SID, "ringing"));
        assert_eq!(running.send(request).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn a_signature_of_the_provider_is_no_way_to_answer_somebodys_call() {
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    let id = running.announced().await;
    let fields = [&INBOUND[..], &[("callId", &id), ("userId", "alice")]].concat();
    let request = running.webhook("/connect-call", &fields);
    assert_eq!(
        error(&running, request).await,
        (401, "unauthorized".to_owned())
    );
    assert_eq!(running.log("alice").await[0]["status"], "ringing");
}
