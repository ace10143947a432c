//! Tests a Twilio application against the simulator: no account, no tunnel,
//! no mocks. The application here is a little answering machine in axum that
//! has nothing to do with the rest of this workspace.

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::time::Duration;

use axum::{Router, http::header, response::IntoResponse, routing::post};
use tokio::{net::TcpListener, time::sleep};
use voip_sim::{Simulator, SimulatorConfig};

/// The application under test: tells callers off.
fn answering_machine() -> Router {
    Router::new().route(
        "/voice",
        post(async || {
            let markup = "<Response><Say>We are closed.</Say><Hangup/></Response>";
            ([(header::CONTENT_TYPE, "text/xml")], markup).into_response()
        }),
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let voice_url = format!("http://{}/voice", listener.local_addr()?);
    let app = tokio::spawn(async move { axum::serve(listener, answering_machine()).await });

    let account = "AC000000000000000000000000000000a1";
    let config = SimulatorConfig::new(account, "a-token").voice_url(voice_url);
    let simulator = Simulator::start(config).await?;
    let call = simulator.place_call("+15550002222", "+15550001111").await?;

    // The caller listens to the whole sentence, so this takes a moment.
    let mut leg = simulator
        .call(&call)
        .ok_or("the simulator knows its own calls")?;
    while !leg.status.is_final() {
        sleep(Duration::from_millis(50)).await;
        leg = simulator
            .call(&call)
            .ok_or("the simulator knows its own calls")?;
    }
    println!(
        "{} ended {:?} after hearing {:?}",
        leg.from,
        leg.status,
        leg.said()
    );
    assert_eq!(leg.said(), ["We are closed."]);

    simulator.stop().await;
    app.abort();
    Ok(())
}
