//! Signing in and out, and tokens.

use std::time::Duration;

use serde_json::json;
use voip_sim::inspect::Status;

use crate::house::{Client, FAR, House, OURS, token};

with_each_client! {
    in_and_out: a_page_signs_in_and_out_and_renews_its_token,
    turned_away: a_page_with_a_bad_token_is_told_so,
}

async fn in_and_out(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house
        .page_with(&token("ann", Duration::from_secs(12)), json!({}))
        .await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    assert_eq!(page.run("return phone.device.identity").await, "ann");
    page.run("return phone.saw('tokenWillExpire')").await;
    let fresh = token("ann", Duration::from_secs(3_600));
    page.run(&format!("phone.device.updateToken({fresh:?})"))
        .await;
    page.run("await phone.device.unregister(); return phone.saw('unregistered')")
        .await;
    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    let leg = house
        .sim
        .call_that(|call| call.parent.as_ref() == Some(&caller))
        .await;
    assert_eq!(leg.ended().await.status, Status::NoAnswer);

    page.run("await phone.device.register(); return phone.saw('registered', 2)")
        .await;
    house.sim.place_call(FAR, OURS).await.unwrap();
    page.run("return phone.saw('incoming')").await;
}

async fn turned_away(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let good = token("ann", Duration::from_secs(60));
    let bad = format!("{}AAAA", &good[..good.len() - 4]);
    let page = house.page_with(&bad, json!({})).await;
    let register = "await phone.device.register().catch(() => {}); return phone.saw('error')";
    assert_eq!(page.run(register).await["code"], 20101, "invalid");
    assert_eq!(page.run("return phone.device.state").await, "unregistered");
}
