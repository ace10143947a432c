//! Calls that another device takes over, with the token that a page has for each of its calls.

use voip_sim::{CallHandle, faults::Losses, inspect::Status, phone::PhoneScript, voice::Voice};

use crate::hearing::hears_the_page;
use crate::house::{Client, FAR, House, MICROPHONE, OURS};
use crate::talking::OTHER;
use voip_testkit::Page;

with_each_client! {
    ringing: another_device_takes_over_a_call_that_rings,
    answered: another_device_takes_over_a_call_that_was_answered,
    crashed: after_a_crash_a_new_page_takes_over_the_call_that_was_placed,
    refused: nobody_takes_over_a_call_by_an_old_token_or_as_somebody_else,
}

async fn ringing(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let (one, two) = (house.page("ann").await, house.page("ann").await);
    let (caller, leg) = rings(&house, &one).await;
    take_over(&one, &two).await;
    two.run("return phone.saw('call.accept')").await;
    one.run("return phone.saw('call.cancel')").await;
    leg.reached("in-progress").await;
    two.hears(1_000.0..=1_000.0).await;
    hears_the_page(&caller, MICROPHONE).await;
    two.run("phone.call.disconnect(); return phone.saw('call.disconnect')")
        .await;
    assert_eq!(leg.ended().await.status, Status::Completed);
}

async fn answered(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let one = house.page("ann").await;
    let two = house.page_elsewhere("ann", OTHER).await;
    let (caller, leg) = rings(&house, &one).await;
    one.run("await phone.accept(); return phone.saw('call.accept')")
        .await;
    hears_the_page(&caller, MICROPHONE).await;
    take_over(&one, &two).await;
    two.run("return phone.saw('call.accept')").await;
    one.run("return phone.saw('call.disconnect')").await;
    two.hears(1_000.0..=1_000.0).await;
    hears_the_page(&caller, OTHER).await;
    two.run("phone.call.sendDigits('7')").await;
    leg.is("was told the key", |call| call.pressed == "7").await;

    // Its new owner comes back to it as the one before would have.
    let lost = Losses {
        signalling: true,
        ..Losses::default()
    };
    house.sim.set_losses(lost);
    two.run("return phone.saw('call.reconnecting')").await;
    house.sim.set_losses(Losses::default());
    two.run("return phone.saw('call.reconnected')").await;
    hears_the_page(&caller, OTHER).await;
    caller.hang_up().unwrap();
    two.run("return phone.saw('call.disconnect')").await;
}

/// The vendor's SDK has no token that early.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_far_away_rings_on_at_another_device() {
    let Some(house) = House::open(Client::Ours).await else {
        return;
    };
    let tone = PhoneScript::no_answer().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    let (one, two) = (house.page("ann").await, house.page("ann").await);
    one.run("await phone.dial({}); return phone.saw('call.ringing')")
        .await;
    take_over(&one, &two).await;
    let ringing = two.run("return phone.saw('call.ringing')").await;
    assert_eq!(ringing["early"], true);
    one.run("return phone.saw('call.disconnect')").await;
    two.hears(440.0..=480.0).await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    far.answer().unwrap();
    two.run("return phone.saw('call.accept')").await;
    two.hears(1_000.0..=1_000.0).await;
    hears_the_page(&far, MICROPHONE).await;
}

async fn crashed(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let tone = PhoneScript::default().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    let one = house.page("ann").await;
    one.run("await phone.dial({ plan: 'gold & more' }); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    hears_the_page(&far, MICROPHONE).await;
    let token = token_of(&one).await;
    one.crash().await;
    let two = house.page_elsewhere("ann", OTHER).await;
    two.run(&format!("await phone.takeOver({token:?})")).await;
    let accepted = two.run("return phone.saw('call.accept')").await;
    let near = far.view().unwrap().parent.unwrap();
    assert_eq!(accepted["sid"], near.as_str());
    let plan = "return phone.call.customParameters.get('plan')";
    assert_eq!(two.run(plan).await, "gold & more");
    two.hears(1_000.0..=1_000.0).await;
    hears_the_page(&far, OTHER).await;
    assert_eq!(house.told("client").len(), 1, "it is the same call");
    two.run("phone.call.disconnect()").await;
    far.ended().await;
}

async fn refused(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let (one, two) = (house.page("ann").await, house.page("ann").await);
    let (caller, _) = rings(&house, &one).await;
    let old = token_of(&one).await;
    take_over(&one, &two).await;
    two.run("return phone.saw('call.accept')").await;

    let late = house.page("ann").await;
    late.run(&format!("await phone.takeOver({old:?})")).await;
    late.run("return phone.saw('call.disconnect')").await;
    let token = token_of(&two).await;
    assert_ne!(token, old);
    let bob = house.page("bob").await;
    bob.run(&format!("await phone.takeOver({token:?})")).await;
    bob.run("return phone.saw('call.disconnect')").await;

    hears_the_page(&caller, MICROPHONE).await;
    assert_eq!(two.run("return phone.call.status()").await, "open");
}

/// A call that rings at a page: the caller's leg and the page's.
async fn rings<'a>(house: &'a House, page: &Page) -> (CallHandle<'a>, CallHandle<'a>) {
    let tone = PhoneScript::default().sounding(Voice::Tone(1_000));
    house.sim.set_phone(FAR, tone);
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    let caller = house.sim.place_call(FAR, OURS).await.unwrap();
    page.run("return phone.saw('incoming')").await;
    let leg = house
        .sim
        .call_that(|call| call.parent.as_ref() == Some(&caller))
        .await;
    (house.sim.call(&caller), leg)
}

async fn token_of(page: &Page) -> String {
    let token = page.run("return phone.call.connectToken").await;
    token.as_str().unwrap().to_owned()
}

async fn take_over(from: &Page, to: &Page) {
    let token = token_of(from).await;
    to.run(&format!("await phone.takeOver({token:?})")).await;
}
