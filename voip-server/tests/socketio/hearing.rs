use serde_json::json;

use crate::{
    ANSWERS, RINGS,
    client::{IoClient, words},
    hang_up, nothing, start,
    surface::{
        Running,
        leg::{ALICE, INBOUND, SID},
        within,
    },
};

#[tokio::test]
async fn who_joins_late_hears_the_present_status_and_then_the_news() {
    let running = Running::start().await;
    let (call, sid) = start(&running, ANSWERS).await;
    let mut early = IoClient::connect(&running).await;
    let (mut told, _) = early.join(&sid).await;
    while words(&told).last() != Some(&"in-progress") {
        told.push(early.status().await);
    }
    let ranks = ["initiated", "queued", "ringing", "in-progress"];
    let place = |word: &&str| ranks.iter().position(|rank| rank == word);
    let places: Vec<_> = words(&told).iter().map(place).collect();
    assert!(
        places.is_sorted_by(|a, b| a < b),
        "in order, once each: {told:?}"
    );

    let mut late = IoClient::connect(&running).await;
    let present = json!({ "callSid": sid, "callStatus": "in-progress", "duration": null });
    let (told, answer) = late.join(&sid).await;
    assert_eq!((told, answer), (vec![present.clone()], present.clone()));
    // Asking again is answered again.
    assert_eq!(late.join(&sid).await.1, present);

    hang_up(&running, &call).await;
    for client in [&mut early, &mut late] {
        let last = client.status().await;
        assert_eq!(last["callStatus"], "completed");
        assert!(last["duration"].is_u64(), "{last}");
        assert_eq!(client.flush().await.len(), 0, "nothing comes after the end");
    }
    // And who comes just after the end hears of it.
    let (told, answer) = late.join(&sid).await;
    assert_eq!(answer["callStatus"], "completed");
    assert_eq!(told, [answer]);
}

#[tokio::test]
async fn a_call_may_be_joined_before_there_is_one() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut client = IoClient::connect(&running).await;
    let (told, answer) = client.join(SID).await;
    assert_eq!((told.len(), answer), (0, nothing()));
    let came = running
        .send(running.webhook("/twilio-inbound", &INBOUND))
        .await;
    assert_eq!(came.status, 200, "{came:?}");
    let ringing = json!({ "callSid": SID, "callStatus": "ringing", "duration": null });
    assert_eq!(client.status().await, ringing);
}

#[tokio::test]
async fn who_left_hears_no_more() {
    let running = Running::start().await;
    let (call, sid) = start(&running, RINGS).await;
    let mut stays = IoClient::connect(&running).await;
    let mut leaves = IoClient::connect(&running).await;
    stays.join(&sid).await;
    leaves.join(&sid).await;
    let (_, answer) = leaves.ask("leave-call", &json!({ "callSid": sid })).await;
    assert_eq!(answer, nothing());
    hang_up(&running, &call).await;
    while stays.status().await["callStatus"] != "canceled" {}
    assert_eq!(leaves.flush().await.len(), 0);
    // What is not told is no secret to those who know the sid.
    assert_eq!(leaves.join(&sid).await.1["callStatus"], "canceled");
}

#[tokio::test]
async fn an_unheard_of_call_makes_room_for_the_twenty_first() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut client = IoClient::connect(&running).await;
    client.join(SID).await;
    for n in 0..20 {
        let (told, answer) = client.join(&format!("CA{n:031x}f")).await;
        assert_eq!((told.len(), answer), (0, nothing()), "{n}");
    }
    let came = running
        .send(running.webhook("/twilio-inbound", &INBOUND))
        .await;
    assert_eq!(came.status, 200, "{came:?}");
    assert_eq!(client.flush().await.len(), 0, "it was pushed out");
    let (told, _) = client.join(SID).await;
    assert_eq!(words(&told), ["ringing"]);
}

#[tokio::test]
async fn a_server_that_stops_sends_its_clients_away() {
    let running = Running::start().await;
    let mut client = IoClient::connect(&running).await;
    // One that is still at the door.
    let _silent = IoClient::open(&running, None).await;
    within("the server to stop", running.server.stop()).await;
    // Of the transport, not of the namespace: the official client comes back
    // after that, and stays away after the other.
    let last = client.packet().await;
    assert!(matches!(last.as_deref(), None | Some("1")), "{last:?}");
}
