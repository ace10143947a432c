//! A user at a real browser, through the whole server on SQLite and its
//! simulator, with real sound: what a page, the far end, the log and Socket.IO
//! make of one call.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

#[allow(dead_code)] // It is made for other tests.
#[path = "socketio/client.rs"]
mod client;
mod surface;

use std::{sync::Arc, time::Duration};

use client::{IoClient, words};
use serde_json::{Value, json};
use surface::{Answer, Client, Running, eventually};
use tempfile::TempDir;
use voip_sim::{CallHandle, Simulator, phone::PhoneScript, sound::level, voice::Voice};
use voip_testkit::{BLANK, Chromium, PHONE, Page, microphone};

const FAR: &str = "+15550002222";
const ANNS: &str = "+15550003333";
const MICROPHONE: u16 = 1_250;

/// A user who is logged in, and their page.
struct User {
    server: Running,
    token: String,
    user: String,
    page: Page,
    _sounds: TempDir,
}

impl User {
    /// `None` where the machine has no browser.
    async fn at_a_browser() -> Option<Self> {
        let sounds = TempDir::new().unwrap();
        let flags = [microphone(sounds.path(), MICROPHONE)];
        let chromium: Arc<Chromium> = Chromium::start(Some("@twilio/voice-sdk"), &flags).await?;
        let server = Running::start().await;
        let account = json!({"email": "ann@example.com", "password": "correct horse battery"});
        assert_eq!(
            server.post("/api/signup", account.clone()).await.status,
            201
        );
        let login = server.post("/api/login", account).await;
        let token = login.json()["token"].as_str().unwrap().to_owned();
        let request = server
            .http
            .get(server.url("/api/getToken"))
            .bearer_auth(&token);
        let voice = server.send(request).await.json();
        let signal = server.server.simulator().unwrap().signal_url();
        let scripts = [
            format!("globalThis.signalUrl = {signal:?};"),
            PHONE.to_owned(),
        ];
        let page = chromium.open(BLANK, &scripts).await;
        let make = format!("await phone.make('sdk', {}, {{}})", voice["token"]);
        page.run(&make).await;
        page.run("await phone.device.register(); return phone.saw('registered')")
            .await;
        let user = voice["userId"].as_str().unwrap().to_owned();
        Some(Self {
            server,
            token,
            user,
            page,
            _sounds: sounds,
        })
    }

    fn sim(&self) -> &Simulator {
        self.server.server.simulator().unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.server.http.post(self.server.url(path));
        self.server
            .send(request.bearer_auth(&self.token).json(&body))
            .await
    }
}

/// Waits until what a far end has heard in the last half second is as wished.
async fn heard(call: &CallHandle<'_>, what: &str, wished: impl Fn(&[i16]) -> bool) {
    eventually(what, || async {
        let sound = call.ear().await;
        let late = &sound[sound.len().saturating_sub(4_000)..];
        (late.len() == 4_000 && wished(late)).then_some(())
    })
    .await;
}

fn the_page(sound: &[i16]) -> bool {
    let pitch = level::at(sound, f64::from(MICROPHONE));
    pitch > 400.0 && pitch > level::rms(sound)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outgoing_call_is_heard_held_resumed_and_ended() {
    let Some(ann) = User::at_a_browser().await else {
        return;
    };
    let tone = PhoneScript::answers_after(Duration::from_secs(1)).sounding(Voice::Tone(1_000));
    ann.sim().set_phone(FAR, tone);
    ann.page
        .run("await phone.dial({ phoneNumber: '+15550002222' })")
        .await;
    let accepted = ann.page.run("return phone.saw('call.accept')").await;
    let near = accepted["sid"].as_str().unwrap().to_owned();
    let mut io = IoClient::with_token(&ann.server, &ann.token).await;
    let (mut told, _) = io.join(&near).await;
    let far = ann.sim().call_that(|call| call.to == FAR).await;
    ann.page.hears(1_000.0..=1_000.0).await;
    heard(&far, "the page", the_page).await;

    ann.page.run("phone.call.sendDigits('12#')").await;
    far.is("was sent the keys", |call| call.keys() == "12#")
        .await;

    let parent = json!({"parentCallSid": near});
    assert_eq!(ann.post("/api/hold-call", parent.clone()).await.status, 200);
    // The music on hold, and nothing of the page.
    heard(&far, "music", |sound| {
        level::rms(sound) > 1_000.0 && level::at(sound, f64::from(MICROPHONE)) < 400.0
    })
    .await;
    assert_eq!(ann.post("/api/unhold-call", parent).await.status, 200);
    heard(&far, "the page again", the_page).await;
    ann.page.hears(1_000.0..=1_000.0).await;

    let ended = ann.post("/api/end-call", json!({"callSid": near})).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    ann.page.run("return phone.saw('call.disconnect')").await;
    far.ended().await;
    while words(&told).last() != Some(&"completed") {
        told.push(io.status().await);
    }
    assert!(words(&told).contains(&"in-progress"), "{told:?}");
    let log = eventually("the row of the call", || async {
        let request = ann.server.http.get(ann.server.url("/api/call-logs"));
        let log = ann.server.send(request.bearer_auth(&ann.token)).await;
        let row = log.json().pointer("/logs/0").cloned()?;
        (row["status"] == "completed").then_some(row)
    })
    .await;
    assert_eq!(log["call_sid"], near.as_str(), "{log}");
    assert!(log["duration"].as_u64() > Some(0), "{log}");
    let last = told.last().unwrap();
    assert_eq!(last["duration"], log["duration"], "{told:?} {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_from_a_telephone_is_answered_at_the_browser() {
    let Some(ann) = User::at_a_browser().await else {
        return;
    };
    let tone = PhoneScript::default().sounding(Voice::Tone(1_000));
    ann.sim().set_phone(FAR, tone);
    ann.server.register(&ann.user, ANNS).await;
    let mut device =
        Client::connect(&format!("ws://{}", ann.server.server.addresses().socket)).await;
    device.register(&ann.user).await;
    let caller = ann.sim().place_call(FAR, ANNS).await.unwrap();
    let ringing = device.next().await;
    assert_eq!(
        (&ringing["type"], &ringing["from"]),
        (&json!("incoming_call"), &json!(FAR))
    );
    let answer = json!({"type": "answer_call", "callId": ringing["callId"], "userId": ann.user});
    device.say(answer).await;
    ann.page
        .run(
            "await phone.saw('incoming'); await phone.accept(); \
             return phone.saw('call.accept')",
        )
        .await;
    ann.page.hears(1_000.0..=1_000.0).await;
    heard(&ann.sim().call(&caller), "the page", the_page).await;
    ann.page.run("phone.call.disconnect()").await;
    ann.sim().call(&caller).ended().await;
}
