//! Tests of other applications: the handle, and what it says in words.

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;
use voip_sim::Simulator;
use voip_sim::inspect::DeliveryOutcome;
use voip_sim::phone::PhoneScript;
use voip_sim::webhook::FailureKind;

use crate::fixture::{CALLER, OURS};

/// An application that asks for a key and tells it back.
async fn app() -> String {
    let xml = |markup: &'static str| ([("content-type", "text/xml")], markup);
    let router = Router::new()
        .route(
            "/voice",
            post(async move || {
                xml(
                    "<Response><Gather numDigits='1' action='/key'><Say>Press</Say></Gather>\
                     </Response>",
                )
            }),
        )
        .route(
            "/key",
            post(async move |body: String| {
                assert!(body.contains("Digits=5"), "{body}");
                xml("<Response><Say>You pressed five</Say></Response>")
            }),
        )
        .route(
            "/away",
            post(async || {
                let status = axum::http::StatusCode::TEMPORARY_REDIRECT;
                (status, [("location", "http://192.0.2.1/voice")])
            }),
        )
        .route("/refuses", post(async || axum::http::StatusCode::FORBIDDEN));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[tokio::test]
async fn a_call_is_driven_and_seen_in_words() {
    let (simulator, app) = (Simulator::start().await.unwrap(), app().await);
    simulator.set_voice_url(format!("{app}/voice"));
    let sid = simulator.place_call(CALLER, OURS).await.unwrap();
    let call = simulator.call(&sid);
    call.reached("in-progress").await;
    call.listens().await;
    call.press("5").unwrap();
    call.heard("pressed five").await;
    call.reached("completed").await;
    let found = simulator.call_that(|call| call.from == CALLER).await;
    assert_eq!(found.sid(), &sid);
    simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_be_any_more_is_told_at_once_with_what_happened() {
    let (simulator, app) = (Simulator::start().await.unwrap(), app().await);
    simulator.set_voice_url(format!("{app}/refuses"));
    simulator.set_phone(CALLER, PhoneScript::busy());
    let sid = simulator.place_call(CALLER, OURS).await.unwrap();
    let call = simulator.call(&sid);
    call.ended().await;
    let simulator = std::sync::Arc::new(simulator);
    let waiting = tokio::spawn({
        let simulator = std::sync::Arc::clone(&simulator);
        let sid = sid.clone();
        async move {
            simulator.call(&sid).heard("Hello").await;
        }
    });
    let panic = waiting.await.unwrap_err().into_panic();
    let why = panic.downcast_ref::<String>().unwrap();
    assert!(why.contains("it is over"), "{why}");
    assert!(why.contains("refused the signature"), "{why}");
    assert!(!why.contains(CALLER), "{why}");
}

#[tokio::test]
async fn a_redirect_to_another_machine_is_not_followed() {
    let (simulator, app) = (Simulator::start().await.unwrap(), app().await);
    simulator.set_voice_url(format!("{app}/away"));
    let sid = simulator.place_call(CALLER, OURS).await.unwrap();
    let leg = simulator.call(&sid).ended().await;
    assert_eq!(leg.alerts[0].code, 11100);
    let failure = FailureKind::Forbidden;
    let outcome = &simulator.webhooks()[0].outcome;
    assert_eq!(outcome, &DeliveryOutcome::Failed { failure });
    simulator.stop().await;
}
