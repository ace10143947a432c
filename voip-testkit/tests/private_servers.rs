//! The servers of one's own do what tests of faults ask of them.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use voip_testkit::{FlakyProxy, servers::PrivateServer};

/// What a client of the server hears first, having said `hello`; `None` where
/// it hears nothing for a while.
async fn hears(at: SocketAddr, hello: &[u8]) -> Option<Vec<u8>> {
    let answer = async {
        let mut stream = TcpStream::connect(at).await.expect("somebody listens");
        stream.write_all(hello).await.expect("the connection holds");
        let mut answer = vec![0; 64];
        let read = stream.read(&mut answer).await.expect("an answer");
        answer.truncate(read);
        answer
    };
    // real time: silence is what is waited for.
    tokio::time::timeout(Duration::from_millis(400), answer)
        .await
        .ok()
}

async fn goes_through_everything(mut server: PrivateServer, hello: &[u8]) {
    let at = server.address();
    assert!(server.url().contains(&at.to_string()), "{}", server.url());
    let greeting = hears(at, hello).await.expect("it serves");
    assert!(!greeting.is_empty());

    server.pause();
    assert_eq!(hears(at, hello).await, None, "a paused server says nothing");
    server.resume();
    assert!(hears(at, hello).await.is_some(), "it goes on");

    // Somebody is connected when it ends.
    let mut client = TcpStream::connect(at).await.expect("it serves");
    server.stop().await;
    let refused = TcpStream::connect(at).await.expect_err("it has stopped");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    // The end or a reset, and not silence.
    let _ = client.read_to_end(&mut Vec::new()).await;
    server.stop().await;

    for paused in [false, true] {
        server.start_again().await;
        server.start_again().await;
        assert!(hears(at, hello).await.is_some(), "it serves on its port");
        if paused {
            server.pause();
        }
        server.kill().await;
        let refused = TcpStream::connect(at).await.expect_err("it was killed");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }

    server.start_again().await;
    server.pause();
    drop(server);
    let refused = TcpStream::connect(at).await.expect_err("it went along");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_private_redis_is_stopped_paused_killed_and_started_again() {
    if let Some(server) = PrivateServer::redis().await {
        goes_through_everything(server, b"PING\r\n").await;
    }
}

#[tokio::test]
async fn a_private_mariadb_is_stopped_paused_killed_and_started_again() {
    if let Some(server) = PrivateServer::mariadb().await {
        goes_through_everything(server, b"").await;
    }
}

#[tokio::test]
async fn a_private_postgres_is_stopped_paused_killed_and_started_again() {
    if let Some(server) = PrivateServer::postgres().await {
        // Asks whether TLS is spoken here.
        goes_through_everything(server, &[0, 0, 0, 8, 4, 210, 22, 47]).await;
    }
}

#[tokio::test]
async fn redis_forgets_when_it_is_killed_and_is_reached_through_a_proxy() {
    let Some(mut server) = PrivateServer::redis().await else {
        return;
    };
    let proxy = FlakyProxy::before(server.address()).await;
    assert!(
        proxy
            .instead_in(&server.url())
            .contains(&proxy.address().to_string())
    );
    let say = async |words: &'static [u8]| hears(proxy.address(), words).await;
    assert_eq!(say(b"SET a b\r\n").await.as_deref(), Some(&b"+OK\r\n"[..]));
    assert_eq!(
        say(b"GET a\r\n").await.as_deref(),
        Some(&b"$1\r\nb\r\n"[..])
    );
    server.kill().await;
    server.start_again().await;
    assert_eq!(say(b"GET a\r\n").await.as_deref(), Some(&b"$-1\r\n"[..]));
}
