//! One connection through the proxy.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::Weather;

/// How many pieces may be under way, each way. Past that, nothing more is read:
/// the sender meets a full buffer, as on a slow network.
const UNDER_WAY: usize = 256;

/// The largest piece, in bytes.
const PIECE: usize = 16 << 10;

/// How a connection ends.
enum End {
    /// Both sides have said all they had to say.
    Orderly,
    /// In the middle.
    Reset,
}

/// Carries one connection for as long as it lasts.
pub(super) async fn carry(
    client: TcpStream,
    upstream: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    accepted_in: Weather,
) {
    let Weather {
        swallowing, cuts, ..
    } = accepted_in;
    if swallowing {
        // Whoever connects now is accepted and hears nothing, for as long as
        // that holds.
        let _ = weather
            .wait_for(|now| !now.swallowing || now.cuts != cuts)
            .await;
        let _ = client.set_zero_linger();
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else {
        let _ = client.set_zero_linger();
        return;
    };
    for stream in [&client, &server] {
        // Delays are ours to make.
        let _ = stream.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (mut there, mut back) = (to_server, to_client);
    let end = {
        let cut = async {
            let mut weather = weather.clone();
            // An error means that the proxy is gone, and this with it.
            let _ = weather.wait_for(|now| now.cuts != cuts).await;
        };
        let ways = async {
            tokio::try_join!(
                one_way(from_client, &mut there, weather.clone()),
                one_way(from_server, &mut back, weather.clone()),
            )
        };
        tokio::select! {
            () = cut => End::Reset,
            ended = ways => match ended {
                Ok(_) => End::Orderly,
                Err(Lost) => End::Reset,
            },
        }
    };
    match end {
        End::Orderly => {}
        End::Reset => {
            for half in [there, back] {
                let _ = half.as_ref().set_zero_linger();
                // Dropped, it would say that there is nothing more to come.
                half.forget();
            }
        }
    }
}

/// The connection broke, or lost something.
struct Lost;

/// Carries what one side says to the other until it has said all.
async fn one_way(
    from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
) -> Result<(), Lost> {
    let (sender, pieces) = mpsc::channel(UNDER_WAY);
    tokio::try_join!(
        take_in(from, sender, weather.clone()),
        hand_out(pieces, to, weather),
    )?;
    Ok(())
}

/// Takes in what one side says, with the time of each piece.
async fn take_in(
    mut from: OwnedReadHalf,
    pieces: mpsc::Sender<(Instant, BytesMut)>,
    mut weather: watch::Receiver<Weather>,
) -> Result<(), Lost> {
    loop {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = from.read_buf(&mut piece).await.map_err(|_| Lost)?;
        if weather.borrow_and_update().swallowing {
            // Nothing that follows could make up for what is lost here. The
            // rest is read, as from a wire that leads nowhere.
            return swallow(from, weather).await;
        }
        if read == 0 {
            return Ok(());
        }
        pieces
            .send((Instant::now(), piece))
            .await
            .map_err(|_| Lost)?;
    }
}

/// Reads and forgets until the weather is fair again.
async fn swallow(
    mut from: OwnedReadHalf,
    mut weather: watch::Receiver<Weather>,
) -> Result<(), Lost> {
    let all = async {
        let mut lost = BytesMut::with_capacity(PIECE);
        loop {
            lost.clear();
            match from.read_buf(&mut lost).await {
                Ok(1..) => {}
                // Its end is lost as well: the other side must not hear of it.
                Ok(0) | Err(_) => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        () = all => {}
        _ = weather.wait_for(|now| !now.swallowing) => {}
    }
    Err(Lost)
}

/// Hands out each piece when its time has come, and the end after the last.
async fn hand_out(
    mut pieces: mpsc::Receiver<(Instant, BytesMut)>,
    to: &mut OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
) -> Result<(), Lost> {
    while let Some((said, piece)) = pieces.recv().await {
        let delay = weather.borrow().delay;
        // real time: this is the delay that was asked for.
        sleep_until(said + delay).await;
        to.write_all(&piece).await.map_err(|_| Lost)?;
    }
    to.shutdown().await.map_err(|_| Lost)
}
