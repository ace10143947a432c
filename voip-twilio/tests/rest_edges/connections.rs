//! Connections that fail, stall, break or last.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use voip_core::{ErrorKind, Retry, ports::Telephony};
use wiremock::ResponseTemplate;

use crate::fixture::{answering, dial_error, hang_up_error, leg, telephony};

#[tokio::test]
async fn a_stall_is_a_time_out_after_sending() {
    // real time: the time limit of the HTTP client is under test.
    let late = ResponseTemplate::new(201).set_delay(Duration::from_secs(30));
    let (_server, telephony) = answering(late).await;
    let dial = dial_error(&telephony).await;
    assert_eq!(
        (dial.kind(), dial.retry()),
        (ErrorKind::Timeout, Retry::Ambiguous)
    );
    let end = hang_up_error(&telephony).await;
    assert_eq!((end.kind(), end.retry()), (ErrorKind::Timeout, Retry::Safe));
}

#[tokio::test]
async fn nobody_listening_means_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
}

#[tokio::test]
async fn tls_that_fails_means_nothing_was_sent() {
    let address = raw_server(|mut stream| async move {
        stream.write_all(b"this is no TLS").await.unwrap();
    })
    .await;
    let error = dial_error(&telephony(&address.replace("http:", "https:"))).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_leaves_it_open() {
    let address = raw_server(|mut stream| async move {
        read_request(&mut stream).await;
    })
    .await;
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Ambiguous)
    );
}

#[tokio::test]
async fn half_an_answer_leaves_it_open() {
    let address = raw_server(|mut stream| async move {
        read_request(&mut stream).await;
        let half = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\": \"CA";
        stream.write_all(half).await.unwrap();
    })
    .await;
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Ambiguous)
    );
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let body = "x".repeat(5 * 1024 * 1024);
    let (_server, telephony) = answering(ResponseTemplate::new(201).set_body_string(body)).await;
    let error = dial_error(&telephony).await;
    assert_ne!(error.retry(), Retry::Safe, "the call may have been placed");
}

#[tokio::test]
async fn a_kept_connection_serves_the_next_request() {
    let (sender, mut opened) = tokio::sync::mpsc::unbounded_channel();
    let address = raw_server(move |mut stream| {
        sender.send(()).unwrap();
        async move {
            for _ in 0..2 {
                read_request(&mut stream).await;
                let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                stream.write_all(reply).await.unwrap();
            }
        }
    })
    .await;
    let telephony = telephony(&address);
    telephony.hang_up(&leg()).await.unwrap();
    telephony.hang_up(&leg()).await.unwrap();
    opened.recv().await.unwrap();
    assert!(opened.is_empty(), "one connection is enough");
}

/// A server that does with its connections what `serve` does.
async fn raw_server<F, R>(serve: F) -> String
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    address
}

/// Reads a request as far as its body goes.
async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return false;
        };
        let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().unwrap().trim().parse().unwrap()
        });
        body.len() >= length
    };
    while !whole(&request) {
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&piece[..read]),
        }
    }
}
