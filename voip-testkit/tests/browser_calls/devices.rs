//! Several devices of one identity.

use voip_sim::inspect::Status;

use crate::house::{Client, FAR, House, OURS};

with_each_client! {
    together: devices_of_one_identity_ring_together_and_one_answer_stops_the_others,
}

async fn together(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let (one, two) = (house.page("ann").await, house.page("ann").await);
    for page in [&one, &two] {
        page.run("await phone.device.register(); return phone.saw('registered')")
            .await;
    }
    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    for page in [&one, &two] {
        page.run("return phone.saw('incoming')").await;
    }
    two.run("await phone.accept(); return phone.saw('call.accept')")
        .await;
    one.run("return phone.saw('call.cancel')").await;
    let leg = house
        .sim
        .call_that(|call| call.parent.as_ref() == Some(&caller))
        .await;
    leg.connected().await;

    // A user who closes the page ends the call.
    two.close().await;
    assert_eq!(leg.ended().await.status, Status::Completed);
    assert_eq!(one.run("return phone.device.state").await, "registered");

    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    one.run("return phone.saw('incoming', 2)").await;
    one.run("phone.call.reject()").await;
    let leg = house
        .sim
        .call_that(|call| call.parent.as_ref() == Some(&caller))
        .await;
    assert_eq!(leg.ended().await.status, Status::Busy);
}
