//! Who may do what, where tokens are asked for and where they are not.

mod figures;
mod guarded;
mod opened;
mod others;
#[path = "../surface/mod.rs"]
mod surface;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use voip_core::Timestamp;
use voip_core::ports::{Clock, SystemClock};
use voip_server::auth::{Subject, Tokens};

use surface::running::token;
use surface::{Answer, Client, Running, SECRET};

pub(crate) const ALICE: &str = "+15550001111";

pub(crate) const BOB: &str = "+15550002222";

pub(crate) const CALLER: &str = "+15550009999";

pub(crate) const RINGS: &str = "+15005550101";

pub(crate) fn user(name: &str) -> Subject {
    Subject::User(name.parse().expect("a user id"))
}

pub(crate) fn expired(subject: &Subject) -> String {
    let long_ago = Timestamp::from_secs(SystemClock.now().as_secs() - 7_200);
    token(subject, long_ago, Duration::from_secs(7_199))
}

pub(crate) fn of_another_key(subject: &Subject) -> String {
    let other = secrecy::SecretString::from(SECRET.to_lowercase());
    let made = SystemClock.now();
    Tokens::new(&other)
        .mint(subject, Duration::from_secs(3_600), made)
        .expect("a token")
}

/// Tokens that are good for nothing.
pub(crate) fn bad_tokens() -> Vec<(&'static str, String)> {
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
pub(crate) fn requests(running: &Running, id: &str) -> Vec<RequestBuilder> {
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
pub(crate) async fn house() -> (Running, Client, String) {
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

pub(crate) async fn as_user(running: &Running, name: &str, request: RequestBuilder) -> Answer {
    running
        .send(request.bearer_auth(running.user_token(name)))
        .await
}
