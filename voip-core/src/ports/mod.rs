//! The ports: one object-safe trait per outside thing, held as `Arc<dyn …>`.
//!
//! An adapter attempts a thing once and says in its [`Error`](crate::Error)
//! whether trying again makes sense; retrying is the work of a decorator. Each
//! promise under *Contract* names the conformance case in `voip-testkit` that
//! checks it.

mod cache;
mod call_store;
mod clock;
mod event_bus;
mod push_sender;
mod telephony;
mod user_store;
mod webhooks;

pub use cache::{Cache, FillTicket, Lookup};
pub use call_store::{
    CallStore, ClaimedEffect, Held, IdempotencyKey, Inserted, InvalidIdempotencyKey, LogCursor,
    LogEntry, LogQuery, MOST_LIVE_CALLS, NewCall, Replaced, Version,
};
pub use clock::{Clock, SystemClock};
pub use event_bus::{BusItem, EventBus, Subscription};
pub use push_sender::{Delivery, Push, PushSender, RingOutcome};
pub use telephony::{
    ClientToken, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomMember, RoomReport,
    Telephony,
};
pub use user_store::{Registered, UserStore};
pub use webhooks::{Notice, Reply, Unsigned, VoiceRequest, WebhookError, WebhookRequest, Webhooks};

#[cfg(feature = "mock")]
pub use {
    cache::MockCache, call_store::MockCallStore, clock::MockClock, event_bus::MockEventBus,
    push_sender::MockPushSender, telephony::MockTelephony, user_store::MockUserStore,
    webhooks::MockWebhooks,
};
