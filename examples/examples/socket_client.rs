//! A WebSocket client for the terminal: sends the lines you type, prints what
//! the server says.
//!
//! ```text
//! cargo run -p voip-examples --example socket_client -- ws://localhost:8081 [--for SECONDS]
//! ```

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::sleep,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments
        .first()
        .map_or("ws://localhost:8081", String::as_str);
    let limit = match arguments.get(1..3) {
        Some([flag, seconds]) if flag == "--for" => Duration::from_secs(seconds.parse()?),
        _ => Duration::MAX,
    };

    let (mut socket, _) = connect_async(url).await?;
    let mut typed = BufReader::new(tokio::io::stdin()).lines();
    let mut typing = true;
    let mut end = std::pin::pin!(sleep(limit));
    loop {
        tokio::select! {
            () = &mut end => break,
            line = typed.next_line(), if typing => match line? {
                Some(line) if !line.trim().is_empty() => socket.send(Message::text(line)).await?,
                Some(_) => {}
                // What was piped in is over; what comes back is still wanted.
                None => typing = false,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => println!("{text}"),
                Some(Ok(Message::Close(_))) | None => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            },
        }
    }
    Ok(())
}
