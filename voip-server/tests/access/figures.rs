//! Who may read the figures, and what they hold.

use voip_server::auth::Subject;

use crate::surface::Running;
use crate::{ALICE, CALLER, RINGS, bad_tokens, house};

async fn read(running: &Running, token: &str) -> (u16, String) {
    let request = running.http.get(running.url("/metrics"));
    let answer = running.send(request.bearer_auth(token)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn where_tokens_are_asked_for_only_a_service_reads_the_figures() {
    let (running, _device, id) = house().await;
    assert_eq!(running.get("/metrics").await.status, 401);
    for (what, token) in bad_tokens() {
        assert_eq!(read(&running, &token).await.0, 401, "{what}");
    }
    assert_eq!(read(&running, &running.user_token("alice")).await.0, 403);
    let (status, text) = read(&running, &running.token(&Subject::Service)).await;
    assert_eq!(status, 200, "{text}");
    for line in [
        "voip_calls_begun_total{direction=\"inbound\"} 1",
        "voip_webhooks_total{path=\"/twilio-inbound\",outcome=\"taken\"} 1",
        "voip_sockets{protocol=\"websocket\"} 1",
        "voip_pushes_total{service=\"fcm\",outcome=\"skipped\"} 1",
        "voip_effects{state=\"resting\"} 0",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(text.contains("voip_storage_seconds_bucket{"), "{text}");
    assert!(!text.contains("redis_up"), "there is no Redis");
    // Nothing of a person, however it is written.
    for personal in [ALICE, CALLER, RINGS, "alice", "bob", &id] {
        let personal = personal.trim_start_matches('+');
        assert!(!text.contains(personal), "{personal} is shown: {text}");
    }
}

#[tokio::test]
async fn where_none_are_whoever_asks_from_this_machine_does_and_no_proxy() {
    let running = Running::with([("AUTH_MODE", "open")]).await;
    assert_eq!(running.get("/metrics").await.status, 200);
    for header in ["x-forwarded-for", "forwarded", "via"] {
        let request = running.http.get(running.url("/metrics"));
        let answer = running.send(request.header(header, "192.0.2.7")).await;
        assert_eq!(answer.status, 401, "{header}");
    }
    let running = Running::with([("AUTH_MODE", "open"), ("METRICS_ACCESS", "token")]).await;
    assert_eq!(running.get("/metrics").await.status, 401);
    let running = Running::with([("METRICS_ACCESS", "open")]).await;
    let request = running.http.get(running.url("/metrics"));
    let answer = running.send(request.header("via", "proxy")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_is_refused_is_counted_as_such() {
    let running = Running::with([("AUTH_MODE", "open")]).await;
    let post = |path: &str| running.http.post(running.url(path)).body("CallSid=CA1");
    assert_eq!(running.send(post("/twilio-status")).await.status, 403);
    let text = running.get("/metrics").await.body;
    let line = "voip_webhooks_total{path=\"/twilio-status\",outcome=\"refused\"} 1";
    assert!(text.contains(line), "{text}");
}
