//! The proxy does to connections what it is told, and nothing else.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use voip_testkit::FlakyProxy;

/// A server that says everything back, and a proxy before it.
async fn echo() -> FlakyProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    FlakyProxy::before(address).await
}

async fn connect(proxy: &FlakyProxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).await;
    stream.expect("the proxy listens")
}

/// Says `words` and waits for them to come back.
async fn round(stream: &mut TcpStream, words: &[u8]) -> io::Result<()> {
    stream.write_all(words).await?;
    let mut back = vec![0; words.len()];
    stream.read_exact(&mut back).await?;
    assert_eq!(back, words);
    Ok(())
}

/// Whether nothing is heard for a while.
async fn is_silent(stream: &mut TcpStream) -> bool {
    // real time: silence is what is waited for.
    timeout(Duration::from_millis(150), stream.read_u8())
        .await
        .is_err()
}

#[tokio::test]
async fn everything_comes_through_in_order_and_so_does_the_end() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    let words: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
    let (mut from, mut to) = stream.split();
    let mut back = Vec::new();
    let (read, written) = tokio::join!(from.read_to_end(&mut back), async {
        to.write_all(&words).await?;
        to.shutdown().await
    });
    assert_eq!(read.expect("the end comes"), words.len());
    written.expect("all is taken");
    assert!(back == words, "nothing is changed");
}

#[tokio::test]
async fn what_is_said_takes_the_delay_each_way_and_no_longer() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    let delay = Duration::from_millis(60);
    proxy.delay(delay);
    let began = Instant::now();
    round(&mut stream, b"a").await.expect("it holds");
    assert!(began.elapsed() >= 2 * delay, "{:?}", began.elapsed());
    // Many pieces are under way at once: a hundred do not take a hundred delays.
    let began = Instant::now();
    for _ in 0..100 {
        stream.write_all(b"b").await.expect("it holds");
        // real time: each is a piece of its own.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut back = [0; 100];
    stream.read_exact(&mut back).await.expect("it holds");
    assert!(began.elapsed() < 50 * delay, "{:?}", began.elapsed());
    proxy.heal().await;
    round(&mut stream, b"c")
        .await
        .expect("it has outlived that");
}

#[tokio::test]
async fn a_cut_resets_those_there_are_and_nobody_else() {
    let proxy = echo().await;
    let (mut first, mut second) = (connect(&proxy).await, connect(&proxy).await);
    for stream in [&mut first, &mut second] {
        round(stream, b"a").await.expect("it holds");
    }
    proxy.cut();
    for stream in [&mut first, &mut second] {
        let error = stream.read_u8().await.expect_err("it was cut");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    let mut third = connect(&proxy).await;
    round(&mut third, b"a").await.expect("it is a new one");
}

#[tokio::test]
async fn who_is_refused_is_told_so_at_once_and_the_others_stay() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    round(&mut stream, b"a").await.expect("it holds");
    for _ in 0..2 {
        proxy.refuse().await;
        let refused = TcpStream::connect(proxy.address()).await;
        let refused = refused.expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        round(&mut stream, b"b").await.expect("it stays");
        proxy.heal().await;
        let mut new = connect(&proxy).await;
        round(&mut new, b"c").await.expect("the same address again");
    }
}

#[tokio::test]
async fn a_black_hole_takes_everything_and_gives_nothing() {
    let proxy = echo().await;
    let (mut old, mut idle) = (connect(&proxy).await, connect(&proxy).await);
    for stream in [&mut old, &mut idle] {
        round(stream, b"a").await.expect("it holds");
    }
    proxy.blackhole();
    let mut new = connect(&proxy).await;
    for stream in [&mut old, &mut new] {
        stream.write_all(b"lost").await.expect("it is accepted");
        assert!(is_silent(stream).await);
    }
    proxy.heal().await;
    for stream in [&mut old, &mut new] {
        let error = stream.read_u8().await.expect_err("it has lost something");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    round(&mut idle, b"b").await.expect("it has lost nothing");
}

#[tokio::test]
async fn a_server_that_is_not_there_resets_whoever_asks_for_it() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address: SocketAddr = nobody.local_addr().expect("it is bound");
    drop(nobody);
    let proxy = FlakyProxy::before(address).await;
    let mut stream = connect(&proxy).await;
    stream.read_u8().await.expect_err("there is nobody");
    let address = proxy.address();
    drop(proxy);
    // real time: the task that listens ends in its own time.
    let gone = timeout(Duration::from_secs(5), async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("a dropped proxy does not listen");
}
