use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voip_core::ports::MOST_LIVE_CALLS;
use voip_core::{Call, CallId, CallStatus, Direction, Event, Hold, UserId};

use super::ServerFrame;

/// One registered connection.
pub(super) struct Member {
    id: u64,
    sender: mpsc::Sender<Utf8Bytes>,
    pub(super) dropped: CancellationToken,
    why: OnceLock<SentAway>,
    hearing: Mutex<Hearing>,
}

/// How news reaches a member.
enum Hearing {
    /// The client is still to be told the present state; news waits until then.
    Held(Vec<Arc<Event>>),
    /// News is handed on. What the client knows already from the present state
    /// is left out: per call, the number of the first event that is news.
    Live(HashMap<CallId, u32>),
}

/// Why the hub sends a client away. It learns the present state when it comes
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentAway {
    /// It reads too slowly.
    TooSlow,
    /// The bus lost news that may have been for it.
    NewsLost,
}

/// How many messages may wait for one client: the present state of as many live
/// calls as are looked at, and as much news again. When it is full, the client
/// is disconnected.
pub(super) const QUEUE: usize = 256;

impl Member {
    /// A connection that is told nothing until it is
    /// [told](Self::tell_present) the present state.
    pub(super) fn new(id: u64, sender: mpsc::Sender<Utf8Bytes>) -> Self {
        Self {
            id,
            sender,
            dropped: CancellationToken::new(),
            why: OnceLock::new(),
            hearing: Mutex::new(Hearing::Held(Vec::new())),
        }
    }

    /// Its number.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Tells the client how its calls stand, then the news that came meanwhile;
    /// from now on news goes to it at once.
    ///
    /// `live` is what was looked at after joining, the newest first.
    pub(super) fn tell_present(&self, user: &UserId, live: &[Call]) {
        let mut hearing = self.hearing();
        let known = live.iter().map(|call| (call.id, call.told)).collect();
        let before = std::mem::replace(&mut *hearing, Hearing::Live(known));
        let live_calls = live.iter().map(|call| call.id).collect();
        let registered = ServerFrame::RegisterSuccess {
            user_id: user.as_str(),
            live_calls,
            more_live_calls: live.len() >= MOST_LIVE_CALLS,
        };
        self.send(Utf8Bytes::from(registered.text()));
        // The oldest first, as they came.
        for call in live.iter().rev() {
            self.send(present(call, user));
            if let Some(hold) = hold_of(call) {
                self.send(hold);
            }
        }
        if let Hearing::Held(events) = before {
            for event in events {
                if hearing.is_news(&event) {
                    self.send(frame_of(&event));
                }
            }
        }
    }

    /// Returns once the hub sends the client away.
    pub(super) async fn sent_away(&self) -> SentAway {
        self.dropped.cancelled().await;
        // It is written before the token is cancelled.
        self.why.get().copied().unwrap_or(SentAway::TooSlow)
    }

    /// Hands an event on; `frame` is its text, once somebody needed it.
    pub(super) fn tell(&self, event: &Arc<Event>, frame: &mut Option<Utf8Bytes>) {
        let mut hearing = self.hearing();
        match &mut *hearing {
            Hearing::Held(events) if events.len() < QUEUE => events.push(Arc::clone(event)),
            Hearing::Held(_) => self.send_away(SentAway::TooSlow),
            Hearing::Live(_) => {
                if hearing.is_news(event) {
                    self.send(frame.get_or_insert_with(|| frame_of(event)).clone());
                }
            }
        }
    }

    fn send(&self, frame: Utf8Bytes) {
        if self.sender.try_send(frame).is_err() {
            self.send_away(SentAway::TooSlow);
        }
    }

    pub(super) fn send_away(&self, why: SentAway) {
        // The first reason stays.
        let _ = self.why.set(why);
        self.dropped.cancel();
    }

    fn hearing(&self) -> std::sync::MutexGuard<'_, Hearing> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hearing {
    /// Whether the client has not seen this event as part of the present state.
    fn is_news(&mut self, event: &Event) -> bool {
        let Self::Live(known) = self else { return true };
        match known.get(&event.call) {
            None => true,
            Some(&floor) if event.seq < floor => false,
            Some(_) => {
                known.remove(&event.call);
                true
            }
        }
    }
}

fn frame_of(event: &Event) -> Utf8Bytes {
    Utf8Bytes::from(ServerFrame::of_event(event).text())
}

/// What a client is told of a call that is on hold, or on its way there or back.
fn hold_of(call: &Call) -> Option<Utf8Bytes> {
    let (call_id, hold) = (call.id, call.hold()?);
    let failed = false;
    let frame = ServerFrame::CallHold {
        call_id,
        hold,
        failed,
    };
    (hold != Hold::Talking).then(|| Utf8Bytes::from(frame.text()))
}

/// What a client is told of a call that began before it came.
fn present(call: &Call, user: &UserId) -> Utf8Bytes {
    let (call_id, status) = (call.id, call.status());
    let rings = call.direction == Direction::Inbound
        && status == CallStatus::Ringing
        && call.owner.as_ref() == Some(user);
    let frame = match rings {
        true => {
            let (from, to) = (call.from.expose(), call.to.expose());
            ServerFrame::IncomingCall { from, to, call_id }
        }
        false => ServerFrame::CallStatus { call_id, status },
    };
    Utf8Bytes::from(frame.text())
}
