//! Pages that would rather have Opus.

use serde_json::{Value, json};
use voip_sim::{phone::PhoneScript, sound::level, voice::Voice};

use crate::hearing::{heard, hears_nothing, hears_the_page};
use crate::house::{Client, FAR, House, MICROPHONE, OURS};
use crate::talking::{OTHER, recording};
use voip_testkit::Page;

with_each_client! {
    outgoing: a_page_that_prefers_opus_calls_and_both_hear_each_other,
    incoming: a_page_that_prefers_opus_is_called_and_both_hear_each_other,
    keys: the_keys_of_a_page_that_prefers_opus_are_heard_and_collected,
    between: a_page_with_opus_and_one_with_pcmu_hear_each_other,
}

const OPUS: [&str; 2] = ["opus", "pcmu"];

async fn outgoing(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let tone = PhoneScript::no_answer().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    let page = house.page_preferring("ann", &OPUS).await;
    page.run("await phone.dial({})").await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    far.reached("ringing").await;
    page.run("return phone.saw('call.ringing')").await;
    page.hears(440.0..=480.0).await;
    far.answer().unwrap();
    page.run("return phone.saw('call.accept')").await;
    page.hears(1_000.0..=1_000.0).await;
    hears_the_page(&far, MICROPHONE).await;
    both_ways(&page, "audio/opus").await;
    page.run("phone.call.mute(true); return phone.saw('call.mute')")
        .await;
    hears_nothing(&far).await;
    page.run("phone.call.disconnect(); return phone.saw('call.disconnect')")
        .await;
    far.ended().await;
}

async fn incoming(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let tone = PhoneScript::default().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    let page = house.page_preferring("ann", &OPUS).await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    page.run("await phone.saw('incoming'); await phone.accept(); return phone.saw('call.accept')")
        .await;
    let caller = house.sim.call(&caller);
    page.hears(1_000.0..=1_000.0).await;
    hears_the_page(&caller, MICROPHONE).await;
    both_ways(&page, "audio/opus").await;
    caller.hang_up().unwrap();
    page.run("return phone.saw('call.disconnect')").await;
}

async fn keys(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house.page_preferring("ann", &OPUS).await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    let answer = "return phone.peers.at(-1).remoteDescription.sdp";
    let answer = page.run(answer).await;
    let events: Vec<&str> = answer
        .as_str()
        .unwrap()
        .matches("telephone-event/48000")
        .collect();
    assert_eq!(events.len(), 1, "they come with the sound: {answer}");
    page.run("phone.call.sendDigits('5ww55#')").await;
    // The high pitch of the last key.
    heard(&far, "a key", |sound| level::at(sound, 1_477.0) > 500.0).await;
    let far = far
        .is("was sent the keys", |call| call.keys() == "555#")
        .await;
    page.run("phone.call.disconnect()").await;
    house.sim.call(&far.parent.unwrap()).ended().await;

    house.says(
        "client",
        "<Gather numDigits='4' action='gathered'><Say>Your code, please.</Say></Gather>",
    );
    house.says("gathered", "<Say>Thank you.</Say><Pause length='60'/>");
    page.run("await phone.dial({}); return phone.saw('call.accept', 2)")
        .await;
    let leg = house.sim.call_that(|call| call.doing == "gather").await;
    page.run("phone.call.sendDigits('9*00')").await;
    leg.heard("Thank you").await;
    assert_eq!(house.told("gathered")[0]["Digits"], "9*00");
}

async fn between(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let (one, other) = (f64::from(MICROPHONE), f64::from(OTHER));
    house.says("client", "<Dial><Client>bob</Client></Dial>");
    let ann = house.page_preferring("ann", &OPUS).await;
    let bob = house.page_elsewhere("bob", OTHER).await;
    bob.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    ann.run("await phone.dial({})").await;
    bob.run("await phone.saw('incoming'); await phone.accept(); return phone.saw('call.accept')")
        .await;
    ann.hears(other..=other).await;
    bob.hears(one..=one).await;
    both_ways(&ann, "audio/opus").await;
    both_ways(&bob, "audio/PCMU").await;
    bob.run("phone.call.disconnect()").await;
    ann.run("return phone.saw('call.disconnect')").await;

    let room = "<Dial><Conference record='record-from-start'>room</Conference></Dial>";
    house.says("client", room);
    for page in [&ann, &bob] {
        page.run("await phone.dial({}); return phone.saw('call.accept', 2)")
            .await;
    }
    ann.hears(other..=other).await;
    bob.hears(one..=one).await;
    for page in [&ann, &bob] {
        page.run("phone.call.disconnect()").await;
    }
    let sound = recording(&house).await;
    assert!(level::at(&sound, other) > 200.0 && level::at(&sound, one) > 200.0);
}

/// The page says and hears its sound in this coding.
async fn both_ways(page: &Page, coding: &str) {
    let stats: Value = page.run("return phone.stats()").await;
    assert_eq!(
        (&stats["says"], &stats["hears"]),
        (&json!(coding), &json!(coding)),
        "{stats}"
    );
}
