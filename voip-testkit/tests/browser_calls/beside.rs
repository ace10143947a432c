//! What is said beside the conversation, silence, and ends that have a reason.

use serde_json::{Value, json};

use crate::hearing::{hears_nothing, hears_the_page};
use crate::house::{Client, FAR, House, MICROPHONE};

with_each_client! {
    messages: messages_go_both_ways_and_a_muted_page_is_silent,
    reasons: a_call_that_is_not_answered_ends_with_its_reason,
}

async fn messages(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let page = house.page("ann").await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    let near = far.view().unwrap().parent.unwrap();
    let said = "phone.call.sendMessage({ content: { mood: 'good' }, \
        contentType: 'application/json', messageType: 'user-defined-message' })";
    page.run(&format!("{said}; return phone.saw('call.messageSent')"))
        .await;
    let url = format!("{}/sim/calls/{near}/messages", house.sim.base_url());
    let http = reqwest::Client::new();
    let heard: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(heard["messages"][0]["content"], json!({"mood": "good"}));
    let better = json!({"content": {"mood": "better"}});
    let answer = http.post(&url).json(&better).send().await.unwrap();
    assert!(answer.status().is_success());
    let told = page.run("return phone.saw('call.messageReceived')").await;
    assert_eq!(told["content"], better["content"]);

    hears_the_page(&far, MICROPHONE).await;
    page.run("phone.call.mute(true); return phone.saw('call.mute')")
        .await;
    hears_nothing(&far).await;
    let sent = page.run("return (await phone.stats()).sent").await.as_u64();
    page.run("phone.call.mute(false)").await;
    hears_the_page(&far, MICROPHONE).await;
    assert!(page.run("return (await phone.stats()).sent").await.as_u64() > sent);
}

async fn reasons(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    house.says("client", "<Reject reason='busy'/>");
    let page = house.page("ann").await;
    page.run("await phone.dial({}); return phone.saw('call.disconnect')")
        .await;
    let told = page.run("return phone.saw('call.error')").await;
    // The SDK has one code for many, unless it is asked for more precision.
    let code = if client == Client::Ours { 31486 } else { 31005 };
    assert_eq!(told["code"], code);

    house.says(
        "client",
        &format!("<Dial callerId='+15550001111'>{FAR}</Dial>"),
    );
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    far.connected().await;
    far.hang_up().unwrap();
    page.run("return phone.saw('call.disconnect', 2)").await;
    let errors = "return phone.events.filter(({ name }) => name === 'call.error').length";
    assert_eq!(page.run(errors).await, 1);
}
