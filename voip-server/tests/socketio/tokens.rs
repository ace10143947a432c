use serde_json::{Value, json};
use std::time::Duration;
use voip_core::ports::{Clock as _, SystemClock};
use voip_server::auth::Subject;

use crate::{
    client::{IoClient, words},
    nothing,
    surface::{
        Running,
        leg::{ALICE, INBOUND, SID, progress},
        running::token,
    },
};

#[tokio::test]
async fn a_token_lets_a_user_hear_of_all_own_calls_and_of_no_others() {
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    running.register("bob", "+15550002222").await;
    let alice = running.user_token("alice");
    let mut early = IoClient::with_token(&running, &alice).await;
    let mut bob = IoClient::with_token(&running, &running.user_token("bob")).await;
    let mut service = IoClient::with_token(&running, &running.token(&Subject::Service)).await;
    let mut nobody = IoClient::connect(&running).await;
    let came = running
        .send(running.webhook("/twilio-inbound", &INBOUND))
        .await;
    assert_eq!(came.status, 200, "{came:?}");
    let ringing = json!({ "callSid": SID, "callStatus": "ringing", "duration": null });
    assert_eq!(early.status().await, ringing);
    // Joining besides makes nothing come twice.
    assert_eq!(words(&early.join(SID).await.0), ["ringing"]);
    // Who comes later hears how things stand.
    let mut by_header = IoClient::open(&running, Some(&format!("Bearer {alice}"))).await;
    by_header.handshake(&Value::Null).await.unwrap();
    assert_eq!(by_header.status().await, ringing);
    for other in [&mut bob, &mut service, &mut nobody] {
        assert_eq!(other.flush().await.len(), 0);
    }
    // For another's call a token is as good as none: the sid is what counts.
    assert_eq!(bob.join(SID).await.1, ringing);

    let ends = progress(SID, "canceled");
    let ended = running.send(running.webhook("/twilio-status", &ends)).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    for hearer in [&mut early, &mut by_header, &mut bob] {
        let last = hearer.status().await;
        assert_ne!(last["callStatus"], "ringing", "{last}");
        assert_eq!(last["duration"], Value::Null, "{last}");
        assert_eq!(hearer.flush().await.len(), 0);
    }
    for other in [&mut service, &mut nobody] {
        assert_eq!(other.flush().await.len(), 0);
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_with_a_reason() {
    let running = Running::guarded().await;
    let good = running.user_token("alice");
    for auth in [
        json!({ "token": "nonsense" }),
        json!({ "token": "" }),
        json!({ "token": 7 }),
        json!({ "token": [good] }),
        json!({ "token": format!("{good}x") }),
    ] {
        let mut client = IoClient::open(&running, None).await;
        let why = client.handshake(&auth).await.expect_err("it is refused");
        assert!(why.starts_with("unauthorized"), "{why}");
        // It can still show a good one.
        client.handshake(&json!({ "token": good })).await.unwrap();
    }
    for header in ["Bearer nonsense", "Basic YTpi", "Bearer"] {
        let mut client = IoClient::open(&running, Some(header)).await;
        let why = client.handshake(&Value::Null).await;
        assert!(why.is_err_and(|why| why.starts_with("unauthorized")));
    }
    // No token is no bad token.
    for auth in [Value::Null, json!({}), json!({ "token": null }), json!([])] {
        let mut client = IoClient::open(&running, None).await;
        client.handshake(&auth).await.unwrap();
        assert_eq!(client.join(SID).await.1, nothing());
    }
}

const TWO_SECONDS: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_login_that_ends_ends_its_connection_with_a_reason() {
    let running = Running::guarded().await;
    // real time: the server lives by the system's clock; tokens last whole seconds.
    let brief = token(
        &Subject::User("alice".parse().unwrap()),
        SystemClock.now(),
        TWO_SECONDS,
    );
    let mut by_auth = IoClient::with_token(&running, &brief).await;
    let mut by_header = IoClient::open(&running, Some(&format!("Bearer {brief}"))).await;
    by_header.handshake(&Value::Null).await.unwrap();
    let mut nobody = IoClient::connect(&running).await;
    for client in [&mut by_auth, &mut by_header] {
        let why = client.packet().await.expect("a reason");
        let why: Value = serde_json::from_str(why.strip_prefix("42").expect("an event")).unwrap();
        assert_eq!(why[0], "token-expired");
        assert_eq!(why[1]["code"], "token_expired");
        assert_eq!(client.packet().await.as_deref(), Some("41"));
    }
    assert_eq!(nobody.flush().await.len(), 0);
}
