use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use tokio::sync::OwnedSemaphorePermit;
use tower::ServiceExt as _;
use voip_core::{Timestamp, UserId};

use super::{Desk, desk::user, rooms::Seat};
use crate::{
    App,
    api::ApiError,
    auth::{bearer, origin},
    listener::Place,
};

/// Where Socket.IO clients come to.
pub(crate) const PATH: &str = "/socket.io/";

/// When to come back where too many sockets are open.
const CROWDED: Duration = Duration::from_secs(5);

/// What a session takes up, for as long as it is open; with polling it lives
/// between requests too.
#[derive(Clone)]
struct Session {
    _seat: Seat,
    /// That of the connection it came on.
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

/// What the `Authorization` header of the request that opened a session says.
#[derive(Clone)]
pub(super) enum Presented {
    /// This user's until then; nobody's where it is a service's.
    Good(Option<UserId>, Option<Timestamp>),
    /// Nothing that is valid here.
    Bad,
}

impl Desk {
    /// Answers a request to [`PATH`].
    ///
    /// # Errors
    /// 503 where the server stops or as many sockets are open as may be, 426
    /// for a request that asks for a WebSocket without saying so in its head.
    pub(crate) async fn serve(
        self: Arc<Self>,
        mut request: Request<Body>,
    ) -> Result<Response, ApiError> {
        if self.app.stopping.is_cancelled() {
            let message = "the server restarts";
            return Err(unavailable("stopping", message));
        }
        self.open();
        // The connection is counted until it is done with; a session goes on.
        let place = request.extensions_mut().remove::<Place>();
        let query = request.uri().query().unwrap_or_default();
        let says = |what: &str| query.split('&').any(|pair| pair == what);
        let opens = !query.split('&').any(|pair| pair.starts_with("sid="));
        if says("transport=websocket") && !asks_for_upgrade(request.headers()) {
            let message = "this address speaks WebSocket only";
            return Err(ApiError::new(
                StatusCode::UPGRADE_REQUIRED,
                "websocket_only",
                message,
            ));
        }
        if opens && request.method() == Method::GET {
            self.begin(&mut request, place)?;
        } else {
            request.headers_mut().remove(header::AUTHORIZATION);
        }
        match self.service.clone().oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// Makes ready for a new session, which keeps its request: what is not
    /// needed of it is left out.
    fn begin(&self, request: &mut Request<Body>, place: Option<Place>) -> Result<(), ApiError> {
        let rooms = self.app.hub.legs();
        let seat = rooms.seat();
        // This one is among them already, so two that come at once cannot both
        // take the last place.
        if self.app.sockets.len() + rooms.sessions() > self.app.limits.sockets() {
            let message = "too many sockets are open; try again";
            return Err(unavailable("too_many_sockets", message));
        }
        if let Some(presented) = presented(&self.app, request.headers()) {
            request.extensions_mut().insert(presented);
        }
        let proxies = self.app.logins.trusted_proxies;
        if let Some(from) = origin(request.headers(), request.extensions(), proxies) {
            request.extensions_mut().insert(from);
        }
        request.extensions_mut().insert(Session {
            _seat: seat,
            _permit: place.map(|place| place.permit()),
        });
        // Copies: what hyper has read are slices of its whole buffer, and would
        // keep 8 KiB alive for as long as the session is open.
        let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
        let key = key.and_then(|key| HeaderValue::from_bytes(key.as_bytes()).ok());
        // Of the least size: a map that makes room by itself makes it for six.
        let mut kept = HeaderMap::with_capacity(usize::from(key.is_some()));
        if let Some(key) = key {
            kept.insert(header::SEC_WEBSOCKET_KEY, key);
        }
        *request.headers_mut() = kept;
        if let Ok(copy) = request.uri().to_string().parse() {
            *request.uri_mut() = copy;
        }
        Ok(())
    }
}

fn unavailable(code: &'static str, message: &'static str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(CROWDED)
}

fn presented(app: &App, headers: &HeaderMap) -> Option<Presented> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(match bearer(value).map(|token| user(app, token)) {
        Some(Ok((user, until))) => Presented::Good(user, until),
        Some(Err(_)) | None => Presented::Bad,
    })
}

fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
