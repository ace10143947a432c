use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use tower::ServiceExt;

/// The place one connection takes up, for as long as anybody holds it: a
/// WebSocket keeps it after its HTTP connection is done.
#[derive(Clone)]
pub(crate) struct Place(Arc<Held>);

struct Held {
    abandon: CancellationToken,
    permit: Arc<OwnedSemaphorePermit>,
    _open: TaskTrackerToken,
}

impl Place {
    /// Returns once whoever holds this is to let go of it, finished or not.
    pub(crate) async fn abandoned(&self) {
        self.0.abandon.cancelled().await;
    }

    /// What keeps others from the place, and nothing that has to be waited for.
    pub(crate) fn permit(&self) -> Arc<OwnedSemaphorePermit> {
        Arc::clone(&self.0.permit)
    }
}

/// How a listener is told to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// Take nothing new, finish what has begun.
    pub(crate) asked: CancellationToken,
    /// Let go of what is not finished.
    pub(crate) abandon: CancellationToken,
}

/// How long a client may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// The longest head of a request, in bytes; one that is longer is told 431.
const HEAD_BYTES: usize = 32 * 1024;

/// Serves `router` until a stop is asked for, then lets requests in flight and
/// sockets finish, or drops them once they are to be abandoned. At most as many
/// connections as there are `places`; more wait, one of them accepted and the
/// others in the system's queue.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    places: Arc<Semaphore>,
    stop: Stop,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(64)
        .max_buf_size(HEAD_BYTES);
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.asked.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: let some close first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let place = Place(Arc::new(Held {
            abandon: stop.abandon.clone(),
            permit: Arc::new(permit),
            _open: open.token(),
        }));
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Place::clone(&place));
            request.extensions_mut().insert(ConnectInfo(peer));
            let router = router.clone();
            async move {
                Ok::<_, Infallible>(
                    router
                        .oneshot(request)
                        .await
                        .unwrap_or_else(|never| match never {}),
                )
            }
        });
        let connection = http
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = stop.asked.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = stop.abandon.cancelled() => return,
                    }
                }
            };
            // Clients break off all the time; that is theirs to know.
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // First the connection, then its place: two listeners share the places, and
    // one that waits for somebody to come must not sit on the last of them.
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_keepalive(&keepalive())?;
    #[cfg(target_os = "linux")]
    SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIME))?;
    let permit = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    Ok((stream, peer, permit))
}

/// How long what is sent may lie unread. A client that reads nothing any more
/// would otherwise keep its connection, and whoever writes to it, for good.
/// Elsewhere than on Linux the system has no such limit.
#[cfg(target_os = "linux")]
const UNREAD_TIME: Duration = Duration::from_secs(60);

/// A phone that has left its network says no goodbye, and a silent socket would
/// keep its place for good. The system finds out after two minutes, which costs
/// no timer and no memory of ours.
fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(20))
        .with_retries(3)
}
