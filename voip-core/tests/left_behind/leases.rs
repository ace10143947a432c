//! A node's leases end with it, and not before.

use std::time::Duration;

use voip_core::{CallStatus, ports::Clock as _};

use crate::node::Node;

/// Lets `span` pass for these nodes, and nobody else sweeps.
async fn live(nodes: &[&Node], span: Duration) {
    let step = Duration::from_millis(250);
    let clock = &nodes[0].clock;
    let end = clock.now() + span;
    while clock.now() < end {
        clock.advance(step);
        for node in nodes {
            node.calls.sweep().await.unwrap();
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_a_node_is_at_is_its_own_until_the_lease_of_a_dead_one_ends() {
    let (first, asked) = (Node::new(), |node: &Node| {
        node.telephony.record().look_ups.len()
    });
    let second = first.beside();
    let call = first.half_placed().await;
    let leg = first.place(&call).await;
    second.telephony.bring_in(&leg, CallStatus::Busy);
    // Nobody hears of the call, so the provider is asked, and does not answer.
    first.telephony.mute_look_ups(true);
    first.clock.advance(Duration::from_secs(91));
    live(&[&first], Duration::from_millis(250)).await;
    assert_eq!(asked(&first), 1);
    // However long that takes, the node says that it is at it.
    live(&[&second, &first], Duration::from_secs(30)).await;
    assert_eq!((asked(&first), asked(&second)), (1, 0), "it is at it");
    // Now it is dead. It may have said so just now, or a second and a half ago.
    live(&[&second], Duration::from_millis(3_250)).await;
    assert_eq!(asked(&second), 0, "its lease is not over");
    live(&[&second], Duration::from_secs(2)).await;
    assert_eq!(asked(&second), 1, "its lease is over");
    assert_eq!(second.now(&call.id).await.status(), CallStatus::Busy);
    // It is done, and nobody does it once more.
    live(&[&second], Duration::from_secs(30)).await;
    assert_eq!((asked(&first), asked(&second)), (1, 1));
}
