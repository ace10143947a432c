//! Calls that a page places.

use serde_json::json;
use voip_sim::{phone::PhoneScript, voice::Voice};

use crate::hearing::{hears, hears_the_page};
use crate::house::{Client, FAR, House, MICROPHONE};

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
    hears_the_page(&far, MICROPHONE).await;
    let told = &house.told("client")[0];
    assert_eq!(told["From"], "client:ann");
    assert_eq!(told["plan"], "gold & more");

    page.run("phone.call.disconnect()").await;
    far.ended().await;
    page.run("return phone.saw('call.disconnect')").await;
}
