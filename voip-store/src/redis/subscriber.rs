//! Listening to what the other nodes say.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use redis::{
    Msg, RedisResult,
    aio::{PubSubSink, PubSubStream},
};
use tokio::time::{Instant, sleep, timeout};
use voip_core::ports::BusItem;

use super::{
    bus::Shared,
    connection,
    letter::Letter,
    peers::{Due, Peers},
};

/// How long between two tries to subscribe.
const PAUSE: Duration = Duration::from_millis(250);

/// How often it is asked who has fallen silent, and whether the server answers.
const TICK: Duration = Duration::from_secs(1);

/// How long the server may take to answer.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// Hands what the others say to the subscribers of this node, for ever.
pub(super) async fn listen(shared: Arc<Shared>, mut peers: Peers) {
    for turn in 0_usize.. {
        if let Ok((sink, messages)) = subscribe(&shared, turn).await {
            shared.deliver(peers.listening(shared.clock.now()));
            shared.ask_who_lives();
            shared.hears.send_replace(true);
            hear(&shared, &mut peers, sink, messages).await;
            shared.hears.send_replace(false);
            tracing::warn!("this node does not hear the others; subscribing anew");
        }
        sleep(PAUSE).await;
    }
}

async fn subscribe(shared: &Shared, turn: usize) -> RedisResult<(PubSubSink, PubSubStream)> {
    let subscription = connection::listener(&shared.link.url().0, turn).await?;
    let (mut sink, messages) = subscription.split();
    sink.subscribe(shared.channel()).await?;
    Ok((sink, messages))
}

/// Returns once nothing more can be heard.
async fn hear(
    shared: &Shared,
    peers: &mut Peers,
    mut sink: PubSubSink,
    mut messages: PubSubStream,
) {
    let mut tick = Instant::now() + TICK;
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => shared.take_in(peers, &message),
                None => return,
            },
            () = tokio::time::sleep_until(tick) => {
                tick = Instant::now() + TICK;
                match timeout(SIGN_OF_LIFE, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) | Err(_) => return,
                }
                // What came before the answer was said in time.
                while let Some(Some(message)) = futures_util::FutureExt::now_or_never(messages.next()) {
                    shared.take_in(peers, &message);
                }
                shared.deliver(peers.tick(shared.clock.now()));
            }
        }
    }
}

impl Shared {
    fn take_in(&self, peers: &mut Peers, message: &Msg) {
        match Letter::read(message.get_payload_bytes()) {
            Ok(letter) => {
                if letter.hello && letter.node != self.node {
                    self.say_that_we_live();
                }
                self.deliver(peers.heard(letter, self.clock.now()));
            }
            Err(error) => {
                tracing::error!(%error, "some news is lost");
                peers.unreadable();
            }
        }
    }

    fn deliver(&self, due: Due) {
        let gap = due.gap.then_some(BusItem::Gap);
        let events = due.events.into_iter().map(BusItem::Event);
        for item in gap.into_iter().chain(events) {
            // The only failure is that nobody listens, which is no trouble.
            let _ = self.local.send(item);
        }
    }
}
