//! The ports: one object-safe trait per outside thing, held as `Arc<dyn …>`.
//!
//! An adapter attempts a thing once and says in its [`Error`](crate::Error)
//! whether trying again makes sense; retrying is the work of a decorator. Each
//! promise under *Contract* names the conformance case in `voip-testkit` that
//! checks it.

mod account_store;
mod archive;
mod cache;
mod call_log;
mod call_store;
mod clock;
mod event_bus;
mod fields;
mod password_hasher;
mod push_sender;
mod rate_limiter;
mod telephony;
mod user_store;
mod webhooks;

pub use account_store::{AccountStore, Created, PasswordReplaced};
pub use archive::{Archive, ArchivedCall, ArchivedUser};
pub use cache::{Cache, FillTicket, Lookup};
pub use call_log::{InvalidLogCursor, LogChange, LogCursor, LogEntry, LogFilter, LogQuery};
pub use call_store::{
    CallStore, ClaimedEffect, EffectLease, Held, IdempotencyKey, Inserted, InvalidIdempotencyKey,
    MOST_LIVE_CALLS, NewCall, Replaced, Version,
};
pub use clock::{Clock, SystemClock};
pub use event_bus::{BusItem, EventBus, Subscription};
pub use fields::Fields;
pub use password_hasher::{PasswordHasher, Verified};
pub use push_sender::{Delivery, Push, PushSender, RingOutcome};
pub use rate_limiter::{Allowance, LimitKey, Quota, RateLimiter};
pub use telephony::{
    ClientToken, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomMember, RoomReport,
    Telephony,
};
pub use user_store::{Registered, UserStore};
pub use webhooks::{Notice, Reply, Unsigned, VoiceRequest, WebhookError, WebhookRequest, Webhooks};

#[cfg(feature = "mock")]
pub use {
    account_store::MockAccountStore, cache::MockCache, call_store::MockCallStore, clock::MockClock,
    event_bus::MockEventBus, password_hasher::MockPasswordHasher, push_sender::MockPushSender,
    rate_limiter::MockRateLimiter, telephony::MockTelephony, user_store::MockUserStore,
    webhooks::MockWebhooks,
};
