//! What the vendor's SDK asks for beside its calls, and the client of our own.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::guard;
use crate::client_module::CLIENT_MODULE;
use crate::sound::generator::{self, Cue};
use crate::sound::wav;

/// Frames of a sound: two seconds of ringing, a fifth of a second of anything else.
const RINGING: usize = 100;
const CLICK: usize = 10;

/// The client of our own, for pages of this machine.
pub(super) async fn client(headers: HeaderMap) -> Response {
    let mut response = CLIENT_MODULE.into_response();
    let told = response.headers_mut();
    told.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/javascript; charset=utf-8"),
    );
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    told.insert(header::VARY, HeaderValue::from_static("Origin"));
    let origin = headers.get(header::ORIGIN);
    if let Some(origin) = origin.filter(|origin| guard::is_of_this_machine(origin)) {
        told.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}

/// A sound of the SDK. Where it gets none it tells of incoming calls two seconds late.
pub(super) async fn sound(Path(name): Path<String>) -> Response {
    let frames: Vec<i16> = match name.as_str() {
        "incoming.mp3" => (0..RINGING)
            .flat_map(|at| generator::cue(&Cue::Ringing, at * 160))
            .collect(),
        _ => (0..CLICK)
            .flat_map(|at| generator::tone(660, at * 160))
            .collect(),
    };
    // Whatever the name says, browsers look at what is inside.
    let kind = [(header::CONTENT_TYPE, "audio/wav")];
    open_to_all((kind, wav::file(&[&frames])).into_response())
}

/// What the SDK tells of its calls; nothing is made of it.
pub(super) async fn analytics() -> Response {
    open_to_all(StatusCode::OK.into_response())
}

/// May a page tell that?
pub(super) async fn may_tell() -> Response {
    open_to_all(StatusCode::NO_CONTENT.into_response())
}

/// They come from the pages of any site, and there is nothing secret in the answers.
fn open_to_all(mut response: Response) -> Response {
    let told = response.headers_mut();
    let all = HeaderValue::from_static("*");
    told.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, all);
    let headers = HeaderValue::from_static("content-type, x-twilio-token");
    told.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
    told.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    // Chromium asks before a public page may reach this machine.
    let name = header::HeaderName::from_static("access-control-allow-private-network");
    told.insert(name, HeaderValue::from_static("true"));
    response
}
