//! Calls that a page places.

use serde_json::json;
use voip_sim::{phone::PhoneScript, sound::level, voice::Voice};

use crate::house::{Client, FAR, House};
use crate::page::Page;

/// Each has its own test: a browser is slow to start.
macro_rules! with_each_client {
    ($($flow:ident: $promise:ident),* $(,)?) => {
        mod newest {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Newest).await;
            })*
        }
        mod older {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Older).await;
            })*
        }
        mod ours {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Ours).await;
            })*
        }
    };
}
pub(crate) use with_each_client;

with_each_client! {
    outgoing: an_outgoing_call_rings_is_answered_and_both_hear_each_other,
}

async fn outgoing(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let tone = PhoneScript::no_answer().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    let page = house.page("ann").await;
    page.run("await phone.dial({ phoneNumber: '+15550002222', plan: 'gold & more' })")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    far.reached("ringing").await;
    let ringing = page.run("return phone.saw('call.ringing')").await;
    assert_eq!(ringing["early"], json!(true));
    hears(&page, 440.0..=480.0).await;

    far.answer().unwrap();
    let accepted = page.run("return phone.saw('call.accept')").await;
    assert_eq!(
        accepted["sid"].as_str(),
        far.view().unwrap().parent.as_ref().map(|sid| sid.as_str())
    );
    hears(&page, 1_000.0..=1_000.0).await;
    let stats = page.run("return phone.stats()").await;
    assert_eq!(
        (&stats["state"], &stats["dtls"]),
        (&json!("connected"), &json!("connected"))
    );
    assert!(
        stats["sent"].as_u64() > Some(20) && stats["received"].as_u64() > Some(20),
        "{stats}"
    );
    let heard = far.ear().await;
    assert!(
        level::rms(&heard) > 100.0,
        "the far end hears the microphone: {}",
        level::rms(&heard)
    );
    let told = &house.told("client")[0];
    assert_eq!(told["From"], "client:ann");
    assert_eq!(told["plan"], "gold & more");

    page.run("phone.call.disconnect()").await;
    far.ended().await;
    page.run("return phone.saw('call.disconnect')").await;
}

/// Waits until the loudest that a page hears has that pitch.
pub(crate) async fn hears(page: &Page, hertz: std::ops::RangeInclusive<f64>) {
    let (low, high) = (hertz.start() - 12.0, hertz.end() + 12.0);
    let code = format!(
        "for (let tries = 0; tries < 40; tries += 1) {{
            const heard = await phone.pitch();
            if (heard.level > -70 && heard.hertz >= {low} && heard.hertz <= {high}) return heard;
            phone.last = heard;
        }}
        throw new Error(`wanted {low} to {high}, heard ${{JSON.stringify(phone.last)}}`);"
    );
    page.run(&code).await;
}
