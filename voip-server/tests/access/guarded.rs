//! Where tokens are asked for.

use serde_json::{Value, json};
use voip_server::auth::Subject;

use crate::surface::{Running, UNKNOWN};
use crate::{BOB, RINGS, as_user, bad_tokens, house, requests};

#[tokio::test]
async fn without_a_good_token_nothing_is_done() {
    let (running, _device, id) = house().await;
    let before = running.database().dump();
    let unauthorized = (401, "unauthorized".to_owned());
    for request in requests(&running, &id) {
        let answer = running.send(request).await;
        assert_eq!(answer.error(), unauthorized, "{answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    for (what, token) in bad_tokens() {
        for request in requests(&running, &id) {
            let answer = running.send(request.bearer_auth(&token)).await;
            assert_eq!(answer.error(), unauthorized, "{what}");
        }
    }
    let good = running.user_token("alice");
    let headers = [
        format!("Basic {good}"),
        good.clone(),
        format!("Bearer{good}"),
        "Bearer".to_owned(),
    ];
    for header in headers {
        for request in requests(&running, &id) {
            let answer = running.send(request.header("authorization", &header)).await;
            assert_eq!(answer.error(), unauthorized, "{header}");
        }
    }
    assert_eq!(running.database().dump(), before);
    // Who asks how the server is need not say who they are.
    assert_eq!(running.get("/healthz").await.status, 200);
    assert_eq!(running.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_token_of_another_user_opens_nothing_and_tells_nothing() {
    let (running, mut device, id) = house().await;
    let before = running.database().dump();
    let forbidden = (403, "forbidden".to_owned());
    let post = |path: &str, body: Value| running.http.post(running.url(path)).json(&body);
    let get = |path: &str| running.http.get(running.url(path));
    for request in [
        post("/connect-call", json!({"callId": id, "userId": "alice"})),
        post(
            "/api/register-user",
            json!({"userId": "alice", "phoneNumber": BOB, "fcmToken": "t"}),
        ),
        get("/api/call-logs/alice"),
        get("/api/call-logs/%2B15550001111"),
        get("/api/call-logs/%2B15550009999"),
        get("/api/call-logs/nobody"),
        get("/api/call-logs/%00"),
    ] {
        assert_eq!(as_user(&running, "bob", request).await.error(), forbidden);
    }
    // A call of somebody else and one that does not exist look the same.
    for path in ["/hangup", "/connect-call"] {
        let body = |id: &str| json!({"callId": id, "userId": "bob"});
        let theirs = as_user(&running, "bob", post(path, body(&id))).await;
        let nobodys = as_user(&running, "bob", post(path, body(UNKNOWN))).await;
        assert_eq!(theirs.error(), (404, "unknown_call".to_owned()));
        let mut told = theirs.json();
        // Both may name the call that was asked for, and nothing else.
        if told.get("callId").is_some() {
            told["callId"] = json!(UNKNOWN);
        }
        assert_eq!(told, nobodys.json(), "{path}");
    }
    assert_eq!(running.database().dump(), before);
    assert!(device.flush().await.is_empty(), "it rings on");
}

#[tokio::test]
async fn their_own_token_lets_users_do_everything_of_theirs() {
    let (running, mut device, id) = house().await;
    for (request, status) in requests(&running, &id)
        .into_iter()
        .zip([200, 200, 410, 200, 200, 400])
    {
        let answer = as_user(&running, "alice", request).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(
        device.until("call_initiated").await["to"],
        RINGS,
        "the caller is who asked"
    );
}

#[tokio::test]
async fn a_service_may_act_for_everybody() {
    let (running, _device, id) = house().await;
    let service = running.token(&Subject::Service);
    for (request, status) in requests(&running, &id)
        .into_iter()
        .zip([200, 200, 410, 200, 200, 400])
    {
        let answer = running.send(request.bearer_auth(&service)).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    for user in ["alice", "bob", "never seen"] {
        let mut client = running.connect().await;
        client
            .say(json!({"type": "register", "userId": user, "token": service}))
            .await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "register_success", "{welcome}");
        assert_eq!(welcome["userId"], user);
    }
}

#[tokio::test]
async fn a_socket_registers_with_a_good_token_only() {
    let running = Running::guarded().await;
    let mut client = running.connect().await;
    let register = |token: Value| json!({"type": "register", "userId": "alice", "token": token});
    client
        .say(json!({"type": "register", "userId": "alice"}))
        .await;
    assert_eq!(client.error().await, "unauthorized");
    client.say(register(Value::Null)).await;
    assert_eq!(client.error().await, "unauthorized");
    for (what, token) in bad_tokens() {
        client.say(register(json!(token))).await;
        assert_eq!(client.error().await, "unauthorized", "{what}");
    }
    client.say(register(json!(running.user_token("bob")))).await;
    assert_eq!(client.error().await, "forbidden");
    client
        .say(json!({"type": "initiate_call", "to": RINGS}))
        .await;
    assert_eq!(client.error().await, "not_registered");
    assert!(running.server.app().hub.is_empty());
    client
        .say(register(json!(running.user_token("alice"))))
        .await;
    assert_eq!(client.next().await["type"], "register_success");
    // A later try that fails leaves it what it was.
    client
        .say(json!({"type": "register", "userId": "bob", "token": running.user_token("alice")}))
        .await;
    assert_eq!(client.error().await, "forbidden");
    client
        .say(json!({"type": "initiate_call", "to": RINGS}))
        .await;
    assert_eq!(client.next().await["type"], "call_initiated");
}
