//! A page with a telephone on it, and a simulator behind: calls with sound, without an account.
//!
//!     cargo run -p voip-examples --example browser_page
//!     cargo run -p voip-examples --example browser_page -- node_modules/@twilio/voice-sdk/dist/twilio.min.js
//!
//! Without the SDK the page uses the simulator's own client. `docs/browser-testing.md` says more.

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::time::Duration;

use axum::{
    Router,
    extract::RawForm,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::{get, post},
};
use serde_json::json;
use tokio::net::TcpListener;
use voip_core::{
    Timestamp,
    ports::{Clock as _, SystemClock},
};
use voip_sim::{
    CLIENT_MODULE, Simulator, SimulatorConfig,
    engine::{Application, NumberConfig},
    phone::PhoneScript,
    voice::Voice,
};
use voip_twilio::{AccessToken, ApiKey};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const KEY: &str = "SK00000000000000000000000000000001";
const SECRET: &str = "a-secret-of-the-example";
const APP: &str = "AP00000000000000000000000000000001";

/// Says everything back, half a second later. Any other number has a tone.
const ECHO: &str = "+15550001234";

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let sdk = std::env::args().nth(1);
    let sdk = sdk.map(std::fs::read_to_string).transpose()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}", listener.local_addr()?);

    let config = SimulatorConfig::new(ACCOUNT, "token")
        .api_key(KEY, SECRET)
        .application(Application {
            sid: APP.to_owned(),
            voice: NumberConfig {
                voice_url: Some(format!("{here}/voice")),
                ..NumberConfig::default()
            },
        });
    let simulator = Simulator::start_with(config).await?;
    let echo = PhoneScript::answers_after(Duration::from_secs(2)).sounding(Voice::Echo);
    simulator.set_phone(ECHO, echo);

    let (signal, with_sdk) = (simulator.signal_url(), sdk.is_some());
    let client = sdk.unwrap_or_else(|| CLIENT_MODULE.to_owned());
    let script = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    let app = Router::new()
        .route("/", get(async || Html(include_str!("browser_page.html"))))
        .route("/client.js", get(async move || (script, client)))
        .route("/token", get(async move || token(&signal, with_sdk)))
        .route("/voice", post(voice));
    println!("a telephone is at {here}; {ECHO} answers with an echo, any other number with a tone");
    println!(
        "what the simulator sees is at {}/sim/calls",
        simulator.base_url()
    );
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    simulator.stop().await;
    Ok(())
}

/// What a page needs to know. An application of yours would ask who it is first.
fn token(signal: &str, sdk: bool) -> impl IntoResponse + use<> {
    match signed(SystemClock.now()) {
        Ok(token) => {
            let told = json!({"token": token, "signal": signal, "sdk": sdk});
            (
                [(header::CONTENT_TYPE, "application/json")],
                told.to_string(),
            )
                .into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn signed(now: Timestamp) -> Result<String, Fault> {
    let account = ACCOUNT.parse()?;
    let key = ApiKey::new(KEY.parse()?, SECRET.to_owned())?;
    let hour = Duration::from_secs(3_600);
    let token = AccessToken::new(&account, &key, "ann", hour, now)?;
    Ok(token.allow_incoming().outgoing(APP.parse()?, []).sign())
}

/// What becomes of a call: it goes to the number that the page gave along.
async fn voice(RawForm(form): RawForm) -> impl IntoResponse {
    let form = String::from_utf8_lossy(&form).into_owned();
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let to = form
        .split('&')
        .find_map(|field| field.strip_prefix("number=%2B"));
    let markup = match to.map(digits).filter(|to| !to.is_empty()) {
        Some(to) => format!(
            "<Response><Dial callerId='+15550001111' answerOnBridge='true'>+{to}</Dial></Response>"
        ),
        None => "<Response><Say>Which number, please?</Say></Response>".to_owned(),
    };
    ([(header::CONTENT_TYPE, "text/xml")], markup)
}
