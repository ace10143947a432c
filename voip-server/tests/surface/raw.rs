use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Answer, within};

/// Sends bytes that no decent client would, and reads the answer; `None` where
/// the server closed the connection without one.
pub(crate) async fn exchange(server: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(server)
        .await
        .expect("the server accepts");
    // A server that has heard enough may stop listening.
    let _ = stream.write_all(request).await;
    let _ = stream.shutdown().await;
    read_answer(&mut stream).await
}

/// Reads one answer with a `Content-Length`, or to the end.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut read = Vec::new();
    loop {
        if let Some(answer) = whole(&read) {
            return Some(answer);
        }
        let mut piece = [0; 4096];
        let count = match within("an answer", stream.read(&mut piece)).await {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error}"),
        };
        if count == 0 {
            assert!(
                read.is_empty(),
                "half an answer: {:?}",
                String::from_utf8_lossy(&read)
            );
            return None;
        }
        read.extend_from_slice(&piece[..count]);
    }
}

fn whole(read: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(read);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let answer = Answer {
        status,
        headers,
        body: body.to_owned(),
    };
    let length = answer
        .header("content-length")
        .map_or(0, |text| text.parse().expect("a length"));
    (body.len() >= length).then_some(answer)
}
