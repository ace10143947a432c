//! Pages that talk with each other, and what is recorded of it.

use std::time::Duration;

use voip_sim::sound::{level, wav};

use crate::house::{ACCOUNT, Client, House, MICROPHONE};

/// The pitch of what another page says.
pub(crate) const OTHER: u16 = 625;

with_each_client! {
    two_pages: two_pages_hear_each_other_directly_and_in_a_conference,
    recorded: a_recording_holds_what_was_said,
    recorded_opus: a_recording_holds_what_was_said_with_opus,
}

async fn two_pages(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let (one, other) = (f64::from(MICROPHONE), f64::from(OTHER));
    house.says("client", "<Dial><Client>bob</Client></Dial>");
    let ann = house.page("ann").await;
    let bob = house.page_elsewhere("bob", OTHER).await;
    bob.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    ann.run("await phone.dial({})").await;
    bob.run("await phone.saw('incoming'); await phone.accept(); return phone.saw('call.accept')")
        .await;
    ann.hears(other..=other).await;
    bob.hears(one..=one).await;
    bob.run("phone.call.disconnect()").await;
    ann.run("return phone.saw('call.disconnect')").await;

    let room = "<Dial><Conference record='record-from-start'>room</Conference></Dial>";
    house.says("client", room);
    ann.run("await phone.dial({}); return phone.saw('call.accept', 2)")
        .await;
    bob.run("await phone.dial({}); return phone.saw('call.accept', 2)")
        .await;
    ann.hears(other..=other).await;
    bob.hears(one..=one).await;
    for page in [&ann, &bob] {
        page.run("phone.call.disconnect()").await;
    }
    let sound = recording(&house).await;
    assert!(level::at(&sound, other) > 200.0 && level::at(&sound, one) > 200.0);
}

async fn recorded(client: Client) {
    records(client, &["pcmu", "opus"]).await;
}

async fn recorded_opus(client: Client) {
    records(client, &["opus", "pcmu"]).await;
}

async fn records(client: Client, codings: &[&str]) {
    let Some(house) = House::open(client).await else {
        return;
    };
    house.says(
        "client",
        "<Record timeout='2' maxLength='30' action='recorded'/>",
    );
    house.says("recorded", "<Say>Thank you.</Say><Pause length='60'/>");
    let page = house.page_preferring("ann", codings).await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    // real time: it speaks longer than the silence that would end it.
    page.run("await new Promise((done) => setTimeout(done, 3500)); phone.call.mute(true)")
        .await;
    let leg = house.sim.call_that(|call| call.to.is_empty()).await;
    leg.heard("Thank you").await;
    let sound = recording(&house).await;
    let voice = &sound[8_000..24_000];
    assert!(level::at(voice, f64::from(MICROPHONE)) > 400.0);
    let end = &sound[sound.len() - 8_000..];
    assert!(level::rms(end) < 50.0, "it ends with a silence");
}

/// The sound of the newest recording, once it is ready.
pub(crate) async fn recording(house: &House) -> Vec<i16> {
    let base = house.sim.base_url();
    for _ in 0..200 {
        if let Some(newest) = house.sim.recordings().last() {
            let url = format!(
                "{base}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{}.wav",
                newest.sid
            );
            let request = reqwest::Client::new()
                .get(url)
                .basic_auth(ACCOUNT, Some("token"));
            let answer = request.send().await.unwrap();
            if answer.status().is_success() {
                return wav::read(&answer.bytes().await.unwrap()).unwrap();
            }
        }
        // real time: a recording is ready a second after its end.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there is no recording");
}
