use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::Fault;

/// A registered WebSocket client.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Opens a WebSocket at `url` from the address `from`.
pub(crate) async fn connect(
    server: SocketAddr,
    from: SocketAddr,
    url: &str,
) -> Result<Socket, Fault> {
    let tcp = TcpSocket::new_v4()?;
    tcp.bind(from)?;
    let stream = tcp.connect(server).await?;
    stream.set_nodelay(true)?;
    // Ten thousand of these live in this process.
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0);
    let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    Ok(socket)
}

/// Connects from the address `from` and registers as `user`.
pub(crate) async fn register(
    server: SocketAddr,
    from: SocketAddr,
    user: &str,
) -> Result<Socket, Fault> {
    let mut socket = connect(server, from, &format!("ws://{server}/")).await?;
    let hello = serde_json::json!({ "type": "register", "userId": user });
    socket.send(Message::text(hello.to_string())).await?;
    match socket.next().await {
        Some(Ok(Message::Text(text))) if text.contains("register_success") => Ok(socket),
        other => Err(format!("a socket was not registered: {other:?}").into()),
    }
}
