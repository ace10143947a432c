//! Calls that a page is called by.

use serde_json::json;
use voip_sim::{CallHandle, inspect::Status, phone::PhoneScript, voice::Voice};

use crate::hearing::{hears, hears_the_page};
use crate::house::{Client, FAR, House, MICROPHONE, OURS};
use crate::page::Page;

with_each_client! {
    answered: an_incoming_call_is_answered_and_both_hear_each_other,
    not_answered: an_incoming_call_is_declined_ignored_or_given_up,
}

/// A call that rings at a page: the caller's leg and the page's.
async fn ringing<'a>(
    house: &'a House,
    page: &Page,
    nth: usize,
) -> (CallHandle<'a>, CallHandle<'a>) {
    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    page.run(&format!("return phone.saw('incoming', {nth})"))
        .await;
    let leg = house
        .sim
        .call_that(|call| call.parent.as_ref() == Some(&caller))
        .await;
    (house.sim.call(&caller), leg)
}

async fn signed_in(house: &House) -> Page {
    let page = house.page("ann").await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    page
}

async fn answered(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    house
        .sim
        .set_phone(FAR, PhoneScript::default().sounding(Voice::Tone(1_000)));
    let client = "<Dial><Client><Identity>ann</Identity>\
        <Parameter name='plan' value='gold &amp; more'/></Client></Dial>";
    house.says("number", client);
    let page = signed_in(&house).await;
    let (caller, leg) = ringing(&house, &page, 1).await;
    let custom = "custom: [...phone.call.customParameters]";
    let shown = page
        .run(&format!(
            "return {{ parameters: phone.call.parameters, {custom} }}"
        ))
        .await;
    assert_eq!(shown["parameters"]["From"], FAR);
    assert_eq!(shown["parameters"]["To"], "client:ann");
    assert_eq!(shown["parameters"]["CallSid"], leg.sid().as_str());
    assert_eq!(shown["custom"], json!([["plan", "gold & more"]]));

    page.run("await phone.accept(); return phone.saw('call.accept')")
        .await;
    leg.reached("in-progress").await;
    hears(&page, 1_000.0..=1_000.0).await;
    hears_the_page(&caller, MICROPHONE).await;
    let stats = page.run("return phone.stats()").await;
    assert_eq!(
        (&stats["state"], &stats["codecs"][0]),
        (&json!("connected"), &json!("audio/PCMU"))
    );

    caller.hang_up().unwrap();
    page.run("return phone.saw('call.disconnect')").await;
    leg.ended().await;
}

async fn not_answered(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = signed_in(&house).await;

    let (_, leg) = ringing(&house, &page, 1).await;
    page.run("phone.call.reject(); return phone.saw('call.reject')")
        .await;
    assert_eq!(leg.ended().await.status, Status::Busy);

    let (caller, leg) = ringing(&house, &page, 2).await;
    caller.hang_up().unwrap();
    page.run("return phone.saw('call.cancel')").await;
    assert_eq!(leg.ended().await.status, Status::Canceled);

    let (caller, leg) = ringing(&house, &page, 3).await;
    let status = page
        .run("phone.call.ignore(); return phone.call.status()")
        .await;
    assert_eq!(status, "closed");
    assert_eq!(
        leg.view().unwrap().status,
        Status::Ringing,
        "other devices ring on"
    );
    caller.hang_up().unwrap();
    leg.ended().await;
    assert_eq!(page.run("return phone.device.state").await, "registered");
}
