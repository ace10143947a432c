//! Keys that a page presses, and what becomes of them.

use voip_sim::{MediaConfig, sound::level};

use crate::hearing::heard;
use crate::house::{Client, FAR, House};

with_each_client! {
    with_the_sound: keys_come_with_the_sound_and_are_heard_and_collected,
    as_a_message: keys_come_as_a_message_where_sound_has_none,
}

async fn with_the_sound(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house.page("ann").await;
    page.run("await phone.dial({})").await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    page.run("return phone.saw('call.accept')").await;
    page.run("phone.call.sendDigits('12w#')").await;
    // The high pitch of the last key.
    heard(&far, "a key", |sound| level::at(sound, 1_477.0) > 500.0).await;
    let leg = far
        .is("was sent the keys", |call| call.keys() == "12#")
        .await;
    let near = house.sim.call(&leg.parent.unwrap());
    assert_eq!(near.view().unwrap().pressed, "12#");
    page.run("phone.call.disconnect()").await;
    near.ended().await;

    let gather = "<Gather numDigits='4' action='gathered'><Say>Your code, please.</Say></Gather>";
    house.says("client", gather);
    house.says("gathered", "<Say>Thank you.</Say><Pause length='60'/>");
    page.run("await phone.dial({}); return phone.saw('call.accept', 2)")
        .await;
    let leg = house.sim.call_that(|call| call.doing == "gather").await;
    page.run("phone.call.sendDigits('9*00')").await;
    leg.heard("Thank you").await;
    assert_eq!(house.told("gathered")[0]["Digits"], "9*00");
}

async fn as_a_message(client: Client) {
    let media = MediaConfig {
        telephone_events: false,
        ..MediaConfig::default()
    };
    let Some(house) = House::with(client, media, &[]).await else {
        return;
    };
    let page = house.page("ann").await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    page.run("phone.call.sendDigits('4w5*')").await;
    far.is("was sent the keys", |call| call.keys() == "45*")
        .await;
}
