//! Reading what nobody wanted to know.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, HttpBody},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

/// How long the rest of a body is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The body of a request that may be answered before it has come.
///
/// HTTP/1.1 has no way to go on with a connection on which half a request
/// lies: it has to be closed, and a client that is still writing, or that
/// writes its next request just then, finds it broken in place of its answer
/// (RFC 9112 §9.6). So the rest is read and thrown away before the answer.
pub(crate) struct Rest(Arc<Mutex<Body>>);

impl Rest {
    /// Keeps an eye on the body of `request`; `None` where it has none.
    pub(crate) fn of(request: Request<Body>) -> (Request<Body>, Option<Self>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let (head, body) = request.into_parts();
        let body = Arc::new(Mutex::new(body));
        let lent = Body::new(Lent(Arc::clone(&body)));
        (Request::from_parts(head, lent), Some(Self(body)))
    }

    /// Reads what is left, up to `most` bytes; where more is to come, or it
    /// does not come in time, `response` says that the connection ends.
    pub(crate) async fn read_out<B>(self, most: usize, response: &mut Response<B>) {
        let body = Lent(self.0);
        let declared = body.size_hint().lower();
        let all = declared <= most as u64
            && (body.is_end_stream()
                || tokio::time::timeout(PATIENCE, read(body, most))
                    .await
                    .unwrap_or(false));
        if !all {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
}

/// Whether the body came to its end within `most` bytes.
async fn read(mut body: Lent, mut most: usize) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, Bytes::len);
        match most.checked_sub(length) {
            Some(left) => most = left,
            None => return false,
        }
    }
    true
}

/// The body in the hands of whoever answers.
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    fn body(&self) -> MutexGuard<'_, Body> {
        // Whoever panicked has answered; what is left is there to be read.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut *self.body()).poll_frame(cx);
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}
