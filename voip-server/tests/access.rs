//! Who may do what, where tokens are asked for and where they are not.

mod surface;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use surface::{Answer, Client, Running, SECRET, UNKNOWN, running::token};
use voip_core::{
    Timestamp,
    ports::{Clock, SystemClock},
};
use voip_server::auth::{Subject, Tokens};

const ALICE: &str = "+15550001111";
const BOB: &str = "+15550002222";
const CALLER: &str = "+15550009999";
const RINGS: &str = "+15005550101";

fn user(name: &str) -> Subject {
    Subject::User(name.parse().expect("a user id"))
}

fn expired(subject: &Subject) -> String {
    let long_ago = Timestamp::from_secs(SystemClock.now().as_secs() - 7_200);
    token(subject, long_ago, Duration::from_secs(7_199))
}

fn of_another_key(subject: &Subject) -> String {
    let other = secrecy::SecretString::from(SECRET.to_lowercase());
    let made = SystemClock.now();
    Tokens::new(&other)
        .mint(subject, Duration::from_secs(3_600), made)
        .expect("a token")
}

/// Tokens that are good for nothing.
fn bad_tokens() -> Vec<(&'static str, String)> {
    let alice = user("alice");
    let good = token(&alice, SystemClock.now(), Duration::from_secs(3_600));
    let (head, _) = good.rsplit_once('.').expect("three parts");
    let mut parts = good.split('.').map(str::to_owned).collect::<Vec<_>>();
    parts[1] = token(&user("bob"), SystemClock.now(), Duration::from_secs(3_600))
        .split('.')
        .nth(1)
        .expect("three parts")
        .to_owned();
    vec![
        ("expired", expired(&alice)),
        ("an expired service's", expired(&Subject::Service)),
        ("another key's", of_another_key(&alice)),
        ("another key's service", of_another_key(&Subject::Service)),
        ("without its signature", format!("{head}.")),
        ("with other claims", parts.join(".")),
        ("the key itself", SECRET.to_owned()),
        ("nothing", String::new()),
        ("nonsense", "nonsense".to_owned()),
        ("long", "x".repeat(8_000)),
    ]
}

/// Every request of a client, about `alice` and the call `id`.
fn requests(running: &Running, id: &str) -> Vec<RequestBuilder> {
    let post = |path: &str, body: Value| {
        running
            .http
            .request(Method::POST, running.url(path))
            .json(&body)
    };
    vec![
        post("/start-call", json!({"to": RINGS})),
        post("/hangup", json!({"callId": id})),
        post("/connect-call", json!({"callId": id, "userId": "alice"})),
        post(
            "/api/register-user",
            json!({"userId": "alice", "phoneNumber": ALICE, "fcmToken": "t"}),
        ),
        running.http.get(running.url("/api/call-logs/alice")),
        running
            .http
            .get(running.url("/api/call-logs/alice?limit=nonsense")),
    ]
}

/// A guarded server with alice, bob, and a call that rings alice.
async fn house() -> (Running, Client, String) {
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    running.register("bob", BOB).await;
    let mut device = running.connect().await;
    let token = running.user_token("alice");
    device
        .say(json!({"type": "register", "userId": "alice", "token": token}))
        .await;
    assert_eq!(device.next().await["type"], "register_success");
    let simulator = running.server.simulator().expect("a simulator");
    simulator.place_call(CALLER, ALICE).await.expect("a call");
    let id = device.until("incoming_call").await["callId"]
        .as_str()
        .expect("an id")
        .to_owned();
    running.server.app().calls.settled().await;
    (running, device, id)
}

async fn as_user(running: &Running, name: &str, request: RequestBuilder) -> Answer {
    running
        .send(request.bearer_auth(running.user_token(name)))
        .await
}

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

#[tokio::test]
async fn users_see_their_own_calls_only() {
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    running.register("bob", BOB).await;
    let start = |body: Value| running.http.post(running.url("/start-call")).json(&body);
    // Bob calls alice's number and shows it too: both make her a party by number.
    for body in [json!({"to": ALICE}), json!({"to": RINGS, "from": ALICE})] {
        let answer = as_user(&running, "bob", start(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let own = as_user(&running, "alice", start(json!({"to": BOB})))
        .await
        .text("callId");
    let log = |name: &'static str, whose: &str| {
        let path = format!("/api/call-logs/{}", whose.replace('+', "%2B"));
        as_user(&running, name, running.http.get(running.url(&path)))
    };
    let alices = log("alice", "alice").await.json();
    let ids: Vec<&Value> = alices
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["call_id"])
        .collect();
    assert_eq!(ids, [&json!(own)]);
    assert_eq!(
        log("bob", "bob")
            .await
            .json()
            .as_array()
            .expect("a list")
            .len(),
        2
    );
    // A number is a way to other people's calls, even one's own.
    for number in [ALICE, BOB, RINGS] {
        assert_eq!(
            log("alice", number).await.error(),
            (403, "forbidden".to_owned())
        );
    }
    let all = running.log(&ALICE.replace('+', "%2B")).await;
    assert_eq!(
        all.len(),
        2,
        "a service sees what a number took part in: {all:?}"
    );
}

#[tokio::test]
async fn the_same_key_of_two_users_is_two_requests() {
    let running = Running::guarded().await;
    let mut calls = Vec::new();
    for name in ["alice", "bob", "alice"] {
        let request = running
            .http
            .post(running.url("/start-call"))
            .json(&json!({"to": RINGS}));
        let answer = as_user(&running, name, request.header("idempotency-key", "1")).await;
        calls.push(answer.text("callId"));
    }
    assert_eq!(calls[0], calls[2]);
    assert_ne!(calls[0], calls[1]);
}

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

#[tokio::test]
async fn where_tokens_are_needed_nobody_ends_the_call_of_another() {
    let (running, mut device, id) = house().await;
    let mut bob = running.connect().await;
    let token = running.user_token("bob");
    bob.say(json!({"type": "register", "userId": "bob", "token": token}))
        .await;
    assert_eq!(bob.next().await["type"], "register_success");
    bob.say(json!({"type": "hangup", "callId": id})).await;
    assert_eq!(bob.error().await, "unknown_call");
    assert!(
        device
            .flush()
            .await
            .iter()
            .all(|frame| frame["type"] != "call_status")
    );
}

#[tokio::test]
async fn however_a_call_stands_a_stranger_who_answers_it_learns_nothing() {
    let (running, mut device, id) = house().await;
    let answer = async |name: &str, id: &str| {
        let body = json!({"callId": id, "userId": name});
        let request = running.http.post(running.url("/connect-call")).json(&body);
        as_user(&running, name, request).await.error()
    };
    let nothing = (404, "unknown_call".to_owned());
    assert_eq!(answer("bob", &id).await, nothing, "it rings");
    device
        .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
        .await;
    device.until_status("in-progress").await;
    assert_eq!(answer("bob", &id).await, nothing, "it was answered");
    let too_late = (409, "answered_elsewhere".to_owned());
    assert_eq!(answer("alice", &id).await, too_late);
    device.say(json!({"type": "hangup", "callId": id})).await;
    device.until_status("completed").await;
    assert_eq!(answer("bob", &id).await, nothing, "it is over");
    assert_eq!(answer("alice", &id).await, (410, "call_over".to_owned()));

    let body = json!({"to": RINGS, "callId": UNKNOWN});
    let request = running.http.post(running.url("/start-call")).json(&body);
    assert_eq!(as_user(&running, "alice", request).await.status, 200);
    assert_eq!(answer("bob", UNKNOWN).await, nothing, "alice calls");
    let outbound = (409, "not_incoming".to_owned());
    assert_eq!(answer("alice", UNKNOWN).await, outbound);
}
