//! The domain of a VoIP application backend.
//!
//! This crate knows calls, users and what happens to them. It knows no
//! provider, no socket and no SQL; those are behind [`ports`].
//!
//! - A [`Call`] is a pure function: [`Call::step`] takes a [`Signal`] and
//!   gives the next call, the [`Effect`]s to carry out and the [`Event`]s to
//!   tell.
//! - [`Calls`] is the service around it: it loads, steps, saves and carries
//!   out. Every way into the system ends there.
//! - [`Users`] registers people and their devices; [`Accounts`] signs them up
//!   and logs them in.
//!
//! Five words are used everywhere in the same sense: *Signal* (what happened),
//! *Step* (what follows), *Effect* (what to do), *Event* (what to tell
//! clients), *Plan* (what the provider should do).

mod account;
mod accounts;
mod call;
mod call_id;
mod calls;
mod country;
mod email;
mod error;
mod party;
mod password;
mod password_hash;
mod phone_number;
pub mod ports;
mod provider_call_id;
mod retrying;
mod timestamp;
mod user;
mod user_id;
mod users;
mod voice_identity;

pub use account::{Account, AccountName, InvalidAccountName};
pub use accounts::{
    AccountLimits, AccountPorts, Accounts, LogInError, Origin, SignUpError, TooOften,
};
pub use call::{
    Action, Answerer, BridgeEnd, BridgeOutcome, Call, CallStatus, Callback, DialEnd, Direction,
    Effect, EndReason, Ended, Event, EventKind, FarSide, FinalStatus, Hold, Link, Plan, Refusal,
    Room, RoomChange, RoomNews, Signal, Stage, State, Step, Trouble, UnknownEffect, UnknownStatus,
    UnknownTrouble, table, timing,
};
pub use call_id::{CallId, InvalidCallId};
pub use calls::{
    AnswerError, Backlog, CallSettings, Calls, ClientDial, DeleteLogError, HangUpError, HoldError,
    InboundCall, Phrases, Ports, SpendGuard, SpendRefusal, StartCall, StartError, Started,
};
pub use country::{Country, UnknownCountry};
pub use email::{Email, InvalidEmail};
pub use error::{Error, ErrorKind, Result, Retry};
pub use party::Party;
pub use password::{Password, WeakPassword};
pub use password_hash::{InvalidPasswordHash, PasswordHash};
pub use phone_number::{InvalidPhoneNumber, PhoneNumber, Tariff};
pub use provider_call_id::{InvalidProviderCallId, ProviderCallId};
pub use retrying::RetryingTelephony;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use user::{Device, InvalidPushToken, Platform, PushToken, UnknownPlatform, User};
pub use user_id::{InvalidUserId, UserId};
pub use users::{MOST_DEVICES, RegisterError, Users};
pub use voice_identity::{InvalidVoiceIdentity, VoiceIdentity};
