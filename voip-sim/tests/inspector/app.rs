//! An application under test, which is not ours: a menu that listens to speech, a dial, a
//! conference, a webhook that refuses its signature, and bad markup.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;

/// A field of a form.
fn field(body: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(body.as_bytes());
    let found = pairs.find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned())
}

fn markup(verbs: &str) -> Response {
    let document = format!("<?xml version=\"1.0\"?><Response>{verbs}</Response>");
    ([(header::CONTENT_TYPE, "text/xml")], document).into_response()
}

/// What happens on the number that was called.
async fn voice(body: String) -> Response {
    match field(&body, "To").unwrap_or_default().as_str() {
        "+15550001112" => StatusCode::FORBIDDEN.into_response(),
        "+15550001113" => markup("<Say>Not closed"),
        "+15550001114" => markup(
            "<Dial answerOnBridge=\"true\" timeout=\"30\" action=\"/over\">\
             <Number>+15550002222</Number></Dial>",
        ),
        "+15550001115" => markup("<Dial><Conference>lobby</Conference></Dial>"),
        _ => markup(
            "<Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"60\" action=\"/said\">\
             <Say>Sales &amp; support: what can we do?</Say></Gather><Say>Nobody spoke.</Say>",
        ),
    }
}

/// The answer to what was said or pressed; then it listens on.
async fn said(body: String) -> Response {
    let speech = field(&body, "SpeechResult");
    let words = speech
        .or_else(|| field(&body, "Digits"))
        .unwrap_or_default();
    markup(&format!(
        "<Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"60\" action=\"/said\">\
         <Say>You said {words}.</Say></Gather>"
    ))
}

/// Starts it; what it is asked with.
pub(crate) async fn start() -> String {
    let router = Router::new()
        .route("/voice", post(voice))
        .route("/said", post(said))
        .route("/over", post(async || markup("<Hangup/>")))
        .route("/status", post(async || StatusCode::NO_CONTENT));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}
