//! Where tokens are not asked for.

use serde_json::json;

use crate::surface::{Running, SECRET, UNKNOWN};
use crate::{ALICE, RINGS, as_user, bad_tokens, requests};

#[tokio::test]
async fn where_nobody_must_a_token_that_is_shown_must_be_good() {
    let running = Running::with([("JWT_SECRET", SECRET)]).await;
    running.register("alice", ALICE).await;
    for (what, token) in bad_tokens() {
        for request in requests(&running, UNKNOWN) {
            let answer = running.send(request.bearer_auth(&token)).await;
            assert_eq!(answer.error(), (401, "unauthorized".to_owned()), "{what}");
        }
        let mut client = running.connect().await;
        client
            .say(json!({"type": "register", "userId": "alice", "token": token}))
            .await;
        assert_eq!(client.error().await, "unauthorized", "{what}");
    }
    // Whose token it is makes no difference.
    let request = running.http.get(running.url("/api/call-logs/alice"));
    assert_eq!(as_user(&running, "bob", request).await.status, 200);
    // Without one everything is open, and webhooks still are signed.
    assert_eq!(running.get("/api/call-logs/alice").await.status, 200);
    running.device("alice").await;
    let unsigned = running
        .http
        .post(running.url("/twilio-inbound"))
        .body("CallSid=CA1");
    assert_eq!(running.send(unsigned).await.status, 403);
}

#[tokio::test]
async fn a_server_with_a_key_of_its_own_refuses_what_is_left_over_from_elsewhere() {
    let running = Running::start().await;
    let ask = async |token: &str| {
        let request = running.http.get(running.url("/api/call-logs/alice"));
        running.send(request.bearer_auth(token)).await
    };
    let stale = ask("left over from elsewhere").await;
    assert_eq!(stale.error(), (401, "unauthorized".to_owned()));
    assert_eq!(running.get("/api/call-logs/alice").await.status, 200);
}

#[tokio::test]
async fn where_everybody_may_do_everything_anybody_may_end_any_call() {
    for by_socket in [true, false] {
        let running = Running::with([("JWT_SECRET", SECRET)]).await;
        running.register("alice", ALICE).await;
        let mut device = running.device("alice").await;
        let start = json!({"to": RINGS, "from": ALICE});
        let id = running.post("/start-call", start).await.text("callId");
        device.until_status("ringing").await;
        if by_socket {
            let mut bob = running.device("bob").await;
            bob.say(json!({"type": "hangup", "callId": id})).await;
            assert!(bob.flush().await.is_empty());
        } else {
            let request = running.http.post(running.url("/hangup"));
            let request = request.json(&json!({"callId": id}));
            assert_eq!(as_user(&running, "bob", request).await.status, 200);
        }
        device.until_status("canceled").await;
    }
}
