use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Fault,
    socket::{self, Socket},
};

/// Connects a Socket.IO client on a WebSocket from the address `from`, and
/// joins these legs.
pub(crate) async fn join(
    server: SocketAddr,
    from: SocketAddr,
    legs: impl Iterator<Item = &str>,
) -> Result<Socket, Fault> {
    let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket");
    let mut socket = socket::connect(server, from, &url).await?;
    expect(&mut socket, "0{").await?;
    socket.send(Message::text("40")).await?;
    expect(&mut socket, "40{").await?;
    for leg in legs {
        let join = format!("421[\"join-call\",{{\"callSid\":\"{leg}\"}}]");
        socket.send(Message::text(join)).await?;
        // After its present status and whatever happens to calls joined before.
        expect(&mut socket, "431[").await?;
    }
    Ok(socket)
}

/// What a client answers to this packet, where it wants an answer.
pub(crate) fn answer(packet: &str) -> Option<Message> {
    (packet == "2").then(|| Message::text("3"))
}

/// The leg and the status an event tells of.
pub(crate) fn event(packet: &str) -> Option<(String, String)> {
    let event: serde_json::Value = serde_json::from_str(packet.strip_prefix("42")?).ok()?;
    let field = |name: &str| event.get(1)?.get(name)?.as_str().map(str::to_owned);
    Some((field("callSid")?, field("callStatus")?))
}

async fn expect(socket: &mut Socket, start: &str) -> Result<(), Fault> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => match answer(&text) {
                Some(pong) => socket.send(pong).await?,
                None if text.starts_with(start) => return Ok(()),
                None if event(&text).is_some() => {}
                None => return Err(format!("{start} was awaited, and came {text}").into()),
            },
            other => return Err(format!("{start} was awaited, and came {other:?}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_leg_and_status() {
        let packet = r#"42["call-status",{"callSid":"CA1","callStatus":"busy","duration":null}]"#;
        assert_eq!(event(packet), Some(("CA1".into(), "busy".into())));
        assert_eq!(event("40{}"), None);
        assert_eq!(answer("2"), Some(Message::text("3")));
    }
}
