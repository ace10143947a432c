//! The REST interface over HTTP.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

use super::cut::Scissors;
use super::drive::Shared;
use crate::rest::{Media, ReplyDelivery, RestReply, RestRequest};

/// A request that is never answered is let go after this long: by then every client gave up.
const SILENCE: Duration = Duration::from_secs(120);

/// Silence, as much as is sent at a time.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// Answers a REST request, late or not at all if a fault says so. The work is done before, so a
/// client that gives up waiting changes nothing.
pub(super) async fn answer(
    State(shared): State<Shared>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let path_and_query = uri.path_and_query().map_or("/", |both| both.as_str());
    let request = RestRequest {
        method: method.as_str(),
        path_and_query,
        authorization,
        body: &body,
    };
    let reply = shared.turn(|engine, now| engine.rest(now, &request));
    match reply.delivery {
        ReplyDelivery::Now => {}
        ReplyDelivery::After(late) => tokio::time::sleep(late).await,
        ReplyDelivery::Never => tokio::time::sleep(SILENCE).await,
        ReplyDelivery::Reset => scissors.cut(),
    }
    let sound = reply.media.as_ref().map(|media| sound(&shared, media));
    response(reply, sound)
}

/// What was recorded, where that is known; else a recording is silent.
fn sound(shared: &Shared, media: &Media) -> Body {
    #[cfg(feature = "media")]
    if let Some(file) = shared
        .exchange()
        .and_then(|exchange| exchange.tapes().file(&media.recording))
    {
        return Body::from(file);
    }
    #[cfg(not(feature = "media"))]
    let _ = shared;
    silence(media)
}

fn response(reply: RestReply, sound: Option<Body>) -> Response {
    let mut response = Response::new(sound.unwrap_or_else(|| Body::from(reply.body)));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name_of(name), value);
        }
    }
    response
}

/// A sound file, made as it is sent.
fn silence(media: &Media) -> Body {
    let header = Bytes::from(media.header());
    let zeros = stream::unfold(media.silent_bytes() as usize, async |left| {
        let length = left.min(ZEROS.len());
        let chunk = Bytes::from_static(&ZEROS[..length]);
        (length > 0).then(|| (Ok::<_, Infallible>(chunk), left - length))
    });
    Body::from_stream(stream::once(async { Ok(header) }).chain(zeros))
}

fn name_of(name: &'static str) -> header::HeaderName {
    header::HeaderName::from_bytes(name.as_bytes())
        .expect("the names of headers are written in the source and are valid")
}
