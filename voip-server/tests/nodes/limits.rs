//! What is bounded, and what is to happen once, holds over all nodes together.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    database::{Kind, on_each_database},
    process::{USER, USERS_NUMBER},
};

/// A number that rings on.
const RINGS: &str = "+15005550101";

/// Starts as many calls at once, at either node by turns; what each was
/// answered.
async fn start_at_once(cluster: &Cluster, count: usize, body: &Value) -> Vec<(u16, Value)> {
    let clients = [0, 1].map(|node: usize| cluster.nodes[node].machine.client());
    let starts = (0..count).map(async |turn| {
        let (status, text) = clients[turn % 2]
            .post("/start-call", body)
            .await
            .expect("the node is there");
        (status, serde_json::from_str(&text).expect("JSON"))
    });
    join_all(starts).await
}

fn placed(answers: &[(u16, Value)]) -> usize {
    answers.iter().filter(|(status, _)| *status == 200).count()
}

async fn a_user_has_no_more_live_calls_than_allowed_on_all_nodes_together(on: Kind) {
    let settings = [
        ("SPEND_GUARD", "on"),
        ("LIVE_CALLS_PER_USER", "3"),
        ("CALLS_PER_MINUTE", "0"),
    ];
    let Some(cluster) = Cluster::of_two_with(on, &settings).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    let body = json!({"to": RINGS, "from": USERS_NUMBER});
    // Those that meet at the last place may all be refused; who asks again gets it.
    let mut all = 0;
    for _ in 0..20 {
        let answers = start_at_once(&cluster, 10, &body).await;
        for (status, answer) in &answers {
            assert!([200, 429].contains(status), "{answer}");
        }
        all += placed(&answers);
        assert!(all <= 3, "{all} live calls");
        assert_eq!(cluster.provider.dialled(RINGS).len(), all);
        if all == 3 {
            return;
        }
    }
    panic!("only {all} calls were ever let in");
}

async fn calls_a_minute_are_counted_on_all_nodes_together(on: Kind) {
    let settings = [
        ("SPEND_GUARD", "on"),
        ("LIVE_CALLS_PER_USER", "0"),
        ("CALLS_PER_MINUTE", "5"),
    ];
    let Some(cluster) = Cluster::of_two_with(on, &settings).await else {
        return;
    };
    let body = json!({"to": RINGS});
    let answers = start_at_once(&cluster, 20, &body).await;
    assert_eq!(placed(&answers), 5, "{answers:?}");
    assert_eq!(cluster.provider.dialled(RINGS).len(), 5);
}

async fn one_request_asked_at_both_nodes_places_one_call(on: Kind) {
    let Some(cluster) = Cluster::of_two(on).await else {
        return;
    };
    let id = uuid::Uuid::new_v4().to_string();
    let body = json!({"to": RINGS, "callId": id});
    let answers = start_at_once(&cluster, 10, &body).await;
    assert_eq!(placed(&answers), 10, "{answers:?}");
    for (_, answer) in &answers {
        assert_eq!(answer, &answers[0].1);
    }
    assert_eq!(cluster.provider.dialled(RINGS).len(), 1);
}

async fn what_was_written_at_one_node_is_read_at_the_other(on: Kind) {
    let Some(cluster) = Cluster::of_two(on).await else {
        return;
    };
    let clients = [0, 1].map(|node: usize| cluster.nodes[node].machine.client());
    clients[0].register(USER, USERS_NUMBER).await;
    for calls in 1..=20 {
        let body = json!({"to": RINGS, "from": USERS_NUMBER});
        let (status, text) = clients[calls % 2]
            .post("/start-call", &body)
            .await
            .expect("the node is there");
        assert_eq!(status, 200, "{text}");
        for client in &clients {
            // The second time it comes out of the cache.
            for _ in 0..2 {
                let log = client.log(USERS_NUMBER).await.expect("the node is there");
                assert_eq!(log.len(), calls);
            }
        }
    }
}

on_each_database! {
    a_user_has_no_more_live_calls_than_allowed_on_all_nodes_together
    calls_a_minute_are_counted_on_all_nodes_together
    one_request_asked_at_both_nodes_places_one_call
    what_was_written_at_one_node_is_read_at_the_other
}
