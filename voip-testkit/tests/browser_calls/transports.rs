//! The ways in which an unmodified page finds the simulator, over TLS.

use std::{net::TcpListener, time::Duration};

use serde_json::{Value, json};
use voip_sim::MediaConfig;

use crate::hearing::hears_the_page;
use crate::house::{Client, FAR, House, MICROPHONE, OURS, token};
use voip_testkit::Page;

with_each_sdk! {
    by_option: by_an_option_of_the_device,
    by_edge: by_the_name_of_an_edge,
    by_names: by_the_browsers_names_and_an_incoming_call_is_not_late,
    preflight: a_preflight_test_completes,
}

async fn by_option(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let at = format!("localhost:{}", house.sim.addr().port());
    calls(&house, json!({"chunderw": at})).await;
}

async fn by_edge(client: Client) {
    let Some(house) = House::open(client).await else {
        return;
    };
    let at = format!("localhost:{}/signal?", house.sim.addr().port());
    calls(&house, json!({"edge": at})).await;
}

async fn by_names(client: Client) {
    let Some(house) = resolved(client).await else {
        return;
    };
    let page = calls(&house, json!({})).await;
    page.run("phone.call.disconnect()").await;
    house.sim.place_call(FAR, OURS).await.unwrap();
    let leg = house.sim.call_that(|call| call.to == "client:ann").await;
    leg.reached("ringing").await;
    let code = "const before = performance.now();
        await phone.saw('incoming');
        return performance.now() - before";
    let late = page.run(code).await.as_f64().unwrap();
    assert!(
        late < 1_500.0,
        "without its sounds the SDK waits for two seconds: {late}"
    );
}

async fn preflight(client: Client) {
    let Some(house) = resolved(client).await else {
        return;
    };
    house.says("client", "<Say>This is a test.</Say><Pause length='6'/>");
    let page = house.blank().await;
    let token = token("ann", Duration::from_secs(600));
    let code = format!(
        "delete globalThis.signalUrl;
        return new Promise((done, failed) => {{
            const test = Twilio.Device.runPreflight({token:?}, {{ logLevel: 'error' }});
            test.on('completed', ({{ callSid, edge, stats }}) => done({{ callSid, edge, stats }}));
            test.on('failed', ({{ code, message }}) => failed(new Error(`${{code}} ${{message}}`)));
        }})"
    );
    let report = page.run(&code).await;
    let sid = report["callSid"].as_str();
    assert!(sid.is_some_and(|sid| sid.starts_with("CA")), "{report}");
    assert!(report["stats"].is_object(), "{report}");
}

/// A house whose browser looks for the vendor at the simulator.
async fn resolved(client: Client) -> Option<House> {
    // The browser has to know the port before the simulator has it.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let rules = format!(
        "--host-resolver-rules=MAP *.twilio.com:443 127.0.0.1:{port}, MAP * ~NOTFOUND, \
         EXCLUDE localhost, EXCLUDE 127.0.0.1"
    );
    House::at(client, MediaConfig::default(), &[rules], port).await
}

/// A page that goes over TLS registers and calls.
async fn calls(house: &House, options: Value) -> Page {
    let page = house.blank().await;
    let token = token("ann", Duration::from_secs(60));
    let make = format!("await phone.make('sdk', {token:?}, {options})");
    page.run(&format!("delete globalThis.signalUrl; {make}"))
        .await;
    page.run("await phone.device.register(); return phone.saw('registered')")
        .await;
    page.run("await phone.dial({}); return phone.saw('call.accept')")
        .await;
    let far = house.sim.call_that(|call| call.to == FAR).await;
    hears_the_page(&far, MICROPHONE).await;
    page
}
