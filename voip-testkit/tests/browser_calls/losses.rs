//! What gets lost on the way, and calls that go on.

use std::time::Duration;

use serde_json::json;
use voip_sim::{faults::Losses, inspect::Status};

use crate::hearing::{hears_nothing, hears_the_page};
use crate::house::{Client, FAR, House, MICROPHONE, token};
use voip_testkit::{FlakyProxy, Page};

with_each_client! {
    signalling: a_call_outlives_the_loss_of_its_signalling,
    silence: a_call_outlives_a_connection_on_which_nothing_comes_any_more,
    media: a_call_outlives_the_loss_of_its_sound,
    opus: a_call_with_opus_outlives_the_loss_of_its_sound,
    expiry: a_call_outlives_its_token,
}

async fn signalling(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house.page("ann").await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    hears_the_page(&far, MICROPHONE).await;
    let lost = Losses {
        signalling: true,
        ..Losses::default()
    };
    house.sim.set_losses(lost);
    let told = page.run("return phone.saw('call.reconnecting')").await;
    assert_eq!(told["code"], 53001);
    lasts(&page, 5).await;
    hears_the_page(&far, MICROPHONE).await;
    house.sim.set_losses(Losses::default());
    page.run("return phone.saw('call.reconnected')").await;
    page.run("return phone.saw('registered', 2)").await;
    far.hang_up().unwrap();
    page.run("return phone.saw('call.disconnect')").await;
}

async fn silence(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let proxy = FlakyProxy::before(house.sim.addr()).await;
    let page = house.page_through("ann", &proxy).await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    hears_the_page(&far, MICROPHONE).await;
    // Longer than a page waits for a heartbeat, so that there must have been some.
    lasts(&page, 17).await;
    let lost = "return phone.events.some(({ name }) => name === 'call.reconnecting')";
    assert_eq!(page.run(lost).await, false);
    proxy.blackhole();
    // real time: a page gives up after 15 seconds without a heartbeat.
    let told = page.run("return phone.saw('call.reconnecting')").await;
    assert_eq!(told["code"], 53001);
    hears_the_page(&far, MICROPHONE).await;
    proxy.heal().await;
    page.run("return phone.saw('call.reconnected')").await;
    page.run("return phone.saw('registered', 2)").await;
    hears_the_page(&far, MICROPHONE).await;
    far.hang_up().unwrap();
    page.run("return phone.saw('call.disconnect')").await;
}

async fn media(client: Client) {
    without_media(client, &["pcmu", "opus"]).await;
}

async fn opus(client: Client) {
    without_media(client, &["opus", "pcmu"]).await;
}

async fn without_media(client: Client, codings: &[&str]) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house.page_preferring("ann", codings).await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    hears_the_page(&far, MICROPHONE).await;
    // The SDK does not mind what happens in a call's first five seconds.
    lasts(&page, 6).await;
    let lost = Losses {
        media: true,
        ..Losses::default()
    };
    house.sim.set_losses(lost);
    hears_nothing(&far).await;
    lasts(&page, 8).await;
    let told = page.run("return phone.saw('call.reconnecting')").await;
    assert_eq!(told["code"], 53405);
    house.sim.set_losses(Losses::default());
    page.run("return phone.saw('call.reconnected')").await;
    hears_the_page(&far, MICROPHONE).await;
    let says = page.run("return (await phone.stats()).says").await;
    let says = says.as_str().unwrap().to_lowercase();
    assert_eq!(says, format!("audio/{}", codings[0]));
    assert_eq!(far.view().unwrap().status, Status::InProgress);
}

async fn expiry(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house
        .page_with(&token("ann", Duration::from_secs(4)), json!({}))
        .await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    let told = page.run("return phone.saw('error')").await;
    assert_eq!(told["code"], 20104, "expired");
    hears_the_page(&far, MICROPHONE).await;
    let fresh = token("ann", Duration::from_secs(3_600));
    page.run(&format!("phone.device.updateToken({fresh:?})"))
        .await;
    page.run("phone.call.disconnect(); return phone.saw('call.disconnect')")
        .await;
    far.ended().await;
    page.run("await phone.dial({}); return phone.saw('call.accept', 2)")
        .await;
}

async fn lasts(page: &Page, seconds: u32) {
    // real time: what is tried is that it lasts.
    page.run(&format!(
        "await new Promise((done) => setTimeout(done, {seconds}000))"
    ))
    .await;
}
