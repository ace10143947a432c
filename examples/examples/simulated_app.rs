//! Tests a Twilio application against the simulator: no account, no tunnel,
//! no mocks. The application here is a little answering machine in axum that
//! has nothing to do with the rest of this workspace.

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use axum::{Router, http::header, response::IntoResponse, routing::post};
use tokio::net::TcpListener;
use voip_sim::Simulator;

/// Markup, as the provider wants it.
fn markup(verbs: &str) -> impl IntoResponse + use<> {
    let document = format!("<Response>{verbs}</Response>");
    ([(header::CONTENT_TYPE, "text/xml")], document)
}

/// The application under test: a menu, and an apology.
fn answering_machine() -> Router {
    Router::new()
        .route(
            "/voice",
            post(async || {
                markup(
                    "<Gather numDigits='1' action='/menu'>\
                     <Say>Press one for our opening hours.</Say></Gather>\
                     <Say>We are closed.</Say>",
                )
            }),
        )
        .route(
            "/menu",
            post(async |form: String| match form.contains("Digits=1") {
                true => markup("<Say>We open at nine.</Say>"),
                false => markup("<Redirect>/voice</Redirect>"),
            }),
        )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let voice_url = format!("http://{}/voice", listener.local_addr()?);
    let app = tokio::spawn(async move { axum::serve(listener, answering_machine()).await });

    let simulator = Simulator::start().await?;
    simulator.set_voice_url(voice_url);
    let sid = simulator.place_call("+15550002222", "+15550001111").await?;
    let call = simulator.call(&sid);

    call.reached("in-progress").await;
    call.heard("Press one").await;
    call.press("1")?;
    call.heard("open at nine").await;
    let leg = call.ended().await;
    println!("{} ended {:?} after hearing", leg.from, leg.status);
    for sentence in leg.said() {
        println!("  {sentence}");
    }

    simulator.stop().await;
    app.abort();
    Ok(())
}
